"""ARMA(p, q) without a constant, estimated in many windows of many series at once.

The conditional sum of squares, with zeros before the window, is minimised by Gauss-Newton steps
with Levenberg-Marquardt damping, every (window, series) pair in the same array operation. Each
operation is elementwise: a pair gives the same bits whichever others stand beside it.
"""

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Cube, IntVector, Matrix
from stockanalyst.forecasting.arma_windows import Mask, NumpyWindows, Windows, history
from stockanalyst.forecasting.rolling import solve_symmetric

MAX_ORDER = 2
_COMPILED = "stockanalyst.forecasting.arma_kernel"
_LARGE = 5_000_000  # values in all windows: a chunk of the engine's, which is ten symbols or more
_ANCHOR = 25  # sessions whose windows take their start values from the same earlier one
_STARTS = ((0.3, -0.2), (-0.3, 0.4), (0.8, -0.9), (-0.8, 0.9))  # first AR and first MA coefficient
_TOLERANCE = 1e-6  # share of the sum of squares that a further step must promise to save
_MAX_STEPS = 25  # of an anchor; the windows that begin from one take half as many
_BOUND = 0.995
_DAMPING = 1e-2


@dataclass(frozen=True)
class ARMAFit:
    """Estimates, one a (window, series) pair.

    Attributes
    ----------
    ends : ndarray of int, shape (m,)
    size : int
        Where the windows end, and how many values each holds.
    ar : ndarray of shape (p, m, s)
    ma : ndarray of shape (q, m, s)
    sum_of_squares : ndarray of shape (m, s)
        Of the residuals in the window.
    converged : ndarray of bool, shape (m, s)
    """

    ends: IntVector
    size: int
    ar: Cube
    ma: Cube
    sum_of_squares: Matrix
    converged: Mask


def fit_arma(x: Matrix, ends: IntVector, size: int, *, p: int, q: int) -> ARMAFit:
    """Estimate in the windows of `size` values up to and including each of `ends`.

    Parameters
    ----------
    x : ndarray of shape (n, s)
        Series with mean zero, oldest first.
    ends : ndarray of int, shape (m,)
        Evenly spaced, ascending. Where a window would begin before the series, zeros stand in,
        which is where a shorter window begins.
    size : int
    p, q : int
        Each at most 2.

    References
    ----------
    Box, G. E. P., Jenkins, G. M., Reinsel, G. C., Ljung, G. M. (2015). Time Series Analysis, 5th
    edition, section 7.1.2 (conditional sum of squares) and 7.2.4 (Gauss-Newton).
    """
    if not p + q:
        every = NumpyWindows.of(x, ends, size)
        nothing = np.zeros((0, *every.shape))
        squares = every.normal_equations(nothing, 0)[0]
        return ARMAFit(ends, size, nothing, nothing, squares, np.ones(every.shape, dtype=bool))
    shared = max(_ANCHOR // int(ends[1] - ends[0]), 1) if ends.size > 1 else 1
    anchors = ends[::shared]
    # From a start value a search takes about twice as many steps as from an anchor's estimate.
    kind = _kind((2 * len(_STARTS) * anchors.size + ends.size) * x.shape[1] * size)
    windows = kind.of(x, anchors, size)
    tried, squares, _ = _minimise(
        windows.repeated(len(_STARTS)), _starts(p, q, windows.shape), p, max_steps=_MAX_STEPS
    )
    best = np.argmin(squares, axis=0)[None, None]
    start = np.take_along_axis(tried, best, axis=1)[:, 0]
    spread = np.repeat(start, shared, axis=1)[:, : ends.size]
    theta, squares, converged = _minimise(
        kind.of(x, ends, size), spread, p, max_steps=_MAX_STEPS // 2
    )
    return ARMAFit(ends, size, theta[:p], theta[p:], squares, converged)


def residuals_at(x: Matrix, fit: ARMAFit, origins: IntVector, refit: int) -> Cube:
    """The last q residuals at each origin, newest first, with the parameters of its window.

    Parameters
    ----------
    x : ndarray of shape (n, s)
        As :func:`fit_arma` had it; it may be longer.
    fit : ARMAFit
    origins : ndarray of int, shape (k,)
        Evenly spaced; every `refit`-th of them is an end, whose parameters serve until the next.
        The filter begins where the window of that end begins.
    refit : int

    Returns
    -------
    ndarray of shape (q, k, s)
    """
    p, q = fit.ar.shape[0], fit.ma.shape[0]
    stride = int(origins[1] - origins[0]) if origins.size > 1 else 1
    beyond = (refit - 1) * stride if origins.size > 1 else 0
    windows = NumpyWindows.of(x, fit.ends, fit.size, beyond=beyond)
    shape = windows.shape
    kept = np.zeros((q, fit.ends.size * refit, shape[1]))
    recent_x, recent_e = history(p, shape), history(q, shape)
    for position, value in enumerate(windows):
        error = value.copy()
        for i in range(p):
            error -= fit.ar[i] * recent_x[i]
        for j in range(q):
            error -= fit.ma[j] * recent_e[j]
        recent_x = [value, *recent_x][:p]
        recent_e = [error, *recent_e][:q]
        ahead, between = divmod(position - (fit.size - 1), stride)
        if position >= fit.size - 1 and not between:
            for j in range(q):
                kept[j, ahead::refit] = recent_e[j]
    return kept[:, : origins.size]


def forecast_arma(ar: Cube, ma: Cube, recent: Cube, errors: Cube, horizon: int) -> Cube:
    """Forecasts of x.

    Parameters
    ----------
    ar, ma : ndarray of shape (p, …), (q, …)
    recent : ndarray of shape (p, …)
        The last p values, newest first.
    errors : ndarray of shape (q, …)
        The last q residuals, newest first.
    horizon : int

    Returns
    -------
    ndarray of shape (horizon, …)
    """
    forecasts = np.zeros((horizon, *(ar.shape[1:] or ma.shape[1:])))
    values = list(recent)
    for step in range(horizon):
        value = forecasts[step]
        for i in range(ar.shape[0]):
            value += ar[i] * values[i]
        for j in range(step, ma.shape[0]):
            value += ma[j] * errors[j - step]
        values = [value, *values]
    return forecasts


def _kind(n_values: int) -> type[Windows]:
    """Compiled windows if they are loaded, or worth the half second of it; they need numba."""
    if n_values < _LARGE and _COMPILED not in sys.modules:
        return NumpyWindows
    try:
        from stockanalyst.forecasting.arma_kernel import CompiledWindows
    except ImportError:
        return NumpyWindows
    return CompiledWindows


def _starts(p: int, q: int, shape: tuple[int, ...]) -> Cube:
    """Start values, shape (p + q, n_starts, …)."""
    theta = np.zeros((p + q, len(_STARTS), *shape))
    for position, (first_ar, first_ma) in enumerate(_STARTS):
        if p:
            theta[0, position] = first_ar
        if q:
            theta[p, position] = first_ma if p else first_ar + first_ma
    return theta


def _minimise(
    windows: Windows, theta: Cube, p: int, *, max_steps: int
) -> tuple[Cube, Matrix, Mask]:
    """Coefficients, their sums of squares, and whether the steps came to rest."""
    shape = theta.shape[1:]
    final, final_squares = theta.copy(), np.empty(shape)
    rested = np.zeros(shape, dtype=bool)
    active = np.ones(shape, dtype=bool)
    search = _Search(theta)
    for _ in range(max_steps):
        search.take(*windows.normal_equations(search.trial, p))
        still = search.propose(p)
        final[:, active], final_squares[active] = (
            search.best.reshape(theta.shape[0], -1),
            search.squares.ravel(),
        )
        rested[active] = ~still.ravel()
        if not still.any():
            break
        if still.sum() < windows.crowd * still.size:
            active[active] = still.ravel()
            windows, search = windows.only(still), search.only(still)
    return final, final_squares, rested


class _Search:
    """Levenberg-Marquardt, a search a pair: the best point so far, and the next to try."""

    def __init__(self, theta: Cube) -> None:
        size, shape = theta.shape[0], theta.shape[1:]
        self.best, self.trial = theta, theta
        self.squares = np.full(shape, np.inf)
        self.moving = np.ones(shape, dtype=bool)
        self.damping = np.full(shape, _DAMPING)
        self.gram = np.zeros((size, size, *shape))
        self.gradient = np.zeros((size, *shape))

    def take(self, squares: Matrix, gradient: Cube, gram: NDArray[np.float64]) -> None:
        """Move to the trial point where it is better; a search at rest stays."""
        better = self.moving & (squares < self.squares)
        self.damping = np.where(better, self.damping * 0.1, self.damping * 10)
        self.squares = np.where(better, squares, self.squares)
        self.best = np.where(better, self.trial, self.best)
        self.gradient = np.where(better, gradient, self.gradient)
        self.gram = np.where(better, gram, self.gram)

    def propose(self, p: int) -> Mask:
        """Set the next trial point; where it promises to be better than the best one."""
        size = self.best.shape[0]
        lower = [[self.gram[i, j].copy() for j in range(i + 1)] for i in range(size)]
        for i in range(size):
            lower[i][i] *= 1 + self.damping
        step = solve_symmetric(lower, [-row for row in self.gradient])
        self.trial = _inside(self.best + np.stack(step), p)
        promised = -(self.gradient * (self.trial - self.best)).sum(axis=0)
        self.moving = self.moving & (promised > _TOLERANCE * self.squares)
        return self.moving

    def only(self, pairs: Mask) -> "_Search":
        """The searches of some pairs."""
        chosen = object.__new__(_Search)
        for name, values in vars(self).items():
            setattr(chosen, name, values[..., pairs])
        return chosen


def _inside(theta: Cube, p: int) -> Cube:
    """The nearest coefficients that are stationary and invertible, for p and q up to 2."""
    for block, sign in ((theta[:p], 1.0), (theta[p:], -1.0)):
        if block.shape[0] > 1:
            np.clip(block[1], -_BOUND, _BOUND, out=block[1])
        if block.shape[0]:
            room = _BOUND * (1 - sign * block[1]) if block.shape[0] > 1 else _BOUND
            np.clip(block[0], -room, room, out=block[0])
    return theta
