"""What returns put at risk, and whether a value at risk keeps its word.

The figures take simple returns from session to session, decimals, float64 of shape (n,), and are
NaN for n = 0 or where a return is NaN. The likelihood-ratio tests take the sessions that lost more
than the value at risk.
"""

from dataclasses import dataclass
from math import expm1, log, log1p, nan

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError
from stockanalyst.metrics.performance import SESSIONS_A_YEAR

_LARGEST_LOG = log(np.finfo(np.float64).max)
_STILL = 1e-15  # a session's standard deviation that rounding makes of equal returns


def value_at_risk(returns: Vector, level: float = 0.95) -> float:
    """Loss of a session that is exceeded in 1 − `level` of the past ones.

    The quantile of the returns at 1 − `level`, with the sign turned: 0.05 is a loss of 5 %,
    negative is a gain. Between two returns it is interpolated.

    Parameters
    ----------
    returns : ndarray of shape (n,)
    level : float
        In (0, 1).

    References
    ----------
    Hyndman, R. J., Fan, Y. (1996). Sample quantiles in statistical packages. American Statistician
    50(4), definition 7: at position (n − 1) × (1 − level), counted from 0.
    """
    _require(level)
    return -float(np.quantile(returns, 1 - level)) if returns.size else nan


def expected_shortfall(returns: Vector, level: float = 0.95) -> float:
    """Mean loss in the worst 1 − `level` of the past sessions: conditional value at risk, CVaR.

    Where (1 − level) × n is no whole number, the session at the edge counts in part. Never below
    :func:`value_at_risk`.

    Parameters
    ----------
    returns : ndarray of shape (n,)
    level : float
        In (0, 1).

    References
    ----------
    Rockafellar, R. T., Uryasev, S. (2002). Conditional value-at-risk for general loss
    distributions. Journal of Banking & Finance 26(7), proposition 8.
    """
    _require(level)
    if not returns.size:
        return nan
    edge = float(np.quantile(-returns, level, method="inverted_cdf"))
    return edge + float(np.mean(np.maximum(-returns - edge, 0.0))) / (1 - level)


def beta(returns: Vector, benchmark: Vector) -> float:
    """Covariance of returns and benchmark over the variance of the benchmark.

    The slope of their regression on it. NaN for a benchmark that never varies.

    Parameters
    ----------
    returns, benchmark : ndarray of shape (n,)
        Of the same sessions.

    References
    ----------
    Sharpe, W. F. (1963). A simplified model for portfolio analysis. Management Science 9(2).
    """
    if not returns.size:
        return nan
    moves = benchmark - np.mean(benchmark)
    spread = float(moves @ moves)
    still = not spread > benchmark.size * _STILL**2
    return nan if still else float(moves @ (returns - np.mean(returns))) / spread


def alpha(returns: Vector, benchmark: Vector) -> float:
    """What is earned a year beside the part that goes with the benchmark; cash earns nothing.

    (1 + mean(returns − :func:`beta` × benchmark))^252 − 1: Jensen's alpha of a session, compounded.
    NaN where :func:`beta` is, where that mean is −1 or less, and where the rate exceeds a float.

    Parameters
    ----------
    returns, benchmark : ndarray of shape (n,)
        Of the same sessions.

    References
    ----------
    Jensen, M. C. (1968). The performance of mutual funds in the period 1945-1964. Journal of
    Finance 23(2).
    """
    slope = beta(returns, benchmark)
    own = float(np.mean(returns - slope * benchmark)) if returns.size else nan
    growth = SESSIONS_A_YEAR * log1p(own) if own > -1 else nan
    return expm1(growth) if growth < _LARGEST_LOG else nan


@dataclass(frozen=True)
class CoverageTest:
    """Result of a test of exceedances.

    Attributes
    ----------
    statistic : float
        Likelihood ratio, ≥ 0; NaN where there are too few sessions.
    p_value : float
        From the χ² distribution.
    n : int
        Sessions.
    exceedances : int
        Sessions that lost more than the value at risk.
    """

    statistic: float
    p_value: float
    n: int
    exceedances: int


def kupiec(exceeded: NDArray[np.bool_], level: float) -> CoverageTest:
    """Test whether losses exceed the value at risk as often as they should.

    Parameters
    ----------
    exceeded : ndarray of bool, shape (n,)
        Whether a session lost more than its value at risk.
    level : float
        Of the value at risk, in (0, 1): 0.95 should be exceeded in 5 of 100 sessions.

    References
    ----------
    Kupiec, P. H. (1995). Techniques for verifying the accuracy of risk measurement models. Journal
    of Derivatives 3(2): −2 ln((1 − p)^(n − x) p^x) + 2 ln((1 − x/n)^(n − x) (x/n)^x), χ²(1).
    """
    _require(level)
    hits, n = int(np.sum(exceeded)), int(exceeded.size)
    if not n:
        return CoverageTest(nan, nan, 0, 0)
    expected = 1 - level
    nominal = special.xlogy(hits, expected) + special.xlogy(n - hits, level)
    return _test(2 * (_log_likelihood(hits, n) - nominal), 1, exceeded)


def christoffersen_independence(exceeded: NDArray[np.bool_]) -> CoverageTest:
    """Test whether an exceedance makes another on the next session more, or less, likely.

    Parameters
    ----------
    exceeded : ndarray of bool, shape (n,)
        In order of time.

    References
    ----------
    Christoffersen, P. F. (1998). Evaluating interval forecasts. International Economic Review
    39(4), section 3.2: a first-order Markov chain against independence, χ²(1).
    """
    if exceeded.size < 2:
        return CoverageTest(nan, nan, int(exceeded.size), int(np.sum(exceeded)))
    before, now = exceeded[:-1], exceeded[1:]
    chain = _log_likelihood(int(np.sum(now & before)), int(np.sum(before)))
    chain += _log_likelihood(int(np.sum(now & ~before)), int(np.sum(~before)))
    alone = _log_likelihood(int(np.sum(now)), now.size)
    return _test(2 * (chain - alone), 1, exceeded)


def christoffersen(exceeded: NDArray[np.bool_], level: float) -> CoverageTest:
    """Test frequency and independence together: conditional coverage.

    Parameters
    ----------
    exceeded : ndarray of bool, shape (n,)
        In order of time.
    level : float
        Of the value at risk, in (0, 1).

    References
    ----------
    Christoffersen (1998), section 3.3: the sum of the two statistics, χ²(2).
    """
    ratio = kupiec(exceeded, level).statistic + christoffersen_independence(exceeded).statistic
    return _test(ratio, 2, exceeded)


def _require(level: float) -> None:
    if not 0 < level < 1:
        raise InputError("level", level, "give a decimal between 0 and 1, such as 0.95")


def _log_likelihood(hits: int, n: int) -> float:
    """Of `hits` in `n` at their own frequency; 0 for n = 0."""
    share = hits / n if n else 0.0
    return float(special.xlogy(hits, share) + special.xlogy(n - hits, 1 - share))


def _test(ratio: float, degrees: int, exceeded: NDArray[np.bool_]) -> CoverageTest:
    statistic = ratio if np.isnan(ratio) else max(float(ratio), 0.0)
    p_value = float(special.chdtrc(degrees, statistic))
    return CoverageTest(statistic, p_value, int(exceeded.size), int(np.sum(exceeded)))
