"""Currencies and prices that a journal tells of, by hand."""

from datetime import date
from decimal import Context, Decimal, localcontext

from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.purchases import currencies_paid, prices_paid

UNIT = 10**8


def on(day: int) -> date:
    return date(2024, 6, day)


def trade(kind: EntryType, day: int, money: str, amount: int, units: int = 1) -> Entry:
    return Entry(kind, on(day), money, amount, symbol="AAA", units=units * UNIT)


ENTRIES = [
    trade(EntryType.BUY, 5, "EUR", 900),
    trade(EntryType.BUY, 3, "USD", 1_000),  # posted late
    trade(EntryType.BUY, 4, "EUR", 300_000_001, units=300),
    Entry(EntryType.DIVIDEND, on(6), "CHF", 50, symbol="AAA"),
    Entry(EntryType.FEE, on(6), "CHF", 50, symbol="BBB"),
    trade(EntryType.SELL, 7, "USD", 2_000),
    Entry(EntryType.DEPOSIT, on(7), "JPY", 50),
]


def test_the_currency_of_the_last_purchase_stands_last() -> None:
    numbered = list(enumerate(ENTRIES, start=1))
    assert currencies_paid(numbered) == {"AAA": ["USD", "EUR"]}
    again = [*numbered, (8, trade(EntryType.BUY, 8, "USD", 1))]
    assert currencies_paid(again) == {"AAA": ["EUR", "USD"]}


def test_what_comes_from_elsewhere_and_what_is_spun_off() -> None:
    lots = (MovedLot(on(1), UNIT, 100),)
    entries = [
        Entry(EntryType.TRANSFER_IN, on(2), "GBP", symbol="AAA", units=UNIT, lots=lots),
        Entry(EntryType.SPIN_OFF, on(3), symbol="AAA", units=UNIT, child="CCC", basis=(1, 2)),
        Entry(EntryType.BUY, on(4), "EUR", 100, symbol="CCC", units=UNIT),
        Entry(EntryType.SPIN_OFF, on(5), symbol="AAA", units=UNIT, child="CCC", basis=(1, 2)),
        Entry(EntryType.SPIN_OFF, on(5), symbol="GONE", child="DDD", basis=(1, 2)),
    ]
    found = currencies_paid(list(enumerate(entries, start=1)))
    assert found == {"AAA": ["GBP"], "CCC": ["GBP", "EUR"]}


def test_the_last_price_in_that_currency() -> None:
    """What was posted last is older."""
    numbered = list(enumerate([*ENTRIES[1:], ENTRIES[0]], start=1))
    with localcontext(Context(prec=3)):
        assert prices_paid(numbered, {"AAA": "EUR"}) == {"AAA": (on(5), Decimal(9))}
        alone = prices_paid(numbered[:2], {"AAA": "EUR"})["AAA"][1]
    assert round(alone, 8) == Decimal("10000.00003333")
    assert prices_paid(numbered, {"AAA": "USD"}) == {"AAA": (on(7), Decimal(20))}
    assert prices_paid(numbered, {}) == {}
