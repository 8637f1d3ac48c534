"""Behind PgBouncer in transaction mode, where users share one connection to the server."""

from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from sqlalchemy import Connection, text

from stockanalyst.infra.db import Pool
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.store.journal import SqlJournal
from stockanalyst.portfolio.store.transactions import Scope, read
from tests.portfolio.store.conftest import Ledger, Owned, journal_on
from tests.portfolio.store.made import accept, buy, deposit, sell
from tests.portfolio.store.pgbouncer_server import PgBouncer, program
from tests.portfolio.store.postgres_server import PostgresServer
from tests.portfolio.store.processes import Batch, Poster, together

pytestmark = pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
TABLES = ("users", "portfolio", "account", "balance", "ledger_event", "transfer", "broker")


@pytest.fixture
def bouncer(
    ledger: Ledger, postgres: PostgresServer, missing: Callable[[str], NoReturn]
) -> Iterator[PgBouncer]:
    """With one connection to the server for everybody."""
    found = program()
    if found is None:
        missing("PgBouncer (package pgbouncer of the system)")
    running = PgBouncer(found, postgres, pool_size=1)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def journals(bouncer: PgBouncer) -> Iterator[tuple[SqlJournal, SqlJournal]]:
    """Of two processes, as it were: each with connections of its own to PgBouncer."""
    made = journal_on(bouncer.url()), journal_on(bouncer.url())
    yield made
    for journal in made:
        journal.engine.dispose()


def owned(journal: SqlJournal, name: str, *entries: Entry) -> Owned:
    """A new user's portfolio with these entries."""
    user = journal.user(name)
    made = journal.create_portfolio(user, "main", currency="USD", method="fifo")
    items = [(f"k{place}", entry) for place, entry in enumerate(entries)]
    assert [posted.created for posted in journal.post(user, made.id, items, check=accept)]
    return Owned(user, made.id)


def seen(connection: Connection) -> list[int]:
    """How many rows of each table."""
    return [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608
            for name in TABLES]  # fmt: skip


def backend(connection: Connection) -> int:
    """The server's process."""
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_journal_is_posted_read_and_verified(
    journals: tuple[SqlJournal, SqlJournal],
) -> None:
    journal, other = journals
    mine = owned(journal, "alice", deposit(100_00), buy(2, 30_00), sell(1, 20_00))
    assert other.user("alice") == mine.user
    assert len(other.entries(mine.user, mine.portfolio)) == 3
    assert other.verify(mine.user, mine.portfolio) == 3
    other.rebuild_balances(mine.user, mine.portfolio)
    again = [("k0", deposit(100_00)), ("k3", deposit(5))]
    posted = other.post(mine.user, mine.portfolio, again, check=accept)
    assert [(fate.number, fate.created) for fate in posted] == [(1, False), (4, True)]
    assert journal.verify(mine.user, mine.portfolio) == 4


def test_a_user_sees_nothing_of_whom_the_connection_served_before(
    journals: tuple[SqlJournal, SqlJournal],
) -> None:
    journal, other = journals
    alice = owned(journal, "alice", deposit(100_00), buy(2, 30_00))
    bob = owned(other, "bob", deposit(5))
    with journal.engine.begin() as connection:
        server = backend(connection)
    for _ in range(2):
        assert len(journal.entries(alice.user, alice.portfolio)) == 2
        with other.engine.begin() as nobody:
            assert backend(nobody) == server
            assert seen(nobody) == [0] * len(TABLES)
            left = nobody.execute(text("SELECT current_setting('app.user_id', true)")).scalar()
            assert not left
        assert read(other.engine, other.retries, Scope.user(bob.user), seen)[:6] == [
            *(1, 1, 2, 2, 1, 1)
        ]


def test_how_long_a_statement_may_take_is_not_left_to_the_next(
    bouncer: PgBouncer, journals: tuple[SqlJournal, SqlJournal]
) -> None:
    hasty = journal_on(bouncer.url(), pool=Pool(size=1, overflow=0, statement=0.05, lock=3, idle=7))
    nap = text("SELECT pg_sleep(60)")
    with pytest.raises(OSError, match=r"^canceling statement due to statement timeout"):
        read(hasty.engine, hasty.retries, Scope.user(1), lambda c: c.execute(nap))
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    query = text(f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}")
    with journals[0].engine.begin() as connection:
        assert list(connection.execute(query).one()) == ["1min", "15s", "1min"]
    with hasty.engine.begin() as connection:
        assert list(connection.execute(query).one()) == ["50ms", "3s", "7s"]
        connection.execute(text("COMMIT"))
        assert list(connection.execute(query).one()) == ["0", "0", "0"]
    hasty.engine.dispose()


def test_processes_that_share_one_connection(
    bouncer: PgBouncer, journals: tuple[SqlJournal, SqlJournal]
) -> None:
    journal, other = journals
    owners = [owned(journal, name, deposit(1)) for name in ("alice", "bob")]
    plans: list[list[Batch]] = [
        [[(f"{process}.{place}", deposit(1))] for place in range(40)] for process in range(4)
    ]
    posters = [
        Poster(bouncer.url(), (owners[n % 2].user, owners[n % 2].portfolio), plan, seed=n)
        for n, plan in enumerate(plans)
    ]
    for answers in together(posters):
        assert [fate[0][1] for fate in answers] == [True] * 40
    assert [journal.verify(owner.user, owner.portfolio) for owner in owners] == [81, 81]
    prepared = text("SELECT count(*) FROM pg_prepared_statements")
    with other.engine.begin() as connection:
        assert connection.execute(prepared).scalar() == 0


def test_a_server_connection_that_breaks_hinders_nobody_for_long(
    postgres: PostgresServer, journals: tuple[SqlJournal, SqlJournal]
) -> None:
    journal, other = journals
    mine = owned(journal, "alice", deposit(1))
    with other.engine.begin() as connection:
        server = backend(connection)
    postgres.execute(f"SELECT pg_terminate_backend({server}, 60000)")
    assert len(journal.entries(mine.user, mine.portfolio)) == 1
    with other.engine.begin() as connection:
        assert backend(connection) != server
