"""Accuracy of point forecasts.

Every function takes float64 arrays of shape (n,) and returns NaN for n = 0; a NaN in the input
gives NaN.
"""

from dataclasses import dataclass
from math import copysign, inf, nan, sqrt

import numpy as np
from scipy import special

from stockanalyst._typing import Vector


def mae(y: Vector, yhat: Vector) -> float:
    """Mean absolute error, in the unit of `y`."""
    return float(np.mean(np.abs(y - yhat))) if y.size else nan


def rmse(y: Vector, yhat: Vector) -> float:
    """Root mean squared error, in the unit of `y`."""
    return float(np.sqrt(np.mean((y - yhat) ** 2))) if y.size else nan


def mase(y: Vector, yhat: Vector, training: Vector) -> float:
    """Mean absolute scaled error.

    The mean absolute error over that of the one-step random walk on `training`, whatever the
    horizon of `yhat`: at horizon h the random walk itself scores about √h.

    Parameters
    ----------
    y, yhat : ndarray of shape (n,)
        Actual values and forecasts.
    training : ndarray of shape (m,)
        Values before the first cutoff, oldest first; m ≥ 2.

    References
    ----------
    Hyndman, R. J., Koehler, A. B. (2006). Another look at measures of forecast accuracy.
    International Journal of Forecasting 22(4), eq. 2.
    """
    scale = float(np.mean(np.abs(np.diff(training)))) if training.size > 1 else nan
    return mae(y, yhat) / scale if scale else nan


def directional_accuracy(y: Vector, yhat: Vector, base: Vector) -> float:
    """Share of forecasts on the right side of `base`, the price at the cutoff.

    Rows where the price didn't move, or where the forecast names no side (the random walk), don't
    count; NaN when none is left.
    """
    moved, called = np.sign(y - base), np.sign(yhat - base)
    if np.isnan(moved + called).any():
        return nan
    counted = (moved != 0) & (called != 0)
    return float(np.mean(moved[counted] == called[counted])) if counted.any() else nan


def skill_score(y: Vector, yhat: Vector, baseline: Vector) -> float:
    """1 − RMSE / RMSE of the baseline: positive is better, 0.01 is one percent."""
    reference = rmse(y, baseline)
    return 1.0 - rmse(y, yhat) / reference if reference else nan


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

    The variance of the mean difference counts the autocovariances up to lag h − 1 with equal
    weights; where that is not positive, with Bartlett weights. The statistic carries the
    small-sample factor of Harvey, Leybourne and Newbold and is held against Student's t with n − 1
    degrees of freedom.

    Parameters
    ----------
    loss, other : ndarray of shape (n,)
        Losses of the two forecasts of the same values, in order of time.
    horizon : int
        Steps ahead, h ≥ 1.

    References
    ----------
    Diebold, F. X., Mariano, R. S. (1995). Comparing predictive accuracy. Journal of Business and
    Economic Statistics 13(3). Harvey, D., Leybourne, S., Newbold, P. (1997). Testing the equality
    of prediction mean squared errors. International Journal of Forecasting 13(2), eq. 9.
    """
    difference = loss - other
    n = difference.size
    if n <= horizon or not np.any(difference):
        return DieboldMariano(nan, nan, n)
    centred = difference - difference.mean()
    covariances = np.array([centred[lag:] @ centred[: n - lag] / n for lag in range(horizon)])
    variance = covariances[0] + 2 * covariances[1:].sum()
    if variance <= 0:
        bartlett = 1 - np.arange(1, horizon) / horizon
        variance = covariances[0] + 2 * (bartlett * covariances[1:]).sum()
    if variance == 0:
        return DieboldMariano(copysign(inf, difference.mean()), 0.0, n)
    if not variance > 0:
        return DieboldMariano(nan, nan, n)
    factor = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = float(difference.mean()) * sqrt(factor) / sqrt(variance / n)
    p_value = float(2 * special.stdtr(n - 1, -abs(statistic)))
    return DieboldMariano(statistic, p_value, n)


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
