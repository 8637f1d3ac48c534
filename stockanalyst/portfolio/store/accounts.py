"""Accounts of a portfolio and what is in them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DataError, IntegrityError

from stockanalyst.exceptions import (
    BrokenJournal,
    InputError,
    InsufficientFunds,
    InsufficientUnits,
    LedgerError,
)
from stockanalyst.portfolio.commodities import MOST, Commodity, major_units
from stockanalyst.portfolio.ledger import NEVER_NEGATIVE, Role, Transfer
from stockanalyst.portfolio.store.tables import ACCOUNT, BALANCE, COMMODITY, PORTFOLIO

Key = tuple[Role, Commodity]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rows: a user's portfolio."""

    user: int
    portfolio: int

    def columns(self) -> dict[str, int]:
        """As every row has them."""
        return {"user_id": self.user, "portfolio_id": self.portfolio}

    def owns(self, table: Table) -> ColumnElement[bool]:
        """The rows of it that are the owner's."""
        return and_(table.c.user_id == self.user, table.c.portfolio_id == self.portfolio)


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `amount` is None where its balance is lost."""

    id: int
    commodity_id: int
    amount: int | None


def claim(connection: Connection, owner: Owner) -> None:
    """Lock the portfolio until the transaction ends: whoever comes second waits here, or fails.

    It is the first statement, and a write, so that little is done in vain on PostgreSQL.

    Raises
    ------
    InputError
        The user has no such portfolio.
    """
    own = and_(PORTFOLIO.c.user_id == owner.user, PORTFOLIO.c.id == owner.portfolio)
    touch = update(PORTFOLIO).where(own).values(name=PORTFOLIO.c.name)
    if connection.execute(touch).rowcount != 1:
        raise unknown_portfolio(owner.portfolio)


def require(connection: Connection, owner: Owner) -> None:
    """Raise InputError where the user has no such portfolio."""
    own = and_(PORTFOLIO.c.user_id == owner.user, PORTFOLIO.c.id == owner.portfolio)
    if connection.execute(select(PORTFOLIO.c.id).where(own)).first() is None:
        raise unknown_portfolio(owner.portfolio)


def unknown_portfolio(portfolio: int) -> InputError:
    """The error that says so, of another user's as of none."""
    return InputError("portfolio", portfolio, "isn't one of this user; list the portfolios")


def accounts_of(connection: Connection, owner: Owner) -> dict[Key, Account]:
    """Every account of a portfolio."""
    its_balance = and_(
        BALANCE.c.user_id == ACCOUNT.c.user_id,
        BALANCE.c.portfolio_id == ACCOUNT.c.portfolio_id,
        BALANCE.c.account_id == ACCOUNT.c.id,
    )
    kind = (COMMODITY.c.kind, COMMODITY.c.code, COMMODITY.c.scale)
    query = (
        select(ACCOUNT.c.id, ACCOUNT.c.role, ACCOUNT.c.commodity_id, *kind, BALANCE.c.amount)
        .join(COMMODITY, COMMODITY.c.id == ACCOUNT.c.commodity_id)
        .outerjoin(BALANCE, its_balance)
        .where(owner.owns(ACCOUNT))
    )
    return {
        (Role(row.role), Commodity(row.kind, row.code, row.scale)): Account(
            row.id, row.commodity_id, row.amount
        )
        for row in connection.execute(query)
    }


def opened(connection: Connection, owner: Owner, legs: Iterable[Transfer]) -> dict[Key, Account]:
    """Every account of a portfolio; those that `legs` need and that aren't there are made.

    Raises
    ------
    BrokenJournal
        A balance is lost.
    """
    accounts = accounts_of(connection, owner)
    needed = {(role, leg.commodity) for leg in legs for role in (leg.credit, leg.debit)}
    for key in sorted(needed - accounts.keys(), key=str):
        accounts[key] = _open(connection, owner, key)
    lost = [key for key, account in accounts.items() if account.amount is None]
    if lost:
        role, commodity = lost[0]
        raise BrokenJournal(f"the balance of {role} {commodity.code} is lost; rebuild the balances")
    return accounts


def commodity_id(connection: Connection, commodity: Commodity) -> int:
    """Its number; it is made where there is none."""
    same = and_(COMMODITY.c.kind == commodity.kind, COMMODITY.c.code == commodity.code)
    found = connection.execute(select(COMMODITY.c.id).where(same)).scalar()
    if found is None:
        words = {"kind": commodity.kind, "code": commodity.code, "scale": commodity.scale}
        new = insert(COMMODITY).values(words).returning(COMMODITY.c.id)
        found = connection.execute(new).scalar_one()
    return int(found)


def move(
    connection: Connection,
    owner: Owner,
    accounts: Mapping[Key, Account],
    entries: Sequence[Sequence[Transfer]],
) -> None:
    """Change the balances by each entry's transfers, one entry after the other.

    Raises
    ------
    InsufficientFunds, InsufficientUnits
        The database refuses a negative balance of cash or of a holding.
    LedgerError
        It refuses a balance that it can't hold.
    """
    changes = [net(legs) for legs in entries]
    rows = [
        {"account": accounts[key].id, "change": change}
        for changed in changes
        for key, change in changed.items()
    ]
    if not rows:
        return
    one = and_(owner.owns(BALANCE), BALANCE.c.account_id == bindparam("account"))
    amount = BALANCE.c.amount + bindparam("change", type_=BALANCE.c.amount.type)
    try:
        connection.execute(update(BALANCE).where(one).values(amount=amount), rows)
    except (IntegrityError, DataError) as error:
        raise _shortage(accounts, changes) from error


def net(legs: Iterable[Transfer]) -> Counter[Key]:
    """What transfers together change in each account; nothing where that is zero."""
    change: Counter[Key] = Counter()
    for leg in legs:
        change[leg.credit, leg.commodity] -= leg.amount
        change[leg.debit, leg.commodity] += leg.amount
    return Counter({key: amount for key, amount in change.items() if amount})


def _open(connection: Connection, owner: Owner, key: Key) -> Account:
    role, commodity = key
    which = commodity_id(connection, commodity)
    values = {**owner.columns(), "commodity_id": which, "role": role.value}
    new = insert(ACCOUNT).values(values).returning(ACCOUNT.c.id)
    number = int(connection.execute(new).scalar_one())
    balance = {**owner.columns(), "account_id": number, "role": role.value, "amount": 0}
    connection.execute(insert(BALANCE).values(balance))
    return Account(number, which, 0)


def _shortage(accounts: Mapping[Key, Account], changes: Iterable[Mapping[Key, int]]) -> LedgerError:
    """What the database meant: the first entry after which a balance can't be."""
    running = {key: account.amount or 0 for key, account in accounts.items()}
    for changed in changes:
        for key, change in changed.items():
            role, commodity = key
            available, running[key] = running[key], running[key] + change
            if role in NEVER_NEGATIVE and running[key] < 0:
                return _insufficient(role, commodity, asked=-change, available=available)
            if abs(running[key]) > MOST:
                most = major_units(MOST, commodity)
                return LedgerError(f"{role} {commodity.code}: the balance would exceed {most}")
    return BrokenJournal("a balance isn't what the journal says; verify it")


def _insufficient(role: Role, commodity: Commodity, *, asked: int, available: int) -> LedgerError:
    amounts = [f"{major_units(amount, commodity):f}" for amount in (asked, available)]
    words = f"{commodity.code}: {amounts[0]} asked, {amounts[1]} available"
    if role is Role.CASH:
        return InsufficientFunds(f"{words}; deposit more or spend less")
    return InsufficientUnits(f"{words}; sell or move at most what is held")
