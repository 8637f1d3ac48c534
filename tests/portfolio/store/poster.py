"""A process that posts what it is told, and says what became of each batch.

It is given one line of JSON, says "ready", and begins when it is given another line.
"""

import json
import random
import sys
import time
from datetime import UTC, datetime
from typing import Any

from stockanalyst.exceptions import LedgerError
from stockanalyst.infra.db import Pool, make_engine
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.store.journal import SqlJournal
from stockanalyst.portfolio.store.transactions import Retries


def main() -> None:
    """Post."""
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    jitter = random.Random(told["seed"]).random  # noqa: S311  no secret
    engine = make_engine(told["url"], pool=Pool(size=1, overflow=0))
    noon = datetime(2026, 1, 20, 12, tzinfo=UTC)
    journal = SqlJournal(engine, lambda: noon, Retries(jitter, time.sleep))
    journal.portfolios(told["user"])
    say("ready")
    sys.stdin.readline()
    for batch in told["batches"]:
        items = [(key, Entry.of(payload)) for key, payload in batch]
        try:
            done = journal.post(told["user"], told["portfolio"], items, check=lambda _: None)
            say([[posted.number, posted.created] for posted in done])
        except LedgerError as error:
            say(type(error).__name__)


def say(words: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
