"""Whether intervals keep their word, and how narrow they are."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def interval_score(y: Array, lower: Array, upper: Array, *, level: float) -> Array:
    """Winkler's score of each interval: its width, and a fine where the value lies outside.

    Parameters
    ----------
    y, lower, upper : ndarray
        Any shapes that broadcast; NaN stays NaN.
    level : float
        Nominal coverage, a decimal below 1. A miss by m costs 2 m / (1 − level).

    Returns
    -------
    ndarray
        In the unit of `y`; smaller is better, and the mean is least in expectation for the bounds
        that leave (1 − level) / 2 on each side.

    References
    ----------
    Winkler, R. L. (1972). A decision-theoretic approach to interval estimation. Journal of the
    American Statistical Association 67(337). Gneiting, T., Raftery, A. E. (2007). Strictly proper
    scoring rules, prediction, and estimation. Same journal 102(477), eq. 43.
    """
    below, above = np.maximum(lower - y, 0.0), np.maximum(y - upper, 0.0)
    score: Array = upper - lower + (below + above) * (2 / (1 - level))
    return score
