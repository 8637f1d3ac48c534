"""Weights of least conditional value at risk, by an interior-point method for that one problem.

The linear program of Rockafellar and Uryasev has a row and two columns a session. Here Newton's
equations are reduced by hand to one dense system in the weights, and asked first of the calmest
assets and their worst sessions: those that the answer turns out to lack are added until it lacks
none, which proves it that of all. 500 stocks and 1,260 sessions take 0.03 s, and 0.2 s where nearly
all have a part in the answer; HiGHS takes from 0.3 to 3 s and Clarabel from 5 to 8 s.
"""

from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from stockanalyst._typing import Matrix, Vector
from stockanalyst.exceptions import InputError

_Chosen: TypeAlias = NDArray[np.bool_]

_GAP = 1e-12  # between weights and proof of optimality, in standard deviations of a return
_MOST_STEPS = 100  # 15 to 25 are usual
_INSIDE = 0.995  # of the way to the boundary
_AWAY = 1e-3  # from a bound at the start, in standard deviations of a return
_FIRM = 1e-11  # on the diagonal: keeps the equations of collinear assets solvable
_TIGHT = 1e-6  # slack of a budget that leaves no choice
_FEW_ASSETS, _FEW_SESSIONS = 100, 250  # with which to start, at least
_TIE = 1e-8  # of losses in standard deviations: less says nothing of who takes part
_MANY = 0.2  # of the assets and sessions: if so many are lacking, take them all


def min_cvar_weights(returns: Matrix, *, level: float, lowest: float, highest: float) -> Vector:
    """Minimise the mean loss in the worst 1 − `level` of the sessions.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions, n_assets)
        Simple returns, finite; those of an asset vary.
    level : float
        In (0, 1). The session that falls partly into the worst share counts with that part.
    lowest, highest : float
        Of every weight: `n_assets` × `lowest` < 1 ≤ `n_assets` × `highest`.

    Returns
    -------
    ndarray of shape (n_assets,)
        Sum 1 but for rounding. Where several weights are as good, assets that are alike share
        equally.

    Raises
    ------
    InputError
        The method got stuck.

    References
    ----------
    Rockafellar, R. T., Uryasev, S. (2000). Optimization of conditional value-at-risk. Journal of
    Risk 2(3). Mehrotra, S. (1992). On the implementation of a primal-dual interior point method.
    SIAM Journal on Optimization 2(4).
    """
    n_sessions, n_assets = returns.shape
    if n_assets * highest <= 1 + _TIGHT:
        return np.full(n_assets, 1 / n_assets)
    scale = float(np.median(np.std(returns, axis=0)))
    problem = _Problem(-returns / scale, 1 / ((1 - level) * n_sessions), lowest, highest)
    sessions, assets = problem.first()
    while True:
        part = _Problem(problem.losses[np.ix_(sessions, assets)], problem.cap, lowest, highest)
        point = part.solved()
        more_sessions, more_assets = problem.lacking(point, sessions, assets)
        if not (more_sessions.any() or more_assets.any()):
            break
        many = more_sessions.mean() + more_assets.mean() > _MANY
        sessions, assets = sessions | more_sessions | many, assets | more_assets | many
    weights = np.zeros(n_assets)
    weights[assets] = part.rounded(point)
    return weights


@dataclass(frozen=True)
class _Point:
    """Where the method is, or a step from there; every product of a slack and its price goes to 0.

    Attributes
    ----------
    weights : ndarray of shape (n_assets,)
    threshold : float
        The value at risk.
    budget : float
        Price of the budget.
    slack : ndarray of shape (2 × n_sessions + 2 × n_assets,)
        Losses above the threshold, below it, weights above the lowest, below the highest.
    price : ndarray, shaped as `slack`
        The second part are the probabilities of the worst case, the first what they could grow.
    """

    weights: Vector
    threshold: float
    budget: float
    slack: Vector
    price: Vector

    @property
    def gap(self) -> float:
        return float(self.slack @ self.price)

    def moved(self, step: "_Point", length: float, price_length: float) -> "_Point":
        return _Point(
            self.weights + length * step.weights,
            self.threshold + length * step.threshold,
            self.budget + price_length * step.budget,
            self.slack + length * step.slack,
            self.price + price_length * step.price,
        )


@dataclass(frozen=True)
class _Problem:
    """Losses in standard deviations, the most that a session's probability can grow to, bounds."""

    losses: Matrix
    cap: float
    lowest: float
    highest: float

    def first(self) -> tuple[_Chosen, _Chosen]:
        """Sessions and assets with which to start; all, if those left out aren't at 0."""
        if self.lowest != 0:
            sessions, assets = (np.ones(size, dtype=np.bool_) for size in self.losses.shape)
            return sessions, assets
        deviations = np.std(self.losses, axis=0)
        assets = _largest(-deviations, max(_FEW_ASSETS, ceil(2 / self.highest)))
        together = self.losses[:, assets].mean(axis=1)
        return _largest(together, max(_FEW_SESSIONS, ceil(4 / self.cap))), assets

    def lacking(self, point: _Point, sessions: _Chosen, assets: _Chosen) -> tuple[_Chosen, _Chosen]:
        """Sessions whose loss is above the threshold after all, and assets that pay or would do."""
        loss = self.losses[:, assets] @ point.weights - point.threshold
        tail = np.split(point.price, [sessions.sum(), 2 * sessions.sum()])[1]
        cost = self.losses[sessions].T @ tail - point.budget
        return ~sessions & (loss > _TIE), ~assets & (cost < _TIE)

    def solved(self) -> _Point:
        """The optimum."""
        point = self.start()
        for _ in range(_MOST_STEPS):
            if point.gap < _GAP:
                return point
            point = self.improve(point)
        size = f"{len(self.losses)} returns of {point.weights.size} assets"
        mend = f"nothing was found in {_MOST_STEPS} steps; look for faults, or take another method"
        raise InputError("prices", size, mend)

    def start(self) -> _Point:
        """Equal weights and equal probabilities, well inside every bound."""
        n_sessions, n_assets = self.losses.shape
        weights = np.full(n_assets, 1 / n_assets)
        loss = self.losses @ weights
        threshold, away = float(np.mean(loss)), float(np.std(loss)) + _AWAY
        above = np.maximum(loss - threshold, 0) + away
        tail = np.full(n_sessions, 1 / n_sessions)
        cost = self.losses.T @ tail
        budget = float(np.mean(cost))
        low = np.maximum(cost - budget, 0) + away / 10
        slack = (above, above - (loss - threshold), weights - self.lowest, self.highest - weights)
        price = (self.cap - tail, tail, low, low - (cost - budget))
        return _Point(weights, threshold, budget, np.concatenate(slack), np.concatenate(price))

    def improve(self, point: _Point) -> _Point:
        """One step by Mehrotra's rule: how far the plain one gets says where to aim."""
        newton = _Newton(self.losses, point)
        plain = newton.step(-point.slack * point.price)
        reached = point.moved(plain, *_lengths(point, plain, 1.0)).gap
        aim = (reached / point.gap) ** 3 * point.gap / point.slack.size
        step = newton.step(aim - point.slack * point.price - plain.slack * plain.price)
        return point.moved(step, *_lengths(point, step, _INSIDE))

    def rounded(self, point: _Point) -> Vector:
        """The weights, those at a bound exactly there: their slack is less than its price.

        Compared in units in which no asset varies more than most do, so that one whose loss may be
        huge keeps a weight that is small.
        """
        n_assets = point.weights.size
        low, high = np.split(point.slack, [-2 * n_assets, -n_assets])[1:]
        low_price, high_price = np.split(point.price, [-2 * n_assets, -n_assets])[1:]
        unit = np.maximum(np.var(self.losses, axis=0), 1)
        weights = np.where(low * unit < low_price, self.lowest, point.weights)
        return np.where(high * unit < high_price, self.highest, weights)


class _Newton:
    """The equations of a step, reduced to the weights and factorised once."""

    def __init__(self, losses: Matrix, point: _Point) -> None:
        n_sessions, n_assets = losses.shape
        self._cuts = [n_sessions, 2 * n_sessions, 2 * n_sessions + n_assets]
        self._losses = losses
        self._slack = above, below, low, high = np.split(point.slack, self._cuts)
        self._price = spare, tail, low_price, high_price = np.split(point.price, self._cuts)
        self._gap = losses @ point.weights - point.threshold - above + below
        self._cost = losses.T @ tail - point.budget - low_price + high_price
        self._left = np.array([1 - tail.sum(), 1 - point.weights.sum()])
        self._stiffness = 1 / (above / spare + below / tail)
        root = losses * np.sqrt(self._stiffness)[:, None]
        matrix = root.T @ root + np.diag(low_price / low + high_price / high)
        np.fill_diagonal(matrix, np.diag(matrix) * (1 + _FIRM))
        self._factor = cho_factor(matrix, check_finite=False)
        self._border = np.column_stack([losses.T @ self._stiffness, np.ones(n_assets)])
        self._solved = cho_solve(self._factor, self._border, check_finite=False)
        self._corner = self._border.T @ self._solved
        self._corner[0, 0] -= self._stiffness.sum()

    def step(self, target: Vector) -> _Point:
        """Where every product of slack and price changes by `target`, to first order."""
        above, below, low, high = self._slack
        spare, tail, low_price, high_price = self._price
        to_above, to_below, to_low, to_high = np.split(target, self._cuts)
        push = self._stiffness * (self._gap - to_above / spare + to_below / tail)
        pull = to_low / low - to_high / high - self._cost - self._losses.T @ push
        alone = cho_solve(self._factor, pull, check_finite=False)
        open_ends = self._left - self._border.T @ alone - [push.sum(), 0]
        threshold, budget = np.linalg.solve(self._corner, open_ends)
        weights = alone + self._solved @ [threshold, budget]
        tails = self._stiffness * (self._losses @ weights - threshold) + push
        slack = ((to_above + above * tails) / spare, (to_below - below * tails) / tail)
        price = ((to_low - low_price * weights) / low, (to_high + high_price * weights) / high)
        return _Point(
            weights,
            float(threshold),
            float(budget),
            np.concatenate([*slack, weights, -weights]),
            np.concatenate([-tails, tails, *price]),
        )


def _lengths(point: _Point, step: _Point, share: float) -> tuple[float, float]:
    """How far slacks and prices can go along a step, at most 1, by `share` of the way to 0."""
    return (
        min(1.0, share * _room(point.slack, step.slack)),
        min(1.0, share * _room(point.price, step.price)),
    )


def _room(values: Vector, change: Vector) -> float:
    falling = change < 0
    return float(np.min(-values[falling] / change[falling], initial=np.inf))


def _largest(values: Vector, count: int) -> _Chosen:
    """Which are the `count` largest; all, if there are no more."""
    chosen = np.zeros(values.size, dtype=np.bool_)
    chosen[np.argsort(-values, kind="stable")[:count]] = True
    return chosen
