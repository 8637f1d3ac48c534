"""What is used of a quota is known to every process, and to nobody's harm where it can't be."""

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pandas as pd
import pytest

from stockanalyst.exceptions import SourceRefused
from stockanalyst.infra.db import make_engine, sqlite_url
from stockanalyst.infra.limits import Pause, Usage, VendorLimits
from stockanalyst.infra.migrations import upgrade
from stockanalyst.infra.usage_store import SqlUsageStore
from tests.portfolio.store.conftest import postgres
from tests.portfolio.store.postgres_server import APPLICATION, OWNER, PostgresServer

__all__ = ["postgres"]

NOON = pd.Timestamp("2026-01-20 12:00", tz="UTC")
ASK = """
import sys
import pandas as pd
from stockanalyst.exceptions import SourceRefused
from stockanalyst.infra.limits import VendorLimits
from stockanalyst.infra.migrations import upgrade
from stockanalyst.infra.usage_store import SqlUsageStore

now = lambda: pd.Timestamp("2026-01-20 12:00", tz="UTC")
limits = VendorLimits("vendor", SqlUsageStore(sys.argv[1]), now, quota=25)
print("ready", flush=True)
input()
given = 0
try:
    while True:
        limits.admit()
        given += 1
except SourceRefused:
    print(given)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage.sqlite"


def limits(path: Path, quota: int | None = 25) -> VendorLimits:
    return VendorLimits("vendor", SqlUsageStore(sqlite_url(path)), lambda: NOON, "key", quota)


def test_it_is_remembered(path: Path) -> None:
    limits(path).admit(3)
    limits(path).failed("plan", "premium", path="dear")
    limits(path).failed("down", "HTTP 502")
    later = SqlUsageStore(sqlite_url(path)).read("vendor", "key")
    pause = Pause("plan", "premium", (NOON + pd.Timedelta("1D")).to_pydatetime())
    assert later == Usage(
        day=NOON.date(), used=3, failures=1, fault="HTTP 502", pauses={"dear": pause}
    )
    assert SqlUsageStore(sqlite_url(path)).read("vendor", "other key") == Usage()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    """Of a new file; and of a server's database, as the role that may make no tables there."""
    if request.param == "sqlite":
        return sqlite_url(path).render_as_string(hide_password=False)
    server: PostgresServer = request.getfixturevalue("postgres")
    server.new_database("usage")
    upgrade(make_engine(server.url(OWNER, "usage")), application_role=APPLICATION)
    return server.url(APPLICATION, "usage").render_as_string(hide_password=False)


def test_two_processes_share_one_quota(url: str) -> None:
    command = [sys.executable, "-c", ASK, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    assert sum(int(process.communicate()[0]) for process in both) == 25


def test_threads_share_one_quota(path: Path) -> None:
    shared = limits(path)
    together, taken = Barrier(6), []

    def take() -> None:
        together.wait()
        for _ in range(10):
            try:
                shared.admit()
            except SourceRefused:
                return
            taken.append(1)

    threads = [Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 25


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_database_that_cannot_be_used_is_replaced_by_memory_and_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Root may write anywhere: what can't be written is a folder below a file."""
    (tmp_path / "file").touch()
    shared = limits(tmp_path / "file" / "usage.sqlite", quota=2)
    shared.admit()
    shared.admit()
    with pytest.raises(SourceRefused, match="2 of 2 used today"):
        shared.admit()
    assert shared.status().used == 2
    (warning,) = warnings_of(caplog)
    assert "only this process knows it" in warning


def test_a_database_that_fails_later_is_remembered_from_where_it_was(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shared = limits(path, quota=2)
    shared.admit()
    for file in path.parent.iterdir():
        file.write_bytes(b"not a database, but long enough to be read as one" * 100)
    shared.admit()
    with pytest.raises(SourceRefused):
        shared.admit()
    (warning,) = warnings_of(caplog)
    assert str(path) in warning
    assert warning.endswith("; if the file is damaged, delete it")


@pytest.mark.parametrize("form", ['{"used": "many"}', "[]", '{"pauses": {"": {}}}', "null"])
def test_a_row_that_nobody_understands_is_a_new_one(path: Path, form: str) -> None:
    limits(path).admit()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE vendor_usage SET usage = ?", (form,))
    connection.close()
    shared = limits(path)
    shared.admit()
    assert shared.quota_used() == "1 of 25 used"


def test_the_url_is_in_no_repr() -> None:
    assert "PASSWORD" not in repr(SqlUsageStore("postgresql://user:PASSWORD@host/db"))
