"""Files of transactions: a verdict on every row before anything is posted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from stockanalyst.exceptions import LedgerError, StockAnalystError
from stockanalyst.portfolio import booking, corporate
from stockanalyst.portfolio.commodities import Commodity
from stockanalyst.portfolio.csv_rows import Row
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.ledger import NEVER_NEGATIVE, Role, transfers
from stockanalyst.portfolio.protocols import Numbered, Portfolio
from stockanalyst.reporting.portfolio_html import import_bundle

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


def judged(
    rows: Sequence[Row],
    portfolio: Portfolio,
    entries: Numbered,
    present: Mapping[str, tuple[int, Entry]],
    balances: Mapping[tuple[Role, Commodity], int],
    *,
    zone: ZoneInfo,
    today: date,
) -> Import:
    """A verdict on every row, as if those before it were posted.

    Parameters
    ----------
    rows : sequence of Row
    portfolio : Portfolio
    entries : sequence of (int, Entry)
        Its journal.
    present : mapping
        Of :meth:`stockanalyst.portfolio.protocols.Journal.present`, for the rows' keys.
    balances : mapping
        What is in each account.
    zone, today
        See :func:`stockanalyst.portfolio.booking.entry`.
    """
    clerk = _Clerk(portfolio, entries, balances, zone, today)
    verdicts = [clerk.judge(row, present) for row in rows]
    found = Import(tuple(verdicts), posted=False)
    if found.refused:
        return found
    return _as_a_whole(found, entries, portfolio)


def _as_a_whole(found: Import, entries: Numbered, portfolio: Portfolio) -> Import:
    """What the whole journal says, such as of a sale that is dated before its purchase."""
    new = found.items()
    items = corporate.restated(entries, new)
    last = max((number for number, _ in entries), default=0)
    numbered = list(enumerate((entry for _, entry in items), start=last + 1))
    try:
        corporate.check([*entries, *numbered], portfolio.method)
    except StockAnalystError as error:
        return replace(found, verdicts=_blamed(found.verdicts, error))
    return found


def _blamed(verdicts: Sequence[Verdict], error: StockAnalystError) -> tuple[Verdict, ...]:
    """The error on the rows of the symbol that it names; where it names none, on the last new."""
    words = str(error)
    named = [each for each in verdicts if each.fate == "new" and _names(each, words)]
    guilty = named or [each for each in verdicts if each.fate == "new"][-1:]
    return tuple(
        replace(each, fate="refused", reason=words) if each is guilty[-1] else each
        for each in verdicts
    )


def _names(verdict: Verdict, words: str) -> bool:
    symbol = verdict.entry.symbol if verdict.entry else ""
    return bool(symbol) and words.startswith(f"{symbol} ")


class _Clerk:
    """Books rows one after the other, on paper."""

    def __init__(
        self,
        portfolio: Portfolio,
        entries: Numbered,
        balances: Mapping[tuple[Role, Commodity], int],
        zone: ZoneInfo,
        today: date,
    ) -> None:
        self._portfolio, self._zone, self._today = portfolio, zone, today
        self._balances = Counter(dict(balances))
        self._number = max((number for number, _ in entries), default=0)
        self._holdings = corporate.Holdings(entries)

    def judge(self, row: Row, present: Mapping[str, tuple[int, Entry]]) -> Verdict:
        """The verdict; what is new is taken in."""
        if row.instruction is None:
            return Verdict(row.line, row.key, "refused", row.problem, None)
        try:
            entry = booking.entry(
                row.instruction,
                journal=self._holdings,
                currency=self._portfolio.currency,
                zone=self._zone,
                today=self._today,
                schedule=None,
            )
            if row.key in present:
                return self._again(row, entry, *present[row.key])
            self._move(entry)
        except StockAnalystError as error:
            return Verdict(row.line, row.key, "refused", str(error), None)
        self._number += 1
        self._holdings.add(self._number, entry)
        return Verdict(row.line, row.key, "new", "", entry)

    def _again(self, row: Row, entry: Entry, number: int, there: Entry) -> Verdict:
        """Of a row that was imported before; what a dividend a unit came to may have changed."""
        said = (entry.type, entry.on, entry.symbol, entry.currency, entry.child, entry.note)
        if said == (there.type, there.on, there.symbol, there.currency, there.child, there.note):
            return Verdict(row.line, row.key, "there", "", there)
        why = f"{row.key} is there as entry {number} with other content; give a new row a new id"
        return Verdict(row.line, row.key, "refused", why, None)

    def _move(self, entry: Entry) -> None:
        after = self._balances.copy()
        for leg in transfers(entry):
            after[leg.credit, leg.commodity] -= leg.amount
            after[leg.debit, leg.commodity] += leg.amount
            key = (leg.credit, leg.commodity)
            if leg.credit in NEVER_NEGATIVE and after[key] < 0:
                raise LedgerError(f"{leg.commodity.code}: more would leave than is there")
        self._balances = after
