"""Cases in ``tests/payloads/portfolio`` are other projects' and documents'; they name them."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from math import isnan, log1p, nan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.returns import (
    beside_benchmark,
    growth,
    money_weighted_return,
    portfolio_return,
    time_weighted_returns,
    xirr,
)

PAYLOADS = Path(__file__).parents[1] / "payloads" / "portfolio"
START = date(2021, 1, 1)


def cases(name: str) -> pytest.MarkDecorator:
    listed = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in listed])


def day(number: int) -> date:
    return START + timedelta(number)


def yearly(amounts: Iterable[float]) -> float:
    """Internal rate of return of flows that lie 365 days apart."""
    listed = list(amounts)
    return xirr([day(365 * year) for year in range(len(listed))], listed)


def series(amounts: dict[int, Any]) -> pd.Series:
    index = pd.DatetimeIndex([day(number) for number in amounts])
    return pd.Series(list(amounts.values()), index=index, dtype=object)


def value_parts(rate: float, dates: Sequence[date], amounts: Sequence[float]) -> Vector:
    """What each flow is worth at the first date."""
    years = np.array([(on - min(dates)).days / 365 for on in dates])
    return np.asarray(np.array(amounts, dtype=np.float64) * (1 + rate) ** -years)


# Internal rate of return


@cases("xirr")
def test_recorded_rates(case: dict[str, Any]) -> None:
    """Where there are several rates, the sample names one or two of them, and ours is one."""
    dates = [date.fromisoformat(text) for text in case["dates"]]
    amounts = [Decimal(str(amount)) for amount in case["amounts"]]
    rate = xirr(dates, amounts)
    smallest = case.get("computed_smallest_abs_root")
    if case["expected_rate"] is None and smallest is None:
        assert isnan(rate)
        return
    parts = value_parts(rate, dates, case["amounts"])
    assert abs(parts.sum()) <= 1e-10 * np.abs(parts).sum()
    known = [case["expected_rate"]]
    if known == [None] or case.get("multiple_roots"):
        known.append(smallest)
    assert min(abs(rate - other) for other in known if other) <= case["tol"]


def test_two_flows_in_closed_form() -> None:
    """1.01^365 − 1 for one percent overnight, in exact money or not, in any order, at any hour."""
    expected = 1.01**365 - 1
    assert xirr([day(0), day(1)], [-100.0, 101.0]) == pytest.approx(expected, rel=1e-12)
    late = datetime(2021, 1, 2, 23, 59)  # noqa: DTZ001 - a naive time of day, to be dropped
    assert xirr([late, day(0)], [Decimal(101), Decimal(-100)]) == pytest.approx(expected, rel=1e-12)


def test_of_several_rates_the_one_nearest_to_zero() -> None:
    """Zeros of (x − 1/1.05)(x − 1/1.1)(x − 1/1.2)(x − 2), x = 1/(1 + r): 5, 10, 20 and −50 %.

    −100, 230, −132 have 10 and 20 %. A half (x = 2) is farther than +80 %, though 0.5 < 0.8.
    """
    assert yearly([-100, 230, -132]) == pytest.approx(0.1, rel=1e-9)
    assert yearly(np.poly([1 / 1.05, 1 / 1.1, 1 / 1.2, 2])[::-1]) == pytest.approx(0.05, rel=1e-9)
    assert yearly(np.poly([1 / 1.8, 2])[::-1]) == pytest.approx(0.8, rel=1e-9)


def test_a_rate_that_only_touches() -> None:
    """−1, 2 q, −q² is −(1 − q x)²; with less in the middle there is no rate."""
    for growth_a_year in np.linspace(0.5, 1.9, 57):
        rate = yearly([-1, 2 * growth_a_year, -(growth_a_year**2)])
        assert rate == pytest.approx(growth_a_year - 1, abs=1e-6)
    assert isnan(yearly([-100, 219, -121]))


@pytest.mark.parametrize(
    ("numbers", "amounts"),
    [
        ([], []),
        ([0], [-1.0]),
        ([0, 9], [-100.0, -5.0]),
        ([0, 9], [-100.0, 0.0]),
        ([0, 0], [-100.0, 110.0]),
        ([0, 9, 9, 9], [-100.0, 0.1, 0.2, -0.3]),
        ([0, 1], [-1.0, 1e6]),
    ],
    ids=["none", "one", "paid only", "all lost", "one day", "nothing but rounding", "too large"],
)
def test_no_rate(numbers: list[int], amounts: list[float]) -> None:
    assert isnan(xirr([day(number) for number in numbers], amounts))


@pytest.mark.parametrize(
    ("dates", "amounts", "message"),
    [
        ([day(0)], [1.0, 2.0], "amounts '2 of them': give 1, one a date"),
        ([day(0)], [nan], "amounts nan: give finite numbers"),
        ([day(0)], [Decimal("Infinity")], "amounts Decimal"),
        ([day(0)], [Decimal("1e400")], "amounts Decimal"),
        ([day(0)], [Decimal("sNaN")], "amounts Decimal"),
        ([day(0)], [None], "amounts None: give numbers"),
        (["2021-01-01"], [1.0], "dates '2021-01-01': give dates"),
        ([pd.NaT], [1.0], "dates NaT: give dates"),
    ],
)
def test_flows_that_are_none(dates: list[Any], amounts: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        xirr(dates, amounts)


paid_and_received = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(-100_000, 100_000).filter(bool)),
    min_size=2,
    max_size=60,
    unique_by=lambda flow: flow[0],
)


def log_rate(flows: list[tuple[int, int]]) -> float:
    rate = xirr([day(number) for number, _ in flows], [amount for _, amount in flows])
    return log1p(rate) if rate > -1 else nan


@given(paid_and_received)
@example([(0, -1), (1, 27), (12, -28), (19, 2)])
def test_no_zero_is_nearer(flows: list[tuple[int, int]]) -> None:
    """The net value is 0 at the rate, and of one sign at all rates that are nearer to 0."""
    found = log_rate(flows)
    years, amounts = np.array(flows).T / np.array([[365], [1]])
    farthest = 8.0 if isnan(found) else min(abs(found) * (1 - 1e-9), 8.0)
    parts = amounts * np.exp(np.linspace(-farthest, farthest, 2001)[:, None] * -years)
    sums, rounding = parts.sum(axis=1), 1e-11 * np.abs(parts).sum(axis=1)
    assert (sums > -rounding).all() or (sums < rounding).all()
    if abs(found) < 8:
        at_rate = amounts * np.exp(-found * years)
        assert abs(at_rate.sum()) <= 1e-10 * np.abs(at_rate).sum()


@given(paid_and_received, st.integers(-9, 9).filter(bool), st.integers(0, 999), st.randoms())
def test_unit_side_time_and_order_dont_matter(
    flows: list[tuple[int, int]], unit: int, later: int, shuffle: Any
) -> None:
    other = [(number + later, amount * unit) for number, amount in flows]
    shuffle.shuffle(other)
    found = log_rate(flows)
    assume(isnan(found) or abs(found) < 8)
    assert log_rate(other) == pytest.approx(found, rel=1e-6, abs=1e-9, nan_ok=True)


@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=10),
    st.lists(st.integers(1, 10_000), min_size=1, max_size=10),
)
def test_who_pays_first_and_receives_then_has_a_rate(paid: list[int], received: list[int]) -> None:
    rate = yearly([*(-amount for amount in paid), *received])
    gain = sum(received) - sum(paid)
    assert rate == pytest.approx(0, abs=1e-12) if gain == 0 else rate * gain > 0


# Time-weighted return


def daily_record(steps: list[dict[str, Any]]) -> tuple[pd.Series, pd.Series]:
    """Values at the close, from nothing on the day before, and flows."""
    changes = [Decimal(str(s["external_flow"])) for s in steps]
    earned = [Decimal(str(s["interest"])) - Decimal(str(s["fees"])) for s in steps]
    worth = accumulate(map(sum, zip(changes, earned, strict=True)), initial=Decimal(0))
    return series(dict(enumerate(worth))), series(dict(enumerate(changes, start=1)))


def yearly_record(points: list[dict[str, float]]) -> tuple[pd.Series, pd.Series]:
    """Points at which a value is followed by a flow, 365 days apart.

    A deposit is there from the next morning on. A withdrawal is gone at the end of the day, so out
    of the day's value.
    """
    values, flows = {}, {}
    for year, point in enumerate(points):
        out = min(point["flow"], 0)
        values[365 * year] = point["value_before_flow"] + out
        flows[365 * year if out else 365 * year + 1] = point["flow"]
    return series(values), series({at: flow for at, flow in flows.items() if flow})


@cases("twr")
def test_recorded_time_weighted_returns(case: dict[str, Any]) -> None:
    if "input" in case:
        returns = time_weighted_returns(*daily_record(case["input"])).iloc[1:]
        total = growth(returns) - 1
        np.testing.assert_allclose(returns, case["expected_daily"], atol=case["tol"])
        np.testing.assert_allclose(total, case["expected_cumulative"], atol=case["tol"])
        return
    found = portfolio_return(*yearly_record(case["points"]))
    assert found.time_weighted == pytest.approx(case["expected_twr"], abs=case.get("tol", 5e-5))
    if "twr_annual_computed" in case:
        annual = case["twr_annual_computed"]
        assert found.time_weighted_annual == pytest.approx(annual, rel=1e-12)
        assert annual == pytest.approx(case["expected_twr_annual"], abs=5e-5)
        computed = yearly(case["mwr_cashflows"])
        assert computed == pytest.approx(case["mwr_computed"], rel=1e-9)


def test_the_money_weighted_returns_that_the_records_print() -> None:
    """20.52 % solves the flows beside it; 9.39 % doesn't: it is the answer to another exercise.

    In that one a share is bought at 200 and one at 220 after a dividend of 5 and a rise to 225, and
    both are sold at 235 with dividends of 5: −200, −220, +480.
    """
    assert yearly([-200, 100, 170]) == pytest.approx(0.2052, abs=5e-5)
    assert yearly([-200, -220, 480]) == pytest.approx(0.0939, abs=5e-5)
    assert yearly([-100, -118, 264]) != pytest.approx(0.0939, abs=0.04)


def test_side_by_side_by_hand() -> None:
    """100 doubles in a year, 200 more come the next morning, and 400 fall to 200 in another year.

    Time-weighted ×2 × ½ = 1. Money-weighted −100 at day 1, −200 at 366, +200 at 731 (those
    365 apart): 100 + 200 x = 200 x², x = (1 + √3)/2 and r = √3 − 2.
    """
    values = series({0: 0, 366: Decimal(200), 731: Decimal(200)})
    found = portfolio_return(values, series({1: Decimal(100), 367: Decimal(200)}))
    assert found.time_weighted == pytest.approx(0, abs=1e-15)
    assert found.time_weighted_annual == pytest.approx(0, abs=1e-15)
    dates = [day(1), day(367), day(731)]
    assert found.money_weighted_annual == xirr(dates, [-100.0, -200.0, 200.0])
    assert found.money_weighted_annual == pytest.approx(3**0.5 - 2, abs=2e-3)
    assert (found.first, found.last) == (day(0), day(731))


def test_what_lies_in_the_first_value_doesnt_count_again() -> None:
    """Flows up to the first date are in its 100; 100 → 121 in 730 days is 10 % a year."""
    values = series({0: 100.0, 730: 121.0})
    flows = series({-5: 70.0, 0: 30.0})
    found = portfolio_return(values, flows)
    assert found.time_weighted == pytest.approx(0.21)
    assert found.time_weighted_annual == pytest.approx(0.1)
    assert money_weighted_return(values, flows) == pytest.approx(0.1)


def test_ends_of_a_day_and_days_without_a_value() -> None:
    """A deposit works from the start of its day, a withdrawal until the end; one day is netted.

    100 + 100 in the morning → 210; a withdrawal of 105 from 210 on a day without a value, and 105
    stay; 50 in and 30 out are 20 in: 125 → 150.
    """
    values = series({0: 100, 1: 210, 4: 105, 5: 150})
    returns = time_weighted_returns(values, series({1: 100, 3: -105, 5: 50, 4: 0}))
    assert returns.tolist()[1:] == pytest.approx([0.05, 0.0, 150 / 155 - 1])
    netted = pd.concat([series({5: 50}), series({5: -30}), series({1: 100, 3: -105})])
    assert time_weighted_returns(values, netted).iloc[-1] == pytest.approx(0.2)


def test_the_chain_breaks_where_nothing_is_left() -> None:
    """All is withdrawn, a dividend comes to nothing and is withdrawn, and later 50 grow to 55."""
    values = series({0: 0, 1: 100, 2: 0, 3: 0, 4: 7, 5: 0, 6: 55})
    flows = series({1: 100, 2: -120, 5: -7, 6: 50})
    returns = time_weighted_returns(values, flows)
    assert returns.tolist() == pytest.approx([nan, 0, 0.2, nan, nan, 0, 0.1], nan_ok=True)
    assert growth(returns).tolist() == pytest.approx([1, 1, 1.2, 1.2, 1.2, 1.2, 1.32])
    total = portfolio_return(values, flows).time_weighted
    assert total == pytest.approx(0.32)


def test_deposits_that_go_out_again_leave_nothing() -> None:
    """0.1 + 0.2 − 0.3 isn't 0 in floats; a return on what rounding leaves would be −100 %."""
    flows = pd.concat([series({1: amount}) for amount in (0.1, 0.2, -0.3)])
    assert time_weighted_returns(series({0: 0.0, 1: 0.0}), flows).isna().all()


def test_without_a_beginning_there_is_no_return() -> None:
    found = portfolio_return(series({0: 5}), series({}))
    assert isnan(found.time_weighted)
    assert isnan(found.time_weighted_annual)
    assert isnan(found.money_weighted_annual)


def test_a_total_loss() -> None:
    found = portfolio_return(series({0: 5, 9: 0}), series({}))
    assert (found.time_weighted, found.time_weighted_annual) == (-1.0, -1.0)
    assert isnan(found.money_weighted_annual)


@pytest.mark.parametrize(
    ("values", "flows", "message"),
    [
        ({0: 1, 1: Decimal("-0.01")}, {}, "values '-0.01 on 2021-01-02': who owes more"),
        ({0: 1, 1: nan}, {}, "values nan: give finite numbers"),
        ({1: 1, 0: 1}, {}, "values '2021-01-01': give dates ascending"),
        ({0: 1}, {5: 1}, "flows '2021-01-06': lies after the last value"),
        ({0: 1}, {0: "much"}, "flows 'much': give numbers"),
        ({}, {}, "values 'none': give at least one"),
    ],
)
def test_what_cant_be_reckoned(values: dict[int, Any], flows: dict[int, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        portfolio_return(series(values), series(flows))


moves = st.lists(st.floats(-0.5, 1.0), min_size=1, max_size=20)
sizes = st.lists(st.integers(-1000, 1000), min_size=20, max_size=20)


@given(moves, sizes)
def test_the_size_of_flows_doesnt_matter(returns: list[float], flows: list[int]) -> None:
    """Whoever pays in and out what he likes, and never all, gets the returns of the days."""
    worth, paid = [1000.0], []
    for move, wish in zip(returns, flows, strict=False):
        grown = (worth[-1] + max(wish, 0)) * (1 + move)
        paid.append(max(wish, -grown / 2))
        worth.append(grown + min(paid[-1], 0))
    record = series(dict(enumerate(worth))), series(dict(enumerate(paid, start=1)))
    found = time_weighted_returns(*record)
    np.testing.assert_allclose(found[1:], returns, atol=1e-12)
    total = float(np.prod(1 + np.array(returns)) - 1)
    assert portfolio_return(*record).time_weighted == pytest.approx(total, abs=1e-9)


# Beside a benchmark


def test_beside_a_benchmark_by_hand() -> None:
    """Day 2 is the benchmark's holiday, day 3 the portfolio's: the next returns hold both moves.

    1.1 × 1.2 from day 1 to day 4; the chain that breaks at day 5 takes the stretch to 6 with it.
    """
    returns = series({0: nan, 1: 0.5, 2: 0.1, 4: 0.2, 5: nan, 6: 0.3, 7: -0.1}).astype(float)
    closes = series({0: 10, 1: 11, 2: nan, 3: 12, 4: 22, 6: 44, 7: 33}).astype(float)
    table = beside_benchmark(returns, closes)
    assert list(table.columns) == ["portfolio", "benchmark"]
    assert table.index.tolist() == [pd.Timestamp(day(number)) for number in (1, 4, 7)]
    np.testing.assert_allclose(table, [[0.5, 0.1], [0.32, 1.0], [-0.1, -0.25]])


def test_a_benchmark_of_other_days() -> None:
    with pytest.raises(InputError, match="closes '1 days in common'"):
        beside_benchmark(series({0: nan, 1: 0.1}).astype(float), series({1: 5.0, 2: 6.0}))


@given(st.sets(st.integers(0, 20), min_size=2), st.sets(st.integers(0, 20), min_size=2))
def test_no_move_is_lost_between_common_days(own: set[int], theirs: set[int]) -> None:
    common = sorted(own & theirs)
    assume(len(common) >= 2)
    worth = {number: 100.0 + 7 * number for number in sorted(own)}
    closes = {number: 50.0 + number**2 for number in sorted(theirs)}
    table = beside_benchmark(
        time_weighted_returns(series(worth), series({})), series(closes).astype(float)
    )
    first, last = common[0], common[-1]
    expected = [worth[last] / worth[first], closes[last] / closes[first]]
    np.testing.assert_allclose((1 + table).prod(), expected)
