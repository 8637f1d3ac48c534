"""Performance of an equity curve, one stated definition each.

Unless it says otherwise, a function takes the equity at the close of each session, float64 of shape
(n,), oldest first, positive or, from some session on, 0. It returns a decimal (0.1 is ten percent),
or NaN for n < 2 or where `equity` holds NaN. Returns are simple ones from session to session; a
year is 252 sessions; cash earns nothing, so nothing is taken off a return. Who wants more than
nothing, a riskless rate or a target, gives the equity that the returns less that much make.
"""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError

SESSIONS_A_YEAR = 252
_STILL = 1e-14  # volatility that rounding makes of returns that are all the same

Array = NDArray[np.float64]


def annual_return(equity: Vector) -> float:
    """Compound growth a year: (last / first)^(252 / (n − 1)) − 1; NaN if too large for a float."""
    return nan if _unknown(equity) else float(_annual_return(equity))


def volatility(equity: Vector) -> float:
    """Standard deviation of the returns (denominator: their number − 1) × √252.

    NaN for fewer than two returns, and for an equity that falls to 0.
    """
    return nan if _without_risk(equity) else float(_volatility(_returns(equity)))


def sharpe_ratio(equity: Vector) -> float:
    """Mean return × 252 over :func:`volatility`; NaN for returns that never vary.

    References
    ----------
    Sharpe, W. F. (1994). The Sharpe ratio. Journal of Portfolio Management 21(1).
    """
    return nan if _without_risk(equity) else float(_sharpe_ratio(_returns(equity)))


def downside_deviation(equity: Vector) -> float:
    """Root of the mean squared loss × √252; a gain counts as a loss of 0, so all returns count.

    NaN as for :func:`volatility`.

    References
    ----------
    Sortino, F. A., van der Meer, R. (1991). Downside risk. Journal of Portfolio Management 17(4).
    """
    if _without_risk(equity):
        return nan
    losses = np.minimum(_returns(equity), 0.0)
    return sqrt(float(np.mean(losses**2)) * SESSIONS_A_YEAR)


def sortino_ratio(equity: Vector) -> float:
    """Mean return × 252 over :func:`downside_deviation`; NaN for an equity that never falls.

    References
    ----------
    Sortino, F. A., Price, L. N. (1994). Performance measurement in a downside risk framework.
    Journal of Investing 3(3).
    """
    risk = downside_deviation(equity)
    return float(np.mean(_returns(equity))) * SESSIONS_A_YEAR / risk if risk > 0 else nan


def calmar_ratio(equity: Vector) -> float:
    """:func:`annual_return` over −:func:`max_drawdown`; NaN for an equity that never falls.

    References
    ----------
    Young, T. W. (1991). Calmar ratio: A smoother tool. Futures 20(1). There over 36 months; here
    over the whole curve.
    """
    fall = max_drawdown(equity)
    return annual_return(equity) / -fall if fall < 0 else nan


def max_drawdown(equity: Vector) -> float:
    """The deepest fall from an earlier peak: min(equity / highest so far) − 1, in [−1, 0]."""
    return nan if _unknown(equity) else float(np.min(drawdowns(equity)))


def drawdowns(equity: Array) -> Array:
    """Fall below the highest equity so far, equity / highest so far − 1, along the last axis.

    NaN from the first unknown equity on.
    """
    return equity / np.maximum.accumulate(equity, axis=-1) - 1.0


def ulcer_index(equity: Vector) -> float:
    """Root of the mean squared fall below the highest equity so far, over n − 1 sessions.

    References
    ----------
    Martin, P. G., McCann, B. B. (1989). The investor's guide to Fidelity funds. Wiley.
    """
    if _unknown(equity):
        return nan
    return sqrt(float(np.sum(drawdowns(equity) ** 2)) / (equity.size - 1))


def kurtosis(equity: Vector) -> float:
    """Fourth central moment of the returns over the squared second one; 3 for normal returns.

    Both moments have the number of returns as denominator. NaN as for :func:`sharpe_ratio`.
    """
    if _without_risk(equity):
        return nan
    deviations = _returns(equity) - np.mean(_returns(equity))
    variance = float(np.mean(deviations**2))
    return float(np.mean(deviations**4)) / variance**2 if sqrt(variance) > _STILL else nan


@dataclass(frozen=True)
class GainsAndLosses:
    """Result of :func:`gains_and_losses`: decimals a session, not a year.

    Attributes
    ----------
    mean_gain, mean_loss : float
        Sum of the positive returns, and of the negative ones with the sign turned, over the number
        of all returns: upside and downside potential. Their difference is the mean return.
    share_of_gains, share_of_losses : float
        Sessions with a positive and with a negative return, over all.
    """

    mean_gain: float
    mean_loss: float
    share_of_gains: float
    share_of_losses: float

    @property
    def omega(self) -> float:
        """Gains over losses (Keating, Shadwick 2002); NaN without a loss."""
        return self.mean_gain / self.mean_loss if self.mean_loss > 0 else nan


def gains_and_losses(equity: Vector) -> GainsAndLosses:
    """How much and how often an equity rises and falls; NaN for one that falls to 0.

    References
    ----------
    Keating, C., Shadwick, W. F. (2002). A universal performance measure. Journal of Performance
    Measurement 6(3). Bacon, C. R. (2008). Practical portfolio performance measurement and
    attribution, 2nd ed., ch. 4. Wiley.
    """
    if _unknown(equity) or not equity.all():
        return GainsAndLosses(nan, nan, nan, nan)
    returns = _returns(equity)
    return GainsAndLosses(
        mean_gain=float(np.mean(np.maximum(returns, 0.0))),
        mean_loss=float(np.mean(np.maximum(-returns, 0.0))),
        share_of_gains=float(np.mean(returns > 0)),
        share_of_losses=float(np.mean(returns < 0)),
    )


@dataclass(frozen=True)
class Drawdown:
    """Result of :func:`worst_drawdown`.

    Attributes
    ----------
    depth : float
        :func:`max_drawdown`.
    peak : Timestamp or None
        The last session at the height from which it fell; None where nothing fell.
    trough : Timestamp or None
        The first session at the depth.
    recovery : Timestamp or None
        The first session after that at the old height or above; None where it isn't reached yet.
    """

    depth: float
    peak: pd.Timestamp | None
    trough: pd.Timestamp | None
    recovery: pd.Timestamp | None


def worst_drawdown(equity: pd.Series) -> Drawdown:
    """The deepest fall from an earlier peak, with its dates; of equal ones the first.

    Parameters
    ----------
    equity : Series
        Indexed by session.
    """
    values = equity.to_numpy(dtype=np.float64)
    depth = max_drawdown(values)
    if not depth < 0:
        return Drawdown(depth, None, None, None)
    trough = int(np.argmin(drawdowns(values)))
    height = values[:trough].max()
    peak = int(np.flatnonzero(values[:trough] == height)[-1])
    regained = np.flatnonzero(values[trough:] >= height)
    sessions = pd.DatetimeIndex(equity.index)
    recovery = sessions[trough + int(regained[0])] if regained.size else None
    return Drawdown(depth, sessions[peak], sessions[trough], recovery)


def monthly_returns(equity: pd.Series) -> pd.Series:
    """Return of each calendar month: its last equity over that of the month before, − 1.

    Parameters
    ----------
    equity : Series
        Indexed by session, ascending.

    Returns
    -------
    Series
        Indexed by month (a PeriodIndex), decimals; NaN where one of both is unknown or nothing was
        left. The first month counts from the first session, the last one goes to the last session:
        both may be parts of a month. A month without a session isn't there.
    """
    months = pd.DatetimeIndex(equity.index).to_period("M").rename("month")
    last = ~months.duplicated(keep="last")
    ends = equity[last].set_axis(months[last])
    starts = ends.shift(fill_value=equity.iloc[0] if len(equity) else nan)
    return (ends / starts - 1.0).rename("return")


def rolling_figures(equity: pd.Series, window: int) -> pd.DataFrame:
    """The figures of the last `window` returns, at each session that has so many behind it.

    Parameters
    ----------
    equity : Series
        Indexed by session.
    window : int
        Number of returns, at least 2.

    Returns
    -------
    DataFrame
        Columns ``annual_return``, ``volatility``, ``sharpe``, ``max_drawdown``: what the functions
        of this module say of the window. No row where the curve is shorter.

    Raises
    ------
    InputError
        A window of less than two returns.
    """
    if window < 2:
        raise InputError("window", window, "give a number of returns, 2 or more")
    values = equity.to_numpy(dtype=np.float64)
    if values.size <= window:
        windows = np.empty((0, window + 1))
    else:
        windows = sliding_window_view(values, window + 1)
    windows = np.where(np.isnan(windows).any(axis=1, keepdims=True), nan, windows)
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = _returns(np.where((windows == 0).any(axis=1, keepdims=True), nan, windows))
        table = {
            "annual_return": _annual_return(windows),
            "volatility": _volatility(returns),
            "sharpe": _sharpe_ratio(returns),
            "max_drawdown": drawdowns(windows).min(axis=-1),
        }
    return pd.DataFrame(table, index=equity.index[window:])


def _unknown(equity: Vector) -> bool:
    return equity.size < 2 or bool(np.isnan(equity).any())


def _without_risk(equity: Vector) -> bool:
    """Whether nothing can be said of the spread of the returns."""
    return _unknown(equity) or equity.size < 3 or not equity.all()


def _returns(equity: Array) -> Array:
    return equity[..., 1:] / equity[..., :-1] - 1.0


def _annual_return(equity: Array) -> Array:
    years = (equity.shape[-1] - 1) / SESSIONS_A_YEAR
    with np.errstate(over="ignore"):
        growth: Array = (equity[..., -1] / equity[..., 0]) ** (1 / years)
    return np.where(np.isinf(growth), nan, growth) - 1.0


def _volatility(returns: Array) -> Array:
    spread: Array = np.std(returns, axis=-1, ddof=1)
    return spread * sqrt(SESSIONS_A_YEAR)


def _sharpe_ratio(returns: Array) -> Array:
    risk = _volatility(returns)
    mean: Array = np.mean(returns, axis=-1)
    return mean * SESSIONS_A_YEAR / np.where(risk > _STILL, risk, nan)
