"""Prediction intervals from a model's own past errors, scaled to the volatility of the day."""

from collections.abc import Sequence
from math import ceil

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from stockanalyst._typing import Cube, IntVector, Matrix, Vector

MAX_SCORES = 500
EWMA_DECAY = 0.94
_FLOOR = 1e-8


def ewma_volatility(log_price: Vector) -> Vector:
    """Exponentially weighted volatility of daily log returns.

    Parameters
    ----------
    log_price : ndarray of shape (n,)
        Log prices, oldest first.

    Returns
    -------
    ndarray of shape (n,)
        Entry t uses returns up to and including t; the first two are equal. Decimal log return a
        session, never below 1e-8.

    References
    ----------
    RiskMetrics Technical Document (1996), 4th edition, section 5.2 (decay 0.94).
    """
    squared = np.diff(log_price, prepend=log_price[0]) ** 2
    if squared.size > 1:
        squared[0] = squared[1]
    variance = pd.Series(squared).ewm(alpha=1 - EWMA_DECAY, adjust=False).mean().to_numpy()
    volatility: Vector = np.maximum(np.sqrt(variance), _FLOOR)
    return volatility


def conformal_half_widths(
    log_price: Vector,
    forecasts: Matrix,
    *,
    first: int,
    cutoffs: IntVector,
    levels: Sequence[float],
) -> Cube:
    """Half-widths of split-conformal intervals in log price, scaled by EWMA volatility.

    The score of a past forecast is its absolute error over volatility at its origin × √step. A
    step's half-width at a cutoff is the conformal quantile of the newest scores (at most 500)
    whose outcome was known at that cutoff, times volatility at the cutoff × √step.

    Parameters
    ----------
    log_price : ndarray of shape (n,)
        Log prices.
    forecasts : ndarray of shape (m, horizon)
        Log-price forecasts from the consecutive origins ``first, first + 1, …``.
    first : int
        Position in `log_price` of the first origin.
    cutoffs : ndarray of int, shape (c,)
        Positions in `log_price`, ascending; nothing after a cutoff enters its half-width.
    levels : sequence of float
        Nominal coverage, each in (0, 1).

    Returns
    -------
    ndarray of shape (c, horizon, n_levels)
        Infinite where there are too few scores for a level.

    Notes
    -----
    A model's errors at origins before its estimation are errors on rows that it was fitted on, so
    the finite-sample guarantee of the reference holds only nearly; with hundreds of rows a
    parameter the difference is small, and the walk-forward measures what is left of it.

    References
    ----------
    Lei, J. et al. (2018). Distribution-free predictive inference for regression. Journal of the
    American Statistical Association 113(523), section 2.2 and 5.2.
    """
    horizon = forecasts.shape[1]
    volatility = ewma_volatility(log_price)
    half = np.empty((cutoffs.size, horizon, len(levels)))
    for step in range(1, horizon + 1):
        origins = np.arange(first, int(cutoffs[-1]) - step + 1)
        errors = log_price[origins + step] - forecasts[: origins.size, step - 1]
        scale = volatility * np.sqrt(step)
        quantiles = _running_quantiles(
            np.abs(errors) / scale[origins], cutoffs - step - first + 1, levels
        )
        half[:, step - 1, :] = quantiles * scale[cutoffs][:, None]
    return half


def _running_quantiles(scores: Vector, known: IntVector, levels: Sequence[float]) -> Matrix:
    """Conformal quantiles of the newest of the first `known` scores, shape (c, n_levels)."""
    quantiles = np.full((known.size, len(levels)), np.inf)
    counts = np.minimum(known, MAX_SCORES)
    for count in np.unique(counts[counts > 0]):
        rows = np.flatnonzero(counts == count)
        ordered = np.sort(sliding_window_view(scores, count)[known[rows] - count], axis=1)
        for column, level in enumerate(levels):
            rank = ceil((count + 1) * level)
            if rank <= count:
                quantiles[rows, column] = ordered[:, rank - 1]
    return quantiles
