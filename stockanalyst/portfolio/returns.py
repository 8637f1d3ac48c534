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

from dataclasses import dataclass
from datetime import date
from math import log1p, nan

import numpy as np
import pandas as pd

from stockanalyst._typing import IntVector, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.xirr import (
    DAYS_A_YEAR,
    floats,
    grown,
    netted,
    ordinals,
    rate_of,
    xirr,
)

__all__ = [
    "PortfolioReturn",
    "beside_benchmark",
    "growth",
    "money_weighted_return",
    "portfolio_return",
    "time_weighted_returns",
    "xirr",
]


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
    days = ordinals("values", values.index)
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
    net = netted(at, amounts, worth.size)
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
    paid = ordinals("flows", flows.index)[at > 0]
    ends = np.array([-worth[0], worth[-1]])
    return rate_of(np.concatenate([days[[0, -1]], paid]), np.concatenate([ends, -amounts[at > 0]]))


def _annual(total: float, n_days: int) -> float:
    return grown(log1p(total) * DAYS_A_YEAR / n_days) if total > -1 else total


def _valuations(values: pd.Series) -> tuple[IntVector, Vector]:
    """Days and worth, checked."""
    days, worth = ordinals("values", values.index), floats("values", values)
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
    dates, amounts = ordinals("flows", flows.index), floats("flows", flows)
    at = np.searchsorted(days, dates)
    if (at == days.size).any():
        late = date.fromordinal(int(dates[at == days.size][0]))
        raise InputError("flows", str(late), "lies after the last value; give a later value")
    return at, amounts
