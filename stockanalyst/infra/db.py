"""The database: one MetaData for every table, and an engine from a URL."""

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, MetaData, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

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
_BUSY_SECONDS = 15  # SQLite waits so long for another process to end its transaction


def sqlite_url(path: Path) -> URL:
    """Of an SQLite file, whatever characters are in its path."""
    return URL.create("sqlite", database=str(path))


def make_engine(url: str | URL) -> Engine:
    """An engine, nothing asked of it yet; an SQLite file's folder is made.

    An SQLite database is in write-ahead mode, so that readers and one writer don't wait for each
    other; every transaction begins with BEGIN, so that what it reads is of one moment; and each use
    opens the file anew, so that no connection outlives a fork or a thread.

    Parameters
    ----------
    url : str or URL
        As SQLAlchemy writes it.

    Raises
    ------
    InputError
        It is no such URL, or its driver isn't installed; the URL isn't repeated, for it may hold a
        password.
    OSError
        The folder can't be made.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True)
        engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})
    except (ArgumentError, ImportError) as error:
        missing = f"needs the package {error.name!r}" if isinstance(error, ImportError) else ""
        mend = missing or "isn't a database URL such as sqlite:////folder/file.sqlite"
        raise InputError("environment", "STOCKANALYST_DATABASE_URL", mend) from None
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is said below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
