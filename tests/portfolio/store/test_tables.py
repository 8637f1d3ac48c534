"""What the databases themselves refuse, and how their tables are made."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import (
    Connection,
    Engine,
    Select,
    create_engine,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

import stockanalyst.infra.usage_store
import stockanalyst.market.store.sql  # noqa: F401  their tables
from stockanalyst.exceptions import InputError, LedgerError
from stockanalyst.infra.db import METADATA, durable, make_engine, sqlite_url
from stockanalyst.infra.migrations import differences, downgrade, upgrade
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.protocols import Broker
from stockanalyst.portfolio.store.brokers import SqlBrokers
from stockanalyst.portfolio.store.transactions import Scope
from tests.portfolio.store.conftest import Ledger, Owned, journal_on, post
from tests.portfolio.store.made import accept, buy, deposit, reversal, sell
from tests.portfolio.store.postgres_server import OWNER, PostgresServer

_NAMES = count()
OWNED = ("portfolio", "account", "balance", "ledger_event", "transfer")
TRANSFER = (
    "INSERT INTO transfer (user_id, portfolio_id, seq, leg, commodity_id, debit_id, credit_id, "
    "amount) VALUES (:user, :portfolio, :seq, 9, :commodity, :debit, :credit, :amount)"
)

INSERT_PORTFOLIO = (
    "INSERT INTO portfolio (user_id, name, currency_id, lot_method) VALUES (:user, 'x', 1, 'fifo')"
)
INSERT_ACCOUNT = (
    "INSERT INTO account (user_id, portfolio_id, commodity_id, role) "
    "VALUES (:user, :portfolio, 1, 'taxes')"
)
INSERT_EVENT = (
    "INSERT INTO ledger_event VALUES (:user, :portfolio, 3, 'k', '', 'deposit', '', '2026-01-05', "
    "'2026-01-05', NULL, '', '', '')"
)


@contextmanager
def as_user(ledger: Ledger, user: int | None) -> Iterator[Connection]:
    """Direct SQL with the application's rights; nothing of it is kept."""
    told = {} if user is None else Scope.user(user).told()
    with durable(ledger.engine, told=told).connect() as connection:
        yield connection


def account(connection: Connection, owned: Owned, role: str, code: str = "USD") -> dict[str, int]:
    query = (
        "SELECT account.id, commodity_id FROM account JOIN commodity ON commodity.id = commodity_id"
        " WHERE portfolio_id = :portfolio AND role = :role AND code = :code"
    )
    words = {"portfolio": owned.portfolio, "role": role, "code": code}
    return dict(connection.execute(text(query), words).mappings().one())


@pytest.fixture
def filled(ledger: Ledger, mine: Owned) -> Owned:
    """A deposit and a purchase."""
    post(ledger, mine, deposit(100_00), buy(2, 30_00))
    return mine


@pytest.fixture
def theirs(ledger: Ledger, filled: Owned) -> Owned:
    """Another user's portfolio, which has accounts too."""
    user = ledger.journal.user("bob")
    made = ledger.journal.create_portfolio(user, "main", currency="USD", method="fifo")
    other = Owned(user, made.id)
    post(ledger, other, deposit(50_00))
    return other


@pytest.mark.parametrize("table", ["ledger_event", "transfer"])
@pytest.mark.parametrize(
    ("ledger", "statement"),
    [
        ("sqlite", "UPDATE {} SET seq = seq"),
        ("sqlite", "DELETE FROM {}"),
        ("sqlite", "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"),
        ("postgresql", "UPDATE {} SET seq = seq"),
        ("postgresql", "DELETE FROM {}"),
        ("postgresql", "TRUNCATE {} CASCADE"),
    ],
    indirect=["ledger"],
)
def test_the_journal_is_append_only(
    ledger: Ledger, filled: Owned, table: str, statement: str
) -> None:
    engine = make_engine(ledger.owner_url)
    with (
        durable(engine, told=Scope.user(filled.user).told()).connect() as connection,
        pytest.raises(IntegrityError, match="is append-only"),
    ):
        connection.execute(text(statement.format(table)))
    engine.dispose()
    assert ledger.journal.verify(filled.user, filled.portfolio) == 2


@pytest.mark.parametrize(
    "statement",
    ["UPDATE portfolio SET lot_method = 'average'", "UPDATE portfolio SET currency_id = 1"],
)
def test_how_a_portfolio_is_kept_stays(ledger: Ledger, filled: Owned, statement: str) -> None:
    with as_user(ledger, filled.user) as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))


@pytest.mark.parametrize("amount", [0, -1, 2**62 + 1])
def test_amounts_of_a_transfer(ledger: Ledger, filled: Owned, amount: int) -> None:
    with as_user(ledger, filled.user) as connection:
        cash = account(connection, filled, "cash")
        words = {
            "user": filled.user, "portfolio": filled.portfolio, "seq": 1, "amount": amount,
            "commodity": cash["commodity_id"], "debit": cash["id"],
            "credit": account(connection, filled, "external")["id"],
        }  # fmt: skip
        with pytest.raises(IntegrityError, match="ck_transfer_amount"):
            connection.execute(text(TRANSFER), words)


def test_a_transfer_between_commodities_or_users(
    ledger: Ledger, filled: Owned, theirs: Owned
) -> None:
    with as_user(ledger, theirs.user) as connection:
        foreign = account(connection, theirs, "cash")
    for debit in ("another commodity", "another user"):
        with as_user(ledger, filled.user) as connection:
            cash = account(connection, filled, "cash")
            shares = account(connection, filled, "holding", "AAPL")
            words = {
                "user": filled.user, "portfolio": filled.portfolio, "seq": 1, "amount": 5,
                "commodity": cash["commodity_id"], "credit": cash["id"],
                "debit": shares["id"] if debit == "another commodity" else foreign["id"],
            }  # fmt: skip
            with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
                connection.execute(text(TRANSFER), words)


@pytest.mark.parametrize("role", ["cash", "holding"])
def test_a_balance_below_zero(ledger: Ledger, filled: Owned, role: str) -> None:
    negative = text("UPDATE balance SET amount = -1 WHERE role = :role")
    unguarded = text("UPDATE balance SET role = 'market' WHERE role = :role")
    for statement, words in ((negative, "ck_balance_overdraft"), (unguarded, r"(?i)foreign key")):
        with (
            as_user(ledger, filled.user) as connection,
            pytest.raises(IntegrityError, match=words),
        ):
            connection.execute(statement, {"role": role})


def test_another_user_reads_and_writes_nothing(
    ledger: Ledger, filled: Owned, theirs: Owned
) -> None:
    journal, bob, portfolio = ledger.journal, theirs.user, filled.portfolio
    for ask in (journal.entries, journal.balances, journal.verify, journal.rebuild_balances):
        with pytest.raises(InputError, match=f"^portfolio {portfolio}: isn't one of this user"):
            ask(bob, portfolio)
    for entry in (deposit(5), reversal(1), sell(1, 5)):
        with pytest.raises(InputError, match=f"^portfolio {portfolio}: isn't one of this user"):
            journal.post(bob, portfolio, [("k9", entry)], check=accept)
    with pytest.raises(InputError, match="reverses 2: isn't the number of an entry"):
        post(ledger, theirs, reversal(2), key="r")
    assert [made.id for made in journal.portfolios(bob)] == [theirs.portfolio]
    assert journal.verify(filled.user, portfolio) == 2
    assert journal.verify(bob, theirs.portfolio) == 1


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_the_application_reads_rows_of_its_user_alone(
    ledger: Ledger, filled: Owned, theirs: Owned
) -> None:
    for user, seen in ((filled.user, 1), (theirs.user, 1), (None, 0), (4711, 0)):
        with as_user(ledger, user) as connection:
            for of, name in (*((name, "user_id") for name in OWNED), ("users", "id")):
                query: Select[int] = select(literal_column(name)).distinct().select_from(table(of))
                owners: list[int] = list(connection.execute(query).scalars())
                assert owners == [user] * seen, of


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (INSERT_PORTFOLIO, "row-level security"),
        (INSERT_ACCOUNT, "row-level security"),
        (INSERT_EVENT, "row-level security"),
        ("UPDATE portfolio SET user_id = :user", "permission denied"),
        ("DELETE FROM balance", "permission denied"),
        ("DELETE FROM ledger_event", "permission denied"),
        ("UPDATE transfer SET amount = 1", "permission denied"),
        ("TRUNCATE transfer", "permission denied"),
        ("ALTER TABLE transfer DISABLE TRIGGER ALL", "must be owner"),
        ("ALTER TABLE transfer DISABLE ROW LEVEL SECURITY", "must be owner"),
        (f"SET ROLE {OWNER}", "permission denied"),
        ("SET session_replication_role = replica", "permission denied"),
    ],
)  # fmt: skip
def test_the_application_writes_nothing_of_others(
    ledger: Ledger, filled: Owned, theirs: Owned, statement: str, words: str
) -> None:
    bound = {"user": filled.user, "portfolio": filled.portfolio}
    used = {name: value for name, value in bound.items() if f":{name}" in statement}
    with (
        as_user(ledger, theirs.user) as connection,
        pytest.raises(ProgrammingError, match=words),
    ):
        connection.execute(text(statement), used)


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_an_owner_of_the_tables_is_bound_too(ledger: Ledger, filled: Owned) -> None:
    as_owner = journal_on(ledger.owner_url)
    with as_owner.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM ledger_event")).scalar() == 0
    assert as_owner.verify(filled.user, filled.portfolio) == 2
    as_owner.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Of the owner of a database without tables."""
    url = sqlite_url(tmp_path / "new.sqlite")
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"migrations{next(_NAMES)}"
        server.new_database(name)
        url = server.url(OWNER, name)
    made = make_engine(url)
    yield made
    made.dispose()


def test_the_migrations_make_what_the_stores_say(engine: Engine) -> None:
    for _ in range(2):
        (older,) = differences(engine)
        assert re.fullmatch(r"it is at revision none, \d{4} is needed; upgrade it", older)
        upgrade(engine)
        upgrade(engine)
        assert differences(engine) == []
        downgrade(engine, "base")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE users ADD COLUMN more INTEGER"))
    (other,) = differences(engine)
    assert "more" in other


def test_a_database_without_tables_or_with_older_ones(engine: Engine) -> None:
    journal = journal_on(engine.url)
    brokers = SqlBrokers(journal.engine, journal.retries)
    mend = "^the database has no ledger, or an older one; run: stockanalyst db upgrade$"
    broker = Broker("bank", CommissionSchedule(flat=Decimal(1)), "USD")
    with pytest.raises(LedgerError, match=mend):
        journal.user("alice")
    with pytest.raises(LedgerError, match=mend):
        journal.portfolio(1, "main")
    upgrade(engine)
    alice = journal.user("alice")
    main = journal.create_portfolio(alice, "main", currency="USD", method="fifo")
    journal.post(alice, main.id, [("a", deposit(5))], check=accept)
    before = journal.entries(alice, main.id)
    for _ in range(2):
        brokers.save(alice, broker)
        downgrade(engine, "0001")
        with pytest.raises(LedgerError, match=mend):
            brokers.all(alice)
        with pytest.raises(LedgerError, match=mend):
            brokers.save(alice, broker)
        assert journal.verify(alice, main.id) == 1
        upgrade(engine)
        assert brokers.all(alice) == []
    assert journal.entries(alice, main.id) == before
    assert journal.post(alice, main.id, [("b", deposit(5))], check=accept)[0].number == 2
    journal.engine.dispose()


@pytest.mark.parametrize("ledger", ["sqlite"], indirect=True)
def test_the_migrations_make_it_word_by_word(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        migrated = schema(connection)
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        METADATA.create_all(connection)
        assert migrated == schema(connection)
    engine.dispose()


def schema(connection: Connection) -> list[list[str]]:
    """The statements that made tables and indexes, by name, each with its lines in order."""
    made = "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
    found = connection.execute(text(f"{made} AND name <> 'alembic_version' ORDER BY name"))
    return [sorted(line.strip(" ,\t") for line in sql.splitlines()) for (sql,) in found]


def test_a_database_that_does_not_answer() -> None:
    engine = make_engine("postgresql://nobody:PLANTED0@127.0.0.1:9/none")
    with pytest.raises(OSError, match="refused") as caught:
        upgrade(engine)
    assert "PLANTED0" not in str(caught.value)
    assert not isinstance(caught.value, DBAPIError)
