"""Forecasts of many symbols, models, cutoffs and steps as arrays, and as one long frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import Cube, Matrix, Vector
from stockanalyst.frames import level_columns

Dates = NDArray[np.datetime64]

_BY_SYMBOL = ("cutoffs", "sessions", "base", "y", "yhat", "lower", "upper", "scale")


@dataclass(frozen=True)
class ForecastCube:
    """A walk-forward's forecasts and outcomes.

    In the shapes, S are symbols, K models, L levels, M cutoffs, H steps. Prices are in the unit of
    the prices that were given.

    Attributes
    ----------
    symbols, models : tuple of str
    levels : tuple of float
        Nominal coverage of the intervals, decimals, ascending.
    cutoffs : ndarray of datetime64[ns], shape (S, M)
    sessions : ndarray of datetime64[ns], shape (S, M, H)
        The sessions that are forecast.
    base : ndarray of shape (S, M)
        Price at the cutoff.
    y : ndarray of shape (S, M, H)
        Price that came, NaN while it is unknown.
    yhat : ndarray of shape (S, K, M, H)
    lower, upper : ndarray of shape (S, K, L, M, H)
        0 and infinite where there are too few past errors for a level.
    scale : ndarray of shape (S,)
        Mean absolute one-session change of the price over the training window of the first cutoff:
        the denominator of the MASE.
    stride : int
        Sessions from one cutoff to the next.
    """

    symbols: tuple[str, ...]
    models: tuple[str, ...]
    levels: tuple[float, ...]
    cutoffs: Dates
    sessions: Dates
    base: Matrix
    y: Cube
    yhat: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    scale: Vector
    stride: int = 1

    def only(self, symbol: str) -> "ForecastCube":
        """The cube of one of the symbols."""
        row = slice(position := self.symbols.index(symbol), position + 1)
        taken = {name: getattr(self, name)[row] for name in _BY_SYMBOL}
        return replace(self, symbols=(symbol,), **taken)

    def among(self, models: Sequence[str]) -> "ForecastCube":
        """The cube with these models; NaN for those that it hasn't."""
        if self.models == tuple(models):
            return self
        found = [self.models.index(name) if name in self.models else -1 for name in models]
        return replace(
            self,
            models=tuple(models),
            yhat=_rows(self.yhat, found),
            lower=_rows(self.lower, found),
            upper=_rows(self.upper, found),
        )

    def frame(self) -> pd.DataFrame:
        """The forecast frame (:mod:`stockanalyst.frames`), by symbol, model, cutoff and step."""
        n_symbols, n_models, n_cutoffs, horizon = self.yhat.shape
        each = n_cutoffs * horizon
        columns: dict[str, object] = {
            "symbol": np.repeat(np.array(self.symbols, dtype=object), n_models * each),
            "model": np.tile(np.repeat(np.array(self.models, dtype=object), each), n_symbols),
            "cutoff": np.repeat(_per_model(self.cutoffs, n_models), horizon),
            "session": _per_model(self.sessions, n_models).ravel(),
            "step": np.tile(np.arange(1, horizon + 1), n_symbols * n_models * n_cutoffs),
            "yhat": self.yhat.ravel(),
        }
        for position, level in enumerate(self.levels):
            lower, upper = level_columns([level])
            columns[lower] = self.lower[:, :, position].ravel()
            columns[upper] = self.upper[:, :, position].ravel()
        columns["y"] = _per_model(self.y, n_models).ravel()
        return pd.DataFrame(columns).astype({"symbol": "str", "model": "str"})


@dataclass(frozen=True)
class Held:
    """A cube in memory, to be loaded like one that isn't."""

    cube: ForecastCube

    def __call__(self) -> ForecastCube:
        """The cube."""
        return self.cube


def _rows(values: NDArray[np.float64], positions: Sequence[int]) -> NDArray[np.float64]:
    """Models at positions on the second axis; NaN at −1."""
    taken = values[:, positions]
    taken[:, [position < 0 for position in positions]] = np.nan
    return taken


def _per_model(values: NDArray[np.generic], n_models: int) -> NDArray[np.generic]:
    return np.repeat(values[:, None], n_models, axis=1)
