"""Processes that post at the same time, one that is killed, and tries that come to an end."""

import random
from dataclasses import replace

import pytest
from sqlalchemy import Connection, event, select, update

from stockanalyst.infra.db import durable
from stockanalyst.portfolio.commodities import currency, security
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.store.tables import PORTFOLIO
from stockanalyst.portfolio.store.transactions import Retries, Scope, write
from tests.portfolio.store.conftest import Ledger, Owned, journal_on, post
from tests.portfolio.store.made import accept, buy, day, deposit, sell
from tests.portfolio.store.processes import Batch, Poster, together

N_PROCESSES, N_POSTS = 8, 12


def plan(rng: random.Random, process: int) -> list[Batch]:
    """Deposits of a cent, a third of them with keys that others have too; and the sale."""
    keys = [
        f"shared{rng.randrange(20)}" if rng.random() < 0.3 else f"own{process}.{place}"
        for place in range(N_POSTS)
    ]
    batches: list[Batch] = [[(key, deposit(1))] for key in keys]
    batches.insert(rng.randrange(N_POSTS), [(f"sale{process}", sell(1, 7, on=1))])
    return batches


def test_nothing_is_lost_doubled_or_sold_twice(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(100), buy(1, 100), key="first")
    rng = random.Random(1)  # noqa: S311  no secret
    plans = [plan(rng, process) for process in range(N_PROCESSES)]
    owner = (mine.user, mine.portfolio)
    posters = [Poster(ledger.url, owner, batches, seed=n) for n, batches in enumerate(plans)]
    answers = [answer for some in together(posters) for answer in some]
    keys = {key for batches in plans for ((key, _),) in batches if not key.startswith("sale")}
    created = [answer[0][0] for answer in answers if isinstance(answer, list) and answer[0][1]]
    assert sorted(created) == list(range(3, len(keys) + 4))
    assert answers.count("InsufficientUnits") == N_PROCESSES - 1
    assert len(answers) == N_PROCESSES * (N_POSTS + 1)
    balances = ledger.journal.balances(*owner)
    assert balances[Role.CASH, currency("USD")] == len(keys) + 7
    assert balances[Role.HOLDING, security("AAPL")] == 0
    assert ledger.journal.verify(*owner) == len(keys) + 3


def test_a_writer_that_is_killed_in_the_middle_of_a_batch(ledger: Ledger, mine: Owned) -> None:
    n, size, acknowledged = 400, 40, 3
    batches: list[Batch] = [
        [(f"{batch}.{place}", deposit(1, on=batch)) for place in range(size)] for batch in range(n)
    ]
    poster = Poster(ledger.url, (mine.user, mine.portfolio), batches, seed=0)
    poster.wait_until_ready()
    poster.go()
    for batch in range(acknowledged):
        assert poster.said() == [[batch * size + i + 1, True] for i in range(size)]
    poster.kill()
    entries = ledger.journal.entries(mine.user, mine.portfolio)
    whole, rest = divmod(len(entries), size)
    assert rest == 0
    assert acknowledged <= whole < n
    assert [entry.on for _, entry in entries[::size]] == [day(batch) for batch in range(whole)]
    assert ledger.journal.verify(mine.user, mine.portfolio) == len(entries)
    again = ledger.journal.post(mine.user, mine.portfolio, batches[0], check=accept)
    assert {posted.created for posted in again} == {False}


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
    touch = update(PORTFOLIO).values(name=PORTFOLIO.c.name)

    def overtaken(connection: Connection) -> None:
        connection.execute(select(PORTFOLIO)).all()
        write(other.engine, retries([]), Scope.user(mine.user), lambda c: c.execute(touch))
        connection.execute(touch)

    with pytest.raises(OSError, match="too busy: could not serialize access"):
        write(ledger.engine, retries(slept), Scope.user(mine.user), overtaken)
    assert slept == [0.001, 0.002, 0.004]
    other.engine.dispose()
