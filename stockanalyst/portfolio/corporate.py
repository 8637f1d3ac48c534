"""Splits and spin-offs: each applied once, to the units that were held when its day began.

They count before all else of their day: trades on an ex-date are in new units. What a recorded
action added must be made anew when an entry that is dated before it comes later into the journal.
"""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from stockanalyst.exceptions import LedgerError
from stockanalyst.portfolio.commodities import EXACT, MOST, major_units, security
from stockanalyst.portfolio.entries import ACTIONS, Entry, EntryType, digest
from stockanalyst.portfolio.lots import (
    Book,
    Method,
    Place,
    change,
    in_order,
    numbered_after,
    place,
    replay,
    split_units,
)
from stockanalyst.portfolio.protocols import Numbered


class Holdings:
    """Units held by symbol and day, in minor units, kept up as entries are added.

    Splits and spin-offs count by their ratio, not by the units recorded with them, which an entry
    dated before them may have made wrong.

    Parameters
    ----------
    entries : iterable of (int, Entry)
    """

    def __init__(self, entries: Iterable[tuple[int, Entry]] = ()) -> None:
        self._entries: dict[int, Entry] = {}
        self._rows: defaultdict[str, list[_Row]] = defaultdict(list)
        self._held: defaultdict[str, list[int]] = defaultdict(list)  # after each of the first rows
        self._counted = _START
        for number, entry in in_order(entries):
            self.add(number, entry)

    def add(self, number: int, entry: Entry) -> None:
        """Count one more entry; a reversal takes the one of its number out."""
        taken_back = self._entries.pop(entry.reverses, None)
        if taken_back is not None:
            row = (place((entry.reverses, taken_back)), taken_back)
            self._rows[_changed(taken_back)].remove(row)
            self._forget(row)
        if _changed(entry):
            self._entries[number] = entry
            row = (place((number, entry)), entry)
            insort(self._rows[_changed(entry)], row, key=_at)
            self._forget(row)

    def before(self, symbol: str, day: date) -> int:
        """What was held when the day before an ex-date closed."""
        return self._before(symbol, (day, 0, "", 0))

    def before_action(self, action: Entry) -> int:
        """Units of its symbol to which a split or a spin-off that is to be added applies."""
        return self._before(action.symbol, place((MOST, action)))

    def _forget(self, row: "_Row") -> None:
        """Count anew what was counted beyond a row."""
        if row[0] < self._counted:
            self._held.clear()
            self._counted = _START

    def _before(self, symbol: str, end: Place) -> int:
        self._counted = max(self._counted, end)
        waiting = [(symbol, end)]
        while waiting:
            parent = self._count(*waiting[-1])
            if parent is None:
                waiting.pop()
            else:
                waiting.append(parent)
        return self._known(symbol, end)

    def _count(self, symbol: str, end: Place) -> tuple[str, Place] | None:
        """Count a symbol up to a place; if a parent must be counted before: which, up to where."""
        rows, held = self._rows[symbol], self._held[symbol]
        for at, entry in rows[len(held) : bisect_left(rows, end, key=_at)]:
            units = held[-1] if held else 0
            if entry.type is EntryType.SPLIT:
                units += added_units(entry, max(units, 0))
            elif entry.type is EntryType.SPIN_OFF:
                if len(self._held[entry.symbol]) < self._rank(entry.symbol, at):
                    return entry.symbol, at
                units += added_units(entry, max(self._known(entry.symbol, at), 0))
            else:
                units += change(entry, symbol)
            held.append(units)
        return None

    def _rank(self, symbol: str, end: Place) -> int:
        return bisect_left(self._rows[symbol], end, key=_at)

    def _known(self, symbol: str, end: Place) -> int:
        rank = self._rank(symbol, end)
        return self._held[symbol][rank - 1] if rank else 0


_Row = tuple[Place, Entry]
_START: Place = (date.min, 0, "", 0)


def _at(row: _Row) -> Place:
    return row[0]


def _changed(entry: Entry) -> str:
    """The symbol of which an entry changes the holding; empty if it changes none."""
    symbol = entry.child if entry.type is EntryType.SPIN_OFF else entry.symbol
    return symbol if entry.type in ACTIONS or change(entry, symbol) else ""


def added_units(action: Entry, held: int) -> int:
    """Minor units that a split adds (negative: takes away), or those of the child of a spin-off."""
    units = split_units(held, *action.ratio)
    return units + held if action.type is EntryType.SPIN_OFF else units


def action_key(action: Entry) -> str:
    """The idempotency key under which a split or a spin-off is posted first.

    ``split:AAPL:2020-08-31``, ``spin-off:T:2022-04-11:WBD``. An action that was taken back and is
    posted once more needs another.
    """
    kind = "split" if action.type is EntryType.SPLIT else "spin-off"
    return ":".join(filter(None, (kind, action.symbol, action.on.isoformat(), action.child)))


def applied(entries: Numbered, action: Entry) -> tuple[int, Entry] | None:
    """The number and the entry by which the same action stands in a journal, if it does.

    The same is a split of the same symbol, or a spin-off of the same child from the same parent,
    on the same day; its ratio and units may be others. Entries made by :func:`restated` have other
    keys than :func:`action_key` and other units: ask here whether an action was applied.
    """
    actions = (pair for pair in in_order(entries) if pair[1].type in ACTIONS)
    return next((pair for pair in actions if action_key(pair[1]) == action_key(action)), None)


def check(entries: Numbered, method: Method) -> Book:
    """The lots of a journal; one whose splits and spin-offs don't fit is refused.

    Raises
    ------
    InsufficientUnits
        More units leave than are held on that date.
    LedgerError
        A split or a spin-off doesn't fit the units held before it, or is there twice.
    """
    ordered = in_order(entries)
    book = replay(ordered, method)
    seen: dict[str, int] = {}
    for number, action, units in _actions(ordered):
        first = seen.setdefault(action_key(action), number)
        if first != number:
            once = f"is entry {first} too; take one of them back"
            raise LedgerError(f"{_told(number, action)} {once}")
        if action.units != units:
            raise _misfit(number, action, units)
    return book


def restated(entries: Numbered, new: Sequence[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    """What to post so that every split and spin-off fits the units held before it.

    Parameters
    ----------
    entries : sequence of (int, Entry)
        The journal.
    new : sequence of (str, Entry)
        With their keys, of which none is in the journal.

    Returns
    -------
    list of (str, Entry)
        The new entries in their order, actions among them with the right units; around them, of
        each recorded action that no longer fits, its reversal and the same action anew. What adds
        units stands before the new entries and what takes units away after them, so that no holding
        falls below zero on the way if it doesn't at the end. Their keys follow from the first new
        key and the number of the action.
    """
    if not new:
        return []
    added = numbered_after(entries, new)
    items = {number: item for (number, _), item in zip(added, new, strict=True)}
    both = [*entries, *added]
    before: list[tuple[str, Entry]] = []
    after: list[tuple[str, Entry]] = []
    for number, action, units in _actions(in_order(both)):
        anew = replace(action, units=units)
        if anew == action:
            continue
        if number in items:
            items[number] = items[number][0], anew
            continue
        key = f"restated:{digest(new[0][0])[:32]}:{number}"
        back = Entry(EntryType.REVERSAL, action.on, reverses=number)
        (before if units > 0 else after).append((f"{key}:anew", anew))
        (after if action.units > 0 else before).append((f"{key}:back", back))
    return [*before, *items.values(), *after]


def _actions(ordered: Iterable[tuple[int, Entry]]) -> Iterator[tuple[int, Entry, int]]:
    """Every action with the units that it adds where those before it add what they should."""
    held: Counter[str] = Counter()
    for number, entry in ordered:
        if entry.type in ACTIONS:
            units = added_units(entry, max(held[entry.symbol], 0))
            held[_changed(entry)] += units
            yield number, entry, units
        elif entry.symbol:
            held[entry.symbol] += change(entry, entry.symbol)


def _misfit(number: int, action: Entry, units: int) -> LedgerError:
    added, right = (
        f"{major_units(each, security(_changed(action))).normalize(EXACT):f}"
        for each in (action.units, units)
    )
    return LedgerError(
        f"{_told(number, action)} adds {added} units, but {right} by its ratio and what was held "
        "before; take it back and post it anew"
    )


def _told(number: int, action: Entry) -> str:
    of = f"{action.child} from {action.symbol}" if action.child else action.symbol
    return f"entry {number}: {action.type.replace('_', '-')} of {of} on {action.on}"
