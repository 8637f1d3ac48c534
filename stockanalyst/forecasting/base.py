"""What every forecaster has in common."""

from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass
from inspect import iscode, isfunction
from pickle import PicklingError
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError

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
        """Name, code and parameters: two models of one signature forecast the same."""
        import joblib

        kind = type(self)
        code = [_code(each) for each in kind.__mro__ if not _is_ours(each)]
        try:
            return f"{kind.__module__}.{kind.__qualname__} {joblib.hash((code, vars(self)))}"
        except (PicklingError, AttributeError, TypeError) as error:
            mend = f"its attributes must be plain values, as pickle knows them ({error})"
            raise InputError("models", kind.__qualname__, mend) from error

    @property
    def is_foreign(self) -> bool:
        """Whether it comes from outside this package, whose own models are held by tests."""
        return not _is_ours(type(self))

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
            model = deepcopy(self)  # what it learnt of one symbol stays with that symbol
            for first in range(0, cutoffs.size, refit):
                block = cutoffs[first : first + refit]
                cutoff, last = int(block[0]), int(block[-1])
                start = max(cutoff + 1 - train_size, 0)
                model.estimate(log_price[start : cutoff + 1])
                made = model.forecast(log_price[start : last + 1], block - start, horizon)
                if np.shape(made) != (block.size, horizon):
                    mend = f"forecast gave shape {np.shape(made)}, not {(block.size, horizon)}"
                    raise InputError("models", self.name, mend)
                forecasts[row, first : first + refit] = made
        return forecasts


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith(("stockanalyst.", "builtins", "abc"))


def _code(kind: type) -> list[bytes]:
    """The byte code of a class's own methods, and the constants in it."""
    methods = sorted((name, value) for name, value in vars(kind).items() if isfunction(value))
    return [
        method.__code__.co_code
        + repr([c for c in method.__code__.co_consts if not iscode(c)]).encode()
        for _, method in methods
    ]


def last_price(log_price: Vector, origins: IntVector) -> Matrix:
    """Log price at each origin as a column, shape (m, 1)."""
    column: Matrix = log_price[origins][:, None]
    return column


def lagged_returns(log_price: Vector, origins: IntVector, lags: int) -> Matrix:
    """Log returns known at each origin, the newest first, shape (m, lags); origins ≥ `lags`."""
    returns = np.diff(log_price)
    matrix: Matrix = returns[origins[:, None] - 1 - np.arange(lags)]
    return matrix
