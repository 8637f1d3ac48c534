"""Durable entries a second that eight processes post at the same time, on both databases.

::

    python -m tests.benchmarks.bench_journal --posts 500

Three in ten have a key that was posted before; what counts is what was new. In the end the journals
are verified: none is lost or doubled. PostgreSQL is left out where it isn't installed. Beside the
rate stands what a post costs of the processors, which other work on the machine changes less, and
how many processes then wanted one. Linux alone tells it.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL

from stockanalyst.infra.db import make_engine, sqlite_url
from stockanalyst.infra.migrations import upgrade
from tests.portfolio.store.conftest import journal_on
from tests.portfolio.store.made import deposit
from tests.portfolio.store.postgres_server import APPLICATION, OWNER, PostgresServer, binaries
from tests.portfolio.store.processes import Batch, Poster

N_CLIENTS = 8


def plan(rng: random.Random, client: int, n_posts: int) -> list[Batch]:
    """Deposits of a cent."""
    places = [
        rng.randrange(place) if place and rng.random() < 0.3 else place for place in range(n_posts)
    ]
    return [[(f"{client}.{place}", deposit(1))] for place in places]


def measure(
    title: str, url: URL, n_portfolios: int, n_posts: int, *, least: float, server: int = 0
) -> None:
    """Print how many are posted a second."""
    journal = journal_on(url)
    user = journal.user("bench")
    names = [f"{title} {place}" for place in range(n_portfolios)]
    made = [journal.create_portfolio(user, name, currency="USD", method="fifo") for name in names]
    rng = random.Random(1)  # noqa: S311  no secret
    plans = [plan(rng, client, n_posts) for client in range(N_CLIENTS)]
    posters = [
        Poster(url, (user, made[n % n_portfolios].id), batches, seed=n)
        for n, batches in enumerate(plans)
    ]
    before = seconds_of(server)
    seconds, of_clients = run(posters)
    of_server = seconds_of(server) - before
    expected = len({key for batches in plans for ((key, _),) in batches})
    found = sum(journal.verify(user, portfolio.id) for portfolio in made)
    journal.engine.dispose()
    verdict = "none lost or doubled" if found == expected else f"{found} INSTEAD OF {expected}"
    costs = [f"{1000 * used / N_CLIENTS / n_posts:.2f}" for used in (of_clients, of_server)]
    sys.stdout.write(
        f"{title}: {found / seconds:.0f}/s (goal {least:.0f}), {verdict}; a post takes {costs[0]} "
        f"ms of its client and {costs[1]} ms of a server; load {os.getloadavg()[0]:.1f}\n"
    )


def run(posters: Sequence[Poster]) -> tuple[float, float]:
    """Seconds from the first post to the last, and those that the posters worked meanwhile."""
    for poster in posters:
        poster.wait_until_ready()
    ended = ended_children()
    before = sum(seconds_of(poster.process.pid) for poster in posters)
    start = time.perf_counter()
    for poster in posters:
        poster.go()
    for poster in posters:
        poster.answers()
    return time.perf_counter() - start, ended_children() - ended - before


def seconds_of(process: int) -> float:
    """What a process, and those of its own that have ended, have used of the processors."""
    if not process:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def ended_children() -> float:
    """What those of this process have used."""
    times = os.times()
    return times.children_user + times.children_system


def on_postgresql(found: Path, n_posts: int) -> None:
    """Both figures of PostgreSQL."""
    server = PostgresServer(found)
    server.start()
    try:
        server.new_database("bench")
        engine = make_engine(server.url(OWNER, "bench"))
        upgrade(engine, application_role=APPLICATION)
        engine.dispose()
        url = server.url(APPLICATION, "bench")
        assert server.process is not None
        process = server.process.pid
        measure("PostgreSQL, 8 portfolios", url, N_CLIENTS, n_posts, least=300, server=process)
        measure("PostgreSQL, 1 portfolio", url, 1, n_posts, least=50, server=process)
    finally:
        server.stop()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=500, help="of each of the eight processes")
    n_posts = parser.parse_args().posts
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "ledger.sqlite")
        upgrade(make_engine(url))
        measure("SQLite, 1 portfolio", url, 1, n_posts, least=150)
    found = binaries()
    if found is None:
        sys.stdout.write("PostgreSQL isn't installed\n")
    else:
        on_postgresql(found, n_posts)


if __name__ == "__main__":
    main()
