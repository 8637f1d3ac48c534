"""Tables of lots by hand."""

from datetime import date, timedelta
from decimal import Context, Decimal, localcontext

from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.lot_tables import lots_frame, matches_frame
from stockanalyst.portfolio.lots import replay
from stockanalyst.portfolio.pricing import Price

D = Decimal
UNIT = 10**8


def on(days: int) -> date:
    return date(2024, 6, 3) + timedelta(days)


def test_lots_and_matches_by_hand() -> None:
    """Values of lots by cumulative rounding: 0.335 and 0.67, not twice 0.34."""
    entries = [
        Entry(EntryType.BUY, on(0), "EUR", 30, symbol="AAA", units=UNIT // 2),
        Entry(EntryType.BUY, on(1), "EUR", 40, 5, symbol="AAA", units=UNIT),
        Entry(EntryType.SELL, on(2), "EUR", 20, 2, symbol="AAA", units=UNIT // 2),
        Entry(EntryType.BUY, on(2), "EUR", 10, symbol="AAA", units=UNIT),
        Entry(EntryType.BUY, on(2), "USD", 10, symbol="AAA", units=UNIT),
    ]
    book = replay(enumerate(entries, start=1), "lifo")
    lots = lots_frame(book, {("AAA", "EUR"): Price(D("0.67"), "EUR", on(3))})
    assert list(lots.columns) == [
        "symbol", "currency", "acquired_on", "units", "cost", "value", "unrealised"
    ]  # fmt: skip
    assert lots.to_numpy().tolist() == [
        ["AAA", "EUR", on(0), D("0.5"), D("0.30"), D("0.34"), D("0.04")],
        ["AAA", "EUR", on(1), D("0.5"), D("0.22"), D("0.33"), D("0.11")],
        ["AAA", "EUR", on(2), D(1), D("0.10"), D("0.67"), D("0.57")],
        ["AAA", "USD", on(2), D(1), D("0.10"), None, None],
    ]
    matches = matches_frame(book)
    assert list(matches.columns) == [
        "symbol", "currency", "acquired_on", "closed_on", "units", "cost", "proceeds", "realised"
    ]  # fmt: skip
    assert matches.to_numpy().tolist() == [
        ["AAA", "EUR", on(1), on(2), D("0.5"), D("0.23"), D("0.18"), D("-0.05")]
    ]


def test_tables_of_nothing_keep_their_columns() -> None:
    book = replay([], "fifo")
    assert lots_frame(book, {}).shape == (0, 7)
    assert matches_frame(book).shape == (0, 8)


def test_few_digits_of_a_caller_spoil_nothing() -> None:
    entry = Entry(EntryType.BUY, on(0), "EUR", 123_456_789, symbol="AAA", units=123_456_789)
    with localcontext(Context(prec=3)):
        lots = lots_frame(
            replay([(1, entry)], "fifo"), {("AAA", "EUR"): Price(D(1_000_000), "EUR", on(0))}
        )
    assert lots[["units", "cost", "unrealised"]].to_numpy().tolist() == [
        [D("1.23456789"), D("1234567.89"), D("0.00")]
    ]
