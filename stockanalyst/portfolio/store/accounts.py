"""Accounts of a portfolio and what is in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Table,
    and_,
    bindparam,
    insert,
    select,
    update,
)

from stockanalyst.exceptions import (
    BrokenJournal,
    InputError,
    InsufficientFunds,
    InsufficientUnits,
    LedgerError,
)
from stockanalyst.portfolio.commodities import MOST, Commodity, major_units
from stockanalyst.portfolio.ledger import NEVER_NEGATIVE, Role, Transfer, net
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

    def words(self) -> dict[str, int]:
        """As a statement that was made with :func:`owned` is told."""
        return {"user": self.user, "portfolio": self.portfolio}

    def owns(self, table: Table) -> ColumnElement[bool]:
        """The rows of it that are the owner's."""
        return and_(table.c.user_id == self.user, table.c.portfolio_id == self.portfolio)


def owned(table: FromClause) -> ColumnElement[bool]:
    """The rows of it that are an owner's, whose :meth:`Owner.words` come when it is executed.

    So a statement that every post makes is put together once, which takes longer than the database
    takes to answer it.
    """
    user: BindParameter[int] = bindparam("user")
    portfolio: BindParameter[int] = bindparam("portfolio")
    return and_(table.c.user_id == user, table.c.portfolio_id == portfolio)


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `amount` is None where its balance is lost."""

    id: int
    commodity_id: int
    amount: int | None


_FOUND = select(PORTFOLIO.c.id).where(
    PORTFOLIO.c.user_id == bindparam("user"), PORTFOLIO.c.id == bindparam("portfolio")
)
_CLAIMED = _FOUND.with_for_update(key_share=True)


def claim(connection: Connection, owner: Owner) -> None:
    """Lock the portfolio until the transaction ends: whoever comes second waits here.

    Every transaction that writes anything of a portfolio begins with it; see
    :func:`stockanalyst.infra.db.durable` for why.

    Raises
    ------
    InputError
        The user has no such portfolio.
    """
    if connection.execute(_CLAIMED, owner.words()).first() is None:
        raise unknown_portfolio(owner.portfolio)


def require(connection: Connection, owner: Owner) -> None:
    """Raise InputError where the user has no such portfolio."""
    if connection.execute(_FOUND, owner.words()).first() is None:
        raise unknown_portfolio(owner.portfolio)


def unknown_portfolio(portfolio: int) -> InputError:
    """The error that says so, of another user's as of none."""
    return InputError("portfolio", portfolio, "isn't one of this user; list the portfolios")


_ACCOUNTS = (
    select(
        *(ACCOUNT.c.id, ACCOUNT.c.role, ACCOUNT.c.commodity_id, BALANCE.c.amount),
        *(COMMODITY.c.kind, COMMODITY.c.code, COMMODITY.c.scale),
    )
    .join(COMMODITY, COMMODITY.c.id == ACCOUNT.c.commodity_id)
    .outerjoin(
        BALANCE,
        and_(
            BALANCE.c.user_id == ACCOUNT.c.user_id,
            BALANCE.c.portfolio_id == ACCOUNT.c.portfolio_id,
            BALANCE.c.account_id == ACCOUNT.c.id,
        ),
    )
    .where(owned(ACCOUNT))
)
_ACCOUNTS_OF_SOME = _ACCOUNTS.where(COMMODITY.c.code.in_(bindparam("codes", expanding=True)))
_SOME = 500  # commodities in one question


def accounts_of(connection: Connection, owner: Owner) -> dict[Key, Account]:
    """Every account of a portfolio."""
    return _accounts(connection.execute(_ACCOUNTS, owner.words()))


def _accounts(rows: Iterable[Row[Any]]) -> dict[Key, Account]:
    return {
        (Role(row.role), Commodity(row.kind, row.code, row.scale)): Account(
            row.id, row.commodity_id, row.amount
        )
        for row in rows
    }


def opened(connection: Connection, owner: Owner, legs: Iterable[Transfer]) -> dict[Key, Account]:
    """The accounts that `legs` need, at least; those that aren't there are made.

    Raises
    ------
    BrokenJournal
        A balance is lost.
    """
    needed = {(role, leg.commodity) for leg in legs for role in (leg.credit, leg.debit)}
    accounts = _accounts_with(connection, owner, {commodity.code for _, commodity in needed})
    for key in sorted(needed - accounts.keys(), key=str):
        accounts[key] = _open(connection, owner, key)
    lost = [key for key, account in accounts.items() if account.amount is None]
    if lost:
        role, commodity = lost[0]
        raise BrokenJournal(f"the balance of {role} {commodity.code} is lost; rebuild the balances")
    return accounts


def _accounts_with(connection: Connection, owner: Owner, codes: set[str]) -> dict[Key, Account]:
    """Those of these commodities, and maybe more."""
    if not codes:
        return {}
    if len(codes) > _SOME:
        return accounts_of(connection, owner)
    words = {**owner.words(), "codes": sorted(codes)}
    return _accounts(connection.execute(_ACCOUNTS_OF_SOME, words))


def commodity_id(connection: Connection, commodity: Commodity) -> int:
    """Its number; it is made where there is none."""
    same = and_(COMMODITY.c.kind == commodity.kind, COMMODITY.c.code == commodity.code)
    found = connection.execute(select(COMMODITY.c.id).where(same)).scalar()
    if found is None:
        words = {"kind": commodity.kind, "code": commodity.code, "scale": commodity.scale}
        new = insert(COMMODITY).values(words).returning(COMMODITY.c.id)
        found = connection.execute(new).scalar_one()
    return int(found)


_CHANGE = (
    update(BALANCE)
    .where(owned(BALANCE), BALANCE.c.account_id == bindparam("account"))
    .values(amount=BALANCE.c.amount + bindparam("change", type_=BALANCE.c.amount.type))
)


def move(
    connection: Connection,
    owner: Owner,
    accounts: Mapping[Key, Account],
    entries: Sequence[Sequence[Transfer]],
) -> None:
    """Change the balances by what entries move, each account once however many they are.

    What is there is known, for the portfolio is locked: so the first entry after which a balance
    can't be is found here. Of what is there in the end the database is the judge.

    Raises
    ------
    InsufficientFunds, InsufficientUnits
        After one of the entries, cash or a holding would be less than nothing.
    LedgerError
        A balance would be more than an account holds.
    """
    before = {key: account.amount or 0 for key, account in accounts.items()}
    after = dict(before)
    for legs in entries:
        for key, change in net(legs).items():
            after[key] += change
            _require_possible(key, after[key], change)
    rows = [
        {**owner.words(), "account": accounts[key].id, "change": amount - before[key]}
        for key, amount in after.items()
        if amount != before[key]
    ]
    if rows:
        connection.execute(_CHANGE, rows)


def _open(connection: Connection, owner: Owner, key: Key) -> Account:
    role, commodity = key
    which = commodity_id(connection, commodity)
    values = {**owner.columns(), "commodity_id": which, "role": role.value}
    new = insert(ACCOUNT).values(values).returning(ACCOUNT.c.id)
    number = int(connection.execute(new).scalar_one())
    balance = {**owner.columns(), "account_id": number, "role": role.value, "amount": 0}
    connection.execute(insert(BALANCE).values(balance))
    return Account(number, which, 0)


def _require_possible(key: Key, amount: int, change: int) -> None:
    role, commodity = key
    if role in NEVER_NEGATIVE and amount < 0:
        raise _insufficient(role, commodity, asked=-change, available=amount - change)
    if abs(amount) > MOST:
        most = major_units(MOST, commodity)
        raise LedgerError(f"{role} {commodity.code}: the balance would exceed {most}")


def _insufficient(role: Role, commodity: Commodity, *, asked: int, available: int) -> LedgerError:
    amounts = [f"{major_units(amount, commodity):f}" for amount in (asked, available)]
    words = f"{commodity.code}: {amounts[0]} asked, {amounts[1]} available"
    if role is Role.CASH:
        return InsufficientFunds(f"{words}; deposit more or spend less")
    return InsufficientUnits(f"{words}; sell or move at most what is held")
