"""Several forecasts made one, with weights learned only from outcomes already known."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Matrix
from stockanalyst.forecasting.rolling import solve_symmetric

Array = NDArray[np.float64]

ENSEMBLE = "ensemble"
WINDOW = 250
_PENALTY = 4.0


def equal_weights(moves: Array, outcomes: Array, delays: IntVector) -> Array:
    """The mean of the members.

    Parameters
    ----------
    moves : ndarray of shape (S, K, N, H)
        Log-price change that each of K members forecast for S symbols, from N origins, over H
        steps; NaN where a member has none.
    outcomes : ndarray of shape (S, N, H)
        Log-price change that came, NaN while unknown.
    delays : ndarray of int, shape (H,)
        Origins between a forecast and its outcome.

    Returns
    -------
    ndarray of shape (S, N, H)

    References
    ----------
    Timmermann, A. (2006). Forecast combinations. Handbook of Economic Forecasting 1, section 3.4,
    on why equal weights are hard to beat.
    """
    return _combined(moves, np.ones_like(moves))


def inverse_error_weights(moves: Array, outcomes: Array, delays: IntVector) -> Array:
    """Weights in proportion to 1 / the mean squared error of the newest 250 known forecasts.

    Parameters and result as for :func:`equal_weights`.

    References
    ----------
    Bates, J. M., Granger, C. W. J. (1969). The combination of forecasts. Operational Research
    Quarterly 20(4).
    """
    squares = (outcomes[:, None] - np.where(np.isnan(moves), 0.0, moves)) ** 2
    past = _known(squares, delays)
    return _combined(moves, np.where(past > 0, 1 / np.where(past > 0, past, 1.0), 1.0))


def stacked_weights(moves: Array, outcomes: Array, delays: IntVector) -> Array:
    """Least-squares weights on the newest 250 known forecasts, shrunk towards equal ones.

    The weights needn't sum to one: where no member has had skill, they fall and the forecast comes
    nearer to the random walk. Parameters and result as for :func:`equal_weights`.

    References
    ----------
    Breiman, L. (1996). Stacked regressions. Machine Learning 24(1).
    """
    filled = np.where(np.isnan(moves), 0.0, moves)
    members = range(moves.shape[1])
    gram = [[_known(filled[:, i] * filled[:, j], delays) for j in range(i + 1)] for i in members]
    target = [_known(filled[:, i] * outcomes, delays) for i in members]
    penalty = _PENALTY * sum(gram[i][i] for i in members) / moves.shape[1]
    for i in members:
        gram[i][i] += penalty
        target[i] += penalty / moves.shape[1]
    learned = penalty > 0
    weights = solve_symmetric(gram, target)
    stacked = sum(weight * filled[:, i] for i, weight in enumerate(weights))
    return np.where(learned, stacked, equal_weights(moves, outcomes, delays))


COMBINATIONS: Mapping[str, Callable[[Array, Array, IntVector], Array]] = {
    ENSEMBLE: equal_weights,
    "ensemble_inverse": inverse_error_weights,
    "ensemble_stacked": stacked_weights,
}


def _combined(moves: Array, weights: Array) -> Array:
    """Weighted mean over the members that have a forecast."""
    weights = np.where(np.isnan(moves), 0.0, weights)
    total = weights.sum(axis=1)
    weighted = (weights * np.where(np.isnan(moves), 0.0, moves)).sum(axis=1)
    mean: Array = weighted / np.where(total > 0, total, 1.0)
    return mean


def _known(values: Array, delays: IntVector) -> Matrix:
    """Sums, at each origin, of the newest 250 values whose outcome was known there."""
    n_origins = values.shape[-2]
    sums = np.zeros((*values.shape[:-2], n_origins + 1, values.shape[-1]))
    np.cumsum(np.where(np.isnan(values), 0.0, values), axis=-2, out=sums[..., 1:, :])
    until = np.maximum(np.arange(n_origins)[:, None] + 1 - delays, 0)
    columns = np.arange(delays.size)
    recent: Matrix = sums[..., until, columns] - sums[..., np.maximum(until - WINDOW, 0), columns]
    return recent
