"""Least squares over rolling windows of many series, from running cross-products.

A sum over a window is the difference of two running sums, so a window costs the same whatever its
length. Arrays are laid out with time first and series last, and every operation is elementwise:
a series gives the same bits whichever others stand beside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Cube, IntVector, Matrix

Array = NDArray[np.float64]

_SINGULAR = 1e-12


@dataclass(frozen=True)
class Windows:
    """Training windows, one every `refit` cutoffs.

    Attributes
    ----------
    starts, ends : ndarray of int, shape (m,)
        Positions of the first and of the last session that a window holds; the last is a cutoff.
    refit : int
        Cutoffs that a window serves.
    """

    starts: IntVector
    ends: IntVector
    refit: int

    @classmethod
    def rolling(cls, cutoffs: IntVector, train_size: int, refit: int) -> "Windows":
        """The last `train_size` sessions up to every `refit`-th cutoff, or all there are."""
        ends = cutoffs[::refit]
        return cls(np.maximum(ends + 1 - train_size, 0), ends, refit)

    def shifted(self, by: int) -> "Windows":
        """The same windows where the first `by` sessions are left out."""
        return Windows(self.starts - by, self.ends - by, self.refit)

    def served(self, values: Array, n_cutoffs: int, *, axis: int) -> Array:
        """What was estimated in each window, for every cutoff that it serves."""
        if self.refit == 1:
            return values
        return np.take(values, np.arange(n_cutoffs) // self.refit, axis=axis)


@dataclass(frozen=True)
class History:
    """What the forecasts from some cutoffs may see, time first.

    Attributes
    ----------
    known : ndarray of shape (n, s)
        Log prices from the start of the first window to the last cutoff.
    cutoffs : ndarray of int, shape (m,)
    windows : Windows
        Positions in `known`.
    """

    known: Matrix
    cutoffs: IntVector
    windows: Windows

    @classmethod
    def of(cls, log_price: Matrix, cutoffs: IntVector, train_size: int, refit: int) -> "History":
        """Of log prices with the series first, shape (s, n)."""
        windows = Windows.rolling(cutoffs, train_size, refit)
        first = int(windows.starts[0])
        known = log_price.T[first : int(cutoffs[-1]) + 1]
        return cls(known, cutoffs - first, windows.shifted(first))

    def served(self, values: Array, *, axis: int) -> Array:
        """See :meth:`Windows.served`."""
        return self.windows.served(values, self.cutoffs.size, axis=axis)


def differences(values: Matrix, degree: int) -> Matrix:
    """Differences of a degree over time, of the same shape: the first `degree` rows are 0."""
    result = values
    for done in range(degree):
        result = np.vstack([np.zeros_like(result[:1]), np.diff(result, axis=0)])
        result[: done + 1] = 0.0
    return result


class LaggedProducts:
    """Sums of returns and of their products at any lag, over any span of origins.

    Parameters
    ----------
    returns : ndarray of shape (n, s)
        Row t is the change from session t − 1 to session t; row 0 is 0.
    longest : int
        The largest lag that will be asked for.
    """

    def __init__(self, returns: Matrix, longest: int) -> None:
        self._sums = _running(returns)
        self._products = []
        for lag in range(longest + 1):
            product = np.zeros_like(returns)
            product[lag:] = returns[lag:] * returns[: returns.shape[0] - lag]
            self._products.append(_running(product))

    def sum(self, first: IntVector, last: IntVector, shift: int) -> Matrix:
        """Σ r[o + shift] over origins o from `first` to `last`, shape (m, s)."""
        total: Matrix = self._sums[last + shift + 1] - self._sums[first + shift]
        return total

    def product(self, first: IntVector, last: IntVector, later: int, earlier: int) -> Matrix:
        """Σ r[o + later] · r[o + earlier] over origins o, shape (m, s); later ≥ earlier."""
        running = self._products[later - earlier]
        total: Matrix = running[last + later + 1] - running[first + later]
        return total


def _running(values: Matrix) -> Matrix:
    """Running sums with a leading row of zeros, shape (n + 1, s)."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[1:])
    return sums


def regress_on_lags(
    products: LaggedProducts,
    windows: Windows,
    *,
    lags: int,
    step: int,
    intercept: bool,
    penalty: float = 0.0,
) -> Cube:
    """Regress the return over the next `step` sessions on the last `lags` daily returns.

    A window's rows are the origins whose lags and whose outcome lie inside it.

    Parameters
    ----------
    products : LaggedProducts
        To at least lag ``lags − 1 + step``.
    windows : Windows
        Each longer than ``2 · lags + step`` sessions.
    lags, step : int
    intercept : bool
        Whether there is one; it isn't penalised.
    penalty : float
        Of ridge regression, as a multiple of the mean diagonal of the lags' cross-products: 1
        halves the coefficients of uncorrelated lags. 0 is ordinary least squares.

    Returns
    -------
    ndarray of shape (lags + 1, m, s)
        Intercept, then the weights, newest lag first.

    Notes
    -----
    Solves the normal equations by Cholesky; daily returns are so little correlated that the result
    agrees with an orthogonal decomposition to about 1e-12.
    """
    first, last = windows.starts + lags, windows.ends - step
    rows = (last - first + 1.0)[:, None]
    gram = [
        [products.product(first, last, -j, -i) for j in range(i + 1)] for i in range(lags)
    ]  # lower triangle: lag i is further back than lag j
    target = [
        _total([products.product(first, last, k, -i) for k in range(1, step + 1)])
        for i in range(lags)
    ]
    coefficients = np.zeros((lags + 1, windows.ends.size, gram[0][0].shape[1]))
    if intercept:
        sums = [products.sum(first, last, -i) for i in range(lags)]
        outcome = _total([products.sum(first, last, k) for k in range(1, step + 1)])
        for i in range(lags):
            mean = sums[i] / rows
            target[i] -= mean * outcome
            for j in range(i + 1):
                gram[i][j] -= mean * sums[j]
    if penalty:
        ridge = _total([gram[i][i] for i in range(lags)]) * (penalty / lags)
        for i in range(lags):
            gram[i][i] += ridge
    for i, weight in enumerate(solve_symmetric(gram, target)):
        coefficients[i + 1] = weight
    if intercept:
        explained = _total([sums[i] * coefficients[i + 1] for i in range(lags)])
        coefficients[0] = (outcome - explained) / rows
    return coefficients


def autoregress(products: LaggedProducts, windows: Windows, lags: int) -> Cube:
    """Autoregression with mean zero, close to exact Gaussian maximum likelihood.

    Parameters
    ----------
    products : LaggedProducts
        To at least lag `lags`.
    windows : Windows
        Of more than ``2 · lags`` values, which begin one after ``starts``.
    lags : int
        At least 1.

    Returns
    -------
    ndarray of shape (lags, m, s)
        Newest lag first.

    References
    ----------
    Box, G. E. P., Jenkins, G. M., Reinsel, G. C., Ljung, G. M. (2015). Time Series Analysis, 5th
    edition, appendix A7.4: the approximate maximum likelihood estimates, with the sums D.
    """
    first, last = windows.starts + 1, windows.ends
    size = (last - first + 1.0)[:, None]

    def mean(row: int, column: int) -> Matrix:
        """D[row + 1, column + 1] over the number of its terms; row ≥ column."""
        total = products.product(first + column, last - row, row - column, 0)
        return total / (size - row - column)

    gram = [[mean(i, j) for j in range(1, i + 1)] for i in range(1, lags + 1)]
    return np.stack(solve_symmetric(gram, [mean(i, 0) for i in range(1, lags + 1)]))


def solve_symmetric(lower: list[list[Matrix]], right: list[Matrix]) -> list[Matrix]:
    """Solve many small positive definite systems at once by Cholesky decomposition.

    Parameters
    ----------
    lower : list of list of ndarray
        Entry [i][j], j ≤ i, of every system, all of one shape; overwritten by the factor.
    right : list of ndarray
        Right-hand sides; overwritten by the solution.

    Returns
    -------
    list of ndarray
        The solution; 0 for an unknown that the ones before it determine, as where a price hasn't
        moved.
    """
    size = len(right)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for i in range(size):
            scale = lower[i][i].copy()
            for j in range(i + 1):
                for k in range(j):
                    lower[i][j] -= lower[i][k] * lower[j][k]
                if i > j:
                    lower[i][j] /= lower[j][j]
            lower[i][i] = _pivot(lower[i][i], scale)
            for k in range(i):
                right[i] -= lower[i][k] * right[k]
            right[i] /= lower[i][i]
        for i in reversed(range(size)):
            for k in range(i + 1, size):
                right[i] -= lower[k][i] * right[k]
            right[i] /= lower[i][i]
    return right


def _pivot(square: Matrix, scale: Matrix) -> Matrix:
    """Root of a pivot; endless where next to nothing is left of the diagonal it came from."""
    root: Matrix = np.where(square > _SINGULAR * scale, np.sqrt(square), np.inf)
    return root


def _total(terms: list[Matrix]) -> Matrix:
    total = terms[0].copy()
    for term in terms[1:]:
        total += term
    return total
