"""Transactions of one user, tried again where another's came between."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from stockanalyst.exceptions import LedgerError
from stockanalyst.infra.db import durable, snapshot

T = TypeVar("T")

# Serialization failure, deadlock, and a unique key that another transaction took meanwhile.
_PASSING = frozenset({"40001", "40P01", "23505"})
_NOT_THERE = frozenset({"42P01", "42703"})  # an undefined table, an undefined column
_SQLITE_BUSY = (5, 6)
_SQLITE_LOCKED = 5  # by another process, for as long as the file is waited for
_WAITS = 4  # tries that each wait so long


@dataclass(frozen=True)
class Retries:
    """When and how often a transaction is tried again.

    Attributes
    ----------
    jitter : callable
        Gives a number from 0 to 1 that other processes don't get.
    sleep : callable
        Waits some seconds.
    most : int
        Tries in all.
    longest : float
        Seconds between two tries; the first ones wait for less.
    """

    jitter: Callable[[], float]
    sleep: Callable[[float], None]
    most: int = 100
    longest: float = 0.05

    def wait(self, tried: int) -> None:
        """Before the next try."""
        self.sleep(self.jitter() * min(self.longest, 0.002 * 2 ** min(tried, 10)))


@dataclass(frozen=True)
class Scope:
    """Whose rows a transaction may see: a user's, by number or by name."""

    name: str
    value: str

    @classmethod
    def user(cls, number: int) -> "Scope":
        """By number."""
        return cls("app.user_id", str(number))

    @classmethod
    def named(cls, name: str) -> "Scope":
        """By name: nothing but who that is."""
        return cls("app.user_name", name)

    def told(self) -> dict[str, str]:
        """As PostgreSQL is told; SQLite has nothing that could listen."""
        return {self.name: self.value}


def write(engine: Engine, retries: Retries, scope: Scope, work: Callable[[Connection], T]) -> T:
    """What `work` gives, in a durable transaction.

    Raises
    ------
    OSError
        The database can't be reached or is too busy.
    IntegrityError, DataError
        It refuses for good what was written.
    LedgerError
        It has no tables for it.
    """
    return _tried(durable(engine, told=scope.told()), retries, work)


def read(engine: Engine, retries: Retries, scope: Scope, work: Callable[[Connection], T]) -> T:
    """What `work` gives, in a transaction that reads one moment; raises OSError."""
    return _tried(snapshot(engine, told=scope.told()), retries, work)


def _tried(engine: Engine, retries: Retries, work: Callable[[Connection], T]) -> T:
    tried = spent = 0
    while True:
        try:
            return _once(engine, work)
        except _Passing as error:
            spent += max(retries.most // _WAITS, 1) if error.has_waited else 1
            if spent >= retries.most:
                raise OSError(f"the database is too busy: {error}") from None
        retries.wait(tried)
        tried += 1


class _Passing(Exception):
    """An error that may be gone at the next try; SQLite has waited for a lock before it told."""

    def __init__(self, words: str, *, has_waited: bool) -> None:
        super().__init__(words)
        self.has_waited = has_waited


def _once(engine: Engine, work: Callable[[Connection], T]) -> T:
    try:
        with engine.begin() as connection:
            return work(connection)
    except SQLAlchemyError as error:
        if _is_passing(error):
            has_waited = (
                getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == _SQLITE_LOCKED
            )
            raise _Passing(_words(error), has_waited=has_waited) from None
        if isinstance(error, IntegrityError | DataError):
            raise
        if _lacks_tables(error):
            mend = "run: stockanalyst db upgrade"
            raise LedgerError(f"the database has no ledger, or an older one; {mend}") from None
        raise OSError(_words(error)) from None


def _words(error: SQLAlchemyError) -> str:
    """One line, of the database's own words: SQLAlchemy's repeat what was to be written."""
    if isinstance(error, NoConnectionFree):
        return "every connection to the database is in use; try again, or allow for more"
    return " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())[:100]


def _lacks_tables(error: SQLAlchemyError) -> bool:
    cause = getattr(error, "orig", None)
    if getattr(cause, "pgcode", None) in _NOT_THERE:
        return True
    return str(cause).startswith(("no such table", "no such column"))


def _is_passing(error: SQLAlchemyError) -> bool:
    cause = getattr(error, "orig", None)
    if getattr(cause, "pgcode", None) in _PASSING:
        return True
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY
