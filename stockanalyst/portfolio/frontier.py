"""Weights on Markowitz's efficient frontier, by an active-set method that ends at the optimum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from stockanalyst._typing import Matrix, Vector

_RIDGE = 1e-10  # on the diagonal: picks one of many optima, in which like assets share equally
_ROUNDING = 1e-13  # of a weight
_TOLERANCE = 1e-12  # of a marginal gain, in median variances


def frontier_weights(
    covariance: Matrix, reward: Vector, *, lowest: float, highest: float
) -> Vector:
    """Minimise w'Σw / 2 − r'w over weights that add up to 1 and lie within bounds.

    Parameters
    ----------
    covariance : ndarray of shape (n_assets, n_assets)
        Σ, positive semidefinite; variances are positive.
    reward : ndarray of shape (n_assets,)
        r: zeros for the least variance, means over the risk aversion for mean-variance.
    lowest, highest : float
        Of every weight: `n_assets` × `lowest` ≤ 1 ≤ `n_assets` × `highest`.

    Returns
    -------
    ndarray of shape (n_assets,)
        Where no bound is met, those of the closed form. Where several weights are as good
        (collinear assets, fewer sessions than assets), assets that are alike share equally.

    Notes
    -----
    Starts with the assets of least variance at `highest`; frees every weight whose move away from
    its bound pays; solves for the free ones, and fixes those that meet a bound on the way. Every
    round lowers the objective, so none of the finitely many sets of free weights comes twice.

    References
    ----------
    Markowitz, H. (1952). Portfolio selection. Journal of Finance 7(1). Lawson, C. L., Hanson,
    R. J. (1974). Solving least squares problems, chapter 23: the method for non-negative weights.
    """
    scale = float(np.median(np.diag(covariance)))
    # A constant added to every entry changes nothing, as weights add up to 1, but for the numbers:
    # the equations then stay well conditioned where some portfolio has no variance.
    quadratic = covariance / scale + 1
    quadratic[np.diag_indices_from(quadratic)] *= 1 + _RIDGE
    problem = _Problem(quadratic, reward / scale, lowest, highest)
    weights = problem.vertex()
    free = problem.inside(weights)
    value = problem.value(weights)
    while (entering := problem.entering(weights, free)).any():
        better, free = problem.descend(weights, free | entering)
        if (reached := problem.value(better)) >= value:
            break
        weights, value = better, reached
    return weights


@dataclass(frozen=True)
class _Problem:
    quadratic: Matrix
    reward: Vector
    lowest: float
    highest: float

    def value(self, weights: Vector) -> float:
        return float(weights @ (self.quadratic @ weights / 2 - self.reward))

    def gradient(self, weights: Vector) -> Vector:
        gradient: Vector = self.quadratic @ weights - self.reward
        return gradient

    def inside(self, weights: Vector) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (weights > self.lowest) & (weights < self.highest)
        return inside

    def vertex(self) -> Vector:
        """The best assets one by one at `highest`, as far as the budget goes."""
        span, n_assets = self.highest - self.lowest, self.reward.size
        alone = np.argsort(np.diag(self.quadratic) / 2 - self.reward, kind="stable")
        left = np.clip(1 - n_assets * self.lowest - span * np.arange(n_assets), 0, span)
        weights = np.empty(n_assets)
        weights[alone] = self.lowest + np.where(left < _ROUNDING, 0, left)
        return np.where(self.highest - weights < _ROUNDING, self.highest, weights)

    def entering(self, weights: Vector, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Weights at a bound that had better leave it; without free ones, the best pair."""
        slope = self.gradient(weights)
        low, high = ~free & (weights <= self.lowest), ~free & (weights >= self.highest)
        margin = _TOLERANCE * (1 + np.abs(slope))
        if free.any():
            price = float(np.mean(slope[free]))
            rising: NDArray[np.bool_] = low & (slope < price - margin)
            return rising | (high & (slope > price + margin))
        pair = np.zeros_like(free)
        if low.any() and high.any():
            bought = int(np.where(low, slope, np.inf).argmin())
            sold = int(np.where(high, slope, -np.inf).argmax())
            pair[[bought, sold]] = slope[bought] < slope[sold] - margin[sold]
        return pair

    def descend(self, weights: Vector, free: NDArray[np.bool_]) -> tuple[Vector, NDArray[np.bool_]]:
        """Go to the optimum over the free weights; whichever meets a bound stays there."""
        weights, free = weights.copy(), free.copy()
        while free.any():
            at = np.flatnonzero(free)
            move = self._move(weights, at)
            bound = np.where(move > 0, self.highest, self.lowest)
            room = np.full(at.size, np.inf)
            np.divide(bound - weights[at], move, out=room, where=move != 0)
            length = min(1.0, max(0.0, float(room.min())))
            weights[at] += length * move
            stopped = (room <= length) | (np.abs(bound - weights[at]) < _ROUNDING)
            weights[at[stopped]] = bound[stopped]
            free[at[stopped]] = False
            if length == 1.0:
                break
        return weights, free

    def _move(self, weights: Vector, at: NDArray[np.intp]) -> Vector:
        """From here to the optimum over some weights, the budget kept, bounds aside."""
        factor = cho_factor(self.quadratic[np.ix_(at, at)], check_finite=False)
        sides = np.column_stack([self.gradient(weights)[at], np.ones(at.size)])
        slope, budget = cho_solve(factor, sides, check_finite=False).T
        move: Vector = slope.sum() / budget.sum() * budget - slope
        return move
