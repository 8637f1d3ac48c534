"""What is in a journal after writers, or the whole server, were killed in the middle of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.protocols import Numbered
from tests.portfolio.store.conftest import Ledger, Owned, journal_on, running_postgres
from tests.portfolio.store.made import accept, buy, day, deposit, sell
from tests.portfolio.store.poster import at_each_moment
from tests.portfolio.store.postgres_server import APPLICATION, PASSWORD, PostgresServer
from tests.portfolio.store.processes import Batch, Poster


def mixed(name: str) -> Batch:
    """Of a kind that writes to every table, and reads the journal for the check."""
    entries: list[Entry] = [deposit(100_00), buy(1, 60_00, fee=1), sell(1, 70_00)]
    return [(f"{name}{place}", entry) for place, entry in enumerate(entries)]


def n_moments(ledger: Ledger, mine: Owned) -> int:
    """How many a batch has, once all its accounts are there."""
    ledger.journal.post(mine.user, mine.portfolio, mixed("first"), check=accept)
    moments: list[None] = []
    at_each_moment(ledger.engine, lambda: moments.append(None))
    ledger.journal.post(mine.user, mine.portfolio, mixed("counted"), check=accept)
    return len(moments)


def test_a_writer_that_is_killed_at_each_moment_of_a_batch(ledger: Ledger, mine: Owned) -> None:
    n, owner = n_moments(ledger, mine), (mine.user, mine.portfolio)
    assert n >= 9
    batches = [mixed(f"{moment}.") for moment in range(1, n + 1)]
    posters = [
        Poster(ledger.url, owner, [batch], dies_at=moment)
        for moment, batch in enumerate(batches, 1)
    ]
    found = []
    for poster in posters:
        poster.wait_until_ready()
        poster.go()
        assert poster.last_words() == ""
        found.append(len(ledger.journal.entries(*owner)))
    assert found == [6] * (n - 1) + [9]  # the last was killed after the end, before it could say so
    assert ledger.journal.verify(*owner) == 9
    again = [ledger.journal.post(*owner, batch, check=accept) for batch in batches]
    assert [{posted.created for posted in some} for some in again] == [{True}] * (n - 1) + [{False}]
    assert ledger.journal.verify(*owner) == 3 * (n + 2)


def test_a_writer_that_is_killed_at_any_moment(ledger: Ledger, mine: Owned) -> None:
    n, size, owner = 200, 30, (mine.user, mine.portfolio)
    for acknowledged in (1, 2, 5):
        before = len(ledger.journal.entries(*owner))
        batches: list[Batch] = [
            [(f"{acknowledged}.{batch}.{place}", deposit(1, on=batch)) for place in range(size)]
            for batch in range(n)
        ]
        poster = Poster(ledger.url, owner, batches)
        poster.wait_until_ready()
        poster.go()
        for batch in range(acknowledged):
            first = before + batch * size + 1
            assert poster.said() == [[first + place, True] for place in range(size)]
        poster.kill()
        entries = ledger.journal.entries(*owner)[before:]
        whole, rest = divmod(len(entries), size)
        assert rest == 0
        assert acknowledged <= whole < n
        assert [entry.on for _, entry in entries[::size]] == [day(batch) for batch in range(whole)]
        assert ledger.journal.verify(*owner) == before + len(entries)
        again = ledger.journal.post(*owner, batches[0], check=accept)
        assert {posted.created for posted in again} == {False}


@pytest.fixture
def mortal(missing: Callable[[str], NoReturn]) -> Iterator[PostgresServer]:
    """A server that nobody else needs."""
    with running_postgres(missing) as server:
        yield server


N_POSTERS, N_BATCHES, SIZE = 4, 150, 4


def noted(poster: int, batch: int) -> Batch:
    """Deposits that say their keys."""
    keys = [f"{poster}.{batch}.{place}" for place in range(SIZE)]
    return [(key, replace(deposit(1), note=key)) for key in keys]


def heard_until_unreachable(poster: Poster) -> list[Any]:
    """What a poster still had acknowledged before it could go no further."""
    answers: list[Any] = []
    while isinstance(answer := poster.said(), list):
        answers.append(answer)
    assert_is_one_line_without_secrets(answer["unreachable"])
    return answers


def assert_is_one_line_without_secrets(words: str) -> None:
    assert 0 < len(words) <= 100
    assert words.isprintable()
    assert PASSWORD not in words


def test_a_server_that_is_killed_in_the_middle_of_posts(mortal: PostgresServer) -> None:
    url = mortal.url(APPLICATION, "ledger")
    journal = journal_on(url)
    user = journal.user("alice")
    made = journal.create_portfolio(user, "main", currency="USD", method="fifo")
    owner = (user, made.id)
    plans = [[noted(n, batch) for batch in range(N_BATCHES)] for n in range(N_POSTERS)]
    posters = [Poster(url, owner, plan) for plan in plans]
    for poster in posters:
        poster.wait_until_ready()
    for poster in posters:
        poster.go()
    heard = [[poster.said() for _ in range(5)] for poster in posters]
    mortal.kill()
    answers = [
        some + heard_until_unreachable(poster) for poster, some in zip(posters, heard, strict=True)
    ]
    with pytest.raises(OSError, match="refused") as caught:
        journal.entries(*owner)
    assert_is_one_line_without_secrets(str(caught.value))
    mortal.start_again()
    entries = journal.entries(*owner)  # by the pool of before
    assert journal.verify(*owner) == len(entries)
    assert_acknowledged_are_there_and_others_whole(entries, answers)
    for poster in posters:
        poster.go()
    rest = [poster.answers() for poster in posters]
    assert [len(a) + len(b) for a, b in zip(answers, rest, strict=True)] == [N_BATCHES] * N_POSTERS
    entries = journal.entries(*owner)
    assert Counter(entry.note for _, entry in entries) == Counter(
        key for plan in plans for batch in plan for key, _ in batch
    )
    assert journal.verify(*owner) == len(entries) == N_POSTERS * N_BATCHES * SIZE
    journal.engine.dispose()


def assert_acknowledged_are_there_and_others_whole(
    entries: Numbered, answers: Sequence[Sequence[Any]]
) -> None:
    numbers = {entry.note: number for number, entry in entries}
    assert len(numbers) == len(entries)
    for poster, some in enumerate(answers):
        for batch, answer in enumerate(some):
            assert answer == [[numbers[key], True] for key, _ in noted(poster, batch)]
    sizes = Counter(note.rpartition(".")[0] for note in numbers)
    assert set(sizes.values()) == {SIZE}
    n_acknowledged = sum(map(len, answers))
    assert n_acknowledged <= len(sizes) <= n_acknowledged + N_POSTERS
