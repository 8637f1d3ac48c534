"""Rows of a CSV file of transactions, each with a key that makes a second import harmless.

The header names the columns, in any case and order: ``date`` and ``type``, which every row has, the
other fields of :class:`~stockanalyst.portfolio.booking.Instruction`, and ``id``. Numbers have a
decimal point and nothing between thousands. No formula is evaluated.
"""

import csv
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from io import StringIO
from itertools import pairwise

from stockanalyst.exceptions import InputError, did_you_mean, shown
from stockanalyst.portfolio.booking import Instruction
from stockanalyst.portfolio.commodities import EXACT
from stockanalyst.portfolio.entries import digest

IMPORTED = "csv:"
"""With this the keys of imported rows begin."""
_MOST_BYTES = 10_000_000
_MOST_ROWS = 100_000
_LONGEST_ID = 190

_FIELDS = {"date": "on", **{each.name: each.name for each in fields(Instruction)}, "id": "id"}
_KNOWN = [name for name in _FIELDS if name != "on"]
_NUMBERS = ("units", "price", "amount", "fee", "tax", "child_amount", "basis")
_SEPARATORS = ",;\t"
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{0,40})?", re.ASCII)

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LATER = "~"  # sorts after every digit
_FORMULA = re.compile(r"['\"\s]*[=+\-@＝＋－＠\t\r\n]")
_SAVE = 'save the file as "CSV UTF-8"'

_Said = Mapping[str, str]
"""What a row says, by field; without blanks around it, and without what is blank."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file.

    Attributes
    ----------
    line : int
        As a spreadsheet counts them, from 1 on, the header and blank rows included.
    key : str
        Idempotency key: of the row's ``id`` or, without one, of what it says and of how often the
        file said the same before. Its place, the order of the columns, the separator and the line
        ends don't change it.
    instruction : Instruction or None
        None where there is a problem.
    problem : str
        What is wrong, and the mend; else empty.
    """

    line: int
    key: str
    instruction: Instruction | None
    problem: str


def read_rows(data: bytes) -> list[Row]:
    """The rows of a file, also those that can't be used, each with what is wrong with it.

    Parameters
    ----------
    data : bytes
        CSV in UTF-8, with or without a byte order mark, separated by comma, semicolon or tab. The
        apostrophe that keeps a spreadsheet from reading a cell as a formula is taken away.

    Returns
    -------
    list of Row
        By date; within a date as in the file or, where that runs from new to old, the other way
        round. Rows with a problem, or without a date like ``2026-01-31``, come last; blank ones are
        left out.

    Raises
    ------
    InputError
        It can't be read as a table: more than 10 MB or 100,000 rows, another encoding, a quote that
        isn't closed, a cell above 131,072 characters, no header, a column that is missing, unknown
        or there twice.
    """
    records = _records(_decoded(data))
    columns = _columns(*next(records, (1, [])))
    seen: dict[str, list[int]] = {}
    rows: list[Row] = []
    for line, cells in records:
        if len(rows) == _MOST_ROWS:
            raise InputError("line", line, f"comes after {_MOST_ROWS:,} rows; split the file")
        rows.append(_row(line, cells, columns, seen))
    return _by_date(rows)


def neutralised(text: str) -> str:
    """A text as a cell that no spreadsheet reads as a formula; :func:`read_rows` gives it back."""
    return f"'{text}" if _FORMULA.match(text) else text


def _decoded(data: bytes) -> str:
    if len(data) > _MOST_BYTES:
        raise InputError("csv", f"{len(data):,} bytes", f"is above {_MOST_BYTES:,}; split the file")
    plain = data.removeprefix(BOM_UTF8)
    try:
        text = plain.decode()
    except UnicodeDecodeError as error:
        bad = plain[error.start : error.start + 1]
        place = f"byte {error.start + 1:,}, in line {_line_of(plain, error.start)}"
        raise InputError("csv", bad, f"{place}, isn't UTF-8; {_SAVE}") from error
    if "\0" in text:
        line = _line_of(plain, plain.index(b"\0"))
        raise InputError("line", line, f"holds a NUL character, as UTF-16 does; {_SAVE}")
    return text


def _line_of(data: bytes, place: int) -> int:
    return len(data[: place + 1].splitlines())


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that aren't blank, with their numbers."""
    table = csv.reader(StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line = 0
    try:
        for line, cells in enumerate(table, start=1):
            if any(cell.strip() for cell in cells):
                yield line, cells
    except csv.Error as error:
        mend = "close every quote, write a quote inside a cell twice, shorten long cells"
        raise InputError("line", line + 1, f"can't be read ({error}); {mend}") from error


def _separator(text: str) -> str:
    """The one by which the header names most columns."""
    blank = f'"{_SEPARATORS} \r\n'
    header = next((line for line in StringIO(text) if line.strip(blank)), "")

    def named(separator: str) -> int:
        return sum(_name(cell.strip(blank)) in _FIELDS for cell in header.split(separator))

    return max(_SEPARATORS, key=named)


def _name(cell: str) -> str:
    return cell.strip().lower()


def _columns(line: int, header: Sequence[str]) -> list[str]:
    """The fields that the header names."""
    names = [_name(cell) for cell in _trimmed(header, 0)]
    known = f"columns are {', '.join(_KNOWN)}"
    if not any(name in _FIELDS for name in names):
        raise InputError("csv", ",".join(names), f"line {line} is no header; {known}")
    columns: list[str] = []
    for name in names:
        if name not in _FIELDS:
            hint = did_you_mean(name, _KNOWN) or "take it out;"
            raise InputError("column", name, f"of line {line} isn't known: {hint} {known}")
        if _FIELDS[name] in columns:
            raise InputError("column", name, f"is there twice in line {line}; keep one")
        columns.append(_FIELDS[name])
    for name in ("date", "type"):
        if _FIELDS[name] not in columns:
            raise InputError("column", name, f"isn't in line {line}; every row needs it")
    return columns


def _trimmed(cells: Sequence[str], wanted: int) -> Sequence[str]:
    """Without the blank cells at the end, which some spreadsheets add, beyond those wanted."""
    last = max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)
    return cells[: max(last, wanted)]


def _row(line: int, cells: Sequence[str], columns: list[str], seen: dict[str, list[int]]) -> Row:
    cells = _trimmed(cells, len(columns))
    pairs = zip(columns, (_lines(cell.strip()) for cell in cells), strict=False)
    said = {column: cell for column, cell in pairs if cell}
    own = _unwrapped(said.get("id", ""))
    name = own or digest(json.dumps(_canonical(said), sort_keys=True))
    same = seen.setdefault(name, [])
    same.append(line)
    key = f"{IMPORTED}{name}" if own else f"{IMPORTED}{name}:{len(same)}"
    problem = _misshapen(cells, columns) or _misnamed(own, same) or next(_unreadable(said), "")
    if problem:
        return Row(line, key, None, problem)
    values = {column: _unwrapped(cell) for column, cell in said.items() if column != "id"}
    return Row(line, key, Instruction(**values), "")


def _canonical(said: _Said) -> dict[str, str]:
    """The same whether a spreadsheet wrote 1000.00, 1000 or +1000, Buy or buy."""
    own = {field: cell.lower() if field == "type" else cell for field, cell in said.items()}
    for field in _NUMBERS:
        if _NUMBER.fullmatch(own.get(field, "")):
            own[field] = f"{Decimal(own[field]).normalize(EXACT):f}"
    return own


def _lines(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def _unwrapped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _misshapen(cells: Sequence[str], columns: list[str]) -> str:
    if len(cells) != len(columns):
        mend = "put a cell that holds the separator between quotes, and leave no column out"
        return f"{len(cells)} cells under a header of {len(columns)}; {mend}"
    if [_FIELDS.get(_name(cell)) for cell in cells] == columns:
        return "the header again; take this row out"
    return ""


def _misnamed(own: str, same: Sequence[int]) -> str:
    if len(own) > _LONGEST_ID or not own.isprintable():
        return f"id {shown(own)}: give at most {_LONGEST_ID} printable characters"
    if own and len(same) > 1:
        return f"id {shown(own)}: line {same[0]} has it too; give each row its own"
    return ""


def _unreadable(said: _Said) -> Iterator[str]:
    for field, name in (("on", "date"), ("type", "type")):
        if field not in said:
            yield f"no {name}; every row needs it"
    for field, cell in said.items():
        if cell.startswith("=") and field != "note":
            name = "date" if field == "on" else field
            yield f"{name} {shown(cell)}: formulas aren't read; give the value"
        if "," in cell and field in _NUMBERS:
            mend = "write 1234.50: a point before the decimals, nothing between thousands"
            yield f"{field} {shown(cell)}: {mend}"


def _by_date(rows: Sequence[Row]) -> list[Row]:
    steps = list(pairwise(day for row in rows if (day := _day(row)) != _LATER))
    backwards = sum(old > new for old, new in steps) > sum(old < new for old, new in steps)
    return sorted(reversed(rows) if backwards else rows, key=_day)


def _day(row: Row) -> str:
    found = _DAY.match(str(row.instruction.on)) if row.instruction else None
    return found[0] if found else _LATER
