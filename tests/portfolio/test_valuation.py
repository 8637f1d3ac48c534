"""Statements by hand, a recorded gain, and what must always hold."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.lot_tables import lots_frame
from stockanalyst.portfolio.lots import replay
from stockanalyst.portfolio.pricing import Price, Rate
from stockanalyst.portfolio.protocols import Numbered, Portfolio
from stockanalyst.portfolio.valuation import Holding, Statement, statement
from tests.portfolio.made_journals import FIRST, SYMBOLS, journals

D = Decimal
UNIT = 10**8
START = date(2024, 6, 3)
PAYLOAD = Path(__file__).parents[1] / "payloads" / "portfolio" / "lots_and_gains.json"
CASES = json.loads(PAYLOAD.read_text(encoding="utf-8"), parse_float=Decimal)["cases"]
EUROS = Portfolio(1, "main", "EUR", "fifo")


def on(days: int) -> date:
    return START + timedelta(days)


def price(amount: str, money: str = "EUR", day: int = 3) -> Price:
    return Price(D(amount), money, on(day))


def stated(
    *entries: Entry,
    prices: Mapping[str, Price] | None = None,
    rates: Mapping[str, Rate] | None = None,
    portfolio: Portfolio = EUROS,
    day: int = 3,
) -> Statement:
    listed = list(enumerate(entries, start=1))
    return statement(portfolio, listed, on=on(day), prices=prices or {}, rates=rates or {})


deposit = Entry(EntryType.DEPOSIT, on(0), "EUR", 100_000)
bought = Entry(EntryType.BUY, on(0), "EUR", 40_000, 100, symbol="AAA", units=3 * UNIT)


def test_by_hand() -> None:
    entries = [
        deposit,
        bought,
        Entry(EntryType.DIVIDEND, on(1), "EUR", 400, 10, 100, symbol="AAA"),
        Entry(EntryType.SELL, on(2), "EUR", 15_000, 50, symbol="AAA", units=UNIT),
        Entry(EntryType.INTEREST, on(2), "EUR", 500, tax=100),
        Entry(EntryType.FEE, on(2), "EUR", 250),
        Entry(EntryType.TAX, on(2), "EUR", 30, symbol="AAA"),
        Entry(EntryType.WITHDRAWAL, on(3), "EUR", 20_000),
    ]
    found = stated(*entries, prices={"AAA": price("140.005")})
    assert found == Statement(
        portfolio=EUROS,
        on=on(3),
        holdings=(
            Holding(
                symbol="AAA",
                currency="EUR",
                units=D("2.00000000"),
                cost=D("267.33"),
                average_cost=D("133.665"),
                price=price("140.005"),
                value=D("280.01"),
                unrealised=D("12.68"),
                realised=D("15.83"),
                income=D("2.90"),
                commissions=D("1.60"),
                fees=D("0.00"),
                taxes=D("0.30"),
                weight=D("0.3363"),
            ),
        ),
        cash={"EUR": D("552.60")},
        rates={},
        value=D("832.61"),
        invested=D("800.00"),
        cost=D("267.33"),
        unrealised=D("12.68"),
        realised=D("15.83"),
        income=D("6.90"),
        commissions=D("1.60"),
        fees=D("2.50"),
        taxes=D("0.30"),
        notes=(),
    )


def test_nothing_at_all() -> None:
    found = stated()
    assert (found.holdings, found.cash, found.notes) == ((), {"EUR": D("0.00")}, ())
    assert (found.value, found.invested) == (D("0.00"), D("0.00"))


def test_what_comes_later_doesnt_count() -> None:
    """A purchase of the next day; but what takes another back counts whatever its date."""
    back = Entry(EntryType.REVERSAL, on(9), reverses=2)
    more = Entry(EntryType.BUY, on(4), "EUR", 100, symbol="BBB", units=UNIT)
    found = stated(deposit, bought, back, more)
    assert found.holdings == ()
    assert found.value == D("1000.00")


def test_currencies_are_converted_for_totals_alone() -> None:
    """Each part is rounded by itself, half up."""
    entries = [
        Entry(EntryType.DEPOSIT, on(0), "EUR", 50_000),
        Entry(EntryType.DEPOSIT, on(0), "USD", 30_000),
        Entry(EntryType.EXCHANGE, on(1), "EUR", 16_000, 100, child="JPY", child_amount=25_500),
        Entry(EntryType.BUY, on(1), "USD", 20_000, 150, symbol="AAA", units=2 * UNIT),
        Entry(EntryType.FEE, on(2), "JPY", 500),
    ]
    rates = {"USD": Rate(D("0.925"), "EUR", on(2)), "JPY": Rate(D("0.00615"), "EUR", on(3))}
    found = stated(*entries, prices={"AAA": price("103.33", "USD")}, rates=rates)
    assert found.cash == {"EUR": D("339.00"), "JPY": D("25000"), "USD": D("98.50")}
    (held,) = found.holdings
    assert (held.value, held.unrealised) == (D("206.66"), D("5.16"))
    assert found.value == D("339.00") + D("153.75") + D("91.11") + D("191.16")
    assert held.weight == D("0.2467")
    assert (found.cost, found.unrealised) == (D("186.39"), D("4.77"))
    assert found.invested == D("500.00") + D("277.50")
    assert found.fees == D("1.00") + D("3.08")
    assert found.rates == rates
    assert found.notes == ()


def test_a_missing_rate_is_told() -> None:
    """Only totals that take it are unknown."""
    entries = [deposit, Entry(EntryType.DEPOSIT, on(0), "USD", 100)]
    found = stated(*entries)
    assert (found.value, found.invested) == (None, None)
    assert (found.cost, found.fees) == (D("0.00"), D("0.00"))
    assert found.notes == ("There is no rate from USD to EUR: totals that take one are unknown.",)
    emptied = stated(*entries, Entry(EntryType.WITHDRAWAL, on(1), "USD", 100))
    assert (emptied.value, emptied.notes) == (D("1000.00"), ())
    assert emptied.cash == {"EUR": D("1000.00")}


def test_a_missing_price_is_told() -> None:
    dollars = Entry(EntryType.BUY, on(0), "EUR", 100, symbol="BBB", units=UNIT)
    found = stated(deposit, bought, dollars, prices={"BBB": price("2", "USD")})
    assert [(each.price, each.value, each.unrealised) for each in found.holdings] == [
        (None, None, None)
    ] * 2
    assert (found.value, found.unrealised) == (None, None)
    assert (found.cost, found.invested) == (D("402.00"), D("1000.00"))
    unknown = "its value and the portfolio's are unknown."
    assert found.notes == (
        f"AAA has no price of 2024-06-06 or before: {unknown}",
        f"BBB was bought in EUR, but its price of 2024-06-06 is in USD: {unknown}",
        "There is no rate from USD to EUR: totals that take one are unknown.",
    )


def test_a_price_in_another_currency_is_converted() -> None:
    """Bought in euros, dollars and yen, quoted in dollars at 0.90 of a euro, 150 yen."""
    entries = [
        Entry(EntryType.DEPOSIT, on(0), money, 100_000) for money in ("EUR", "USD", "JPY")
    ] + [
        Entry(EntryType.BUY, on(0), money, 100_000, symbol="AAA", units=UNIT)
        for money in ("EUR", "USD", "JPY")
    ]
    rates = {"USD": Rate(D("0.90"), "EUR", on(3)), "JPY": Rate(D("0.006"), "EUR", on(3))}
    found = stated(*entries, prices={"AAA": price("1100.01", "USD")}, rates=rates)
    assert [(each.price, each.value) for each in found.holdings] == [
        (price("990.009"), D("990.01")),
        (price("165001.5", "JPY"), D(165002)),
        (price("1100.01", "USD"), D("1100.01")),
    ]
    assert found.value == D("990.01") + D("990.01") + D("990.01")
    assert found.notes == ()


def test_few_digits_of_a_caller_spoil_nothing() -> None:
    entries = [Entry(EntryType.DEPOSIT, on(0), "EUR", 123_456_789), bought]
    with localcontext(Context(prec=3)):
        found = stated(*entries, prices={"AAA": price("133.335")})
    assert found == stated(*entries, prices={"AAA": price("133.335")})
    assert found.value == D("1234567.89") - D("401.00") + D("400.01")


def test_what_was_given_away_needs_no_price() -> None:
    split = Entry(EntryType.SPLIT, on(1), symbol="AAA", units=3 * UNIT, ratio=(2, 1))
    sold = Entry(EntryType.SELL, on(1), "EUR", 50_000, symbol="AAA", units=6 * UNIT)
    found = stated(deposit, bought, split, sold, prices={"AAA": price("1", day=0)})
    (past,) = found.holdings
    assert past.price is None
    assert (past.units, past.cost, past.average_cost) == (D(0), D(0), None)
    assert (past.value, past.unrealised, past.realised) == (D("0.00"), D("0.00"), D("99.00"))
    assert past.weight == D("0.0000")
    assert (found.value, found.notes) == (D("1099.00"), ())


def test_units_that_move_are_invested_at_their_cost() -> None:
    lots = (MovedLot(on(-400), UNIT, 3_000), MovedLot(on(-300), UNIT, 5_000))
    entries = [
        Entry(EntryType.TRANSFER_IN, on(0), "EUR", symbol="AAA", units=2 * UNIT, lots=lots),
        Entry(EntryType.TRANSFER_IN, on(0), "EUR", 10_000),
        Entry(EntryType.TRANSFER_OUT, on(1), "EUR", symbol="AAA", units=UNIT),
        Entry(EntryType.TRANSFER_OUT, on(1), "EUR", 1_000),
    ]
    found = stated(*entries, prices={"AAA": price("60")})
    assert found.invested == D("140.00")
    assert (found.value, found.unrealised, found.realised) == (D("150.00"), D("10.00"), D("0.00"))


def test_a_price_of_before_a_split() -> None:
    """3:1, then 1:2: a price of before both, of between, and of the day of the second."""
    entries = [
        deposit,
        bought,
        Entry(EntryType.SPLIT, on(1), symbol="AAA", units=6 * UNIT, ratio=(3, 1)),
        Entry(EntryType.SPLIT, on(3), symbol="AAA", units=-9 * UNIT // 2, ratio=(1, 2)),
    ]
    before = stated(*entries, prices={"AAA": price("140", day=0)})
    between = stated(*entries, prices={"AAA": price("46.67", day=1)})
    after = stated(*entries, prices={"AAA": price("93.34", day=3)})
    assert before.holdings[0].price == Price(D("93.3333333334"), "EUR", on(0))
    values = [each.holdings[0].value for each in (before, between, after)]
    assert values == [D("420.00"), D("420.03"), D("420.03")]
    told = "AAA: its price of 2024-06-03 is from before the {} and was put on the scale after it."
    splits = ("3:1 split of 2024-06-04", "1:2 split of 2024-06-06")
    assert before.notes == tuple(told.format(split) for split in splits)
    assert (len(between.notes), len(after.notes)) == (1, 0)


def test_prices_and_rates_of_no_use() -> None:
    for wrong in (D(0), D(-1), D("NaN"), 1.5):
        with pytest.raises(InputError, match=r"^price "):
            Price(wrong, "EUR", on(0))  # type: ignore[arg-type]  # a float is no Decimal
    with pytest.raises(InputError, match="rate Decimal"):
        Rate(D(0), "EUR", on(0))
    with pytest.raises(InputError, match="prices 'AAA of 2024-06-07': give one of 2024-06-06"):
        stated(deposit, prices={"AAA": price("1", day=4)})
    with pytest.raises(InputError, match="rates 'USD in GBP': give its rate in EUR"):
        stated(deposit, rates={"USD": Rate(D(1), "GBP", on(0))})


def test_own_notes_come_after_those_given() -> None:
    found = statement(
        EUROS, [(1, deposit), (2, bought)], on=on(3), prices={}, rates={}, notes=("Sample prices.",)
    )
    assert found.notes[0] == "Sample prices."
    assert len(found.notes) == 2


@pytest.mark.parametrize("name", ["pp_fifo_2", "pp_avg_2"])
def test_recorded_unrealised_gain(name: str) -> None:
    (case,) = (case for case in CASES if case["id"] == name)
    entries = [
        Entry(EntryType(kind), date.fromisoformat(day), "EUR", int(amount * 100), symbol="AAA",
              units=count * UNIT)
        for kind, day, count, amount in case["events"]
    ]  # fmt: skip
    method = case["method"].lower()
    prices = {"AAA": price(str(case["market_price"]))}
    found = stated(*entries, prices=prices, portfolio=replace(EUROS, method=method))
    assert found.unrealised == case["expected_unrealised"]


def test_recorded_gain_that_is_both() -> None:
    (case,) = (case for case in CASES if case["id"] == "gf_novn_partial")
    kinds, fees = (EntryType.BUY, EntryType.SELL), (295, 130)
    entries = [
        Entry(kind, date.fromisoformat(day), "EUR", int(amount * 100), fee, symbol="NOVN",
              units=count * UNIT)
        for kind, fee, (_, day, count, amount) in zip(kinds, fees, case["events"], strict=True)
    ]  # fmt: skip
    found = stated(*entries, prices={"NOVN": price(str(case["market_price"]))})
    assert found.unrealised is not None
    assert found.realised is not None
    assert found.unrealised + found.realised == case["expected_net"]
    assert found.commissions == case["fees"]


def test_recorded_average_cost() -> None:
    (case,) = (case for case in CASES if case["id"] == "csc_average")
    entries = [
        Entry(EntryType.BUY, date.fromisoformat(day), "EUR", int(D(amount) * 100), symbol="AAA",
              units=count * UNIT)
        for _, day, count, amount in case["events"]
    ]  # fmt: skip
    (held,) = stated(*entries, portfolio=replace(EUROS, method="average")).holdings
    assert held.average_cost == case["expected_average_cost"]


# What must always hold ----------------------------------------------------------------------------


@given(
    entries=journals("average"),
    amounts=st.lists(st.decimals("0.01", "999", places=4), min_size=10, max_size=10),
    days=st.integers(0, 60),
)
def test_sums(entries: Numbered, amounts: list[Decimal], days: int) -> None:
    """In dinars, whose rates the last two amounts are; each position has a price."""
    day = FIRST + timedelta(days)
    dollars, yen = (Rate(amount, "BHD", day) for amount in amounts[8:])
    own = [
        (number, replace(entry, currency="USD" if entry.symbol else entry.currency))
        for number, entry in entries
    ]
    prices = {
        symbol: Price(amount, "USD", day)
        for symbol, amount in zip(SYMBOLS, amounts[:8], strict=True)
    }
    portfolio = Portfolio(1, "main", "BHD", "average")
    found = statement(portfolio, own, on=day, prices=prices, rates={"USD": dollars, "JPY": yen})
    rates = {"BHD": D(1), "USD": dollars.amount, "JPY": yen.amount}
    fils = D("0.0005")
    assert found.value is not None
    held = [each.value * rates[each.currency] for each in found.holdings if each.value]
    exact = sum(held) + sum(amount * rates[money] for money, amount in found.cash.items())
    parts = len(found.holdings) + len(found.cash)
    assert abs(found.value - exact) <= parts * fils
    for each in found.holdings:
        assert each.value is not None
        assert each.unrealised == each.value - each.cost
        assert each.units or not each.cost
    by_position = {(symbol, "USD"): price for symbol, price in prices.items()}
    lots = lots_frame(replay([pair for pair in own if pair[1].on <= day], "average"), by_position)
    assert lots["value"].sum() == sum(each.value or 0 for each in found.holdings)
    assert lots["cost"].sum() == sum(each.cost for each in found.holdings)


@given(entries=journals("fifo"), amounts=st.lists(st.integers(1, 10**6), min_size=8, max_size=8))
def test_what_was_put_in_and_what_came_of_it(entries: Numbered, amounts: list[int]) -> None:
    """In one currency it is the value, to the cent."""
    own = [
        (number, replace(entry, currency="USD"))
        for number, entry in entries
        if entry.type is not EntryType.EXCHANGE
    ]
    day = FIRST + timedelta(99)
    prices = {
        symbol: Price(D(amount) / 1000, "USD", day)
        for symbol, amount in zip(SYMBOLS, amounts, strict=True)
    }
    found = statement(Portfolio(1, "main", "USD", "fifo"), own, on=day, prices=prices, rates={})
    gains = [found.invested, found.unrealised, found.realised, found.income]
    assert found.value == sum(gain or 0 for gain in gains) - (found.fees or 0) - (found.taxes or 0)
