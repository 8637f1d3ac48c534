"""Journals in an SQL database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, and_, insert, select

from stockanalyst.exceptions import Conflict, InputError
from stockanalyst.portfolio import commodities
from stockanalyst.portfolio.commodities import Commodity
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.protocols import Check, Portfolio, Posted
from stockanalyst.portfolio.store import audit, posting
from stockanalyst.portfolio.store.accounts import Owner, accounts_of, commodity_id, require
from stockanalyst.portfolio.store.tables import COMMODITY, PORTFOLIO, USERS
from stockanalyst.portfolio.store.transactions import Retries, Scope, read, write

T = TypeVar("T")

_METHODS = ("fifo", "lifo", "average")
_NAME, _KEY = 80, 200  # characters at most


@dataclass(frozen=True)
class SqlJournal:
    """A :class:`~stockanalyst.portfolio.protocols.Journal`.

    The tables must be there: :func:`stockanalyst.infra.migrations.upgrade` makes them.

    Parameters
    ----------
    engine : Engine
        Of :func:`stockanalyst.infra.db.make_engine`; on PostgreSQL of a role that doesn't own the
        tables.
    now : callable
        The present moment, with a timezone.
    retries : Retries
    """

    engine: Engine = field(repr=False)
    now: Callable[[], datetime]
    retries: Retries = field(repr=False)

    def user(self, name: str) -> int:
        """See the protocol."""
        wanted = _name("user", name)
        return write(self.engine, self.retries, Scope.named(wanted), lambda c: _user(c, wanted))

    def create_portfolio(self, user: int, name: str, *, currency: str, method: str) -> Portfolio:
        """See the protocol."""
        wanted, money = _name("name", name), commodities.currency(currency)
        if method not in _METHODS:
            raise InputError("method", method, f"give one of {', '.join(_METHODS)}")
        return self._write(user, lambda c: _create(c, user, wanted, money, method))

    def portfolios(self, user: int) -> list[Portfolio]:
        """See the protocol."""
        return self._read(user, lambda c: _portfolios(c, user))

    def post(
        self, user: int, portfolio: int, items: Sequence[tuple[str, Entry]], *, check: Check
    ) -> list[Posted]:
        """See the protocol."""
        for key, _ in items:
            if not key or len(key) > _KEY or not key.isprintable():
                raise InputError("key", key, f"give 1 to {_KEY} printable characters")
        moment = datetime.fromtimestamp(self.now().timestamp(), UTC).replace(tzinfo=None)
        owner = Owner(user, portfolio)
        return self._write(user, lambda c: posting.post(c, owner, items, check, moment))

    def entries(self, user: int, portfolio: int) -> list[tuple[int, Entry]]:
        """See the protocol."""
        return self._read(user, lambda c: _entries(c, Owner(user, portfolio)))

    def balances(self, user: int, portfolio: int) -> Mapping[tuple[Role, Commodity], int]:
        """See the protocol."""
        return self._read(user, lambda c: _balances(c, Owner(user, portfolio)))

    def verify(self, user: int, portfolio: int) -> int:
        """See the protocol."""
        return self._read(user, lambda c: audit.verify(c, Owner(user, portfolio)))

    def rebuild_balances(self, user: int, portfolio: int) -> None:
        """See the protocol; raises BrokenJournal where an account would have less than nothing."""
        self._write(user, lambda c: audit.rebuild_balances(c, Owner(user, portfolio)))

    def _read(self, user: int, work: Callable[[Connection], T]) -> T:
        return read(self.engine, self.retries, Scope.user(user), work)

    def _write(self, user: int, work: Callable[[Connection], T]) -> T:
        return write(self.engine, self.retries, Scope.user(user), work)


def _name(parameter: str, value: str) -> str:
    name = value.strip()
    if not name or len(name) > _NAME or not name.isprintable():
        raise InputError(parameter, value, f"give 1 to {_NAME} printable characters")
    return name


def _user(connection: Connection, name: str) -> int:
    found = connection.execute(select(USERS.c.id).where(USERS.c.name == name)).scalar()
    if found is None:
        new = insert(USERS).values(name=name).returning(USERS.c.id)
        found = connection.execute(new).scalar_one()
    return int(found)


def _create(
    connection: Connection, user: int, name: str, money: Commodity, method: str
) -> Portfolio:
    if connection.execute(select(USERS.c.id).where(USERS.c.id == user)).first() is None:
        raise InputError("user", user, "isn't the number of a user")
    same = and_(PORTFOLIO.c.user_id == user, PORTFOLIO.c.name == name)
    if connection.execute(select(PORTFOLIO.c.id).where(same)).first() is not None:
        raise Conflict(f"portfolio {name!r}: is there already; choose another name")
    values = {"user_id": user, "name": name, "lot_method": method}
    values["currency_id"] = commodity_id(connection, money)
    new = insert(PORTFOLIO).values(values).returning(PORTFOLIO.c.id)
    return Portfolio(int(connection.execute(new).scalar_one()), name, money.code, method)


def _portfolios(connection: Connection, user: int) -> list[Portfolio]:
    columns = (PORTFOLIO.c.id, PORTFOLIO.c.name, COMMODITY.c.code, PORTFOLIO.c.lot_method)
    query = select(*columns).join(COMMODITY).where(PORTFOLIO.c.user_id == user)
    return [Portfolio(*row) for row in connection.execute(query.order_by(PORTFOLIO.c.name))]


def _entries(connection: Connection, owner: Owner) -> list[tuple[int, Entry]]:
    require(connection, owner)
    return posting.entries_of(connection, owner)


def _balances(connection: Connection, owner: Owner) -> dict[tuple[Role, Commodity], int]:
    require(connection, owner)
    return {key: account.amount or 0 for key, account in accounts_of(connection, owner).items()}
