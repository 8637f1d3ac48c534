"""Processes that post at the same time, and tries that come to an end."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection, event, insert, select, text, update

from stockanalyst.infra.db import Pool, durable, make_engine
from stockanalyst.portfolio.commodities import currency, security
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.protocols import Posted
from stockanalyst.portfolio.store import posting
from stockanalyst.portfolio.store.accounts import Owner
from stockanalyst.portfolio.store.tables import COMMODITY, PORTFOLIO
from stockanalyst.portfolio.store.transactions import Retries, Scope, read, write
from tests.portfolio.store.conftest import NOON, Ledger, Owned, journal_on, post
from tests.portfolio.store.made import accept, buy, deposit, sell, withdrawal
from tests.portfolio.store.processes import Batch, Poster, together

N_PROCESSES, N_POSTS = 8, 500


def plan(rng: random.Random, process: int) -> list[Batch]:
    """Deposits of a cent, three in ten with keys that others have too; and early on the sale."""
    keys = [
        f"shared{rng.randrange(200)}" if rng.random() < 0.3 else f"own{process}.{place}"
        for place in range(N_POSTS)
    ]
    batches: list[Batch] = [[(key, replace(deposit(1), note=key))] for key in keys]
    sale = f"sale{process}"
    batches[3] = [(sale, replace(sell(1, 7, on=1), note=sale))]
    return batches


def test_nothing_is_lost_doubled_or_sold_twice(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(100), buy(1, 100), key="first")
    rng = random.Random(1)  # noqa: S311  no secret
    plans = [plan(rng, process) for process in range(N_PROCESSES)]
    owner = (mine.user, mine.portfolio)
    posters = [Poster(ledger.url, owner, batches, seed=n) for n, batches in enumerate(plans)]
    answers = together(posters)
    keys = [key for batches in plans for ((key, _),) in batches]
    fates = list(zip(keys, [fate for some in answers for fate in some], strict=True))
    assert [key[:4] for key, fate in fates if fate == "InsufficientUnits"] == ["sale"] * 7
    taken = [(key, *fate[0]) for key, fate in fates if isinstance(fate, list)]
    deposits = {key for key in keys if not key.startswith("sale")}
    assert len(taken) == N_PROCESSES * N_POSTS - 7
    created = {key: number for key, number, is_new in taken if is_new}
    assert Counter(key for key, _, is_new in taken if is_new) == Counter(created.keys())
    assert {key[:4] for key in created.keys() - deposits} == {"sale"}
    assert created.keys() > deposits
    assert all(created[key] == number for key, number, _ in taken)
    entries = dict(ledger.journal.entries(*owner)[2:])
    assert {entry.note: number for number, entry in entries.items()} == created
    balances = ledger.journal.balances(*owner)
    assert balances[Role.CASH, currency("USD")] == len(deposits) + 7
    assert balances[Role.HOLDING, security("AAPL")] == 0
    assert ledger.journal.verify(*owner) == len(deposits) + 3


def retries(slept: list[float]) -> Retries:
    return Retries(lambda: 0.5, slept.append, most=4)


@pytest.mark.parametrize("ledger", ["sqlite"], indirect=True)
def test_tries_on_a_locked_file_come_to_an_end(ledger: Ledger, mine: Owned) -> None:
    slept: list[float] = []
    hasty = journal_on(ledger.url)
    event.listen(hasty.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 0"))
    with durable(ledger.engine).begin(), pytest.raises(OSError, match="too busy: database is lock"):
        replace(hasty, retries=retries(slept)).post(
            mine.user, mine.portfolio, [("k", deposit(1))], check=accept
        )
    assert slept == [0.001, 0.002, 0.004]
    hasty.engine.dispose()


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_tries_against_one_who_is_always_faster_come_to_an_end(ledger: Ledger, mine: Owned) -> None:
    slept: list[float] = []
    other = journal_on(ledger.url)
    codes = iter(["EUR", "GBP", "CHF", "JPY"])

    def overtaken(connection: Connection) -> None:
        code = next(codes)
        known = select(COMMODITY.c.id).where(COMMODITY.c.code == code)
        new = insert(COMMODITY).values(kind="currency", code=code, scale=2)
        assert connection.execute(known).first() is None
        write(other.engine, retries([]), Scope.user(mine.user), lambda c: c.execute(new))
        connection.execute(new)

    with pytest.raises(OSError, match="too busy: duplicate key value violates unique constraint"):
        write(ledger.engine, retries(slept), Scope.user(mine.user), overtaken)
    assert slept == [0.001, 0.002, 0.004]
    other.engine.dispose()


def someone_waits(ledger: Ledger) -> bool:
    """Whether a transaction on the server waits for a lock of another."""
    engine = make_engine(ledger.url.set(username="postgres"))
    with engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        waiting: bool = count.scalar_one() > 0
    engine.dispose()
    return waiting


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_whoever_waited_sees_what_the_one_before_wrote(ledger: Ledger, mine: Owned) -> None:
    slept: list[float] = []
    second = replace(journal_on(ledger.url), retries=retries(slept))
    told, owner = Scope.user(mine.user).told(), Owner(mine.user, mine.portfolio)
    with ThreadPoolExecutor(1) as thread:
        with durable(ledger.engine, told=told).begin() as connection:
            items = [("first", deposit(10)), ("both", deposit(1))]
            posting.post(connection, owner, items, accept, NOON.replace(tzinfo=None))
            items = [("both", deposit(1)), ("second", withdrawal(11))]
            waiting = thread.submit(second.post, *(mine.user, mine.portfolio, items), check=accept)
            while not someone_waits(ledger):
                assert not waiting.done()
        assert waiting.result() == [Posted(2, created=False), Posted(3, created=True)]
    assert slept == []
    assert ledger.journal.verify(mine.user, mine.portfolio) == 3
    second.engine.dispose()


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_one_who_waits_too_long_is_told_so(ledger: Ledger, mine: Owned) -> None:
    hasty = journal_on(ledger.url, pool=Pool(size=1, overflow=0, wait=0.01, lock=0.01))
    touch = update(PORTFOLIO).values(name=PORTFOLIO.c.name)
    with durable(ledger.engine, told=Scope.user(mine.user).told()).begin() as connection:
        connection.execute(touch)
        with pytest.raises(OSError, match=r"^canceling statement due to lock timeout"):
            post(replace(ledger, journal=hasty), mine, deposit(1))
    with hasty.engine.connect(), pytest.raises(OSError, match=r"^every connection .* is in use"):
        hasty.entries(mine.user, mine.portfolio)
    hasty.engine.dispose()


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_a_transaction_that_reads_sees_one_moment(ledger: Ledger, mine: Owned) -> None:
    other = journal_on(ledger.url)
    count = text("SELECT count(*) FROM ledger_event")

    def counted(connection: Connection) -> list[int]:
        before = connection.execute(count).scalar_one()
        post(replace(ledger, journal=other), mine, deposit(1))
        return [before, connection.execute(count).scalar_one()]

    scope = Scope.user(mine.user)
    assert read(ledger.engine, retries([]), scope, counted) == [0, 0]
    assert read(ledger.engine, retries([]), scope, lambda c: c.execute(count).scalar_one()) == 1
    other.engine.dispose()
