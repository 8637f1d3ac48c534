"""What every forecaster has in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.intervals import conformal_half_widths

MAX_HORIZON = 60
DEFAULT_LEVELS = (0.8, 0.95)


@dataclass(frozen=True)
class Forecast:
    """Prices of the next sessions.

    Attributes
    ----------
    yhat : ndarray of shape (horizon,)
        Median forecast, in the unit of the prices that the model was fitted on.
    levels : tuple of float
        Nominal coverage of each interval, a decimal.
    lower, upper : ndarray of shape (n_levels, horizon)
        Bounds of the central intervals, one row a level.
    """

    yhat: Vector
    levels: tuple[float, ...]
    lower: Matrix
    upper: Matrix


@dataclass(frozen=True)
class Panel:
    """Log prices of symbols with equally many sessions.

    Attributes
    ----------
    symbols : tuple of str
    sessions : ndarray of datetime64[ns], shape (n_symbols, n_sessions)
        Dates, ascending in every row; rows may differ.
    log_price : ndarray of shape (n_symbols, n_sessions)
        Finite.
    """

    symbols: tuple[str, ...]
    sessions: NDArray[np.datetime64]
    log_price: Matrix


class BaseForecaster(ABC):
    """A forecaster of log prices.

    A subclass says how to estimate itself (:meth:`_estimate`) and what it forecasts from any past
    origin with the estimated parameters (:meth:`_forecast_log`). From the second the base class
    takes both the forecast and its own past errors, and from those the intervals; the walk-forward
    engine takes many cutoffs at once from it.
    """

    name: ClassVar[str]

    #: Sessions that an origin needs behind it before :meth:`_forecast_log` can answer.
    context: int = 1

    def fit(self, y: Vector) -> Self:
        """Estimate from prices known at the cutoff, which is the last one.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Prices, oldest first, positive and finite.

        Returns
        -------
        Self
            With the fitted attribute ``log_price_``, shape (n,).
        """
        self.log_price_ = np.log(y)
        self._estimate(self.log_price_)
        return self

    def predict(self, horizon: int, *, levels: Sequence[float] = DEFAULT_LEVELS) -> Forecast:
        """Forecast the sessions after the last one that :meth:`fit` saw.

        Parameters
        ----------
        horizon : int
            Number of sessions, ≥ 1.
        levels : sequence of float
            Nominal coverage of the intervals, each in (0, 1).
        """
        first, last = self.context, self.log_price_.size - 1
        origins = np.arange(first, last + 1)
        forecasts = self.forecast_log(self.log_price_, origins, horizon)
        half = conformal_half_widths(
            self.log_price_, forecasts, first=first, cutoffs=np.array([last]), levels=levels
        )[0]
        centre = forecasts[-1]
        return Forecast(
            yhat=np.exp(centre),
            levels=tuple(levels),
            lower=np.exp(centre - half.T),
            upper=np.exp(centre + half.T),
        )

    def forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        """Forecasts from many past origins with the parameters as estimated.

        Parameters
        ----------
        log_price : ndarray of shape (n,)
            Log prices; may be longer or shorter than the series that was fitted.
        origins : ndarray of int, shape (m,)
            Positions in `log_price`, each ≥ ``context``. Row i of the result depends on nothing
            after position ``origins[i]``.
        horizon : int
            Number of steps.

        Returns
        -------
        ndarray of shape (m, horizon)
            Log prices 1 to `horizon` sessions after each origin.
        """
        if origins.size and origins.min() < self.context:
            raise InputError("origins", int(origins.min()), f"start at {self.context} or later")
        return self._forecast_log(log_price, origins, horizon)

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """Forecasts from many cutoffs of many symbols, estimated anew at every `refit`-th cutoff.

        A model that can do it in one pass over arrays overrides this; the numbers are the same.

        Parameters
        ----------
        panel : Panel
        cutoffs : ndarray of int, shape (m,)
            Positions in the panel's sessions, ascending and evenly spaced, each ≥ ``context``.
        horizon : int
            Steps, ≥ 1.
        train_size : int
            Sessions up to and including the cutoff that an estimation sees; all there are where
            history is shorter.
        refit : int
            Cutoffs that share the estimation made at the first of them.

        Returns
        -------
        ndarray of shape (n_symbols, m, horizon)
            Log prices; row m depends on nothing after ``cutoffs[m]``. NaN where the model may not
            be used.
        """
        forecasts = np.empty((len(panel.symbols), cutoffs.size, horizon))
        for row, log_price in enumerate(panel.log_price):
            for first in range(0, cutoffs.size, refit):
                block = cutoffs[first : first + refit]
                start = max(int(block[0]) + 1 - train_size, 0)
                self.log_price_ = log_price[start : int(block[0]) + 1]
                self._estimate(self.log_price_)
                known = log_price[start : int(block[-1]) + 1]
                forecasts[row, first : first + refit] = self.forecast_log(
                    known, block - start, horizon
                )
        return forecasts

    @abstractmethod
    def _estimate(self, log_price: Vector) -> None:
        """Set the parameters from log prices up to the cutoff."""

    @abstractmethod
    def _forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        """See :meth:`forecast_log`."""


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep linear algebra on this thread.

    On matrices as small as ours a second thread only waits, aloud: on two busy cores an analysis
    took three times as long with it. Enter this after the libraries in question are imported.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


def last_price(log_price: Vector, origins: IntVector) -> Matrix:
    """Log price at each origin as a column, shape (m, 1)."""
    column: Matrix = log_price[origins][:, None]
    return column


def lagged_returns(log_price: Vector, origins: IntVector, lags: int) -> Matrix:
    """Log returns known at each origin, the newest first, shape (m, lags); origins ≥ `lags`."""
    returns = np.diff(log_price)
    matrix: Matrix = returns[origins[:, None] - 1 - np.arange(lags)]
    return matrix
