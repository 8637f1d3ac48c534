"""What a portfolio returned: time-weighted, money-weighted, and beside a benchmark.

The amounts of the exact ledger become floats here, and stay floats: a return is an estimate, not
money.

Three functions take `values` and `flows`:

values : Series
    What the portfolio is worth at the close, cash and holdings in one currency, Decimal or float,
    0 or more; indexed by date, ascending, each date once. The first value is where the reckoning
    starts: for a whole life, a 0 on the day before the first deposit.
flows : Series
    External flows only, in the same currency: deposits and transfers in are positive, withdrawals
    and transfers out negative. Purchases, sales, dividends and fees are none: they are part of the
    return. Indexed by date, in any order, a date as often as it comes. Flows up to the first date
    of `values` lie in its value already and don't count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import expm1, isfinite, log, log1p, nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from stockanalyst._typing import IntVector, Vector
from stockanalyst.exceptions import InputError

DAYS_A_YEAR = 365
_TOUCHES_ZERO = 1e-13  # of the logarithm of inflows over outflows: what rounding leaves of 0
_DOUBT = 1e-9  # of a partial sum: far more than rounding can leave of its terms
_LARGEST_LOG = log(np.finfo(np.float64).max)


@dataclass(frozen=True)
class PortfolioReturn:
    """Both returns of a portfolio over the same days, decimals.

    Attributes
    ----------
    first, last : date
        Days of the first and the last value.
    time_weighted : float
        Over the whole time: what each unit of money earned that was there from `first` to `last`;
        the decisions of whoever pays in and out have no part in it. See
        :func:`time_weighted_returns`.
    time_weighted_annual : float
        The same a year, (1 + r)^(365 / days) − 1.
    money_weighted_annual : float
        A year: what the money earned that was in fact there. See :func:`xirr`.

    Notes
    -----
    Of less than a year, a rate a year says what would come if it went on like that.
    """

    first: date
    last: date
    time_weighted: float
    time_weighted_annual: float
    money_weighted_annual: float


def portfolio_return(values: pd.Series, flows: pd.Series) -> PortfolioReturn:
    """Time-weighted and money-weighted return, side by side.

    Parameters
    ----------
    values, flows : Series
        See the head of the module.

    Returns
    -------
    PortfolioReturn
        NaN where nothing was ever invested, or where there is no rate.

    Raises
    ------
    InputError
        As :func:`time_weighted_returns`; no value at all.
    """
    if values.empty:
        raise InputError("values", "none", "give at least one valuation")
    days = _days("values", values.index)
    returns = time_weighted_returns(values, flows)
    total = float(growth(returns).iloc[-1]) - 1.0 if returns.notna().any() else nan
    n_days = int(days[-1] - days[0])
    return PortfolioReturn(
        first=date.fromordinal(int(days[0])),
        last=date.fromordinal(int(days[-1])),
        time_weighted=total,
        time_weighted_annual=_annual(total, n_days),
        money_weighted_annual=money_weighted_return(values, flows),
    )


def time_weighted_returns(values: pd.Series, flows: pd.Series) -> pd.Series:
    """Return from each value to the next, freed of what was paid in and out.

    Deposits are there from the start of the day, withdrawals until its end:
    r = (value + withdrawals) / (value before + deposits) − 1. The flows of a day are netted first;
    those of a day without a value belong to the next day that has one.

    Parameters
    ----------
    values, flows : Series
        See the head of the module.

    Returns
    -------
    Series of float64
        By the dates of `values`, decimals ≥ −1. NaN for the first, and for a day that started with
        nothing: there is no rate on nothing, even where something came of it, such as a dividend
        after the last sale. There the chain breaks; :func:`growth` links what lies before and
        after.

    Raises
    ------
    InputError
        A value that is negative or no finite number: a portfolio that owes more than it owns has
        no time-weighted return. Dates that aren't dates, ascending and unique. A flow that is no
        finite number, or after the last value.

    References
    ----------
    CFA Institute (2020). Global Investment Performance Standards for firms, section 2.A: returns
    at every external flow, linked geometrically; the firm states at which end of a day flows lie.
    """
    days, worth = _valuations(values)
    at, amounts = _flows(flows, days)
    net = _netted(at, amounts, worth.size)
    before = worth[:-1] + np.maximum(net[1:], 0.0)
    after = worth[1:] + np.maximum(-net[1:], 0.0)
    ratio = np.full(worth.size, nan)
    np.divide(after, before, out=ratio[1:], where=before > 0)
    return pd.Series(ratio - 1.0, index=pd.DatetimeIndex(values.index), name="portfolio")


def growth(returns: pd.Series) -> pd.Series:
    """Worth of one unit of money that was there from the start.

    The equity curve for :mod:`stockanalyst.metrics.performance`.

    Parameters
    ----------
    returns : Series
        Of :func:`time_weighted_returns`. Over a NaN the curve stays level.

    Returns
    -------
    Series of float64
        Indexed as `returns`, 1 at the first.
    """
    return (1.0 + returns.fillna(0.0)).cumprod()


def beside_benchmark(returns: pd.Series, closes: pd.Series) -> pd.DataFrame:
    """Returns of the portfolio and of a benchmark over the same stretches of time.

    A stretch goes from one day that both have to the next one. So a day that one of them lacks, a
    holiday of its exchange, loses no move: it lies in the next return of both. No close is carried
    forward.

    Parameters
    ----------
    returns : Series
        Of :func:`time_weighted_returns`.
    closes : Series
        Adjusted closes of the benchmark by session, in the portfolio's currency. NaN is a day that
        it lacks.

    Returns
    -------
    DataFrame
        Columns ``portfolio`` and ``benchmark``, simple returns, decimals, no NaN; indexed by the
        last day of each stretch. A stretch in which the portfolio's chain breaks is left out.

    Raises
    ------
    InputError
        No two days in common.
    """
    closes = closes.dropna()
    common = returns.index.intersection(closes.index)
    if len(common) < 2:
        mend = "give closes of the benchmark on the portfolio's days"
        raise InputError("closes", f"{len(common)} days in common", mend)
    breaks = returns.isna().cumsum()[common].diff()
    table = pd.DataFrame({"portfolio": growth(returns)[common], "benchmark": closes[common]})
    return table.pct_change(fill_method=None)[breaks == 0].dropna()


def money_weighted_return(values: pd.Series, flows: pd.Series) -> float:
    """Rate a year at which the first value and the flows grow into the last value.

    Parameters
    ----------
    values, flows : Series
        See the head of the module. Of `values` the first and the last count.

    Returns
    -------
    float
        Of :func:`xirr`, for the first value and the flows as paid and the last value as received.

    Raises
    ------
    InputError
        As :func:`time_weighted_returns`.
    """
    days, worth = _valuations(values)
    at, amounts = _flows(flows, days)
    paid = _days("flows", flows.index)[at > 0]
    ends = np.array([-worth[0], worth[-1]])
    return _rate(np.concatenate([days[[0, -1]], paid]), np.concatenate([ends, -amounts[at > 0]]))


def xirr(dates: Sequence[date], amounts: Sequence[Decimal] | Sequence[float]) -> float:
    """Internal rate of return a year of dated flows.

    The r > −1 with Σ amountᵢ × (1 + r)^(−daysᵢ / 365) = 0, days counted from the first date, as
    Excel's XIRR has it.

    Parameters
    ----------
    dates : sequence of date
        In any order; a date may come again. Of a time of day nothing is seen.
    amounts : sequence of Decimal or float
        One a date: what is paid has one sign, what is received the other.

    Returns
    -------
    float
        Decimal a year: 0.1 is ten percent. NaN where no rate makes the sum 0, above all where
        nothing is paid or nothing received, or where it exceeds a float. Where several rates do,
        the one nearest to 0, a doubling as far from it as a halving: the least |ln(1 + r)|.

    Raises
    ------
    InputError
        Not one amount a date, an amount that is no finite number, or a date that is none.

    Notes
    -----
    All rates are found, not one near a guess. With u = ln(1 + r) the sum is F(u) = Σ aᵢ e^(−tᵢ u).
    Multiplied by e^(s u) with s between two flows of different sign, its derivative is a sum of the
    same kind with one change of sign less, and between two zeros of the derivative F has at most
    one: so, from the sum without a change of sign backwards, each zero is bracketed by those of the
    sum before, then found by Brent's method on the logarithm of what is received over what is paid.
    First a quicker way is tried: a rate at which what was paid, less what was received, never
    changes its sign until the last flow is the only one.

    References
    ----------
    Microsoft, XIRR function (Excel documentation). Jameson, G. J. O. (2006). Counting zeros of
    generalised polynomials: Descartes' rule of signs and Laguerre's extensions. Mathematical
    Gazette 90(518). Teichroew, D., Robichek, A. A., Montalbano, M. (1965). Mathematical analysis of
    rates of return under certainty. Management Science 11(3). Brent, R. P. (1973). Algorithms for
    minimization without derivatives, ch. 4.
    """
    days, numbers = _days("dates", dates), _floats("amounts", amounts)
    if days.size != numbers.size:
        raise InputError("amounts", f"{numbers.size} of them", f"give {days.size}, one a date")
    return _rate(days, numbers)


def _rate(days: IntVector, amounts: Vector) -> float:
    distinct, at = np.unique(days, return_inverse=True)
    net = _netted(at, amounts, distinct.size)
    counts = net != 0
    if not ((net > 0).any() and (net < 0).any()):
        return nan
    zeros = _zeros((distinct[counts] - distinct[counts][0]) / DAYS_A_YEAR, net[counts])
    return _grown(min(zeros, key=abs, default=nan))


def _zeros(years: Vector, amounts: Vector) -> list[float]:
    """Every u with Σ amounts × e^(−years × u) = 0, ascending; see the notes of :func:`xirr`."""
    whole = _Sum(years, np.log(np.abs(amounts)), amounts > 0)
    found = whole.zeros([])
    if found and whole.keeps_side(found[0]):
        return found
    turns = np.flatnonzero(np.diff(np.sign(amounts)))
    factors = ((years[turns] + years[turns + 1]) / 2)[:, None] - years
    weights = np.cumsum(np.log(np.abs(np.vstack([amounts, factors]))), axis=0)
    positive = np.cumprod(np.sign(np.vstack([amounts, factors])), axis=0) > 0
    zeros: list[float] = []
    for weight, sign in zip(weights[-2::-1], positive[-2::-1], strict=True):
        zeros = _Sum(years, weight, sign).zeros(zeros)
    return zeros


@dataclass(frozen=True)
class _Sum:
    """The sum of ±e^(weight − years × u) over the flows, as a function of u."""

    years: Vector
    weight: Vector
    positive: NDArray[np.bool_]

    def zeros(self, turning: list[float]) -> list[float]:
        """All zeros, ascending, given the points between which there is one at most."""
        below, above = self._below(), self._above()
        points = [below, *(u for u in turning if below < u < above), above]
        levels = [self(point) for point in points]
        levels = [level if abs(level) > _TOUCHES_ZERO else 0.0 for level in levels]
        found = []
        for ends, (at_left, at_right) in zip(pairwise(points), pairwise(levels), strict=True):
            if at_right == 0:
                found.append(ends[1])
            elif at_left * at_right < 0:
                found.append(float(brentq(self, *ends, xtol=1e-15, rtol=1e-15)))
        return found

    def keeps_side(self, u: float) -> bool:
        """Whether all partial sums but the whole have one sign, beyond doubt."""
        terms = np.exp(self.weight - self.years * u - np.max(self.weight - self.years * u))
        partial = np.cumsum(np.where(self.positive, terms, -terms))[:-1]
        doubt = _DOUBT * np.cumsum(terms)[:-1]
        return bool((partial > doubt).all() or (partial < -doubt).all())

    def __call__(self, u: float) -> float:
        """Logarithm of the positive terms over the negative ones."""
        terms = self.weight - self.years * u
        return _log_sum(terms[self.positive]) - _log_sum(terms[~self.positive])

    def _above(self) -> float:
        """A point beyond all zeros: from there on the first term outweighs all others."""
        excess = _log_sum(self.weight[1:]) - float(self.weight[0])
        return max(excess / float(self.years[1] - self.years[0]), 0.0) + 1.0

    def _below(self) -> float:
        """The same on the other side: the last term outweighs all others."""
        excess = _log_sum(self.weight[:-1]) - float(self.weight[-1])
        return -max(excess / float(self.years[-1] - self.years[-2]), 0.0) - 1.0


def _log_sum(logs: Vector) -> float:
    largest = float(np.max(logs))
    return largest + log(float(np.sum(np.exp(logs - largest))))


def _grown(log_growth: float) -> float:
    return expm1(log_growth) if log_growth < _LARGEST_LOG else nan


def _annual(total: float, n_days: int) -> float:
    return _grown(log1p(total) * DAYS_A_YEAR / n_days) if total > -1 else total


def _netted(at: IntVector, amounts: Vector, size: int) -> Vector:
    """Sums by position; what is no larger than the rounding of a sum is 0."""
    net = np.bincount(at, amounts, minlength=size)
    gross = np.bincount(at, np.abs(amounts), minlength=size)
    rounding = np.bincount(at, minlength=size) * np.finfo(np.float64).eps
    return np.where(np.abs(net) > rounding * gross, net, 0.0)


def _valuations(values: pd.Series) -> tuple[IntVector, Vector]:
    """Days and worth, checked."""
    days, worth = _days("values", values.index), _floats("values", values)
    if (np.diff(days) <= 0).any():
        after = date.fromordinal(int(days[1:][np.diff(days) <= 0][0]))
        raise InputError("values", str(after), "give dates ascending, each once")
    if (worth < 0).any():
        first = int(np.argmax(worth < 0))
        shown = f"{worth[first]:g} on {date.fromordinal(int(days[first]))}"
        raise InputError("values", shown, "who owes more than he owns has no time-weighted return")
    return days, worth


def _flows(flows: pd.Series, days: IntVector) -> tuple[IntVector, Vector]:
    """Position of each flow among the days, on it or the next after, and its amount."""
    dates, amounts = _days("flows", flows.index), _floats("flows", flows)
    at = np.searchsorted(days, dates)
    if (at == days.size).any():
        late = date.fromordinal(int(dates[at == days.size][0]))
        raise InputError("flows", str(late), "lies after the last value; give a later value")
    return at, amounts


def _days(parameter: str, dates: Iterable[date]) -> IntVector:
    days = []
    for day in dates:
        try:
            days.append(day.toordinal())
        except (AttributeError, ValueError) as error:
            raise InputError(parameter, day, "give dates, such as date(2026, 1, 31)") from error
    return np.array(days, dtype=np.intp)


def _floats(parameter: str, amounts: Iterable[Decimal | float]) -> Vector:
    """The one place where exact amounts become floats."""
    numbers = []
    for amount in amounts:
        try:
            numbers.append(float(amount))
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(parameter, amount, "give numbers, Decimal or float") from error
        if not isfinite(numbers[-1]):
            raise InputError(parameter, amount, "give finite numbers")
    return np.array(numbers, dtype=np.float64)
