"""Prices kept in SQLite and in PostgreSQL: to the bit, and whoever else writes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text

from stockanalyst.frames import PRICE_COLUMNS, price_frame
from stockanalyst.infra.db import make_engine, sqlite_url
from stockanalyst.infra.migrations import upgrade
from stockanalyst.market.protocols import StoredPrices
from stockanalyst.market.store.sql import SqlPriceStore
from tests.portfolio.store.conftest import postgres
from tests.portfolio.store.postgres_server import APPLICATION, OWNER, PostgresServer

__all__ = ["postgres"]

MONDAY = pd.Timestamp("2026-01-19 21:00:00.123456", tz="UTC")
TUESDAY = pd.Timestamp("2026-01-20 21:00", tz="UTC")


def frame(n_sessions: int, *, seed: int = 0) -> pd.DataFrame:
    sessions = pd.bdate_range("1962-01-02", periods=n_sessions, name="session")
    values = np.exp(np.random.default_rng(seed).normal(0, 5, (n_sessions, len(PRICE_COLUMNS))))
    table = pd.DataFrame(values, sessions, list(PRICE_COLUMNS))
    table.loc[table.index[::3], ["open", "volume"]] = np.nan
    return price_frame(table, where="test")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.sqlite"


@pytest.fixture
def store(path: Path) -> SqlPriceStore:
    return SqlPriceStore(sqlite_url(path))


def loaded(store: SqlPriceStore) -> StoredPrices:
    found = store.load("yahoo", "AAPL")
    assert found is not None
    return found


def test_what_was_saved_is_loaded_to_the_bit(store: SqlPriceStore, path: Path) -> None:
    prices = StoredPrices(frame(100), MONDAY, ("A note.",), "the past year")
    assert store.load("yahoo", "AAPL") is None
    assert store.save("yahoo", "AAPL", prices, replaces=None)
    found = loaded(SqlPriceStore(sqlite_url(path)))
    pd.testing.assert_frame_equal(found.frame, prices.frame, check_exact=True, check_freq=False)
    assert (found.fetched_at, found.notes, found.shortfall, found.revision) == (
        MONDAY,
        ("A note.",),
        "the past year",
        1,
    )
    assert store.load("eodhd", "AAPL") is None
    assert store.load("yahoo", "MSFT") is None


def test_a_role_that_may_make_no_tables_keeps_prices(postgres: PostgresServer) -> None:
    postgres.new_database("prices")
    upgrade(make_engine(postgres.url(OWNER, "prices")), application_role=APPLICATION)
    prices = StoredPrices(frame(100), MONDAY, ("A note.",), "the past year")
    assert SqlPriceStore(postgres.url(APPLICATION, "prices")).save(
        "yahoo", "AAPL", prices, replaces=None
    )
    found = loaded(SqlPriceStore(postgres.url(APPLICATION, "prices")))
    pd.testing.assert_frame_equal(found.frame, prices.frame, check_exact=True, check_freq=False)
    assert (found.fetched_at, found.notes) == (MONDAY, ("A note.",))


def test_each_row_says_when_its_values_first_came(store: SqlPriceStore, path: Path) -> None:
    store.save("yahoo", "AAPL", StoredPrices(frame(3), MONDAY), replaces=None)
    later = frame(5)
    later.loc[later.index[2], "close"] = 1.0
    assert store.save("yahoo", "AAPL", StoredPrices(later, TUESDAY), replaces=loaded(store))
    pd.testing.assert_frame_equal(loaded(store).frame, later, check_freq=False)
    with create_engine(sqlite_url(path)).connect() as connection:
        rows = connection.execute(
            text("select provider, symbol, date(fetched_at) from price_bar order by session")
        ).all()
    assert [tuple(row) for row in rows] == [
        *[("yahoo", "AAPL", "2026-01-19")] * 2,
        *[("yahoo", "AAPL", "2026-01-20")] * 3,
    ]


@pytest.mark.parametrize("becomes", [slice(2, 6), slice(0, 3), slice(7, 8)])
def test_another_history_takes_its_place(store: SqlPriceStore, becomes: slice) -> None:
    whole = frame(8)
    store.save("yahoo", "AAPL", StoredPrices(whole.iloc[:6], MONDAY), replaces=None)
    after = StoredPrices(whole.iloc[becomes], TUESDAY)
    assert store.save("yahoo", "AAPL", after, replaces=loaded(store))
    pd.testing.assert_frame_equal(loaded(store).frame, after.frame, check_freq=False)


def test_who_comes_second_changes_nothing(store: SqlPriceStore) -> None:
    assert store.save("yahoo", "AAPL", StoredPrices(frame(3), MONDAY), replaces=None)
    assert not store.save("yahoo", "AAPL", StoredPrices(frame(9), MONDAY), replaces=None)
    first = loaded(store)
    assert store.save("yahoo", "AAPL", StoredPrices(frame(4), MONDAY), replaces=first)
    assert not store.save("yahoo", "AAPL", StoredPrices(frame(9), MONDAY), replaces=first)
    assert len(loaded(store).frame) == 4


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        SqlPriceStore(sqlite_url(tmp_path / "file" / "a.sqlite")).load("yahoo", "AAPL")


def test_a_file_that_is_no_database(path: Path, store: SqlPriceStore) -> None:
    path.write_text("not a database" * 100)
    with pytest.raises(OSError, match=r"^file is not a database$"):
        store.load("yahoo", "AAPL")


# Adds every second session, each in a transaction of its own; a history always has as many sessions
# as it has revisions, which a torn read or a lost row would break.
WRITER = """
import sys
import pandas as pd
from stockanalyst.frames import price_frame
from stockanalyst.market.protocols import StoredPrices
from stockanalyst.market.store.sql import SqlPriceStore

url, first = sys.argv[1], int(sys.argv[2])
now = pd.Timestamp("2026-01-20", tz="UTC")
sessions = pd.bdate_range("2020-01-01", periods=60, name="session")
print("ready", flush=True)
sys.stdin.readline()
store, lost = SqlPriceStore(url), 0
for session in sessions[first::2]:
    row = price_frame(pd.DataFrame({"close": float(session.day_of_year)}, [session]), where="test")
    while True:
        old = store.load("yahoo", "AAPL")
        assert old is None or len(old.frame) == old.revision
        frame = row if old is None else pd.concat([old.frame, row]).sort_index()
        if store.save("yahoo", "AAPL", StoredPrices(frame, now), replaces=old):
            break
        lost += 1
print(lost)
"""


def test_two_processes_lose_nothing_of_one_symbol(store: SqlPriceStore, path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WRITER, f"sqlite:///{path}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([*command, first], **pipes) for first in "01"]  # type: ignore[call-overload]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    ends = [writer.communicate(timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], ends
    found = loaded(store)
    assert found.revision == 60
    sessions = pd.bdate_range("2020-01-01", periods=60)
    assert found.frame.index.equals(sessions)
    assert found.frame["close"].tolist() == sessions.day_of_year.tolist()
