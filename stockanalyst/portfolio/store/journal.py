"""Journals in an SQL database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar, cast, get_args

from sqlalchemy import Connection, Engine, and_, insert, select

from stockanalyst.exceptions import Conflict, InputError, did_you_mean
from stockanalyst.portfolio import commodities
from stockanalyst.portfolio.commodities import Commodity
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.lot_queues import Method
from stockanalyst.portfolio.protocols import Batch, Check, Portfolio, Posted
from stockanalyst.portfolio.store import audit, posting
from stockanalyst.portfolio.store.accounts import Owner, accounts_of, claim, commodity_id, require
from stockanalyst.portfolio.store.tables import COMMODITY, PORTFOLIO
from stockanalyst.portfolio.store.transactions import Retries, Scope, read, write
from stockanalyst.portfolio.store.users import checked_name, found_user, require_user, user_named

T = TypeVar("T")

_METHODS = get_args(Method)
_KEY = 200  # characters at most


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
        wanted = checked_name("user", name)
        return write(
            self.engine, self.retries, Scope.named(wanted), lambda c: user_named(c, wanted)
        )

    def find_user(self, name: str) -> int | None:
        """See the protocol."""
        wanted = checked_name("user", name)
        return read(self.engine, self.retries, Scope.named(wanted), lambda c: found_user(c, wanted))

    def create_portfolio(self, user: int, name: str, *, currency: str, method: str) -> Portfolio:
        """See the protocol."""
        wanted, money = checked_name("name", name), commodities.currency(currency)
        if method not in _METHODS:
            raise InputError("method", method, f"give one of {', '.join(_METHODS)}")
        known = cast("Method", method)
        return self._write(user, lambda c: _create(c, user, wanted, money, known))

    def portfolios(self, user: int) -> list[Portfolio]:
        """See the protocol."""
        return self._read(user, lambda c: _portfolios(c, user))

    def portfolio(self, user: int, name: str) -> Portfolio:
        """See the protocol."""
        found, wanted = {each.name: each for each in self.portfolios(user)}, name.strip()
        if wanted not in found:
            mend = did_you_mean(wanted, found) or "create it, or list those that there are"
            raise InputError("portfolio", name, f"isn't there; {mend}")
        return found[wanted]

    def present(
        self, user: int, portfolio: int, keys: Sequence[str]
    ) -> Mapping[str, tuple[int, Entry]]:
        """See the protocol."""
        _require_usable(keys)
        return self._read(user, lambda c: _present(c, Owner(user, portfolio), keys))

    def post(
        self, user: int, portfolio: int, items: Sequence[tuple[str, Entry]], *, check: Check
    ) -> list[Posted]:
        """See the protocol."""
        return self.post_together(user, [Batch(portfolio, items, check)])[0]

    def post_together(self, user: int, batches: Sequence[Batch]) -> list[list[Posted]]:
        """See the protocol."""
        _require_usable(key for batch in batches for key, _ in batch.items)
        moment = datetime.fromtimestamp(self.now().timestamp(), UTC).replace(tzinfo=None)

        def work(connection: Connection) -> list[list[Posted]]:
            _claim_in_order(connection, user, batches)
            return [
                posting.post(
                    connection, Owner(user, each.portfolio), each.items, each.check, moment
                )
                for each in batches
            ]

        return self._write(user, work)

    def entries(self, user: int, portfolio: int) -> list[tuple[int, Entry]]:
        """See the protocol."""
        return self._read(user, lambda c: _entries(c, Owner(user, portfolio)))

    def keys(self, user: int, portfolio: int) -> Mapping[int, str]:
        """See the protocol."""
        return self._read(user, lambda c: _keys(c, Owner(user, portfolio)))

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


def _require_usable(keys: Iterable[str]) -> None:
    for key in keys:
        if not key or len(key) > _KEY or not key.isprintable():
            raise InputError("key", key, f"give 1 to {_KEY} printable characters")


def _claim_in_order(connection: Connection, user: int, batches: Sequence[Batch]) -> None:
    """Lock several portfolios by number: two who want the same ones never wait for each other."""
    if len(batches) > 1:  # a single one is locked when it is posted to
        for portfolio in sorted({each.portfolio for each in batches}):
            claim(connection, Owner(user, portfolio))


def _create(
    connection: Connection, user: int, name: str, money: Commodity, method: Method
) -> Portfolio:
    require_user(connection, user)
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


def _present(
    connection: Connection, owner: Owner, keys: Sequence[str]
) -> dict[str, tuple[int, Entry]]:
    require(connection, owner)
    return posting.present(connection, owner, keys)


def _keys(connection: Connection, owner: Owner) -> dict[int, str]:
    require(connection, owner)
    return posting.keys_of(connection, owner)


def _balances(connection: Connection, owner: Owner) -> dict[tuple[Role, Commodity], int]:
    require(connection, owner)
    return {key: account.amount or 0 for key, account in accounts_of(connection, owner).items()}
