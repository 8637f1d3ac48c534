"""Brokers come back as they were saved, to their own user alone, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import ProgrammingError

from stockanalyst.exceptions import InputError
from stockanalyst.infra.db import durable
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.protocols import Broker
from stockanalyst.portfolio.store.brokers import SqlBrokers
from stockanalyst.portfolio.store.transactions import Scope
from tests.portfolio.store.conftest import Ledger, journal_on

CHEAP = Broker("cheap", CommissionSchedule(flat=Decimal(1)), "USD")


INSERT = (
    "INSERT INTO broker SELECT :alice, 'x', currency_id, '0', '0', '0', '0', NULL, true FROM broker"
)


@pytest.fixture
def brokers(ledger: Ledger) -> SqlBrokers:
    return SqlBrokers(ledger.engine, ledger.journal.retries)


@pytest.fixture
def alice(ledger: Ledger) -> int:
    return ledger.journal.user("alice")


def test_a_broker_is_kept_until_another_of_its_name(brokers: SqlBrokers, alice: int) -> None:
    assert brokers.all(alice) == []
    brokers.save(alice, CHEAP)
    brokers.save(alice, Broker(" Bank – ‘1’ ", CommissionSchedule(), "eur", active=False))
    bank = Broker("Bank – ‘1’", CommissionSchedule(), "EUR", active=False)
    assert brokers.all(alice) == [bank, CHEAP]
    dear = CommissionSchedule(rate=Decimal("0.01"), minimum=Decimal(5), maximum=Decimal(50))
    brokers.save(alice, Broker("cheap", dear, "CHF", active=False))
    assert brokers.all(alice) == [bank, Broker("cheap", dear, "CHF", active=False)]
    brokers.save(alice, CHEAP)
    assert brokers.all(alice) == [bank, CHEAP]


@pytest.mark.parametrize(
    "amount",
    ["0.1234567890123456789012345678901234567890", "1E+40", "1E-40", "12.50", "0E-5", "9" * 40],
)
def test_every_digit_is_kept(brokers: SqlBrokers, alice: int, amount: str) -> None:
    value = Decimal(amount)
    schedule = CommissionSchedule(
        rate=min(value, Decimal("0." + "9" * 40)),
        per_unit=value,
        flat=value,
        minimum=value,
        maximum=value,
    )
    brokers.save(alice, Broker("exact", schedule, "USD"))
    (found,) = brokers.all(alice)
    assert repr(found.schedule) == repr(schedule)  # 12.50 == 12.5, but isn't written so


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b", "a\nb"])
def test_bad_names(brokers: SqlBrokers, alice: int, name: str) -> None:
    with pytest.raises(InputError, match=r"^name .*: give 1 to 80 printable characters"):
        brokers.save(alice, replace(CHEAP, name=name))
    assert brokers.all(alice) == []


def test_a_currency_or_a_user_that_is_not_there(brokers: SqlBrokers, alice: int) -> None:
    with pytest.raises(InputError, match=r"^currency 'USDT': did you mean USD"):
        brokers.save(alice, replace(CHEAP, currency="USDT"))
    with pytest.raises(InputError, match=r"^user 4711: isn't the number of a user"):
        brokers.save(4711, CHEAP)
    assert brokers.all(4711) == []


def test_brokers_of_others_are_unknown(ledger: Ledger, brokers: SqlBrokers, alice: int) -> None:
    bob = ledger.journal.user("bob")
    brokers.save(alice, CHEAP)
    assert brokers.all(bob) == []
    own = replace(CHEAP, currency="EUR", active=False)
    brokers.save(bob, own)
    assert brokers.all(bob) == [own]
    assert brokers.all(alice) == [CHEAP]


@contextmanager
def as_user(ledger: Ledger, user: int) -> Iterator[Connection]:
    """Direct SQL with the application's rights; nothing of it is kept."""
    with durable(ledger.engine, told=Scope.user(user).told()).connect() as connection:
        yield connection


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (INSERT, "row-level security"),
        ("UPDATE broker SET user_id = :alice", "row-level security"),
        ("DELETE FROM broker", "permission denied"),
        ("TRUNCATE broker", "permission denied"),
        ("ALTER TABLE broker DISABLE ROW LEVEL SECURITY", "must be owner"),
    ],
)
def test_postgresql_keeps_others_out(
    ledger: Ledger, brokers: SqlBrokers, statement: str, words: str
) -> None:
    alice, bob = ledger.journal.user("alice"), ledger.journal.user("bob")
    for user in (alice, bob):
        brokers.save(user, CHEAP)
    with as_user(ledger, bob) as connection:
        owners = connection.execute(text("SELECT user_id FROM broker")).scalars().all()
        touched = connection.execute(text("UPDATE broker SET flat = '9'")).rowcount
        assert (owners, touched) == ([bob], 1)
    used = {"alice": alice} if ":alice" in statement else {}
    with as_user(ledger, bob) as connection, pytest.raises(ProgrammingError, match=words):
        connection.execute(text(statement), used)


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_two_save_a_new_one_at_the_same_time(
    ledger: Ledger, brokers: SqlBrokers, alice: int
) -> None:
    other = journal_on(ledger.url)
    first = replace(CHEAP, active=False)
    saved: list[Broker] = []

    def overtake(_1: object, _2: object, statement: str, *_3: Any) -> None:
        if statement.startswith("INSERT INTO broker") and not saved:
            saved.append(first)
            SqlBrokers(other.engine, other.retries).save(alice, first)

    brokers.save(alice, replace(CHEAP, name="makes the currency"))
    event.listen(ledger.engine, "before_cursor_execute", overtake)
    brokers.save(alice, CHEAP)
    other.engine.dispose()
    assert saved == [first]
    assert CHEAP in brokers.all(alice)
