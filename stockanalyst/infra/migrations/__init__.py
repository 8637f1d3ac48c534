"""The database's tables, made and changed step by step by Alembic.

Each command is one transaction: it is done as a whole or not at all. The tables of every store that
was imported are those that :func:`differences` knows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import SchemaItem

from stockanalyst.infra.db import METADATA, durable

_LOCK = 5_074_313  # of PostgreSQL: two upgrades at a time wait for each other
_APPEND_ONLY = ("ledger_event", "transfer", "users", "commodity", "account")
_CHANGED = ("balance", "broker")
_CACHES = ("price_history", "price_bar", "vendor_usage")


def upgrade(engine: Engine, *, application_role: str | None = None) -> None:
    """Bring the database to the newest revision; one that is there already stays as it is.

    Parameters
    ----------
    engine : Engine
        Of a role that owns the tables, or will.
    application_role : str or None
        PostgreSQL's role of the running application, which must be there and own nothing; it may
        then add to the journal, and change or delete nothing in it.

    Raises
    ------
    OSError
        The database refuses, or isn't there.
    """
    with _transaction(engine) as connection:
        command.upgrade(_config(connection), "head")
        if application_role is not None and connection.dialect.name == "postgresql":
            _grant(connection, application_role)


def downgrade(engine: Engine, revision: str) -> None:
    """Undo every step after a revision; ``base`` undoes all, and with it the journals.

    Raises
    ------
    OSError
        The database refuses, or isn't there.
    """
    with _transaction(engine) as connection:
        command.downgrade(_config(connection), revision)


def differences(engine: Engine) -> list[str]:
    """What the database has otherwise than this version of the package needs it; empty if nothing.

    Raises
    ------
    OSError
        The database can't be read.
    """
    with _transaction(engine) as connection:
        config = _config(connection)
        context = MigrationContext.configure(connection, opts={"include_object": _is_known})
        newest = ScriptDirectory.from_config(config).get_current_head()
        found = context.get_current_revision()
        if found != newest:
            return [f"it is at revision {found or 'none'}, {newest} is needed; upgrade it"]
        return [" ".join(str(part).split()) for part in compare_metadata(context, METADATA)]


def _is_known(
    _item: SchemaItem, name: str | None, kind: str, _reflected: object, _other: object
) -> bool:
    return kind != "table" or name in METADATA.tables


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    chosen = durable(engine) if engine.dialect.name == "sqlite" else engine
    try:
        with chosen.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection
    except SQLAlchemyError as error:
        words = str(getattr(error, "orig", None) or type(error).__name__)
        raise OSError(" ".join(words.split())[:100]) from None


def _grant(connection: Connection, role: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote(role)
    rights: dict[str, Any] = {
        "SELECT, INSERT": _APPEND_ONLY,
        "SELECT, INSERT, UPDATE": _CHANGED,
        # To lock its row; what decides about gains, as the method does, stays as it is.
        "SELECT, INSERT, UPDATE (name)": ("portfolio",),
        "SELECT, INSERT, UPDATE, DELETE": _CACHES,
        "SELECT": ("alembic_version",),
    }
    for right, tables in rights.items():
        connection.exec_driver_sql(f"GRANT {right} ON {', '.join(tables)} TO {quoted}")
