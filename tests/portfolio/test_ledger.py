"""Transfers of every type of entry, by hand, as a bookkeeper would write them."""

from datetime import date

import pytest

from stockanalyst.portfolio.commodities import currency, security
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.ledger import NEVER_NEGATIVE, Role, Transfer, transfers

DAY = date(2024, 3, 1)
USD, EUR, AAPL, NEWCO = currency("USD"), currency("EUR"), security("AAPL"), security("NEWCO")


def entry(kind: EntryType, **rest: object) -> Entry:
    return Entry(kind, DAY, **rest)  # type: ignore[arg-type]  # what each case needs


@pytest.mark.parametrize(
    ("posted", "moved"),
    [
        (
            entry(EntryType.DEPOSIT, currency="USD", amount=500),
            [(USD, Role.EXTERNAL, Role.CASH, 500)],
        ),
        (
            entry(EntryType.WITHDRAWAL, currency="USD", amount=500),
            [(USD, Role.CASH, Role.EXTERNAL, 500)],
        ),
        (
            entry(EntryType.BUY, currency="USD", amount=900, fee=5, symbol="AAPL", units=3),
            [
                (USD, Role.CASH, Role.MARKET, 900),
                (AAPL, Role.MARKET, Role.HOLDING, 3),
                (USD, Role.CASH, Role.FEES, 5),
            ],
        ),
        (
            entry(EntryType.SELL, currency="USD", amount=900, symbol="AAPL", units=3),
            [(USD, Role.MARKET, Role.CASH, 900), (AAPL, Role.HOLDING, Role.MARKET, 3)],
        ),
        (
            entry(EntryType.BUY, currency="USD", amount=900, tax=4, symbol="AAPL", units=5),
            [
                (USD, Role.CASH, Role.MARKET, 900),
                (AAPL, Role.MARKET, Role.HOLDING, 5),
                (USD, Role.CASH, Role.TAXES, 4),
            ],
        ),
        (
            entry(EntryType.SELL, currency="USD", amount=900, fee=2, tax=4, symbol="AAPL", units=6),
            [
                (USD, Role.MARKET, Role.CASH, 900),
                (AAPL, Role.HOLDING, Role.MARKET, 6),
                (USD, Role.CASH, Role.TAXES, 4),
                (USD, Role.CASH, Role.FEES, 2),
            ],
        ),
        (
            entry(EntryType.DIVIDEND, currency="USD", amount=90, fee=1, tax=13, symbol="AAPL"),
            [
                (USD, Role.DIVIDENDS, Role.CASH, 90),
                (USD, Role.CASH, Role.TAXES, 13),
                (USD, Role.CASH, Role.FEES, 1),
            ],
        ),
        (
            entry(EntryType.INTEREST, currency="USD", amount=90),
            [(USD, Role.INTEREST, Role.CASH, 90)],
        ),
        (entry(EntryType.FEE, currency="USD", amount=9), [(USD, Role.CASH, Role.FEES, 9)]),
        (entry(EntryType.TAX, currency="USD", amount=9), [(USD, Role.CASH, Role.TAXES, 9)]),
        (
            entry(EntryType.SPLIT, symbol="AAPL", units=30, ratio=(4, 1)),
            [(AAPL, Role.CORPORATE, Role.HOLDING, 30)],
        ),
        (
            entry(EntryType.SPLIT, symbol="AAPL", units=-9, ratio=(1, 10)),
            [(AAPL, Role.HOLDING, Role.CORPORATE, 9)],
        ),
        (
            entry(EntryType.SPIN_OFF, symbol="AAPL", units=2, child="NEWCO", basis=(1, 4)),
            [(NEWCO, Role.CORPORATE, Role.HOLDING, 2)],
        ),
        (
            entry(EntryType.TRANSFER_IN, currency="USD", symbol="AAPL", units=2),
            [(AAPL, Role.EXTERNAL, Role.HOLDING, 2)],
        ),
        (
            entry(EntryType.TRANSFER_OUT, currency="USD", symbol="AAPL", units=2),
            [(AAPL, Role.HOLDING, Role.EXTERNAL, 2)],
        ),
        (
            entry(EntryType.TRANSFER_IN, currency="USD", amount=70),
            [(USD, Role.EXTERNAL, Role.CASH, 70)],
        ),
        (
            entry(EntryType.TRANSFER_OUT, currency="USD", amount=70),
            [(USD, Role.CASH, Role.EXTERNAL, 70)],
        ),
        (
            entry(
                EntryType.EXCHANGE, currency="USD", amount=110, fee=1, child="EUR", child_amount=100
            ),
            [
                (USD, Role.CASH, Role.MARKET, 110),
                (EUR, Role.MARKET, Role.CASH, 100),
                (USD, Role.CASH, Role.FEES, 1),
            ],
        ),
    ],
    ids=lambda value: f"{value.type} {value.units}" if isinstance(value, Entry) else "",
)
def test_transfers(posted: Entry, moved: list[tuple[object, ...]]) -> None:
    legs = transfers(posted)
    assert [(leg.commodity, leg.credit, leg.debit, leg.amount) for leg in legs] == moved
    assert all(leg.amount > 0 for leg in legs)


def test_a_way_back_undoes_the_way() -> None:
    there = Transfer(USD, Role.CASH, Role.MARKET, 5)
    assert there.reversed() == Transfer(USD, Role.MARKET, Role.CASH, 5)
    assert there.reversed().reversed() == there


def test_what_a_user_owns_never_falls_below_zero() -> None:
    assert {Role.CASH, Role.HOLDING} == NEVER_NEGATIVE
