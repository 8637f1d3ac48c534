"""The database: one MetaData for every table, and an engine from a URL."""

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    NullPool,
    QueuePool,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.pool import Pool as Connections
from sqlalchemy.schema import CreateTable

from stockanalyst.exceptions import InputError

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
_SUCH_AS = "sqlite:////folder/file.sqlite or postgresql://user@host/name"
_BUSY_SECONDS = 15  # SQLite waits so long for another process to end its transaction
# How a transaction begins, and what PostgreSQL is told about it, as options of SQLAlchemy's.
_KIND, _TOLD = "stockanalyst_transaction", "stockanalyst_told"
_DURABLE, _SNAPSHOT = (
    "ISOLATION LEVEL READ COMMITTED",
    "ISOLATION LEVEL REPEATABLE READ, READ ONLY",
)


@dataclass(frozen=True)
class Pool:
    """How connections are kept, and how long anything may take.

    Attributes
    ----------
    size, overflow : int
        Connections that are kept, and how many more there may be at a time.
    wait : float
        Seconds until a connection is free.
    recycle : int
        Seconds after which a connection is made anew.
    connect : int
        Seconds until a server answers; libpq counts whole ones, from 2 on.
    statement, lock, idle : float
        Of PostgreSQL, seconds of one statement, of waiting for a lock, and between statements of a
        transaction.
    """

    size: int = 5
    overflow: int = 5
    wait: float = 10.0
    recycle: int = 1800
    connect: int = 10
    statement: float = 60.0
    lock: float = 15.0
    idle: float = 60.0


_NOTHING: Mapping[str, str] = MappingProxyType({})
_ENGINES: WeakSet[Engine] = WeakSet()
_OF_THE_PARENT: list[Connections] = []


def sqlite_url(path: Path) -> URL:
    """Of an SQLite file, whatever characters are in its path."""
    return URL.create("sqlite", database=str(path))


def parsed_url(url: str, *, said_in: str) -> URL:
    """A URL of SQLite or PostgreSQL.

    Parameters
    ----------
    url : str
    said_in : str
        The option or the variable that holds it, for the error.

    Raises
    ------
    InputError
        It is none; the URL isn't repeated, for it may hold a password.
    """
    wrong = InputError("database", said_in, f"isn't a database's URL; give one such as {_SUCH_AS}")
    try:
        parsed = _url(url)
    except (ArgumentError, ValueError):
        raise wrong from None
    if "@" in (parsed.host or ""):  # a driver would name it, and with it the rest of a password
        raise InputError("database", said_in, "write an @ in its password as %40")
    kind = parsed.get_backend_name()
    if kind != "postgresql" and not (kind == "sqlite" and parsed.database):
        raise wrong
    return parsed


def make_engine(url: str | URL, *, pool: Pool | None = None) -> Engine:
    """An engine, nothing asked of it yet; an SQLite file's folder is made.

    An SQLite database is in write-ahead mode, so that readers and one writer don't wait for each
    other; every transaction begins with BEGIN, so that what it reads is of one moment. On
    PostgreSQL nothing is set for longer than a transaction, as PgBouncer in transaction mode asks.
    A process that is forked makes its own connections.

    Parameters
    ----------
    url : str or URL
        As SQLAlchemy writes it; ``postgres://``, as hosting services write it, is PostgreSQL's too.
    pool : Pool or None
        None is a :class:`Pool` for a server; an SQLite file is then opened anew by each use, which
        is slow where each of them writes, and keeps nothing open.

    Raises
    ------
    InputError
        It is no such URL, or its driver isn't installed; the URL isn't repeated, for it may hold a
        password.
    OSError
        The folder can't be made.
    """
    try:
        parsed = _url(url)
        if parsed.get_backend_name() != "sqlite":
            return _server_engine(parsed, pool or Pool())
        kept: dict[str, Any] = {"poolclass": NullPool} if pool is None else _kept(pool)
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS}, **kept)
    except (ArgumentError, ImportError) as error:
        missing = f"needs the package {error.name!r}" if isinstance(error, ImportError) else ""
        mend = missing or "isn't a database URL such as sqlite:////folder/file.sqlite"
        raise InputError("environment", "STOCKANALYST_DATABASE_URL", mend) from None
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    _ENGINES.add(engine)
    return engine


def engine_with(url: str | URL, *tables: Table) -> Engine:
    """As :func:`make_engine`, and in its database these tables: what isn't there is made.

    It is looked for first, because a role that may use a table needn't be one that may make it.
    """
    engine = make_engine(url)
    with engine.begin() as connection:
        there = inspect(connection)
        absent = [table for table in tables if not there.has_table(table.name)]
    if absent:
        with engine.begin() as connection:
            for table in absent:
                connection.execute(CreateTable(table, if_not_exists=True))
    return engine


def _url(url: str | URL) -> URL:
    if isinstance(url, URL):
        return url
    scheme, colon, rest = url.strip().partition("://")
    return make_url(f"{'postgresql' if scheme == 'postgres' else scheme}{colon}{rest}")


def durable(engine: Engine, *, told: Mapping[str, str] = _NOTHING) -> Engine:
    """The same engine, for transactions that write what must never be lost or torn.

    Each must begin by locking a row that all others of its kind lock too, such as the portfolio's:
    then they are as if one came after the other. SQLite's begin with BEGIN IMMEDIATE and wait for
    the disk at their end. PostgreSQL's are READ COMMITTED, where each statement sees what was
    committed before it began: whoever waited for the lock gets it when the one before has
    committed, then sees all that this one wrote, and what it sees stays so until it ends, for
    nobody else has the lock. Rows of several kinds (users, currencies) are only ever added, under
    unique keys: whoever comes second gets an error 23505, and is to be tried again. (REPEATABLE
    READ sees what was there before it waited, so that all who waited fail; SERIALIZABLE takes a row
    of another portfolio on the same page for one that was read, and cancels most of what is
    posted.)

    Parameters
    ----------
    engine : Engine
    told : mapping of str to str
        Settings of PostgreSQL for the length of the transaction.
    """
    return engine.execution_options(**{_KIND: _DURABLE, _TOLD: told})


def snapshot(engine: Engine, *, told: Mapping[str, str] = _NOTHING) -> Engine:
    """The same engine, for transactions that read alone, and read one moment; `told` as above."""
    return engine.execution_options(**{_KIND: _SNAPSHOT, _TOLD: told})


def _server_engine(url: URL, pool: Pool) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg2")
    # Many rows that are updated are sent together, not one by one.
    batches = {"executemany_mode": "values_plus_batch"} if "psycopg2" in url.drivername else {}
    reach = {"connect_timeout": pool.connect}
    engine = create_engine(url, pool_pre_ping=True, connect_args=reach, **_kept(pool), **batches)
    _ENGINES.add(engine)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", lambda connection: _begin_on_postgresql(connection, pool))
    return engine


def _kept(pool: Pool) -> dict[str, Any]:
    return {
        "poolclass": QueuePool,
        "pool_size": pool.size,
        "max_overflow": pool.overflow,
        "pool_timeout": pool.wait,
        "pool_recycle": pool.recycle,
    }


def _leave_to_parent() -> None:
    """Neither use nor close, in a child process, the connections that its parent made."""
    for engine in list(_ENGINES):
        _OF_THE_PARENT.append(engine.pool)
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):  # not on Windows, which doesn't fork
    os.register_at_fork(after_in_child=_leave_to_parent)


def _begin_on_postgresql(connection: Connection, pool: Pool) -> None:
    """All that a transaction needs to know, in one message."""
    options = connection.get_execution_options()
    seconds = {
        "statement_timeout": pool.statement,
        "lock_timeout": pool.lock,
        "idle_in_transaction_session_timeout": pool.idle,
    }
    words = [f"SET LOCAL {name} = {round(value * 1000)}" for name, value in seconds.items()]
    if _KIND in options:
        words.insert(0, f"SET TRANSACTION {options[_KIND]}")
    told = options.get(_TOLD, _NOTHING)
    words += ["SELECT set_config(%s, %s, true)"] * len(told)
    connection.exec_driver_sql("; ".join(words), tuple(chain.from_iterable(told.items())))


def _prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is said below, not by the driver
    # Triggers that refuse a deletion see that of INSERT OR REPLACE only if they are recursive.
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "recursive_triggers=ON")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_KIND) == _DURABLE:
        connection.exec_driver_sql("PRAGMA synchronous=FULL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
