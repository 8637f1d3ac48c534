"""Forecasts of a whole distribution: which quantile of the universe a symbol falls into."""

from math import nan

import numpy as np

from stockanalyst._typing import Cube, Matrix


def quantile_membership(returns: Matrix, groups: int) -> Cube:
    """Which quantile of its row each return falls into.

    The n returns of a row are put in order; position p, counted from 0, belongs to group
    ⌊p × groups / n⌋. Equal returns share the mean of the positions that they occupy together.

    Parameters
    ----------
    returns : ndarray of shape (m, n)
        One row a round or a path, one column a symbol.
    groups : int
        Number of quantiles; the first is the worst.

    Returns
    -------
    ndarray of shape (m, n, groups)
        Shares that sum to 1: a single 1 where nothing is equal. A row with a NaN is NaN.

    References
    ----------
    Makridakis, S., et al. (2024). The M6 forecasting competition: Bridging the gap between
    forecasting and investment decisions. International Journal of Forecasting; the rule for ties
    is in the competition's guidelines.
    """
    m, n = returns.shape
    order = np.argsort(returns, axis=1)
    ordered = np.take_along_axis(returns, order, axis=1)
    differs = ordered[:, 1:] != ordered[:, :-1]
    edge, position = np.ones((m, 1), dtype=bool), np.arange(n)
    first = np.where(np.hstack([edge, differs]), position, 0)
    after = np.where(np.hstack([differs, edge]), position + 1, n)
    first = np.maximum.accumulate(first, axis=1)
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    group = position * groups // max(n, 1)
    below = np.vstack([np.zeros(groups), np.cumsum(np.eye(groups)[group], axis=0)])
    membership = np.empty((m, n, groups))
    shares = (below[after] - below[first]) / (after - first)[:, :, None]
    np.put_along_axis(membership, order[:, :, None], shares, axis=1)
    membership[np.isnan(returns).any(axis=1)] = nan
    return membership


def ranked_probability_score(probabilities: Matrix, membership: Matrix) -> float:
    """Ranked probability score, averaged over symbols: 0 is perfect, lower is better.

    The mean over the groups of the squared difference between the cumulative forecast and the
    cumulative outcome. With five groups the uniform forecast scores 0.16.

    Parameters
    ----------
    probabilities : ndarray of shape (n, groups)
        Forecast, rows that sum to 1.
    membership : ndarray of shape (n, groups)
        What came, from :func:`quantile_membership`.

    References
    ----------
    Epstein, E. S. (1969). A scoring system for probability forecasts of ranked categories. Journal
    of Applied Meteorology 8(6); divided by the number of groups, as the M6 competition has it.
    """
    if not probabilities.size:
        return nan
    difference = np.cumsum(probabilities, axis=1) - np.cumsum(membership, axis=1)
    return float(np.mean(difference**2))
