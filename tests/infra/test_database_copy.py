"""Ledgers that are copied from one database into another are the same there, and go on there."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, event, select, text

import stockanalyst.infra.usage_store
import stockanalyst.market.store.sql  # noqa: F401  their tables
from stockanalyst.exceptions import LedgerError
from stockanalyst.infra import database_copy
from stockanalyst.infra.database_copy import Copied, copy
from stockanalyst.infra.db import METADATA, Pool, make_engine, sqlite_url
from stockanalyst.infra.migrations import differences, downgrade, upgrade
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.protocols import Broker
from stockanalyst.portfolio.store.brokers import SqlBrokers
from stockanalyst.portfolio.store.journal import SqlJournal
from stockanalyst.portfolio.store.transactions import Retries
from tests.portfolio.store.conftest import journal_on, postgres
from tests.portfolio.store.made import UNIT, accept, buy, day, deposit, reversal, sell
from tests.portfolio.store.postgres_server import APPLICATION, OWNER, PostgresServer

__all__ = ["postgres"]

COPIED = (
    *("users", "commodity", "portfolio", "broker", "account", "balance", "ledger_event"),
    "transfer",
)
CACHES = {"price_history", "price_bar", "vendor_usage"}
N_DEPOSITS = 2100  # more than are in memory at a time
BROKERS = [
    Broker("B", CommissionSchedule(), "EUR", active=False),
    Broker("a", CommissionSchedule(rate=Decimal("0." + "0" * 38 + "1"), flat=Decimal(1)), "USD"),
    Broker("é", CommissionSchedule(minimum=Decimal(1), maximum=Decimal(9)), "JPY"),
]


@dataclass(frozen=True)
class Place:
    """A database with the ledger's tables."""

    url: URL
    owner: Engine

    @contextmanager
    def journal(self) -> Iterator[SqlJournal]:
        """With the application's rights; nothing needs to be tried twice."""
        tried: list[float] = []
        made = replace(journal_on(self.url), retries=Retries(lambda: 0.0, tried.append))
        yield made
        made.engine.dispose()
        assert tried == []

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows, as somebody sees them whom no rule binds."""
        is_sqlite = self.url.get_backend_name() == "sqlite"
        engine = make_engine(self.url if is_sqlite else self.url.set(username="postgres"))
        with engine.connect() as connection:
            found = {
                name: sorted(
                    tuple(row) for row in connection.execute(select(METADATA.tables[name]))
                )
                for name in ("users", "commodity", "portfolio", "account", "balance", "transfer")
            }
            for name, places in (("broker", 2), ("ledger_event", 3)):  # of the key; None isn't less
                rows = connection.execute(select(METADATA.tables[name]))
                found[name] = sorted((tuple(row) for row in rows), key=lambda row: row[:places])
        engine.dispose()
        return found

    def change(self, statement: str) -> None:
        """As its owner."""
        with self.owner.begin() as connection:
            connection.execute(text(statement))


New = Callable[[str], Place]
_NAMES = count()


@pytest.fixture
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[New]:
    """Makes an empty database of a kind."""
    made: list[Place] = []
    prefix = f"copy{next(_NAMES)}"

    def make(kind: str) -> Place:
        name = f"{prefix}_{len(made)}"
        url = owner_url = sqlite_url(tmp_path / name)
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            server.new_database(name)
            url, owner_url = server.url(APPLICATION, name), server.url(OWNER, name)
        place = Place(url, make_engine(owner_url))
        upgrade(place.owner, application_role=APPLICATION if kind == "postgresql" else None)
        made.append(place)
        return place

    yield make
    for place in made:
        place.owner.dispose()


def fill(place: Place) -> None:
    """Two users, each with what the other hasn't."""
    split = Entry(EntryType.SPLIT, day(3), symbol="AAPL", units=2 * UNIT, ratio=(2, 1))
    lot = MovedLot(day(-400), UNIT, 123)
    moved = Entry(EntryType.TRANSFER_IN, day(4), "USD", symbol="IBM", units=UNIT, lots=(lot,))
    mine = [deposit(100_00), buy(2, 30_00, fee=1), split, moved, sell(1, 7, on=6)]
    theirs = [deposit(5), *(deposit(1, on=after) for after in range(N_DEPOSITS)), reversal(1)]
    with place.journal() as journal:
        for name, entries in (("alice", mine), ("bob", theirs)):
            user = journal.user(name)
            main = journal.create_portfolio(user, "main – “1”", currency="USD", method="fifo")
            items = [(f"k{n}", entry) for n, entry in enumerate(entries)]
            journal.post(user, main.id, items, check=accept)
        journal.create_portfolio(user, "empty", currency="JPY", method="average")
        brokers = SqlBrokers(journal.engine, journal.retries)
        for broker in BROKERS:
            brokers.save(user, broker)


def verified(place: Place) -> list[tuple[str, int]]:
    """What every user's portfolios are called and how many sound entries they have."""
    with place.journal() as journal:
        return [
            (portfolio.name, journal.verify(user, portfolio.id))
            for user in (journal.user("alice"), journal.user("bob"))
            for portfolio in journal.portfolios(user)
        ]


def rules(place: Place) -> dict[str, tuple[bool, bool]]:
    """Of which tables PostgreSQL separates the users, and whether their owner is bound too."""
    query = "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r'"
    with place.owner.connect() as connection:
        found = connection.execute(text(query)).all()
    return {row[0]: (row[1], row[2]) for row in found if row[0] in COPIED}


def test_a_copy_of_a_copy_is_the_same_and_goes_on(new: New) -> None:
    kinds = ("sqlite", "postgresql", "postgresql", "sqlite", "sqlite")
    places = [new(kind) for kind in kinds]
    fill(places[0])
    there = places[0].everything()
    sound = [("main – “1”", 5), ("empty", 0), ("main – “1”", N_DEPOSITS + 2)]
    answers = [copy(source.owner, target.owner) for source, target in pairwise(places)]
    assert all(answer == answers[0] for answer in answers)
    assert [each.table for each in answers[0]] == list(COPIED)
    assert [each.rows for each in answers[0]] == [len(there[name]) for name in COPIED]
    assert {name: len(there[name]) for name in ("users", "broker", "ledger_event")} == {
        "users": 2,
        "broker": 3,
        "ledger_event": 5 + N_DEPOSITS + 2,
    }
    users = sha256(b'[1, "alice"]\n[2, "bob"]\n').hexdigest()
    assert answers[0][0] == Copied("users", 2, users)
    for place in places:
        assert place.everything() == there
        assert differences(place.owner) == []
        assert verified(place) == sound
        go_on(place)


def go_on(place: Place) -> None:
    """Users, portfolios, commodities, accounts and entries get numbers that nobody has."""
    with place.journal() as journal:
        alice, carol = journal.user("alice"), journal.user("carol")
        main = journal.portfolio(alice, "main – “1”")
        (posted,) = journal.post(alice, main.id, [("new", buy(1, 5, symbol="MSFT"))], check=accept)
        second = journal.create_portfolio(carol, "main", currency="CHF", method="lifo")
        journal.post(carol, second.id, [("k", deposit(5))], check=accept)
        assert (alice, carol, posted.number, second.id) == (1, 3, 6, 4)
        assert journal.verify(alice, main.id) == 6
        bob = journal.user("bob")
        assert SqlBrokers(journal.engine, journal.retries).all(bob) == BROKERS


def test_postgresql_separates_the_users_afterwards_as_before(new: New) -> None:
    source, target = new("postgresql"), new("postgresql")
    fill(source)
    before = rules(source)
    copy(source.owner, target.owner)
    assert rules(source) == rules(target) == before
    assert [name for name, rule in before.items() if rule != (True, True)] == ["commodity"]
    with target.owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM ledger_event")).scalar() == 0


def test_postgresql_gathers_statistics_as_it_goes(new: New) -> None:
    source, target = new("sqlite"), new("postgresql")
    fill(source)
    copy(source.owner, target.owner)
    with target.owner.connect() as connection:
        query = "SELECT reltuples FROM pg_class WHERE oid = 'transfer'::regclass"
        assert connection.execute(text(query)).scalar_one() > N_DEPOSITS


def test_another_order_of_letters(new: New) -> None:
    source, target = new("sqlite"), new("postgresql")
    fill(source)
    target.change('ALTER TABLE broker ALTER COLUMN name TYPE varchar(80) COLLATE "en-x-icu"')
    (sent,) = (each for each in copy(source.owner, target.owner) if each.table == "broker")
    assert sent.rows == 3


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_target_that_has_rows(new: New, kind: str) -> None:
    source, target = new("sqlite"), new(kind)
    fill(source)
    with target.journal() as journal:
        journal.user("dora")
    with pytest.raises(
        LedgerError, match=r"^the target has rows in users already; give it an empt"
    ):
        copy(source.owner, target.owner)
    assert target.everything()["users"] == [(1, "dora")]
    with pytest.raises(LedgerError, match=r"^the target has rows in users"):
        copy(source.owner, source.owner)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_another_revision(new: New, kind: str) -> None:
    older, other = new(kind), new("sqlite")
    downgrade(older.owner, "0001")
    needed = "isn't as this version needs it: it is at revision 0001, .* is needed; upgrade it"
    with pytest.raises(LedgerError, match=f"^the source {needed}$"):
        copy(older.owner, other.owner)
    with pytest.raises(LedgerError, match=f"^the target {needed}$"):
        copy(other.owner, older.owner)


FLATTERS = {
    "sqlite": "CREATE TRIGGER t AFTER INSERT ON broker BEGIN UPDATE broker SET flat = '0'; END",
    "postgresql": (
        "CREATE FUNCTION f() RETURNS trigger AS "
        "$$ BEGIN NEW.flat = '0'; RETURN NEW; END $$ LANGUAGE plpgsql;"
        "CREATE TRIGGER t BEFORE INSERT ON broker FOR EACH ROW EXECUTE FUNCTION f()"
    ),
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_kept_where_a_table_comes_over_otherwise(new: New, kind: str) -> None:
    source, target = new("postgresql"), new(kind)
    fill(source)
    target.change(FLATTERS[kind])
    before, separated = target.everything(), rules(source)
    with pytest.raises(LedgerError, match=r"^table broker came over otherwise than it is; nothing"):
        copy(source.owner, target.owner)
    assert target.everything() == before
    assert not any(before.values())
    if kind == "postgresql":
        assert rules(target) == separated
    assert rules(source) == separated
    go_on(source)


def test_only_an_owner_copies(new: New) -> None:
    source, target = new("postgresql"), new("sqlite")
    fill(source)
    application = make_engine(source.url)
    with pytest.raises(OSError, match=r"^permission denied for table portfolio"):
        copy(application, target.owner)
    with pytest.raises(OSError, match=r"^permission denied for table portfolio"):
        copy(target.owner, application)
    application.dispose()
    assert not any(target.everything().values())


@pytest.mark.parametrize(
    ("name", "words"),
    [("printf('%81s', 'x')", "value too long"), ("'a' || char(0)", "NUL"), ("x'0aff'", "bytes")],
    ids=["long", "nul", "bytes"],
)
def test_what_a_file_holds_and_a_server_cannot(new: New, name: str, words: str) -> None:
    source, target = new("sqlite"), new("postgresql")
    fill(source)
    source.change(f"UPDATE portfolio SET name = {name} WHERE id = 3")  # noqa: S608  no input
    with pytest.raises(LedgerError, match=f"^table portfolio holds .*: .*{words}.*; nothing is ke"):
        copy(source.owner, target.owner)
    assert not any(target.everything().values())


def during_the_copy(source: Place, call: Callable[[], object]) -> None:
    """Call it once, after some tables were read and before the journal is."""
    called: list[bool] = []

    def listen(_1: object, _2: object, statement: str, *_3: object) -> None:
        if "FROM ledger_event" in statement and not called:
            called.append(True)
            call()

    event.listen(source.owner, "before_cursor_execute", listen)


def test_one_moment_of_a_file_that_others_write_is_copied(new: New) -> None:
    source, target = new("sqlite"), new("sqlite")
    fill(source)
    before = source.everything()
    during_the_copy(source, lambda: go_on(source))
    copy(source.owner, target.owner)
    assert target.everything() == before
    assert len(source.everything()["users"]) == 3


def test_others_wait_while_their_server_is_copied(new: New) -> None:
    source, target = new("postgresql"), new("sqlite")
    fill(source)
    hasty = journal_on(source.url, pool=Pool(size=1, overflow=0, lock=0.01))
    seen: list[object] = []

    def look() -> None:
        with pytest.raises(OSError, match="lock timeout"):
            seen.append(hasty.portfolios(1))
        seen.append("waited")

    during_the_copy(source, look)
    copy(source.owner, target.owner)
    hasty.engine.dispose()
    assert seen == ["waited"]


def test_a_copy_that_meets_a_post_lets_it_end(new: New) -> None:
    source, target = new("postgresql"), new("sqlite")
    fill(source)
    admin = make_engine(source.url.set(username="postgres"))
    with ThreadPoolExecutor(1) as threads, source.journal() as journal:
        copies: list[Future[list[Copied]]] = []

        def begin(_1: object, _2: object, statement: str, *_3: object) -> None:
            if "FROM account" in statement and not copies:  # the portfolio is locked by now
                copies.append(threads.submit(copy, source.owner, target.owner))
                wait_for_somebody_who_waits(admin, copies[0])

        event.listen(journal.engine, "before_cursor_execute", begin)
        journal.post(1, 1, [("new", deposit(5))], check=accept)
        (rows,) = (each.rows for each in copies[0].result() if each.table == "ledger_event")
    assert rows == 5 + N_DEPOSITS + 3
    admin.dispose()


def wait_for_somebody_who_waits(admin: Engine, copying: Future[list[Copied]]) -> None:
    """For a lock of a server's."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not copying.done():
        with admin.connect() as connection:
            if connection.execute(waiting).scalar():
                return


def test_every_table_but_those_of_what_is_fetched_is_copied() -> None:
    assert set(METADATA.tables) - CACHES == set(database_copy._NAMES) == set(COPIED)
