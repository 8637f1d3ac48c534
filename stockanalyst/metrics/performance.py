"""Performance of an equity curve, one stated definition each.

Every function takes the equity at the close of each session, float64 of shape (n,), oldest first,
positive or, from some session on, 0. It returns a decimal (0.1 is ten percent), or NaN for n < 2 or
where `equity` holds NaN. Returns are simple ones from session to session; a year is 252 sessions;
cash earns nothing, so nothing is taken off a return.
"""

from math import nan, sqrt

import numpy as np

from stockanalyst._typing import Vector

SESSIONS_A_YEAR = 252


def annual_return(equity: Vector) -> float:
    """Compound growth a year: (last / first)^(252 / (n − 1)) − 1."""
    if _unknown(equity):
        return nan
    return float((equity[-1] / equity[0]) ** (SESSIONS_A_YEAR / (equity.size - 1)) - 1.0)


def volatility(equity: Vector) -> float:
    """Standard deviation of the returns (denominator: their number − 1) × √252.

    NaN for fewer than two returns, and for an equity that falls to 0.
    """
    if _unknown(equity) or equity.size < 3 or not equity.all():
        return nan
    return float(np.std(_returns(equity), ddof=1)) * sqrt(SESSIONS_A_YEAR)


def sharpe_ratio(equity: Vector) -> float:
    """Mean return × 252 over :func:`volatility`; NaN for an equity that never varies.

    References
    ----------
    Sharpe, W. F. (1994). The Sharpe ratio. Journal of Portfolio Management 21(1).
    """
    risk = volatility(equity)
    return float(np.mean(_returns(equity))) * SESSIONS_A_YEAR / risk if risk > 0 else nan


def max_drawdown(equity: Vector) -> float:
    """The deepest fall from an earlier peak: min(equity / highest so far) − 1, ≤ 0."""
    if _unknown(equity):
        return nan
    return float(np.min(equity / np.maximum.accumulate(equity))) - 1.0


def _unknown(equity: Vector) -> bool:
    return equity.size < 2 or bool(np.isnan(equity).any())


def _returns(equity: Vector) -> Vector:
    return equity[1:] / equity[:-1] - 1.0
