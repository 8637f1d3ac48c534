"""A process that posts what it is told, and says what became of each batch.

It is given one line of JSON, says "ready", and begins when it is given another line. Where the
database can't be reached it says why, and tries again when it is given one more.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import Engine, event

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
    moments = count(1)
    at_each_moment(engine, lambda: die() if next(moments) == told["dies_at"] else None)
    say("ready")
    sys.stdin.readline()
    for batch in told["batches"]:
        items = [(key, Entry.of(payload)) for key, payload in batch]
        say(outcome(journal, told["user"], told["portfolio"], items))


def outcome(
    journal: SqlJournal, user: int, portfolio: int, items: Sequence[tuple[str, Entry]]
) -> Any:
    """What became of a batch, in the end."""
    while True:
        try:
            done = journal.post(user, portfolio, items, check=lambda _: None)
        except LedgerError as error:
            return type(error).__name__
        except OSError as error:
            say({"unreachable": str(error)})
            if not sys.stdin.readline():
                raise
        else:
            return [[posted.number, posted.created] for posted in done]


def at_each_moment(engine: Engine, call: Callable[[], object]) -> None:
    """Call it before each statement, before a transaction is committed, and after that."""
    for name in ("before_cursor_execute", "commit", "checkin"):
        event.listen(engine, name, lambda *_: call())


def die() -> None:
    """As by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def say(words: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
