"""Engines from URLs: what SQLite is told, and what a bad URL gives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, event, exc, text

from stockanalyst.exceptions import InputError
from stockanalyst.infra.db import Pool, durable, make_engine, snapshot, sqlite_url


def test_sqlite_is_in_write_ahead_mode_and_keeps_foreign_keys(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "new" / "50 % #odd?.sqlite")
    with make_engine(url).connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 15_000
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["50 % #odd?.sqlite"]


def test_a_transaction_reads_one_moment_and_hinders_no_writer(tmp_path: Path) -> None:
    engine = make_engine(sqlite_url(tmp_path / "a.sqlite"))
    with engine.begin() as connection:
        connection.execute(text("create table t (x integer)"))
    count = text("select count(*) from t")
    with engine.begin() as reader:
        assert reader.execute(count).scalar() == 0
        with engine.begin() as writer:
            writer.execute(text("insert into t values (1)"))
        assert reader.execute(count).scalar() == 0
    with engine.connect() as later:
        assert later.execute(count).scalar() == 1


def test_tables_are_undone_too(tmp_path: Path) -> None:
    engine = make_engine(sqlite_url(tmp_path / "a.sqlite"))
    with engine.connect() as connection:
        connection.execute(text("create table t (x integer)"))
        connection.rollback()
    with engine.connect() as later:
        assert later.execute(text("select count(*) from sqlite_master")).scalar() == 0


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("PASSWORD", "isn't a database URL such as sqlite:////folder/file.sqlite"),
        ("nosuch://u:PASSWORD@h/d", "isn't a database URL such as sqlite:////folder/file.sqlite"),
        (URL.create("mysql", "u", "PASSWORD", "h"), "needs the package 'MySQLdb'"),
    ],
)
def test_a_bad_url_names_its_variable_and_nothing_else(url: str | URL, mend: str) -> None:
    with pytest.raises(InputError) as caught:
        make_engine(url)
    assert str(caught.value) == f"environment 'STOCKANALYST_DATABASE_URL': {mend}"
    assert caught.value.__suppress_context__


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_engine(sqlite_url(tmp_path / "file" / "a.sqlite"))


def test_a_durable_transaction_has_the_only_right_to_write_and_waits_for_the_disk(
    tmp_path: Path,
) -> None:
    engine = make_engine(sqlite_url(tmp_path / "a.sqlite"))
    impatient = make_engine(sqlite_url(tmp_path / "a.sqlite"))
    event.listen(impatient, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 0"))
    with durable(engine).begin() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        with pytest.raises(exc.OperationalError, match="locked"), durable(impatient).begin():
            pass
        with snapshot(impatient).begin() as reader:
            assert reader.execute(text("PRAGMA synchronous")).scalar() == 1  # NORMAL


def test_a_pool_keeps_the_connection(tmp_path: Path) -> None:
    engine = make_engine(
        sqlite_url(tmp_path / "a.sqlite"), pool=Pool(size=1, overflow=0, wait=0.01)
    )
    with engine.connect() as connection:
        first = connection.connection.driver_connection
        with pytest.raises(exc.TimeoutError, match="size 1 overflow 0"):
            engine.connect()
    with engine.connect() as connection:
        assert connection.connection.driver_connection is first
    engine.dispose()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system doesn't fork")
def test_a_forked_process_makes_connections_of_its_own(tmp_path: Path) -> None:
    code = """
import os, sys
from stockanalyst.infra.db import Pool, make_engine

def connection():
    with engine.connect() as made:
        return id(made.connection.driver_connection)

engine = make_engine(sys.argv[1], pool=Pool(size=1))
parents = connection()
assert connection() == parents
child = os.fork()
if child == 0:
    os._exit(0 if connection() != parents else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert connection() == parents
"""
    command = [sys.executable, "-W", "error", "-c", code, f"sqlite:///{tmp_path}/a.sqlite"]
    subprocess.run(command, check=True)


def test_postgres_is_postgresql() -> None:
    url = make_engine(" postgres://u:p%40@h:1/d").url
    assert (url.get_backend_name(), url.password, url.host) == ("postgresql", "p@", "h")
