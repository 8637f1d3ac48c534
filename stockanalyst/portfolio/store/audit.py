"""Whether a journal is as it was written, and balances made anew from it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stockanalyst.exceptions import BrokenJournal
from stockanalyst.portfolio.entries import Entry, EntryType, digest
from stockanalyst.portfolio.ledger import Transfer, net, transfers
from stockanalyst.portfolio.store import chain
from stockanalyst.portfolio.store.accounts import (
    Account,
    Key,
    Owner,
    accounts_of,
    claim,
    require,
)
from stockanalyst.portfolio.store.tables import BALANCE, LEDGER_EVENT, TRANSFER

_PAGE = 1000
_Legs = Mapping[int, tuple[Transfer, ...]]


def verify(connection: Connection, owner: Owner) -> int:
    """See :meth:`stockanalyst.portfolio.protocols.Journal.verify`."""
    require(connection, owner)
    accounts = accounts_of(connection, owner)
    sums: Counter[Key] = Counter()
    previous, last, n_legs = chain.FIRST, 0, 0
    for page in _pages(connection, owner):
        legs = _written_legs(connection, owner, accounts, page[0].seq, page[-1].seq)
        for row in page:
            entry = _sound(row, previous, last + 1)
            found = legs.get(row.seq, ())
            if found != _expected_legs(connection, owner, entry):
                raise _broken(row.seq, "its transfers aren't those of its content")
            sums.update(net(found))
            previous, last, n_legs = row.row_hash, row.seq, n_legs + len(found)
    _require_all_legs(connection, owner, n_legs)
    _require_balances(accounts, sums)
    return last


def rebuild_balances(connection: Connection, owner: Owner) -> None:
    """See :meth:`stockanalyst.portfolio.protocols.Journal.rebuild_balances`.

    Raises
    ------
    BrokenJournal
        By the journal an account has less than nothing.
    """
    claim(connection, owner)
    sums = _sums(connection, owner)
    for (role, commodity), account in accounts_of(connection, owner).items():
        amount = sums[account.id]
        one = and_(owner.owns(BALANCE), BALANCE.c.account_id == account.id)
        row = {**owner.columns(), "account_id": account.id, "role": role.value, "amount": amount}
        lost = account.amount is None
        change = insert(BALANCE).values(row) if lost else update(BALANCE).where(one).values(row)
        try:
            connection.execute(change)
        except IntegrityError as error:
            words = f"{role} {commodity.code}: {amount} minor units by the journal"
            raise BrokenJournal(f"{words}; restore it from a backup") from error


def _sums(connection: Connection, owner: Owner) -> Counter[int]:
    """What the journal's transfers leave in each account, by its number."""
    columns = (TRANSFER.c.debit_id, TRANSFER.c.credit_id, TRANSFER.c.amount)
    sums: Counter[int] = Counter()
    for debit, credit, amount in connection.execute(select(*columns).where(owner.owns(TRANSFER))):
        sums[debit] += amount
        sums[credit] -= amount
    return sums


def _pages(connection: Connection, owner: Owner) -> Iterator[list[Row[Any]]]:
    query = select(LEDGER_EVENT).where(owner.owns(LEDGER_EVENT)).order_by(LEDGER_EVENT.c.seq)
    last = 0
    while True:
        try:
            page = list(connection.execute(query.where(LEDGER_EVENT.c.seq > last).limit(_PAGE)))
        except ValueError as error:
            raise _broken(last + 1, f"or one soon after it holds what none can: {error}") from None
        if not page:
            return
        yield page
        last = page[-1].seq


def _written_legs(
    connection: Connection, owner: Owner, accounts: Mapping[Key, Account], first: int, last: int
) -> _Legs:
    keys = {account.id: key for key, account in accounts.items()}
    here = and_(owner.owns(TRANSFER), TRANSFER.c.seq.between(first, last))
    legs: defaultdict[int, tuple[Transfer, ...]] = defaultdict(tuple)
    query = select(TRANSFER).where(here).order_by(TRANSFER.c.seq, TRANSFER.c.leg)
    for row in connection.execute(query):
        debit, credit = keys.get(row.debit_id), keys.get(row.credit_id)
        if debit is None or credit is None or debit[1] != credit[1]:
            raise _broken(row.seq, "a transfer names an account that it can't")
        legs[row.seq] += (Transfer(debit[1], credit[0], debit[0], row.amount),)
    return legs


def _sound(row: Row[Any], previous: str, number: int) -> Entry:
    """The entry of a row that follows the one before it and is as it was written."""
    columns = row._asdict()
    if row.seq != number:
        raise _broken(number, "isn't there")
    if row.prev_hash != previous:
        raise _broken(number, "doesn't follow the one before it")
    if row.payload_hash != digest(row.payload):
        raise _broken(number, "its content isn't what was written")
    if row.row_hash != chain.row_hash(columns):
        raise _broken(number, "its hash isn't that of its row")
    try:
        entry = Entry.of(row.payload)
    except (ValueError, TypeError, KeyError) as error:
        raise _broken(number, f"its content is no entry ({type(error).__name__})") from None
    said = chain.said_twice(entry)
    if any(columns[name] != value for name, value in said.items()):
        raise _broken(number, "its columns aren't those of its content")
    return entry


def _expected_legs(connection: Connection, owner: Owner, entry: Entry) -> tuple[Transfer, ...]:
    if entry.type is not EntryType.REVERSAL:
        return transfers(entry)
    one = and_(owner.owns(LEDGER_EVENT), LEDGER_EVENT.c.seq == entry.reverses)
    payload = connection.execute(select(LEDGER_EVENT.c.payload).where(one)).scalar_one()
    return tuple(leg.reversed() for leg in transfers(Entry.of(payload)))


def _require_all_legs(connection: Connection, owner: Owner, n_legs: int) -> None:
    count = select(func.count()).select_from(TRANSFER).where(owner.owns(TRANSFER))
    if connection.execute(count).scalar() != n_legs:
        raise BrokenJournal("there are transfers without an entry; restore a backup")


def _require_balances(accounts: Mapping[Key, Account], sums: Mapping[Key, int]) -> None:
    for key, account in accounts.items():
        if account.amount != sums.get(key, 0):
            role, commodity = key
            words = f"the balance of {role} {commodity.code} isn't what the journal says"
            raise BrokenJournal(f"{words}; rebuild the balances")


def _broken(number: int, problem: str) -> BrokenJournal:
    return BrokenJournal(f"entry {number}: {problem}; restore the journal from a backup")
