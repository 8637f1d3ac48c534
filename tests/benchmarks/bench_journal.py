"""Durable entries a second that eight processes post at the same time, on both databases.

::

    python -m tests.benchmarks.bench_journal --posts 500

Three in ten have a key that was posted before; what counts is what was new. In the end the journals
are verified: none is lost or doubled. PostgreSQL is left out where it isn't installed.
"""

import argparse
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


def measure(title: str, url: URL, n_portfolios: int, n_posts: int, least: float) -> None:
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
    seconds = run(posters)
    expected = len({key for batches in plans for ((key, _),) in batches})
    found = sum(journal.verify(user, portfolio.id) for portfolio in made)
    journal.engine.dispose()
    verdict = "none lost or doubled" if found == expected else f"{found} INSTEAD OF {expected}"
    sys.stdout.write(f"{title}: {found / seconds:.0f}/s (goal {least:.0f}), {verdict}\n")


def run(posters: Sequence[Poster]) -> float:
    """Seconds from the first post to the last."""
    for poster in posters:
        poster.wait_until_ready()
    start = time.perf_counter()
    for poster in posters:
        poster.go()
    for poster in posters:
        poster.answers()
    return time.perf_counter() - start


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
        measure("PostgreSQL, 8 portfolios", url, N_CLIENTS, n_posts, 300)
        measure("PostgreSQL, 1 portfolio", url, 1, n_posts, 50)
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
        measure("SQLite, 1 portfolio", url, 1, n_posts, 150)
    found = binaries()
    if found is None:
        sys.stdout.write("PostgreSQL isn't installed\n")
    else:
        on_postgresql(found, n_posts)


if __name__ == "__main__":
    main()
