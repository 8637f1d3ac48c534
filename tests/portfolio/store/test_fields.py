"""What entries must say, and what they can't."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.store.fields import require_usable
from tests.portfolio.store.made import UNIT, buy, day, deposit, reversal, sell, withdrawal


def but(entry: Entry, **other: Any) -> Entry:
    """The same, with other values that its type may forbid."""
    return replace(entry, **other)


DIVIDEND = Entry(EntryType.DIVIDEND, day(0), "USD", 50, fee=1, tax=7, symbol="AAPL")
INTEREST = Entry(EntryType.INTEREST, day(0), "USD", 50, fee=1, tax=7)
FEE = Entry(EntryType.FEE, day(0), "USD", 50)
TAX = Entry(EntryType.TAX, day(0), "USD", 50, symbol="AAPL")
SPLIT = Entry(EntryType.SPLIT, day(0), symbol="AAPL", units=-UNIT, ratio=(1, 2))
SPIN_OFF = Entry(
    EntryType.SPIN_OFF, day(0), symbol="T", units=UNIT, ratio=(1, 4), child="WBD", basis=(1, 4)
)
EXCHANGE = Entry(EntryType.EXCHANGE, day(0), "USD", 100, fee=1, child="JPY", child_amount=150)
MONEY_IN = Entry(EntryType.TRANSFER_IN, day(0), "USD", 100)
MONEY_OUT = Entry(EntryType.TRANSFER_OUT, day(0), "USD", 100)
UNITS_OUT = Entry(EntryType.TRANSFER_OUT, day(0), "USD", symbol="AAPL", units=UNIT)
LOTS = (MovedLot(day(-400), 1, 0), MovedLot(day(-300), UNIT - 1, 99))
UNITS_IN = Entry(EntryType.TRANSFER_IN, day(0), "USD", symbol="AAPL", units=UNIT, lots=LOTS)
TAXED = but(buy(1, 100, fee=1), tax=2)

USABLE = [
    *(deposit(1), withdrawal(2**62 - 1), TAXED, sell(1, 0), DIVIDEND, INTEREST, FEE, TAX, SPLIT),
    *(SPIN_OFF, EXCHANGE, MONEY_IN, MONEY_OUT, UNITS_IN, UNITS_OUT, reversal(1)),
    but(deposit(1), note="x" * 1000),
    but(FEE, symbol="AAPL"),
    but(SPIN_OFF, units=0, basis=(0, 1)),
]
UNUSABLE: list[tuple[Entry, str]] = [
    *((but(deposit(1), amount=amount), "amount") for amount in (0, -5, 2**62, 10**30, True)),
    *((but(deposit(1), currency=code), "currency") for code in ("", "usd", "XXX", "AAPL")),
    *((but(deposit(1), **{name: 1}), name) for name in ("fee", "tax", "units", "child_amount")),
    (but(deposit(1), symbol="AAPL"), "symbol"),
    (but(deposit(1), child="EUR"), "child"),
    (but(deposit(1), ratio=(2, 1)), "ratio"),
    (but(deposit(1), basis=(1, 2)), "basis"),
    (but(deposit(1), lots=LOTS), "lots"),
    (but(deposit(1), on=datetime(2026, 1, 5)), "on"),  # noqa: DTZ001  with any zone it is wrong
    (but(withdrawal(1), fee=1), "fee"),
    *((but(TAXED, units=units), "units") for units in (0, -UNIT, 2**62)),
    *((but(TAXED, symbol=symbol), "symbol") for symbol in ("", " AAPL", "A\x00", "A" * 21)),
    *((but(TAXED, **{name: -1}), name) for name in ("amount", "fee", "tax")),
    (but(sell(1, 5), amount=-5), "amount"),
    (but(sell(1, 5), lots=LOTS), "lots"),
    (but(DIVIDEND, units=UNIT), "units"),
    (but(DIVIDEND, symbol=""), "symbol"),
    (but(INTEREST, amount=0), "amount"),
    (but(FEE, tax=1), "tax"),
    (but(TAX, fee=1), "fee"),
    *((but(SPLIT, ratio=ratio), "ratio") for ratio in ((1, 1), (0, 1), (-2, 1), (2, 0))),
    (but(SPLIT, amount=1), "amount"),
    (but(SPLIT, currency="USD"), "currency"),
    (but(SPLIT, units=-(2**62)), "units"),
    (but(SPIN_OFF, child=""), "child"),
    (but(SPIN_OFF, child="T"), "child"),
    (but(SPIN_OFF, units=-1), "units"),
    *((but(SPIN_OFF, basis=basis), "basis") for basis in ((2, 1), (-1, 4), (1, 0))),
    *((but(EXCHANGE, child=child), "child") for child in ("", "ZZZ", "USD", "jpy")),
    (but(EXCHANGE, child_amount=0), "child_amount"),
    (but(EXCHANGE, tax=1), "tax"),
    (but(MONEY_IN, fee=1), "fee"),
    (but(MONEY_OUT, tax=1), "tax"),
    (but(UNITS_OUT, fee=1), "fee"),
    (but(UNITS_OUT, amount=1), "amount"),
    (but(UNITS_OUT, currency=""), "currency"),
    (but(UNITS_OUT, units=0), "units"),
    (but(UNITS_IN, lots=()), "lots"),
    (but(UNITS_IN, lots=LOTS[:1]), "lots"),
    (but(UNITS_IN, lots=(*LOTS, MovedLot(day(0), 0, 1))), "lots"),
    (but(UNITS_IN, lots=(MovedLot(day(0), UNIT, -1),)), "lots"),
    (but(reversal(1), amount=1), "amount"),
]


@pytest.mark.parametrize("entry", USABLE)
def test_what_each_type_is_made_of(entry: Entry) -> None:
    require_usable(entry)


@pytest.mark.parametrize(("entry", "name"), UNUSABLE)
def test_the_field_that_is_wrong_is_named(entry: Entry, name: str) -> None:
    with pytest.raises(InputError) as caught:
        require_usable(entry)
    assert caught.value.parameter == name
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["amount", "fee", "tax", "units", "child_amount"])
def test_a_float_goes_nowhere(name: str) -> None:
    made = EXCHANGE if name == "child_amount" else TAXED
    with pytest.raises(InputError, match=rf"^{name} 100\.0: give a whole number of minor units"):
        require_usable(but(made, **{name: 100.0}))
