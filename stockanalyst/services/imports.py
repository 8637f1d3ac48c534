"""Files of transactions: a verdict on every row before anything is posted."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from stockanalyst.exceptions import InsufficientUnits, LedgerError, StockAnalystError
from stockanalyst.portfolio import booking, corporate
from stockanalyst.portfolio.booking import Instruction
from stockanalyst.portfolio.commodities import EXACT, major_units
from stockanalyst.portfolio.csv_rows import IMPORTED, Row
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.ledger import NEVER_NEGATIVE, net, transfers
from stockanalyst.portfolio.lots import next_number, numbered_after
from stockanalyst.portfolio.protocols import Numbered
from stockanalyst.reporting.portfolio_html import import_bundle
from stockanalyst.services.bookkeeping import Books

_LONGEST_KEY = 200
Fate = Literal["new", "there", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row.

    Attributes
    ----------
    line : int
        As a spreadsheet counts them.
    key : str
    fate : str
        ``new``; ``there``, from an import before; ``refused``.
    reason : str
        Why it is refused; else empty.
    entry : Entry or None
    """

    line: int
    key: str
    fate: Fate
    reason: str
    entry: Entry | None


@dataclass(frozen=True)
class Import:
    """What becomes of a file.

    Attributes
    ----------
    verdicts : tuple of Verdict
        One a row, in the order in which they are posted.
    posted : bool
        Whether the new ones were posted; none is where a row is refused.
    """

    verdicts: tuple[Verdict, ...]
    posted: bool

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        return import_bundle(self)

    @property
    def counts(self) -> Counter[Fate]:
        """How many rows met each fate."""
        return Counter(verdict.fate for verdict in self.verdicts)

    @property
    def refused(self) -> list[Verdict]:
        """Rows that stand in the way."""
        return [verdict for verdict in self.verdicts if verdict.fate == "refused"]

    def items(self) -> list[tuple[str, Entry]]:
        """Keys and entries of what is new."""
        return [
            (each.key, each.entry)
            for each in self.verdicts
            if each.fate == "new" and each.entry is not None
        ]


def judged(rows: Sequence[Row], books: Books) -> tuple[Import, Numbered]:
    """A verdict on every row, as if those before it were posted; and the journal as it was then."""
    entries = books.entries()
    clerk = _Clerk(books, entries)
    there = _there(rows, books)
    verdicts = tuple(clerk.judge(row, there.get(row.key)) for row in rows)
    found = Import(verdicts, posted=False)
    return (found if found.refused else _as_a_whole(found, entries, books)), entries


def _there(rows: Sequence[Row], books: Books) -> dict[str, tuple[int, Entry]]:
    """By the keys of rows, what an import or an export of this journal had them from."""
    spelled = {row.key: _spellings(row.key) for row in rows}
    wanted = sorted(set().union(*spelled.values()))
    found = books.around.journal.present(books.user, books.portfolio.id, wanted)
    return {
        key: found[next(own for own in spellings if own in found)]
        for key, spellings in spelled.items()
        if any(own in found for own in spellings)
    }


def _spellings(key: str) -> list[str]:
    """A row's key, the entry's that was exported as its id, and that of one with many lots."""
    name = key.removeprefix(IMPORTED)
    names = [name, name.rpartition("/")[0]] if name.rpartition("/")[2].isdigit() else [name]
    plain = [own for own in names if 0 < len(own) <= _LONGEST_KEY]
    return [key, *(spelling for own in plain for spelling in (own, f"{IMPORTED}{own}"))]


def _as_a_whole(found: Import, entries: Numbered, books: Books) -> Import:
    """What the whole journal says, such as of a sale that is dated before its purchase."""
    new = [place for place, verdict in enumerate(found.verdicts) if verdict.fate == "new"]
    if _fault(found, len(found.verdicts), entries, books) is None:
        return found
    # The first with which the journal can't be; those before it, it can.
    guilty = bisect_left(
        new, 1, key=lambda place: int(_fault(found, place + 1, entries, books) is not None)
    )
    place = new[min(guilty, len(new) - 1)]
    fault = _fault(found, place + 1, entries, books)
    verdicts = list(found.verdicts)
    verdicts[place] = replace(verdicts[place], fate="refused", reason=str(fault))
    return Import(tuple(verdicts), posted=False)


def _fault(found: Import, n_rows: int, entries: Numbered, books: Books) -> StockAnalystError | None:
    """Why a journal with the first rows can't be."""
    items = Import(found.verdicts[:n_rows], posted=False).items()
    batch = corporate.restated(entries, items)
    try:
        books.check([*entries, *numbered_after(entries, batch)])
    except StockAnalystError as error:
        return error
    return None


class _Clerk:
    """Books rows one after the other, on paper."""

    def __init__(self, books: Books, entries: Numbered) -> None:
        self._books = books
        self._balances = Counter(
            dict(books.around.journal.balances(books.user, books.portfolio.id))
        )
        self._next = next_number(entries)
        self._holdings = corporate.Holdings(entries)

    def judge(self, row: Row, there: tuple[int, Entry] | None) -> Verdict:
        """The verdict; what is new is taken in."""
        if row.instruction is None:
            return _refused(row, row.problem)
        try:
            return self._judge(row, row.instruction, there)
        except InsufficientUnits as error:
            if there is not None:  # of what was taken back since
                return Verdict(row.line, row.key, "there", "", there[1])
            return _refused(row, str(error))
        except StockAnalystError as error:
            return _refused(row, str(error))

    def _judge(self, row: Row, said: Instruction, there: tuple[int, Entry] | None) -> Verdict:
        entry = self._books.entry(said, self._holdings)
        if entry.type is EntryType.REVERSAL:
            return _refused(row, "type reversal: names an entry of one journal; reverse it there")
        if there is not None:
            return _again(row, said, entry, *there)
        self._move(entry)
        self._holdings.add(self._next, entry)
        self._next += 1
        return Verdict(row.line, row.key, "new", "", entry)

    def _move(self, entry: Entry) -> None:
        """Count what it moves; nothing where more would leave than is there."""
        change = net(transfers(entry))
        for (role, commodity), amount in change.items():
            available = self._balances[role, commodity]
            if role in NEVER_NEGATIVE and available + amount < 0:
                asked, there = (
                    f"{major_units(each, commodity).normalize(EXACT):f}"
                    for each in (-amount, available)
                )
                raise LedgerError(f"{commodity.code}: {asked} asked, {there} available")
        self._balances.update(change)


def _again(row: Row, said: Instruction, entry: Entry, number: int, there: Entry) -> Verdict:
    """Of a row that was imported before."""
    lot = there.type is EntryType.TRANSFER_IN and len(there.lots) > 1
    if lot or booking.says_again(entry, there, said):
        return Verdict(row.line, row.key, "there", "", there)
    why = f"is there as entry {number} with other content; give a new row a new id"
    return _refused(row, f"{row.key}: {why}")


def _refused(row: Row, why: str) -> Verdict:
    return Verdict(row.line, row.key, "refused", why, None)
