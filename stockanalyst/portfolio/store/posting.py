"""Adding entries to a journal, inside a transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, union_all

from stockanalyst.exceptions import Conflict, InputError, shown
from stockanalyst.portfolio.entries import Entry, EntryType, digest
from stockanalyst.portfolio.ledger import Role, Transfer, transfers
from stockanalyst.portfolio.protocols import Check, Posted
from stockanalyst.portfolio.store import chain
from stockanalyst.portfolio.store.accounts import (
    Account,
    Key,
    Owner,
    claim,
    move,
    opened,
    owned,
)
from stockanalyst.portfolio.store.fields import require_usable
from stockanalyst.portfolio.store.tables import LEDGER_EVENT, TRANSFER

Items = Sequence[tuple[str, Entry]]
_EVENT = LEDGER_EVENT.c
_AT_ONCE = 500  # keys in one question
_OWNED = owned(LEDGER_EVENT)
_ENTRIES = select(_EVENT.seq, _EVENT.payload).where(_OWNED).order_by(_EVENT.seq)
_KEYS = select(_EVENT.seq, _EVENT.idempotency_key).where(_OWNED)
_HAS_KEY = _EVENT.idempotency_key.in_(bindparam("keys", expanding=True))
_KEYED = select(_EVENT.idempotency_key, _EVENT.seq, _EVENT.payload).where(_OWNED, _HAS_KEY)
_ROW = select(
    *(_EVENT.idempotency_key, _EVENT.seq, _EVENT.payload_hash),
    *(_EVENT.row_hash, _EVENT.effective_date),
)
_ANY = LEDGER_EVENT.alias()
_LAST = select(func.max(_ANY.c.seq)).where(owned(_ANY)).scalar_subquery()
_LAST_AND_KEYED = union_all(_ROW.where(_OWNED, _EVENT.seq == _LAST), _ROW.where(_OWNED, _HAS_KEY))
_LATEST = select(func.max(_EVENT.effective_date)).where(
    _OWNED, _EVENT.symbol == bindparam("symbol")
)
_NEW_EVENTS, _NEW_TRANSFERS = insert(LEDGER_EVENT), insert(TRANSFER)
_WITH_CONDITIONS = (EntryType.SPLIT, EntryType.SPIN_OFF, EntryType.TRANSFER_IN)


@dataclass(frozen=True, slots=True)
class _New:
    """An entry to be written."""

    number: int
    key: str
    entry: Entry
    original: Entry | None
    legs: tuple[Transfer, ...]


def post(
    connection: Connection, owner: Owner, items: Items, check: Check, recorded_at: datetime
) -> list[Posted]:
    """See :meth:`stockanalyst.portfolio.protocols.Journal.post`."""
    claim(connection, owner)
    rows = _rows(connection, owner, [key for key, _ in items])
    last = max(rows, key=lambda row: row.seq, default=None)
    number, row_hash = (last.seq, last.row_hash) if last else (0, chain.FIRST)
    # Where it is tomorrow already, the last entry may tell so.
    today = max(recorded_at.date(), last.effective_date if last else date.min)
    posted = _sorted_out(items, rows, number)
    added = [item for item, fate in zip(items, posted, strict=True) if fate.created]
    if not added:
        return posted
    new = _with_legs(connection, owner, added, number)
    risky = _is_risky(connection, owner, new, today)
    _write(connection, owner, new, row_hash, recorded_at)
    if risky:
        check(entries_of(connection, owner))
    return posted


def keys_of(connection: Connection, owner: Owner) -> dict[int, str]:
    """The key of every entry."""
    return {row.seq: row.idempotency_key for row in connection.execute(_KEYS, owner.words())}


def entries_of(connection: Connection, owner: Owner) -> list[tuple[int, Entry]]:
    """The whole journal."""
    rows = connection.execute(_ENTRIES, owner.words())
    return [(row.seq, Entry.of(row.payload)) for row in rows]


def present(
    connection: Connection, owner: Owner, keys: Sequence[str]
) -> dict[str, tuple[int, Entry]]:
    """See :meth:`stockanalyst.portfolio.protocols.Journal.present`."""
    rows = (row for words in _words(owner, keys) for row in connection.execute(_KEYED, words))
    return {row.idempotency_key: (row.seq, Entry.of(row.payload)) for row in rows}


def _rows(connection: Connection, owner: Owner, keys: Sequence[str]) -> list[Row[Any]]:
    """The last row of the journal, if it has one, and those that have one of these keys."""
    return [
        row for words in _words(owner, keys) for row in connection.execute(_LAST_AND_KEYED, words)
    ]


def _words(owner: Owner, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Of the questions about many keys."""
    for start in range(0, len(keys), _AT_ONCE):
        yield {**owner.words(), "keys": keys[start : start + _AT_ONCE]}


def _sorted_out(items: Items, rows: Iterable[Row[Any]], last: int) -> list[Posted]:
    """The number of each item, and whether it is new."""
    known = {row.idempotency_key: (row.seq, row.payload_hash) for row in rows}
    fates = []
    for key, entry in items:
        content = digest(entry.payload())
        created = key not in known
        if created:
            last += 1
            known[key] = (last, content)
        elif known[key][1] != content:
            there = f"is there as entry {known[key][0]} with other content"
            raise Conflict(f"key {shown(key)}: {there}; give a new entry a new key")
        fates.append(Posted(known[key][0], created))
    return fates


def _with_legs(connection: Connection, owner: Owner, items: Items, last: int) -> list[_New]:
    new: list[_New] = []
    for number, (key, entry) in enumerate(items, start=last + 1):
        original = None
        if entry.type is EntryType.REVERSAL:
            original = _original(connection, owner, entry.reverses, new)
        elif entry.reverses:
            raise InputError("reverses", entry.reverses, f"is for a reversal, not a {entry.type}")
        require_usable(entry)
        new.append(_New(number, key, entry, original, _legs(entry, original)))
    return new


def _legs(entry: Entry, original: Entry | None) -> tuple[Transfer, ...]:
    if original is None:
        return transfers(entry)
    return tuple(leg.reversed() for leg in transfers(original))


def _original(connection: Connection, owner: Owner, number: int, new: Sequence[_New]) -> Entry:
    """The entry that is to be reversed, which wasn't before."""
    taken = select(_EVENT.seq).where(owner.owns(LEDGER_EVENT), _EVENT.reverses == number)
    before = connection.execute(taken).scalar()
    also = [item.number for item in new if item.original and item.entry.reverses == number]
    if before is not None or also:
        raise Conflict(f"entry {number}: was reversed before, by entry {before or also[0]}")
    query = select(_EVENT.payload).where(owner.owns(LEDGER_EVENT), _EVENT.seq == number)
    payload = connection.execute(query).scalar()
    found = Entry.of(payload) if payload else None
    found = found or next((item.entry for item in new if item.number == number), None)
    if found is None:
        raise InputError("reverses", number, "isn't the number of an entry of this portfolio")
    if found.type is EntryType.REVERSAL:
        raise InputError("reverses", number, "is a reversal itself; post the entry anew")
    return found


def _is_risky(connection: Connection, owner: Owner, new: Sequence[_New], today: date) -> bool:
    """Whether the lots, or the cash of a past day, could be refused; see the protocol."""
    if any(_has_conditions(item) or _spends_before(item, today) for item in new):
        return True
    return _is_back_dated(connection, owner, new)


def _spends_before(item: _New, today: date) -> bool:
    """Whether it takes money on a day after which more was spent, maybe."""
    takes = any(leg.credit is Role.CASH for leg in item.legs)
    return takes and (item.original or item.entry).on < today


def _has_conditions(item: _New) -> bool:
    """Whether it may leave the lots of its symbol without units that they need."""
    if item.original is not None:
        return bool(item.original.symbol)
    entry = item.entry
    return bool(entry.symbol) and (entry.type in _WITH_CONDITIONS or _takes_units(item.legs))


def _takes_units(legs: Iterable[Transfer]) -> bool:
    return any(leg.credit is Role.HOLDING for leg in legs)


def _is_back_dated(connection: Connection, owner: Owner, new: Sequence[_New]) -> bool:
    """Whether one is dated before another of its symbol."""
    last: dict[str, date] = {}
    for item in new:
        symbol, day = item.entry.symbol, item.entry.on
        if symbol and symbol not in last:
            words = {**owner.words(), "symbol": symbol}
            last[symbol] = connection.execute(_LATEST, words).scalar() or date.min
        if symbol and day < last[symbol]:
            return True
        last[symbol] = day
    return False


def _write(
    connection: Connection,
    owner: Owner,
    new: Sequence[_New],
    previous: str,
    recorded_at: datetime,
) -> None:
    accounts = opened(connection, owner, [leg for item in new for leg in item.legs])
    events: list[dict[str, Any]] = []
    for item in new:
        row = {**owner.columns(), "seq": item.number, "idempotency_key": item.key}
        linked = {**row, "prev_hash": previous}
        events.append(chain.sealed(linked, item.entry, recorded_at=recorded_at))
        previous = events[-1]["row_hash"]
    moves = [row for item in new for row in _transfer_rows(owner, item, accounts)]
    connection.execute(_NEW_EVENTS, events)
    if moves:
        connection.execute(_NEW_TRANSFERS, moves)
    move(connection, owner, accounts, [item.legs for item in new])


def _transfer_rows(
    owner: Owner, item: _New, accounts: Mapping[Key, Account]
) -> list[dict[str, int]]:
    return [
        {
            **owner.columns(),
            "seq": item.number,
            "leg": leg,
            "commodity_id": accounts[transfer.debit, transfer.commodity].commodity_id,
            "debit_id": accounts[transfer.debit, transfer.commodity].id,
            "credit_id": accounts[transfer.credit, transfer.commodity].id,
            "amount": transfer.amount,
        }
        for leg, transfer in enumerate(item.legs)
    ]
