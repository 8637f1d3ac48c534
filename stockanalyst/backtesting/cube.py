"""Forecasts of many symbols, models, cutoffs and steps as arrays, and as one long frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import Cube, Matrix, Vector
from stockanalyst.frames import FORECAST_KEYS, level_columns

Dates = NDArray[np.datetime64]


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

    def frame(self) -> pd.DataFrame:
        """The forecast frame (:mod:`stockanalyst.frames`), by symbol, model, cutoff and step.

        ``symbol`` and ``model`` are categorical.
        """
        n_symbols, n_models, n_cutoffs, horizon = self.yhat.shape
        each = n_cutoffs * horizon
        columns: dict[str, object] = {
            "symbol": _repeated(self.symbols, n_models * each, 1),
            "model": _repeated(self.models, each, n_symbols),
            "cutoff": np.repeat(_per_model(self.cutoffs, n_models), horizon),
            "session": _per_model(self.sessions, n_models).ravel(),
            "step": np.tile(np.arange(1, horizon + 1), n_symbols * n_models * n_cutoffs),
            "yhat": self.yhat.ravel(),
            "y": _per_model(self.y, n_models).ravel(),
        }
        for position, level in enumerate(self.levels):
            lower, upper = level_columns([level])
            columns[lower] = self.lower[:, :, position].ravel()
            columns[upper] = self.upper[:, :, position].ravel()
        order = [*FORECAST_KEYS, "yhat", *level_columns(self.levels), "y"]
        return pd.DataFrame(columns, copy=False)[order]


def _per_model(values: NDArray[np.generic], n_models: int) -> NDArray[np.generic]:
    return np.repeat(values[:, None], n_models, axis=1)


def _repeated(names: Sequence[str], each: int, times: int) -> pd.Categorical:
    codes = np.tile(np.repeat(np.arange(len(names), dtype=np.int16), each), times)
    return pd.Categorical.from_codes(codes, categories=list(names))
