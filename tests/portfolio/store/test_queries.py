"""Every statement that the stores make finds its rows by an index, on both databases."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from stockanalyst.infra.db import durable, make_engine
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.protocols import Batch, Broker
from stockanalyst.portfolio.store.brokers import SqlBrokers
from stockanalyst.portfolio.store.journal import SqlJournal
from stockanalyst.portfolio.store.transactions import Scope
from tests.portfolio.store.conftest import Ledger, Owned, post
from tests.portfolio.store.made import UNIT, accept, buy, day, deposit, reversal, sell

Statements = dict[str, Any]
OWNED = {"account", "balance", "broker", "ledger_event", "transfer"}
BROKER = Broker("bank", CommissionSchedule(flat=Decimal(1)), "USD")
SPLIT = Entry(EntryType.SPLIT, day(30), symbol="S1", units=UNIT, ratio=(2, 1))
ASKED: Mapping[str, Callable[[SqlJournal, Owned], object]] = {
    "user": lambda journal, _: journal.user("carol"),
    "find_user": lambda journal, _: journal.find_user("carol"),
    "create_portfolio": lambda journal, mine: journal.create_portfolio(
        mine.user, "second", currency="EUR", method="fifo"
    ),
    "portfolios": lambda journal, mine: journal.portfolios(mine.user),
    "portfolio": lambda journal, mine: journal.portfolio(mine.user, "main"),
    "present": lambda journal, mine: journal.present(mine.user, mine.portfolio, ["k1", "none"]),
    "post": lambda journal, mine: [
        journal.post(mine.user, mine.portfolio, [(f"new{number}", entry)], check=accept)
        for number, entry in enumerate(
            [deposit(5), sell(1, 5, symbol="S1"), buy(1, 3, symbol="S99"), SPLIT, reversal(3)]
        )
    ],
    "post_together": lambda journal, mine: journal.post_together(
        mine.user, [Batch(mine.portfolio, [("together", deposit(5))], accept)]
    ),
    "keys": lambda journal, mine: journal.keys(mine.user, mine.portfolio),
    "entries": lambda journal, mine: journal.entries(mine.user, mine.portfolio),
    "balances": lambda journal, mine: journal.balances(mine.user, mine.portfolio),
    "verify": lambda journal, mine: journal.verify(mine.user, mine.portfolio),
    "rebuild_balances": lambda journal, mine: journal.rebuild_balances(mine.user, mine.portfolio),
}
ASKED_OF_BROKERS: Mapping[str, Callable[[SqlBrokers, Owned], object]] = {
    "save": lambda brokers, mine: brokers.save(mine.user, BROKER),
    "all": lambda brokers, mine: brokers.all(mine.user),
}


def test_every_method_is_asked() -> None:
    for store, asked in ((SqlJournal, ASKED), (SqlBrokers, ASKED_OF_BROKERS)):
        methods = {name for name, _ in inspect.getmembers(store, inspect.isfunction)}
        assert {name for name in methods if not name.startswith("_")} == set(asked)


@contextmanager
def heard(engine: Engine) -> Iterator[Statements]:
    """What is asked and changed meanwhile, each with the parameters of one time."""
    said: Statements = {}

    def listen(_1: object, _2: object, statement: str, parameters: Any, *_3: object) -> None:
        if statement.startswith(("SELECT", "UPDATE")) and "set_config" not in statement:
            said[statement] = parameters[0] if isinstance(parameters, list) else parameters

    event.listen(engine, "before_cursor_execute", listen)
    yield said
    event.remove(engine, "before_cursor_execute", listen)


@pytest.fixture
def crowded(ledger: Ledger, mine: Owned) -> Owned:
    """Rows enough that the way to them matters, of two users, and the server has counted them."""
    bought = [buy(2, 5, on=number, symbol=f"S{number % 20}") for number in range(250)]
    user = ledger.journal.user("bob")
    theirs = ledger.journal.create_portfolio(user, "main", currency="USD", method="fifo")
    for owned in (mine, Owned(user, theirs.id)):
        post(ledger, owned, deposit(10_000), *bought)
    if not ledger.is_sqlite:
        engine = make_engine(ledger.url.set(username="postgres"))
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
        engine.dispose()
    return mine


def test_every_row_is_found_by_an_index(ledger: Ledger, crowded: Owned) -> None:
    brokers = SqlBrokers(ledger.engine, ledger.journal.retries)
    statements: Statements = {}
    for name, ask in ASKED.items():
        with heard(ledger.engine) as said:
            ask(ledger.journal, crowded)
        assert said, name
        statements |= said
    with heard(ledger.engine) as said:
        for ask_brokers in ASKED_OF_BROKERS.values():
            ask_brokers(brokers, crowded)
    statements |= said
    told = Scope.user(crowded.user).told()
    with durable(ledger.engine, told=told).connect() as connection:
        if not ledger.is_sqlite:  # else it reads small tables whole, for it is faster
            for way in ("seqscan", "hashjoin", "mergejoin"):
                connection.execute(text(f"SET LOCAL enable_{way} = off"))
        for statement, parameters in statements.items():
            assert read_in_vain(connection, statement, parameters) == [], statement


def read_in_vain(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """Steps of the plan that read more rows than they are asked for."""
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row.detail for row in plan if is_wide_on_sqlite(row.detail)]
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    return [str(node) for node in nodes(plan.scalar_one()[0]["Plan"]) if is_wide(node)]


def is_wide_on_sqlite(detail: str) -> bool:
    """Whether a step reads a whole table or index, or rows of other owners."""
    verb, _, rest = detail.partition(" ")
    if verb == "SEARCH" and rest.startswith(tuple(OWNED)):
        return "user_id=?" not in rest
    return verb == "SCAN"


def is_wide(node: Mapping[str, Any]) -> bool:
    """The same, of PostgreSQL."""
    kind, found = node["Node Type"], node.get("Index Cond", "")
    if "Scan" not in kind or kind == "Subquery Scan":
        return False
    if node.get("Relation Name") in OWNED:
        return "user_id" not in node.get("Recheck Cond", found) or "Filter" in node
    return kind != "Bitmap Heap Scan" and not found


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Of a plan, with all that is below."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)
