"""A ledger on SQLite, and the same on PostgreSQL."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import URL, Engine, text

from stockanalyst.infra.db import Pool, make_engine, sqlite_url
from stockanalyst.infra.migrations import upgrade
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.protocols import Posted
from stockanalyst.portfolio.store.journal import SqlJournal
from stockanalyst.portfolio.store.transactions import Retries
from tests.portfolio.store.made import accept
from tests.portfolio.store.postgres_server import (
    APPLICATION,
    OWNER,
    PostgresServer,
    binaries,
)

NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)


def journal_on(url: str | URL, *, seed: int = 0, pool: Pool | None = None) -> SqlJournal:
    """With the application's rights; `seed` is for the time between tries."""
    engine = make_engine(url, pool=pool or Pool(size=1, overflow=0))
    jitter = random.Random(seed).random  # noqa: S311  no secret
    return SqlJournal(engine, lambda: NOON, Retries(jitter, time.sleep))


@dataclass(frozen=True)
class Ledger:
    """A database with the ledger's tables, and what may be done with it."""

    url: URL
    owner_url: URL
    journal: SqlJournal

    @property
    def engine(self) -> Engine:
        """As the application."""
        return self.journal.engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"


@contextmanager
def running_postgres(missing: Callable[[str], NoReturn]) -> Iterator[PostgresServer]:
    """A server of one's own, with a database ``ledger`` that has the tables."""
    found = binaries()
    if found is None:
        missing("PostgreSQL (package postgresql of the system)")
    if find_spec("psycopg2") is None:
        missing("psycopg2 (psycopg2-binary)")
    server = PostgresServer(found)
    server.start()
    try:
        server.new_database("ledger")
        engine = make_engine(server.url(OWNER, "ledger"))
        upgrade(engine, application_role=APPLICATION)
        engine.dispose()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres(missing: Callable[[str], NoReturn]) -> Iterator[PostgresServer]:
    """Started once."""
    with running_postgres(missing) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """Empty."""
    if request.param == "sqlite":
        url = owner_url = sqlite_url(tmp_path / "ledger.sqlite")
        upgrade(make_engine(url))
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url, owner_url = server.url(APPLICATION, "ledger"), server.url(OWNER, "ledger")
        _empty(url)
    journal = journal_on(url)
    yield Ledger(url, owner_url, journal)
    journal.engine.dispose()


def tampered(ledger: Ledger, statement: str) -> None:
    """As somebody who has the whole database in hand, triggers and all."""
    if ledger.is_sqlite:
        _tamper_with_file(ledger.url, statement)
    else:
        _tamper_with_server(ledger.url, statement)


def _tamper_with_file(url: URL, statement: str) -> None:
    engine = make_engine(url)
    with engine.connect() as connection:
        connection.execute(text("COMMIT"))  # for within a transaction the next isn't heard
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        found = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for name in connection.execute(found).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("BEGIN"))
        connection.execute(text(statement))
        connection.commit()
    engine.dispose()


def _tamper_with_server(url: URL, statement: str) -> None:
    engine = make_engine(url.set(username="postgres"))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))
    engine.dispose()


def _empty(url: URL) -> None:
    """Much sooner done than making another database, and removing it in the end."""
    _tamper_with_server(url, "TRUNCATE users, commodity RESTART IDENTITY CASCADE")


@dataclass(frozen=True)
class Owned:
    """A portfolio and whose it is."""

    user: int
    portfolio: int


def post(ledger: Ledger, owned: Owned, *entries: Entry, key: str = "k") -> list[Posted]:
    """Post entries whose keys begin with `key`, unchecked."""
    items = [(f"{key}{place}", entry) for place, entry in enumerate(entries)]
    return ledger.journal.post(owned.user, owned.portfolio, items, check=accept)


@pytest.fixture
def mine(ledger: Ledger) -> Owned:
    """The first user's empty portfolio in dollars."""
    user = ledger.journal.user("alice")
    made = ledger.journal.create_portfolio(user, "main", currency="USD", method="fifo")
    return Owned(user, made.id)
