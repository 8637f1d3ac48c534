"""Every ledger of a database copied into another one, and compared there."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    String,
    Table,
    collate,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from stockanalyst.exceptions import LedgerError
from stockanalyst.infra.db import METADATA, durable
from stockanalyst.infra.migrations import differences

_NAMES = (
    *("users", "commodity", "portfolio", "broker", "account", "balance", "ledger_event"),
    "transfer",
)
"""Each after those that its foreign keys name."""
_AT_ONCE = 2000  # rows in memory


@dataclass(frozen=True, slots=True)
class Copied:
    """What came over of a table.

    Attributes
    ----------
    table : str
    rows : int
    digest : str
        SHA-256 of the rows in the order of their primary key, the same whichever database they are
        in.
    """

    table: str
    rows: int
    digest: str


def copy(source: Engine, target: Engine) -> list[Copied]:
    """Copy all users, portfolios, brokers and journals; fetched prices are left to be fetched anew.

    All of it or, where anything comes over otherwise than it is in the source, nothing: it is one
    transaction of the target. Both engines are of roles that own the tables.

    PostgreSQL's row-level security binds owners too, and shows them one user at a time. So it is
    lifted from the owner (NO FORCE) inside the transaction and laid on again before its end, both
    in the source and in the target: whoever else is connected never sees it lifted, for the tables
    are locked meanwhile, which also makes it one moment that is read. To go from user to user
    instead would need a list of them, which row-level security hides as well, and a user who isn't
    in it would be lost without a word.

    Parameters
    ----------
    source : Engine
        Nothing in it is changed.
    target : Engine
        Has the same tables, with nothing in them.

    Returns
    -------
    list of Copied
        One a table.

    Raises
    ------
    LedgerError
        One of them isn't as this version of the package needs it, the target isn't empty, or a
        table can't come over, or came over otherwise than it is.
    OSError
        A database can't be reached, or refuses.
    """
    for name, engine in (("source", source), ("target", target)):
        if found := differences(engine):
            raise LedgerError(f"the {name} isn't as this version needs it: {found[0]}")
    tables = [METADATA.tables[name] for name in _NAMES]
    try:
        with _whole(durable(target), tables) as into:
            return _copied(source, into, tables)
    except SQLAlchemyError as error:
        raise OSError(_words(error)) from None


def _copied(source: Engine, into: Connection, tables: Sequence[Table]) -> list[Copied]:
    for table in tables:
        if into.execute(select(table).limit(1)).first() is not None:
            raise LedgerError(f"the target has rows in {table.name} already; give it an empty one")
    with _whole(source, tables) as out:
        sent = [_sent(out, into, table) for table in tables]
    for table, expected in zip(tables, sent, strict=True):
        _number_on(into, table)
        if _counted(into, table) != expected:
            raise LedgerError(f"table {table.name} came over otherwise than it is; nothing is kept")
    return sent


def _sent(out: Connection, into: Connection, table: Table) -> Copied:
    try:
        return _counted(out, table, then=_adder(into, table))
    except (IntegrityError, DataError, ValueError, TypeError, AttributeError) as error:
        words = f"table {table.name} holds what can't come over: {_words(error)}"
        raise LedgerError(f"{words}; nothing is kept") from None


def _adder(connection: Connection, table: Table) -> Callable[[Sequence[Row[Any]]], None]:
    batches = count(1)

    def add(rows: Sequence[Row[Any]]) -> None:
        connection.execute(insert(table), [row._asdict() for row in rows])
        # Without statistics, which nobody else gathers before the end, PostgreSQL looks foreign
        # keys up by an index that half fits, and reads a user's whole journal for each row.
        if next(batches).bit_count() == 1 and connection.dialect.name == "postgresql":
            connection.execute(text(f"ANALYZE {table.name}"))

    return add


def _counted(
    connection: Connection,
    table: Table,
    *,
    then: Callable[[Sequence[Row[Any]]], None] = lambda _rows: None,
) -> Copied:
    """Rows and digest of a table, each batch of which is handed on."""
    n_rows, digest = 0, sha256()
    query = select(table).order_by(*_order(connection, table))
    found = connection.execute(query, execution_options={"yield_per": _AT_ONCE})
    for rows in found.partitions():
        for row in rows:
            digest.update(_normal(row))
        n_rows += len(rows)
        then(rows)
    return Copied(table.name, n_rows, digest.hexdigest())


def _order(connection: Connection, table: Table) -> Iterator[ColumnElement[Any]]:
    """By primary key, and texts by their code points, as SQLite sorts them."""
    on_server = connection.dialect.name == "postgresql"
    for column in table.primary_key:
        yield collate(column, "C") if on_server and isinstance(column.type, String) else column


def _normal(row: Row[Any]) -> bytes:
    return json.dumps(list(row), default=_day_or_moment).encode() + b"\n"


def _day_or_moment(value: date) -> str:
    return value.isoformat()


def _number_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL give the next row a number after the largest; SQLite does so by itself."""
    for column in table.columns:
        if column.identity is not None and connection.dialect.name == "postgresql":
            largest = connection.execute(select(func.max(column))).scalar() or 0
            restart = f"ALTER COLUMN {column.name} RESTART WITH {largest + 1}"
            connection.execute(text(f"ALTER TABLE {table.name} {restart}"))


@contextmanager
def _whole(engine: Engine, tables: Sequence[Table]) -> Iterator[Connection]:
    """A transaction that sees every user's rows, of one moment; only an owner may."""
    with engine.begin() as connection:
        if connection.dialect.name != "postgresql":
            yield connection
            return
        # First what a post locks first, so that neither has what the other waits for.
        names = sorted((table.name for table in tables), key=lambda name: name != "portfolio")
        connection.execute(text(f"LOCK TABLE {', '.join(names)}"))
        # Whatever row-level security would still hide is then an error, not left out.
        connection.execute(text("SET LOCAL row_security = off"))
        forced = _forced(connection, tables)
        _say(connection, forced, "NO FORCE ROW LEVEL SECURITY")
        yield connection
        _say(connection, forced, "FORCE ROW LEVEL SECURITY")


def _forced(connection: Connection, tables: Sequence[Table]) -> list[str]:
    query = text(
        "SELECT relname FROM pg_class "
        "WHERE relforcerowsecurity AND relname = ANY(:names) AND pg_table_is_visible(oid)"
    )
    names = [table.name for table in tables]
    return list(connection.execute(query, {"names": names}).scalars())


def _say(connection: Connection, tables: Sequence[str], words: str) -> None:
    for table in tables:
        connection.execute(text(f"ALTER TABLE {table} {words}"))


def _words(error: Exception) -> str:
    """One line, of the database's own words: SQLAlchemy's repeat what was to be written."""
    own = type(error).__name__ if isinstance(error, SQLAlchemyError) else error
    return " ".join(str(getattr(error, "orig", None) or own).split())[:100]
