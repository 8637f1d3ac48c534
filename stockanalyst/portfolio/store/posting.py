"""Adding entries to a journal, inside a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from stockanalyst.exceptions import Conflict, InputError, shown
from stockanalyst.portfolio.commodities import MOST, major_units
from stockanalyst.portfolio.entries import Entry, EntryType, digest
from stockanalyst.portfolio.ledger import Role, Transfer, transfers
from stockanalyst.portfolio.protocols import Check, Posted
from stockanalyst.portfolio.store import chain
from stockanalyst.portfolio.store.accounts import Account, Key, Owner, claim, move, opened
from stockanalyst.portfolio.store.tables import LEDGER_EVENT, TRANSFER

Items = Sequence[tuple[str, Entry]]
_EVENT = LEDGER_EVENT.c
_AT_ONCE = 500  # keys in one question
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
    head = _head(connection, owner)
    posted = _sorted_out(items, _present(connection, owner, [key for key, _ in items]), head[0])
    added = [item for item, fate in zip(items, posted, strict=True) if fate.created]
    if not added:
        return posted
    new = _with_legs(connection, owner, added, head[0])
    risky = _is_risky(connection, owner, new)
    _write(connection, owner, new, head[1], recorded_at)
    if risky:
        check(entries_of(connection, owner))
    return posted


def entries_of(connection: Connection, owner: Owner) -> list[tuple[int, Entry]]:
    """The whole journal."""
    query = select(_EVENT.seq, _EVENT.payload).where(owner.owns(LEDGER_EVENT))
    rows = connection.execute(query.order_by(_EVENT.seq))
    return [(row.seq, Entry.of(row.payload)) for row in rows]


def _head(connection: Connection, owner: Owner) -> tuple[int, str]:
    query = select(_EVENT.seq, _EVENT.row_hash).where(owner.owns(LEDGER_EVENT))
    last = connection.execute(query.order_by(_EVENT.seq.desc()).limit(1)).first()
    return (last.seq, last.row_hash) if last else (0, chain.FIRST)


def _present(
    connection: Connection, owner: Owner, keys: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """Number and hash of the entries that are there, by key."""
    found: dict[str, tuple[int, str]] = {}
    columns = select(_EVENT.idempotency_key, _EVENT.seq, _EVENT.payload_hash)
    for start in range(0, len(keys), _AT_ONCE):
        some = _EVENT.idempotency_key.in_(keys[start : start + _AT_ONCE])
        rows = connection.execute(columns.where(owner.owns(LEDGER_EVENT), some))
        found |= {row.idempotency_key: (row.seq, row.payload_hash) for row in rows}
    return found


def _sorted_out(items: Items, present: Mapping[str, tuple[int, str]], last: int) -> list[Posted]:
    """The number of each item, and whether it is new."""
    known, fates = dict(present), []
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
        legs = _legs(entry, original)
        new.append(_New(number, key, entry, original, legs))
    return new


def _legs(entry: Entry, original: Entry | None) -> tuple[Transfer, ...]:
    if original is not None:
        return tuple(leg.reversed() for leg in transfers(original))
    legs = transfers(entry)
    for leg in legs:
        if not 0 < leg.amount < MOST:
            amount = major_units(leg.amount, leg.commodity)
            mend = f"give more than 0 and less than {major_units(MOST, leg.commodity)}"
            raise InputError("amount", f"{amount} {leg.commodity.code}", mend)
    return legs


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


def _is_risky(connection: Connection, owner: Owner, new: Sequence[_New]) -> bool:
    """Whether the lots could be refused; see the protocol."""
    last = _last_dates(connection, owner, {item.entry.symbol for item in new} - {""})
    for item in new:
        symbol, day = item.entry.symbol, item.entry.on
        if symbol and day < last.get(symbol, date.min):
            return True
        if symbol:
            last[symbol] = day
        if (item.original or item.entry).symbol and (
            item.original or item.entry.type in _WITH_CONDITIONS or _takes_units(item.legs)
        ):
            return True
    return False


def _takes_units(legs: Iterable[Transfer]) -> bool:
    return any(leg.credit is Role.HOLDING for leg in legs)


def _last_dates(connection: Connection, owner: Owner, symbols: set[str]) -> dict[str, date]:
    """Of each symbol that has an entry."""
    latest = select(func.max(_EVENT.effective_date)).where(owner.owns(LEDGER_EVENT))
    found = {
        symbol: connection.execute(latest.where(_EVENT.symbol == symbol)).scalar()
        for symbol in sorted(symbols)
    }
    return {symbol: day for symbol, day in found.items() if day is not None}


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
    connection.execute(insert(LEDGER_EVENT), events)
    if moves:
        connection.execute(insert(TRANSFER), moves)
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
