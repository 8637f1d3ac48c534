"""Histories by hand, recorded returns, and what must always hold."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import Commodity
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.ledger import Role, transfers
from stockanalyst.portfolio.lots import in_order
from stockanalyst.portfolio.pricing import Price, Rate, as_written
from stockanalyst.portfolio.protocols import Numbered, Portfolio
from stockanalyst.portfolio.returns import growth, money_weighted_return, time_weighted_returns
from stockanalyst.portfolio.valuation import statement
from stockanalyst.portfolio.value_history import Movements, value_history
from tests.portfolio.made_journals import FIRST, SYMBOLS, journals

NAN = float("nan")
UNIT = 10**8
MONDAY = date(2024, 6, 3)
NO_RATES = pd.DataFrame()
PAYLOAD = Path(__file__).parents[1] / "payloads" / "portfolio" / "twr.json"
RETURNS = json.loads(PAYLOAD.read_text(encoding="utf-8"))["cases"]


def numbered(*entries: Entry) -> list[tuple[int, Entry]]:
    return list(enumerate(entries, start=1))


def on(days: int) -> date:
    return MONDAY + timedelta(days)


def sessions(*days: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([on(day) for day in days])


def table(values: Mapping[str, Iterable[float]], *days: int) -> pd.DataFrame:
    return pd.DataFrame(values, index=sessions(*days))


def history(
    entries: Numbered,
    prices: pd.DataFrame,
    *,
    currencies: Mapping[str, str] | None = None,
    rates: pd.DataFrame = NO_RATES,
    days: pd.DatetimeIndex | None = None,
) -> pd.DataFrame:
    quoted = dict.fromkeys(map(str, prices.columns), "EUR") if currencies is None else currencies
    shown = pd.DatetimeIndex(prices.index) if days is None else days
    return value_history(entries, prices, currencies=quoted, rates=rates, base="EUR", days=shown)


deposit = Entry(EntryType.DEPOSIT, on(0), "EUR", 100_000)
bought = Entry(EntryType.BUY, on(0), "EUR", 40_000, 100, symbol="AAA", units=4 * UNIT)


def test_by_hand() -> None:
    """Ten units of 100 euros: a purchase with a fee, a dividend with a tax, a sale, money out."""
    entries = numbered(
        deposit,
        bought,
        Entry(EntryType.DIVIDEND, on(1), "EUR", 400, tax=100, symbol="AAA"),
        Entry(EntryType.SELL, on(2), "EUR", 12_000, 50, symbol="AAA", units=UNIT),
        Entry(EntryType.WITHDRAWAL, on(2), "EUR", 20_000),
        Entry(EntryType.FEE, on(3), "EUR", 1_000),
    )
    found = history(entries, table({"AAA": [100.0, 101.0, 120.0, 90.0]}, 0, 1, 2, 3))
    expected = pd.DataFrame(
        {
            "value": [0.0, 999.0, 1006.0, 881.50 + 0.0, 781.50],
            "flow": [0.0, 1000.0, 0.0, -200.0, 0.0],
            "cash": [0.0, 599.0, 602.0, 521.50, 511.50],
            "invested": [0.0, 1000.0, 1000.0, 800.0, 800.0],
        },
        index=sessions(-1, 0, 1, 2, 3).as_unit("ns").rename("session"),
    )
    pd.testing.assert_frame_equal(found, expected, check_freq=False)


def test_the_first_row_is_the_day_before() -> None:
    prices = table({"AAA": [100.0] * 4}, -6, -3, 0, 1)
    assert history(numbered(deposit), prices).index.equals(sessions(-3, 0, 1))
    assert history(numbered(deposit), prices, days=sessions(0, 1)).index.equals(sessions(-1, 0, 1))


def test_what_was_there_before_the_days_is_no_flow() -> None:
    later = Entry(EntryType.DEPOSIT, on(4), "EUR", 7_00)
    entries = numbered(deposit, bought, later)
    found = history(entries, table({"AAA": [100.0, 110.0]}, 3, 4), days=sessions(3, 4))
    assert found["value"].to_list() == [999.0, 1046.0]
    assert found["flow"].to_list() == [0.0, 7.0]
    assert found["invested"].to_list() == [1000.0, 1007.0]


def test_a_day_off_counts_on_the_next_session() -> None:
    """Money that comes on a Saturday, and units that are bought on it."""
    saturday = [Entry(EntryType.DEPOSIT, on(5), "EUR", 5_000), Entry(
        EntryType.BUY, on(5), "EUR", 5_000, symbol="AAA", units=UNIT
    )]  # fmt: skip
    found = history(numbered(deposit, *saturday), table({"AAA": [50.0, 50.0, 60.0]}, 0, 4, 7))
    assert found["flow"].to_list() == [0.0, 1000.0, 0.0, 50.0]
    assert found["value"].to_list() == [0.0, 1000.0, 1000.0, 1060.0]


def test_units_that_move_are_flows_at_their_close() -> None:
    lots = (MovedLot(on(-400), 3 * UNIT, 10_000),)
    come = Entry(EntryType.TRANSFER_IN, on(1), "EUR", symbol="AAA", units=3 * UNIT, lots=lots)
    go = Entry(EntryType.TRANSFER_OUT, on(2), "EUR", symbol="AAA", units=2 * UNIT)
    money = Entry(EntryType.TRANSFER_OUT, on(2), "EUR", 1_000)
    entries = numbered(deposit, come, go, money)
    found = history(entries, table({"AAA": [50.0, 60.0, 70.0]}, 0, 1, 2))
    assert found["flow"].to_list() == [0.0, 1000.0, 180.0, -150.0]
    assert found["invested"].to_list() == [0.0, 1000.0, 1180.0, 1030.0]
    assert found["value"].to_list() == [0.0, 1000.0, 1180.0, 1060.0]


def test_currencies() -> None:
    """Dollars at 0.90, then 0.80: 500 of them are exchanged, 200 of these invested."""
    entries = numbered(
        deposit,
        Entry(EntryType.EXCHANGE, on(0), "EUR", 45_000, 100, child="USD", child_amount=50_000),
        Entry(EntryType.BUY, on(0), "USD", 20_000, symbol="AAA", units=2 * UNIT),
    )
    found = history(
        entries,
        table({"AAA": [100.0, 110.0]}, 0, 1),
        currencies={"AAA": "USD"},
        rates=table({"USD": [0.9, 0.8]}, 0, 1),
    )
    assert found["cash"].to_list() == pytest.approx([0.0, 549 + 270, 549 + 240])
    assert found["value"].to_list() == pytest.approx([0.0, 999, 549 + 240 + 176])
    assert found["invested"].to_list() == [0.0, 1000.0, 1000.0]


def test_what_was_taken_back_never_was() -> None:
    back = Entry(EntryType.REVERSAL, on(3), reverses=2)
    prices = table({"AAA": [100.0, 120.0]}, 0, 1)
    entries = numbered(deposit, bought, back)
    pd.testing.assert_frame_equal(history(entries, prices), history(entries[:1], prices))


def test_units_and_closes_are_of_their_day() -> None:
    """Sold before a 4:1 split: what was held is worth what it was then, whatever came later."""
    sold = Entry(EntryType.SELL, on(2), "EUR", 40_000, symbol="AAA", units=4 * UNIT)
    prices = table({"AAA": [100.0, 104.0, 100.0, 25.0]}, 0, 1, 2, 3)
    found = history(numbered(deposit, bought, sold), prices)
    assert found["value"].to_list() == [0.0, 999.0, 1015.0, 999.0, 999.0]


def test_a_split_of_what_is_held() -> None:
    """A 4:1 split on a day on which the close is flat, and on one without a close."""
    split = Entry(EntryType.SPLIT, on(2), symbol="AAA", units=12 * UNIT, ratio=(4, 1))
    entries = numbered(deposit, bought, split)
    for close in (26.0, NAN):
        prices = table({"AAA": [100.0, 104.0, close, 25.0]}, 0, 1, 2, 3)
        assert history(entries, prices)["value"].to_list() == [0.0, 999.0, 1015.0, 1015.0, 999.0]


def test_a_split_of_nothing() -> None:
    """Its purchase was taken back after it was posted."""
    split = Entry(EntryType.SPLIT, on(2), symbol="AAA", ratio=(4, 1))
    prices = table({"AAA": [100.0, 25.0]}, 0, 2)
    assert history(numbered(deposit, split), prices)["value"].to_list() == [0.0, 1000.0, 1000.0]


@pytest.mark.parametrize(("gap", "known"), [(10, True), (11, False)])
def test_a_close_is_carried_for_ten_sessions(gap: int, *, known: bool) -> None:
    days = [*range(gap + 1)]
    prices = table({"AAA": [100.0] + [NAN] * gap}, *days)
    assert history(numbered(deposit, bought), prices)["value"].isna().iloc[-1] != known
    short = prices.iloc[:1]
    found = history(numbered(deposit, bought), short, days=sessions(*days))
    assert found["value"].isna().iloc[-1] != known


def test_what_is_unknown_matters_only_while_it_is_held() -> None:
    """A symbol without a close, in a currency without a rate."""
    entries = numbered(
        Entry(EntryType.DEPOSIT, on(0), "EUR", 100),
        Entry(EntryType.EXCHANGE, on(1), "EUR", 100, child="USD", child_amount=110),
        Entry(EntryType.BUY, on(1), "USD", 110, symbol="AAA", units=UNIT),
        Entry(EntryType.SELL, on(2), "USD", 110, symbol="AAA", units=UNIT),
        Entry(EntryType.EXCHANGE, on(3), "USD", 110, child="EUR", child_amount=120),
    )
    days = sessions(0, 1, 2, 3)
    found = history(entries, pd.DataFrame(), days=days)
    np.testing.assert_array_equal(found["value"], [0.0, 1.0, NAN, NAN, 1.2])
    np.testing.assert_array_equal(found["cash"], [0.0, 1.0, 0.0, NAN, 1.2])
    assert found["flow"].to_list() == [0.0, 1.0, 0.0, 0.0, 0.0]


def test_before_anything_happened() -> None:
    for entries, days in (([], sessions(0, 1)), (numbered(deposit), sessions(-2, -1))):
        found = history(entries, pd.DataFrame(), days=days)
        assert found.shape == (0, 4)
        assert found.index.name == "session"
    assert history(numbered(deposit), pd.DataFrame(), days=sessions()).empty


def test_refusals() -> None:
    prices = table({"AAA": [1.0, 2.0]}, 0, 1)
    with pytest.raises(InputError, match="days '2 of them': give them ascending, each once"):
        history(numbered(deposit), prices, days=sessions(1, 0))
    mend = "currencies 'AAA': has closes: say in which currency they are"
    with pytest.raises(InputError, match=mend):
        history(numbered(deposit, bought), prices, currencies={})


# Recorded returns, from the journals behind them


def recorded(name: str) -> dict[str, Any]:
    (case,) = (case for case in RETURNS if case["id"] == name)
    return dict(case)


def total_return(found: pd.DataFrame) -> float:
    return float(growth(time_weighted_returns(found["value"], found["flow"])).iloc[-1]) - 1


def test_recorded_daily_returns() -> None:
    """Of an account of money: deposits and withdrawals are flows, interest and fees aren't."""
    case = recorded("pp_client_index_excel")
    entries: list[Entry] = []
    for row in case["input"]:
        flow, day = row["external_flow"], date.fromisoformat(row["date"])
        kind = EntryType.DEPOSIT if flow > 0 else EntryType.WITHDRAWAL
        amounts = {kind: abs(flow), EntryType.INTEREST: row["interest"], EntryType.FEE: row["fees"]}
        cents = {kind: int(Decimal(str(amount)) * 100) for kind, amount in amounts.items()}
        entries += [Entry(kind, day, "EUR", amount) for kind, amount in cents.items() if amount]
    days = pd.DatetimeIndex([row["date"] for row in case["input"]])
    found = history(numbered(*entries), pd.DataFrame(), days=days)
    returns = time_weighted_returns(found["value"], found["flow"])
    assert returns.iloc[1:].to_list() == pytest.approx(case["expected_daily"], abs=case["tol"])


def test_recorded_return_of_shares_with_dividends() -> None:
    """One at 100; a year later 120, a dividend of 2 and another one; then 130 and 2 for each."""
    entries = numbered(
        Entry(EntryType.DEPOSIT, on(0), "EUR", 10_000),
        Entry(EntryType.BUY, on(0), "EUR", 10_000, symbol="AAA", units=UNIT),
        Entry(EntryType.DIVIDEND, on(365), "EUR", 200, symbol="AAA"),
        Entry(EntryType.DEPOSIT, on(366), "EUR", 11_800),
        Entry(EntryType.BUY, on(366), "EUR", 12_000, symbol="AAA", units=UNIT),
        Entry(EntryType.DIVIDEND, on(730), "EUR", 400, symbol="AAA"),
    )
    found = history(entries, table({"AAA": [100.0, 120.0, 120.0, 130.0]}, 0, 365, 366, 730))
    case = recorded("cfa_los7d")
    assert total_return(found) == pytest.approx(case["expected_twr"], abs=case["tol"])
    money = money_weighted_return(found["value"], found["flow"])
    assert money == pytest.approx(case["mwr_computed"], abs=5e-4)


def test_recorded_return_of_shares_that_are_sold() -> None:
    """Four at 50, two of them sold at 50 after a year; then 80 and a dividend of 5 for each."""
    entries = numbered(
        Entry(EntryType.DEPOSIT, on(0), "EUR", 20_000),
        Entry(EntryType.BUY, on(0), "EUR", 20_000, symbol="AAA", units=4 * UNIT),
        Entry(EntryType.SELL, on(365), "EUR", 10_000, symbol="AAA", units=2 * UNIT),
        Entry(EntryType.WITHDRAWAL, on(365), "EUR", 10_000),
        Entry(EntryType.DIVIDEND, on(730), "EUR", 1_000, symbol="AAA"),
    )
    found = history(entries, table({"AAA": [50.0, 50.0, 80.0]}, 0, 365, 730))
    case = recorded("schweser_sale")
    assert total_return(found) == pytest.approx(case["expected_twr"], abs=case["tol"])
    money = money_weighted_return(found["value"], found["flow"])
    assert money == pytest.approx(case["mwr_computed"], abs=1e-9)


# What must always hold


def random_market(seed: int, *, until: int = 80) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Closes of all symbols, and dinars for a dollar and a yen, to few decimals."""
    rng, days = np.random.default_rng(seed), pd.date_range(FIRST, periods=until)
    moves = np.exp(rng.normal(0, 0.03, (until, len(SYMBOLS) + 2)).cumsum(axis=0))
    prices = pd.DataFrame((100 * moves[:, 2:]).round(2), days, list(SYMBOLS))
    return prices, pd.DataFrame((moves[:, :2] * [0.4, 0.003]).round(6), days, ["USD", "JPY"])


@given(entries=journals("fifo"))
def test_movements_are_those_of_the_double_entry(entries: Numbered) -> None:
    for pair in in_order(entries):
        expected: dict[tuple[Commodity, bool], int] = defaultdict(int)
        for leg in transfers(pair[1]):
            sign = 1 if leg.debit in {Role.CASH, Role.HOLDING} else -1
            external = Role.EXTERNAL in {leg.debit, leg.credit}
            expected[leg.commodity, external] += sign * leg.amount
        moved = Movements.of([pair])
        found = {
            (moved.commodities[column], external): amount
            for column, amount, external in zip(
                moved.column.tolist(), moved.amount.tolist(), moved.external.tolist(), strict=True
            )
        }
        assert found == {key: amount for key, amount in expected.items() if amount}


@given(entries=journals("fifo"), seed=st.integers(0, 2**32), day=st.integers(0, 79))
def test_values_are_those_of_the_exact_statement(entries: Numbered, seed: int, day: int) -> None:
    """All securities in dollars, cash in dinars, dollars and yen."""
    own = [
        (number, replace(entry, currency="USD" if entry.symbol else entry.currency))
        for number, entry in entries
    ]
    prices, exchange = random_market(seed)
    days = pd.DatetimeIndex(prices.index)
    quoted = dict.fromkeys(SYMBOLS, "USD")
    found = value_history(own, prices, currencies=quoted, rates=exchange, base="BHD", days=days)
    shown = days[day].date()
    exact = statement(
        Portfolio(1, "main", "BHD", "fifo"),
        own,
        on=shown,
        prices={
            str(symbol): Price(as_written(close), "USD", shown)
            for symbol, close in prices.iloc[day].items()
        },
        rates={
            str(money): Rate(as_written(rate), "BHD", shown)
            for money, rate in exchange.iloc[day].items()
        },
    )
    assert exact.value is not None
    value = float(found["value"].get(days[day], 0.0))
    assert value == pytest.approx(float(exact.value), rel=1e-9, abs=0.02)
    known = {"BHD": 1.0, **exchange.iloc[day]}
    cash = sum(float(amount) * known[money] for money, amount in exact.cash.items())
    assert float(found["cash"].get(days[day], 0.0)) == pytest.approx(cash, rel=1e-9, abs=1e-6)
