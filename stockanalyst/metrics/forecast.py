"""Accuracy of point and quantile forecasts, and what of it may be chance.

Unless it says otherwise, a function takes float64 arrays of shape (n,) and returns NaN for n = 0;
a NaN in the input gives NaN.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockanalyst._typing import Vector

Array = NDArray[np.float64]


def rmse(y: Vector, yhat: Vector) -> float:
    """Root mean squared error, in the unit of `y`."""
    return float(np.sqrt(np.mean((y - yhat) ** 2))) if y.size else nan


def skill_score(y: Vector, yhat: Vector, baseline: Vector) -> float:
    """1 − RMSE / RMSE of the baseline: positive is better, 0.01 is one percent."""
    reference = rmse(y, baseline)
    return 1.0 - rmse(y, yhat) / reference if reference else nan


def pinball_loss(y: Array, quantile: Array, *, probability: float) -> Array:
    """Loss of each quantile forecast, in the unit of `y`, for arrays that broadcast.

    The mean is least in expectation for the true quantile; at probability 0.5 it is half the
    absolute error.

    References
    ----------
    Koenker, R., Bassett, G. (1978). Regression quantiles. Econometrica 46(1).
    """
    miss = y - quantile
    loss: Array = np.maximum(probability * miss, (probability - 1) * miss)
    return loss


def wilson_interval(hits: Array, n: Array, *, level: float = 0.95) -> tuple[Array, Array]:
    """Wilson's score interval of a binomial share.

    Parameters
    ----------
    hits, n : ndarray
        Successes and trials, any shapes that broadcast. The trials are taken as independent:
        for outcomes that overlap (steps > 1 from every session) the interval is too narrow.
    level : float
        Confidence.

    Returns
    -------
    low, high : ndarray
        Decimals in [0, 1]; NaN where n is 0.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22(158).
    """
    z_squared = special.ndtri((1 + level) / 2) ** 2
    trials = np.where(n > 0, n, nan)
    centre = (hits + z_squared / 2) / (trials + z_squared)
    spread = hits * (trials - hits) / trials + z_squared / 4
    half = np.sqrt(z_squared * spread) / (trials + z_squared)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


@dataclass(frozen=True)
class DieboldMariano:
    """Result of :func:`diebold_mariano`.

    Attributes
    ----------
    statistic : float
        Negative where the first loss is the smaller one; infinite when it is smaller by the same
        amount every time; NaN when the losses don't differ.
    p_value : float
        Two-sided.
    n : int
        Number of loss differences.
    """

    statistic: float
    p_value: float
    n: int


def diebold_mariano(loss: Vector, other: Vector, *, horizon: int) -> DieboldMariano:
    """Test whether two forecasts are equally accurate.

    Parameters
    ----------
    loss, other : ndarray of shape (n,)
        Losses of the two forecasts of the same values, in order of time.
    horizon : int
        Steps ahead, h ≥ 1.

    See Also
    --------
    diebold_mariano_many : The definition, and the same for many pairs of forecasts at once.
    """
    difference = loss - other
    if np.isnan(difference).any():
        return DieboldMariano(nan, nan, difference.size)
    statistic, p_value = diebold_mariano_many(difference, horizon=horizon)
    return DieboldMariano(float(statistic), float(p_value), difference.size)


def diebold_mariano_many(differences: Array, *, horizon: int) -> tuple[Array, Array]:
    """Test, for many pairs of forecasts at once, whether the two are equally accurate.

    The variance of the mean difference counts the autocovariances up to lag h − 1, with equal
    weights or with Bartlett weights (Newey and West), whichever is larger: with equal weights it
    may come to nothing or below, and make certain what isn't. The statistic
    carries the small-sample factor of Harvey, Leybourne and Newbold and is held against Student's t
    with n − 1 degrees of freedom.

    Parameters
    ----------
    differences : ndarray of shape (..., n)
        Loss minus other loss, in order of time. NaN doesn't count: what follows closes up.
    horizon : int
        Steps ahead, h ≥ 1.

    Returns
    -------
    statistic, p_value : ndarray of shape (...)
        As in :class:`DieboldMariano`; NaN where no more than h differences count.

    References
    ----------
    Diebold, F. X., Mariano, R. S. (1995). Comparing predictive accuracy. Journal of Business and
    Economic Statistics 13(3). Harvey, D., Leybourne, S., Newbold, P. (1997). Testing the equality
    of prediction mean squared errors. International Journal of Forecasting 13(2), eq. 9. Newey, W.
    K., West, K. D. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation
    consistent covariance matrix. Econometrica 55(3).
    """
    mean, covariances, n = _moments(differences, horizon)
    variance = _long_run(covariances, np.ones(horizon - 1))
    bartlett = _long_run(covariances, 1 - np.arange(1, horizon) / horizon)
    variance = np.maximum(variance, bartlett)
    factor = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = _statistic(mean, variance / n, factor, testable=n > horizon)
    return statistic, _two_sided(statistic, n - 1)


def newey_west_test(differences: Array, *, horizon: int) -> tuple[Array, Array]:
    """Diebold and Mariano's test where neighbours hang together for more than h − 1 lags.

    For averages over many symbols, say. The variance is Newey and West's with the bandwidth
    S = 1.3 √n, at least 4 h, which keeps nine tenths of the variance of overlapping errors. It is
    divided by the share that its expectation keeps of the variance of a white noise whose mean is
    estimated: the factor of Harvey, Leybourne and Newbold, for Bartlett weights. The statistic is
    held against Student's t with 3 n / (2 S) degrees of freedom, near the fixed-b distribution.

    Parameters
    ----------
    differences : ndarray of shape (..., n)
        Loss minus other loss, in order of time. NaN doesn't count: what follows closes up.
    horizon : int
        Steps ahead, h ≥ 1.

    Returns
    -------
    statistic, p_value : ndarray of shape (...)
        As in :class:`DieboldMariano`; NaN where no more than h differences count.

    References
    ----------
    Lazarus, E., Lewis, D. J., Stock, J. H., Watson, M. W. (2018). HAR inference: recommendations
    for practice. Journal of Business and Economic Statistics 36(4). Coroneo, L., Iacone, F. (2020).
    Comparing predictive accuracy in small samples using fixed-smoothing asymptotics. Journal of
    Applied Econometrics 35(4).
    """
    counts = np.sum(~np.isnan(differences), axis=-1)
    bandwidth = np.maximum(np.ceil(1.3 * np.sqrt(counts)), 4 * horizon)
    mean, covariances, n = _moments(differences, int(np.max(bandwidth, initial=1)))
    lags = range(1, len(covariances))
    weights = [np.maximum(1 - lag / bandwidth, 0.0) for lag in lags]
    ones = [np.maximum(1 - lag / n, 0.0) for lag in range(len(covariances))]
    factor = 1 - _long_run(ones, weights) / n
    variance = _long_run(covariances, weights)
    statistic = _statistic(mean, variance / n, factor, testable=n > horizon)
    return statistic, _two_sided(statistic, 1.5 * n / bandwidth)


def _moments(values: Array, n_lags: int) -> tuple[Array, list[Array], Array]:
    """Mean, autocovariances from lag 0 on, and count (at least 1) of series with NaN left out."""
    known = ~np.isnan(values)
    if not known.all():
        values = np.take_along_axis(values, np.argsort(~known, axis=-1, kind="stable"), axis=-1)
    n = np.maximum(known.sum(axis=-1), 1)
    size = values.shape[-1]
    within = np.arange(size) < known.sum(axis=-1)[..., None]
    mean = np.where(within, values, 0.0).sum(axis=-1) / n
    centred = np.where(within, values - mean[..., None], 0.0)
    pairs = ((centred[..., lag:], centred[..., : max(size - lag, 0)]) for lag in range(n_lags))
    return mean, [(later * earlier).sum(axis=-1) / n for later, earlier in pairs], n


def _long_run(covariances: list[Array], weights: Iterable[Array]) -> Array:
    return covariances[0] + 2 * sum(
        (w * c for w, c in zip(weights, covariances[1:], strict=True)), start=np.zeros(())
    )


def _statistic(
    mean: Array, variance: Array, factor: Array, *, testable: NDArray[np.bool_]
) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic: Array = np.where(testable, mean * np.sqrt(factor) / np.sqrt(variance), nan)
    return statistic


def _two_sided(statistic: Array, freedom: Array) -> Array:
    p_value: Array = 2 * special.stdtr(freedom, -np.abs(statistic))
    return p_value


def holm(p_values: Vector) -> Vector:
    """Adjust p-values for having looked at many: Holm's step-down method.

    NaN (no test) stays NaN and doesn't count as a look.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal
    of Statistics 6(2).
    """
    adjusted = np.full(p_values.shape, nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    looks = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(looks * p_values[order]), 1.0)
    return adjusted


def benjamini_hochberg(p_values: Vector) -> Vector:
    """Adjust p-values so that calling those below q leaves a share of at most q false among them.

    NaN (no test) stays NaN and doesn't count as a look. Holds for independent tests and for such
    that hang together positively.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57(1).
    """
    adjusted = np.full(p_values.shape, nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")[::-1]]
    rank = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum.accumulate(p_values[order] * (order.size / rank))
    return adjusted
