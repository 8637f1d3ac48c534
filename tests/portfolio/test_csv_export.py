"""What is exported, by hand; and that transactions make the same books where they are imported."""

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.portfolio.booking import entry
from stockanalyst.portfolio.corporate import Holdings
from stockanalyst.portfolio.csv_export import holdings_csv, lots_csv, transactions_csv
from stockanalyst.portfolio.csv_rows import read_rows
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.lots import Book, Method, in_order, replay
from stockanalyst.portfolio.protocols import Portfolio
from stockanalyst.portfolio.valuation import Price, statement
from tests.portfolio.made_journals import Numbered, journals

UNIT = 10**8
METHODS: tuple[Method, ...] = ("fifo", "lifo", "average")


def on(day: int) -> date:
    return date(2024, 1, day)


def numbered(*entries: Entry) -> Numbered:
    return list(enumerate(entries, start=1))


def lines(text: str) -> list[str]:
    """Without the byte order mark."""
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    return text[1:].removesuffix("\r\n").split("\r\n")


def test_transactions_by_hand() -> None:
    entries = numbered(
        Entry(EntryType.DEPOSIT, on(1), "USD", 1_000_000),
        Entry(EntryType.BUY, on(2), "JPY", 90_000, 500, 20, "BRK-B", 7 * UNIT // 2, note="-1"),
        Entry(EntryType.BUY, on(9), "USD", 1, symbol="F", units=1),
        Entry(EntryType.EXCHANGE, on(1), "BHD", 5, 1, child="JPY", child_amount=1_600),
        Entry(EntryType.DIVIDEND, on(3), "JPY", 900, 0, 100, "BRK-B"),
        Entry(EntryType.SPIN_OFF, on(6), "", 0, 0, 0, "F", 9, (1, 4), "X", basis=(3, 8)),
        Entry(EntryType.SPLIT, on(6), symbol="F", units=9, ratio=(20, 1)),
        Entry(
            EntryType.TRANSFER_IN, on(7), "USD", symbol="V", units=3 * UNIT,
            lots=(MovedLot(on(1), UNIT, 100), MovedLot(on(2), 2 * UNIT, 0)), note="a, b",
        ),
        Entry(EntryType.TRANSFER_OUT, on(8), "USD", symbol="V", units=200 * UNIT),
        Entry(EntryType.TRANSFER_OUT, on(8), "USD", 5),
        Entry(EntryType.REVERSAL, on(10), reverses=3),
    )  # fmt: skip
    header = "date,type,symbol,units,amount,currency,fee,tax,ratio,child,child_amount,basis"
    assert lines(transactions_csv(entries, {})) == [
        f"{header},acquired_on,note,id",
        "2024-01-01,deposit,,,10000.00,USD,,,,,,,,,",
        "2024-01-01,exchange,,,0.005,BHD,0.001,,,JPY,1600,,,,",
        "2024-01-02,buy,BRK-B,3.5,90000,JPY,500,20,,,,,,'-1,",
        "2024-01-03,dividend,BRK-B,,900,JPY,0,100,,,,,,,",
        "2024-01-06,split,F,,,,,,20:1,,,,,,",
        "2024-01-06,spin_off,F,,,,,,1:4,X,,0.375,,,",
        '2024-01-07,transfer_in,V,1,1.00,USD,,,,,,,2024-01-01,"a, b",',
        '2024-01-07,transfer_in,V,2,0.00,USD,,,,,,,2024-01-02,"a, b",',
        "2024-01-08,transfer_out,V,200,,USD,,,,,,,,,",
        "2024-01-08,transfer_out,,,0.05,USD,,,,,,,,,",
    ]


def imported(text: str) -> list[Entry]:
    """What another portfolio, in another currency, books of a file."""
    rows = read_rows(text.encode())
    assert len({row.key for row in rows}) == len(rows)
    holdings, booked = Holdings(), []
    for number, row in enumerate(rows, start=1):
        assert row.instruction is not None, row.problem
        made = entry(
            row.instruction,
            journal=holdings,
            currency="CHF",
            zone=ZoneInfo("Asia/Tokyo"),
            today=date(2026, 1, 1),
            schedule=None,
        )
        holdings.add(number, made)
        booked.append(made)
    return booked


def lot_by_lot(entries: Numbered) -> list[Entry]:
    """Entries that count, those that move units in one for each lot."""
    return [
        replace(each, lots=(lot,), units=lot.units) if lot else each
        for _, each in in_order(entries)
        for lot in (each.lots or (None,))
    ]


def figures(book: Book) -> dict[object, object]:
    """Positions without the numbers of the entries that brought their lots."""
    return {
        key: (
            [(lot.acquired_on, lot.units, lot.cost) for lot in position.lots],
            [(each.on, each.units, each.cost, each.proceeds) for each in position.matches],
            (position.income, position.commissions, position.fees, position.taxes),
        )
        for key, position in book.positions.items()
    }


@given(st.data())
@pytest.mark.parametrize("method", METHODS)
def test_transactions_make_the_same_books_elsewhere(method: Method, chosen: st.DataObject) -> None:
    entries = chosen.draw(journals(method))
    text = transactions_csv(entries, {})
    booked = numbered(*imported(text))
    assert [made for _, made in booked] == lot_by_lot(entries)
    assert figures(replay(booked, method)) == figures(replay(entries, method))
    assert transactions_csv(booked, {}) == text


@given(journals("fifo"))
def test_no_cell_is_a_formula(entries: Numbered) -> None:
    table = list(csv.reader(StringIO(transactions_csv(entries, {})[1:], newline="")))
    for cell in (cell for row in table for cell in row):
        assert cell.startswith("'") or cell.lstrip(" \"'")[:1] not in tuple("=+-@\t\r")


BOUGHT_AND_SOLD = [
    Entry(EntryType.DEPOSIT, on(1), "USD", 100_000),
    Entry(EntryType.BUY, on(2), "USD", 90_000, 500, symbol="F", units=3 * UNIT),
    Entry(EntryType.SELL, on(4), "USD", 20_000, 500, symbol="F", units=UNIT),
]


def test_lots_by_hand() -> None:
    euros = Entry(EntryType.BUY, on(3), "EUR", 1_000, symbol="AAPL", units=UNIT // 8)
    assert lines(lots_csv(replay(numbered(*BOUGHT_AND_SOLD, euros), "fifo"))) == [
        "symbol,currency,acquired_on,units,cost,closed_on,proceeds,realised",
        "AAPL,EUR,2024-01-03,0.125,10.00,,,",
        "F,USD,2024-01-02,1,301.67,2024-01-04,195.00,-106.67",
        "F,USD,2024-01-02,2,603.33,,,",
    ]


def test_holdings_by_hand() -> None:
    """Without a price there is no value; cash is 1000 − 905 + 195."""
    dollars = Portfolio(1, "main", "USD", "fifo")
    prices = {"F": Price(Decimal("3E+2"), "USD", on(4))}
    entries = numbered(*BOUGHT_AND_SOLD)
    priced = statement(dollars, entries, on=on(5), prices=prices, rates={})
    header = "date,symbol,currency,units,cost,average_cost,price,price_date,value,unrealised"
    own = "0.00,10.00,0.00,0.00"  # income, commissions, fees, taxes
    assert lines(holdings_csv(priced)) == [
        f"{header},realised,income,commissions,fees,taxes,weight",
        f"2024-01-05,F,USD,2,603.33,301.665,300,2024-01-04,600.00,-3.33,-106.67,{own},0.6742",
        "2024-01-05,,USD,,,,,,290.00,,,,,,,",
    ]
    unpriced = statement(dollars, entries, on=on(5), prices={}, rates={})
    assert f"2024-01-05,F,USD,2,603.33,301.665,,,,,-106.67,{own}," in lines(holdings_csv(unpriced))
