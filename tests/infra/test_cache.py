"""What every cache promises, and what each of them does when it is full, broken or down."""

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest
from pydantic import SecretStr

from stockanalyst.exceptions import InputError
from stockanalyst.infra.cache import Cache, Cached, MemoryCache, RedisCache, SqliteCache
from tests.infra.redis_server import PASSWORD, RedisServer

NOON = pd.Timestamp("2026-01-20 12:00", tz="UTC")


class Clock:
    """The present moment, and a steady clock."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> pd.Timestamp:
        return self.moment

    def elapsed(self) -> float:
        return (self.moment - NOON).total_seconds()

    def passes(self, seconds: float) -> None:
        self.moment += pd.Timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "answers.sqlite"


def redis_cache(server: RedisServer, clock: Clock) -> RedisCache:
    return RedisCache(SecretStr(server.url), clock.now, elapsed=clock.elapsed)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def cache(request: pytest.FixtureRequest, clock: Clock, path: Path) -> Cache:
    if request.param == "memory":
        return MemoryCache(clock.now)
    if request.param == "sqlite":
        return SqliteCache(path, clock.now)
    return redis_cache(request.getfixturevalue("redis_server"), clock)


def test_what_is_kept_comes_back_with_its_time(cache: Cache, clock: Clock) -> None:
    assert cache.get("AAPL") is None
    cache.set("AAPL", b"")
    clock.moment = pd.Timestamp("2026-01-20 13:00:00.000001", tz="America/New_York")
    cache.set("naïve key\n", bytes(range(256)))
    assert cache.get("AAPL") == Cached(b"", NOON)
    assert cache.get("naïve key\n") == Cached(bytes(range(256)), clock.moment)
    cache.set("AAPL", b"newer")
    clock.passes(1e9)  # nothing is too old here
    kept = cache.get("AAPL")
    assert kept is not None
    assert (kept.value, kept.stored_at.utcoffset()) == (b"newer", pd.Timedelta(0))


@pytest.fixture(params=["memory", "sqlite"])
def bounded(request: pytest.FixtureRequest, clock: Clock, path: Path) -> Cache:
    if request.param == "memory":
        return MemoryCache(clock.now, max_rows=3, max_bytes=100)
    return SqliteCache(path, clock.now, max_rows=3, max_bytes=100)


def kept(cache: Cache, keys: str) -> str:
    return "".join(key for key in keys if cache.get(key))


def test_the_oldest_goes_when_there_are_too_many_or_too_much(bounded: Cache, clock: Clock) -> None:
    for key in "abcad":  # all in one moment
        bounded.set(key, b"x")
    assert kept(bounded, "abcd") == "acd"
    clock.passes(1)
    bounded.set("e", bytes(99))
    assert kept(bounded, "abcde") == "de"
    clock.passes(1)
    bounded.set("f", bytes(101))
    assert kept(bounded, "abcdef") == ""


WRITE = """
import sys
from pathlib import Path
import pandas as pd
from stockanalyst.infra.cache import SqliteCache

cache = SqliteCache(Path(sys.argv[1]), lambda: pd.Timestamp("2026-01-20 12:00", tz="UTC"))
for number in range(50):
    cache.set(f"{sys.argv[2]}{number}", b"x" * 1000)
"""


def test_processes_and_threads_share_a_file(path: Path, clock: Clock) -> None:
    commands = [[sys.executable, "-c", WRITE, str(path), name] for name in "ab"]
    processes = [subprocess.Popen(command) for command in commands]
    cache = SqliteCache(path, clock.now)

    def write(name: str) -> None:
        for number in range(50):
            cache.set(f"{name}{number}", name.encode())

    threads = [Thread(target=write, args=(name,)) for name in "cd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    keys = [f"{name}{number}" for name in "abcd" for number in range(50)]
    assert all(cache.get(key) for key in keys)


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("place", [0, 4096], ids=["head", "page"])
def test_a_damaged_file_is_begun_anew(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, place: int
) -> None:
    cache = SqliteCache(path, clock.now)
    for number in range(100):
        cache.set(f"{number}", bytes(1000))
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 20_000)
    assert cache.get("50") is None
    cache.set("new", b"value")
    assert cache.get("new") == Cached(b"value", NOON)
    (warning,) = warnings_of(caplog)
    assert str(path) in warning
    assert "damaged and begun anew" in warning


@pytest.mark.parametrize(
    "row", ["'text', 'text'", "-9223372036854775808, x'00'", "1.5e300, x'00'"], ids=range(3)
)
def test_a_row_that_nobody_kept_is_none(path: Path, clock: Clock, row: str) -> None:
    cache = SqliteCache(path, clock.now)
    cache.set("other", b"")
    with sqlite3.connect(path) as connection:
        connection.execute(f"INSERT INTO kept VALUES ('odd', {row})")  # noqa: S608  own words
    connection.close()
    assert cache.get("odd") is None


def test_a_file_that_cannot_be_used_is_an_empty_cache_and_one_warning(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "answers.sqlite", tmp_path):
        cache = SqliteCache(path, clock.now)
        cache.set("a", b"x")
        assert cache.get("a") is None
    assert len(warnings_of(caplog)) == 2


def test_redis_keeps_for_thirty_days(redis_server: RedisServer, clock: Clock) -> None:
    from redis import Redis

    cache = redis_cache(redis_server, clock)
    cache.set("AAPL", b"x")
    with Redis.from_url(redis_server.url) as plain:
        assert plain.keys() == [b"stockanalyst:AAPL"]
        assert 30 * 86_400 - 60 <= plain.ttl("stockanalyst:AAPL") <= 30 * 86_400
        plain.set("stockanalyst:odd", b"short")
        plain.set("stockanalyst:odder", b"\x7f" * 20)
        plain.lpush("stockanalyst:list", "x")
    assert cache.get("odd") is None
    assert cache.get("odder") is None
    assert cache.get("list") is None


def test_redis_that_is_down_is_an_empty_cache_and_one_warning(
    redis_server: RedisServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cache = redis_cache(redis_server, clock)
    cache.set("a", b"x")
    redis_server.stop()
    assert cache.get("a") is None
    cache.set("a", b"y")
    redis_server.start()
    clock.passes(29)
    assert cache.get("a") is None
    cache.set("a", b"z")  # not asked yet
    clock.passes(1)
    assert cache.get("a") is None
    cache.set("a", b"back")
    assert cache.get("a") == Cached(b"back", clock.moment)
    assert warnings_of(caplog) == [
        "Redis can't be used as a cache: ConnectionError; answers are fetched anew"
    ]


def test_a_wrong_password_is_shown_to_nobody(
    redis_server: RedisServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = SecretStr(redis_server.url.replace(PASSWORD, "PLANTED0WRONG"))
    cache = RedisCache(wrong, clock.now, elapsed=clock.elapsed)
    cache.set("a", b"x")
    assert cache.get("a") is None
    assert "can't be used as a cache: AuthenticationError" in caplog.text
    told = [caplog.text, repr(cache), repr(vars(cache))]
    assert not any("PLANTED" in text for text in told)


@pytest.mark.parametrize("url", ["PASSWORD", "http://:PASSWORD@host", "redis://:p@h:PASSWORD/0"])
def test_a_bad_url_names_its_variable_and_nothing_else(
    url: str, clock: Clock, redis_server: RedisServer
) -> None:
    with pytest.raises(InputError) as caught:
        RedisCache(SecretStr(url), clock.now)
    assert str(caught.value) == (
        "environment 'STOCKANALYST_REDIS_URL': isn't a URL such as redis://host:6379/0"
    )
    assert caught.value.__context__ is None
