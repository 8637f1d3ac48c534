"""Hierarchical risk parity."""

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from stockanalyst._typing import IntVector, Matrix, Vector


def hrp_weights(covariance: Matrix, *, highest: float) -> Vector:
    """Split the budget between halves of a row in which similar assets stand side by side.

    The row are the leaves of a tree, that of single linkage on the distances √((1 − ρ) / 2), turned
    so that neighbours are as near as can be: without that, the weights hang on the order of the
    columns.

    Parameters
    ----------
    covariance : ndarray of shape (n_assets, n_assets)
        Variances are positive.
    highest : float
        Of every weight, at least 1 / `n_assets`; what a half can't take goes to the other.

    Returns
    -------
    ndarray of shape (n_assets,)
        Positive, sum 1. Where both halves have no variance at all, they share equally.

    References
    ----------
    López de Prado, M. (2016). Building diversified portfolios that outperform out of sample.
    Journal of Portfolio Management 42(4). Bar-Joseph, Z., Gifford, D. K., Jaakkola, T. S. (2001).
    Fast optimal leaf ordering for hierarchical clustering. Bioinformatics 17.
    """
    return split_budget(covariance, _leaves(covariance), highest=highest)


def split_budget(covariance: Matrix, order: IntVector, *, highest: float) -> Vector:
    """Halve a row of assets down to the single ones, each half funded against its variance.

    Parameters
    ----------
    covariance : ndarray of shape (n_assets, n_assets)
        Variances are positive.
    order : ndarray of shape (n_assets,)
        Positions of the assets in the row.
    highest : float
        As for :func:`hrp_weights`.

    Returns
    -------
    ndarray of shape (n_assets,)
        As of :func:`hrp_weights`. A half's variance is that of inverse-variance weights.
    """
    ordered = covariance[np.ix_(order, order)]
    inverse = 1 / np.diag(ordered)
    spread = inverse[:, None] * ordered * inverse
    weights = np.ones(order.size)
    halves = [(0, order.size)]
    while halves:
        start, stop = halves.pop()
        if stop - start == 1:
            continue
        middle = (start + stop) // 2
        left, right = (
            float(spread[a:b, a:b].sum()) / float(inverse[a:b].sum()) ** 2
            for a, b in ((start, middle), (middle, stop))
        )
        most = highest / weights[start]
        share = _share(left, right, (middle - start) * most, (stop - middle) * most)
        weights[start:middle] *= share
        weights[middle:stop] *= 1 - share
        halves += [(start, middle), (middle, stop)]
    placed = np.empty_like(weights)
    placed[order] = weights
    return placed


def _share(left: float, right: float, left_most: float, right_most: float) -> float:
    """Of the left half."""
    left, right = max(left, 0.0), max(right, 0.0)
    share = right / (left + right) if left + right > 0 else 0.5
    return max(min(share, left_most), 1 - right_most)


def _leaves(covariance: Matrix) -> IntVector:
    """Positions of the assets, similar ones next to each other."""
    if len(covariance) == 1:
        return np.zeros(1, dtype=np.intp)
    deviation = np.sqrt(np.diag(covariance))
    correlation = np.clip(covariance / np.outer(deviation, deviation), -1.0, 1.0)
    distances = squareform(np.sqrt((1 - correlation) / 2), checks=False)
    tree = linkage(distances, "single", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.intp)
