"""What every forecaster has in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Cube, IntVector, Matrix, Vector

MAX_HORIZON = 60
DEFAULT_LEVELS = (0.8, 0.95)


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
    """A forecaster of log prices, asked for many cutoffs of many symbols at once.

    Attributes
    ----------
    name : str
        As it stands in a forecast frame.
    context : int
        Sessions that a cutoff needs behind it, and an estimation in its window.
    """

    name: ClassVar[str]
    context: int = 1

    @property
    def signature(self) -> str:
        """Name and parameters: two models of one signature forecast the same."""
        import joblib

        kind = type(self)
        return f"{kind.__module__}.{kind.__qualname__} {joblib.hash(vars(self))}"

    @abstractmethod
    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """Forecasts from many cutoffs of many symbols, estimated anew at every `refit`-th cutoff.

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


class SeriesForecaster(BaseForecaster):
    """A forecaster that looks at one symbol and one training window at a time.

    The short way to a model of one's own: it says how to estimate itself and what it forecasts
    from an origin; this class loops.
    """

    @abstractmethod
    def estimate(self, log_price: Vector) -> None:
        """Estimate from log prices up to the cutoff, which is the last, shape (n,)."""

    @abstractmethod
    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        """Forecasts from several origins with the parameters as estimated.

        Parameters
        ----------
        log_price : ndarray of shape (n,)
            Log prices from the start of the training window to the last origin.
        origins : ndarray of int, shape (m,)
            Positions in `log_price`. Row m of the result may depend on nothing after its origin.
        horizon : int

        Returns
        -------
        ndarray of shape (m, horizon)
            Log prices.
        """

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        forecasts = np.empty((len(panel.symbols), cutoffs.size, horizon))
        for row, log_price in enumerate(panel.log_price):
            for first in range(0, cutoffs.size, refit):
                block = cutoffs[first : first + refit]
                cutoff, last = int(block[0]), int(block[-1])
                start = max(cutoff + 1 - train_size, 0)
                self.estimate(log_price[start : cutoff + 1])
                forecasts[row, first : first + refit] = self.forecast(
                    log_price[start : last + 1], block - start, horizon
                )
        return forecasts


def last_price(log_price: Vector, origins: IntVector) -> Matrix:
    """Log price at each origin as a column, shape (m, 1)."""
    column: Matrix = log_price[origins][:, None]
    return column


def lagged_returns(log_price: Vector, origins: IntVector, lags: int) -> Matrix:
    """Log returns known at each origin, the newest first, shape (m, lags); origins ≥ `lags`."""
    returns = np.diff(log_price)
    matrix: Matrix = returns[origins[:, None] - 1 - np.arange(lags)]
    return matrix
