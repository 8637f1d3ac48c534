"""A portfolio as CSV: its transactions, its holdings, its lots.

The files are as RFC 4180 wants them: commas, line ends of CR and LF, quotes where they are needed.
They begin with a byte order mark and are to be written in UTF-8: without the mark Excel reads the
system's old encoding; LibreOffice and :func:`~stockanalyst.portfolio.csv_rows.read_rows` take it as
well. Numbers are exact and plain. A text that a spreadsheet would read as a formula has an
apostrophe in front.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO

from stockanalyst.portfolio.booking import FIELDS
from stockanalyst.portfolio.commodities import EXACT, SECURITY_SCALE, currency, major_units
from stockanalyst.portfolio.csv_rows import IMPORTED, neutralised
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.lot_queues import Lot
from stockanalyst.portfolio.lots import Book, Match, in_order
from stockanalyst.portfolio.protocols import Numbered
from stockanalyst.portfolio.valuation import Holding, Statement

_BYTE_ORDER_MARK = "\ufeff"

_Cell = str | date | Decimal | None
_TRANSACTION = (
    "date", "type", "symbol", "units", "amount", "currency", "fee", "tax", "ratio", "child",
    "child_amount", "basis", "acquired_on", "note", "id",
)  # fmt: skip
_HOLDING = (
    "date", "symbol", "currency", "units", "cost", "average_cost", "price", "price_date", "value",
    "unrealised", "realised", "income", "commissions", "fees", "taxes", "weight",
)  # fmt: skip
_LOT = (
    "symbol", "currency", "acquired_on", "units", "cost", "closed_on", "proceeds", "realised"
)  # fmt: skip


def transactions_csv(entries: Numbered, keys: Mapping[int, str]) -> str:
    """The entries that count, for :func:`~stockanalyst.portfolio.csv_rows.read_rows`.

    Booked in another portfolio, in this order, they make the same books. What was taken back is
    left out, and so is what took it back. Units that were moved in have a row for each lot. Which
    of two lots of one date is older may change, where their entries weren't posted by date.

    Parameters
    ----------
    entries : sequence of (int, Entry)
    keys : mapping of int to str
        The idempotency key of an entry by its number: its id, by which a second import knows it.
    """
    said = (
        {**row, "id": _id(keys.get(number, ""), place)}
        for number, entry in in_order(entries)
        for place, row in enumerate(_transactions(entry))
    )
    return _table(_TRANSACTION, said)


def _id(key: str, place: int) -> str:
    """Of a row: the key, without what importing put before it; of further lots with their place."""
    name = key.removeprefix(IMPORTED)
    return f"{name}/{place}" if name and place else name


def holdings_csv(statement: Statement) -> str:
    """Holdings, also sold ones, in the currency of their cost; then cash, without a symbol."""
    rows = [_holding(holding) for holding in statement.holdings]
    rows += [{"currency": code, "value": amount} for code, amount in statement.cash.items()]
    return _table(_HOLDING, ({"date": statement.on, **row} for row in rows))


def lots_csv(book: Book) -> str:
    """What was given away of each lot, then what is left of each, which isn't closed."""
    return _table(_LOT, _lots(book))


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, _Cell]]) -> str:
    text = StringIO(newline="")
    text.write(_BYTE_ORDER_MARK)
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows([_written(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _written(cell: _Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, date) else neutralised(cell or "")


def _transactions(entry: Entry) -> list[dict[str, _Cell]]:
    """A row, or one for each lot that is moved in."""
    required, optional = FIELDS[entry.type]
    values = _values(entry)
    said = {name: values.get(name) for name in (*required, *optional)}
    row: dict[str, _Cell] = {"date": entry.on, "type": entry.type.value, "note": entry.note, **said}
    if entry.type is not EntryType.TRANSFER_IN or not entry.lots:
        return [row]
    return [row | _moved_in(lot, entry.currency) for lot in entry.lots]


def _moved_in(lot: MovedLot, code: str) -> dict[str, _Cell]:
    cost = _money(lot.cost, code)
    return {"acquired_on": lot.acquired_on, "units": _units(lot.units), "amount": cost}


def _values(entry: Entry) -> dict[str, _Cell]:
    """What an entry says, by the names of an instruction's fields."""
    values: dict[str, _Cell] = {
        "symbol": entry.symbol,
        "currency": entry.currency,
        "ratio": ":".join(map(str, entry.ratio)),
        "child": entry.child,
        "basis": EXACT.divide(*map(Decimal, entry.basis)),
    }
    if entry.units:
        values["units"] = _units(entry.units)
    if entry.currency:
        values |= {name: _money(getattr(entry, name), entry.currency) for name in ("fee", "tax")}
    if entry.amount:
        values["amount"] = _money(entry.amount, entry.currency)
    if entry.child_amount:
        values["child_amount"] = _money(entry.child_amount, entry.child)
    return values


def _units(amount: int) -> Decimal:
    """Without zeros at the end."""
    return Decimal(amount).scaleb(-SECURITY_SCALE, EXACT).normalize(EXACT)


def _money(amount: int, code: str) -> Decimal:
    return major_units(amount, currency(code))


def _holding(holding: Holding) -> dict[str, _Cell]:
    said = {name: getattr(holding, name) for name in _HOLDING if hasattr(holding, name)}
    said["units"] = holding.units.normalize(EXACT)
    price = holding.price
    return {**said, "price": price and price.amount, "price_date": price and price.on}


def _lots(book: Book) -> Iterator[dict[str, _Cell]]:
    for (symbol, code), position in sorted(book.positions.items()):
        own: dict[str, _Cell] = {"symbol": symbol, "currency": code}
        for match in position.matches:
            yield own | _lot(match, code) | _closed(match, code)
        for lot in position.lots:
            yield own | _lot(lot, code)


def _lot(lot: Lot | Match, code: str) -> dict[str, _Cell]:
    cost = _money(lot.cost, code)
    return {"acquired_on": lot.acquired_on, "units": _units(lot.units), "cost": cost}


def _closed(match: Match, code: str) -> dict[str, _Cell]:
    gain = _money(match.proceeds - match.cost, code)
    return {"closed_on": match.on, "proceeds": _money(match.proceeds, code), "realised": gain}
