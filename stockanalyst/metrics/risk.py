"""Does a value at risk keep its word? Likelihood-ratio tests of the days that lost more."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockanalyst.exceptions import InputError


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
