"""Answers that are kept, with the time of keeping: in memory, in a file, or in Redis.

Nothing here is ever too old: whoever reads judges that, for a stale answer may be better than none.
A cache that fails is an empty one.
"""

import logging
import math
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Protocol, TypeVar

import pandas as pd
from pydantic import SecretStr

from stockanalyst.exceptions import InputError

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_DAY = 86_400
_BUSY_SECONDS = 2  # SQLite waits so long for another process
_REDIS_SECONDS, _REDIS_REST, _REDIS_DAYS = 1.0, 30.0, 30
_LATEST = 2**52  # microseconds since 1970: the year 2112
_PREFIX = "stockanalyst:"
_TABLE = """CREATE TABLE IF NOT EXISTS kept (
    key TEXT PRIMARY KEY, stored_at INTEGER NOT NULL, value BLOB NOT NULL)"""
_TRIM = """DELETE FROM kept WHERE key IN (SELECT key FROM (
    SELECT key, COUNT(*) OVER newest AS place, SUM(LENGTH(value)) OVER newest AS size FROM kept
    WINDOW newest AS (ORDER BY stored_at DESC, rowid DESC)) WHERE place > ? OR size > ?)"""
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True)
class Cached:
    """What was kept.

    Attributes
    ----------
    value : bytes
    stored_at : pd.Timestamp
        In UTC.
    """

    value: bytes
    stored_at: pd.Timestamp


class Cache(Protocol):
    """Keeps bytes by a key; neither method raises for what goes wrong with the keeping."""

    def get(self, key: str) -> Cached | None:
        """What was kept last; None where nothing is."""

    def set(self, key: str, value: bytes) -> None:
        """Keep it, in the place of what was kept before."""


class MemoryCache:
    """Of this process alone; the oldest goes when there is too much.

    Parameters
    ----------
    now : callable
        Gives the present moment, timezone-aware.
    max_rows, max_bytes : int
    """

    def __init__(
        self,
        now: Callable[[], pd.Timestamp],
        *,
        max_rows: int = 1_000,
        max_bytes: int = 20_000_000,
    ) -> None:
        self._now = now
        self._max_rows, self._max_bytes = max_rows, max_bytes
        self._rows: OrderedDict[str, Cached] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Cached | None:
        """See the protocol."""
        return self._rows.get(key)

    def set(self, key: str, value: bytes) -> None:
        """See the protocol."""
        with self._lock:
            self._rows.pop(key, None)
            self._rows[key] = Cached(value, self._now().tz_convert("UTC"))
            while len(self._rows) > self._max_rows or self._size() > self._max_bytes:
                self._rows.popitem(last=False)

    def _size(self) -> int:
        return sum(len(row.value) for row in self._rows.values())


class SqliteCache:
    """In a file that processes share; the oldest goes when there is too much.

    A damaged file is begun anew, and the log says so.

    Parameters
    ----------
    path : Path
        Its folder is made.
    now : callable
        Gives the present moment, timezone-aware.
    max_rows, max_bytes : int
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], pd.Timestamp],
        *,
        max_rows: int = 10_000,
        max_bytes: int = 50_000_000,
    ) -> None:
        self._path, self._now = path, now
        self._max_rows, self._max_bytes = max_rows, max_bytes
        self._failing = Event()

    def get(self, key: str) -> Cached | None:
        """See the protocol."""
        row = self._done(
            lambda connection: connection.execute(
                "SELECT stored_at, value FROM kept WHERE key = ?", (key,)
            ).fetchone()
        )
        return _cached(*row) if row else None

    def set(self, key: str, value: bytes) -> None:
        """See the protocol."""

        def keep(connection: sqlite3.Connection) -> None:
            row = (key, _microseconds(self._now()), value)
            connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", row)
            count, size = connection.execute(
                "SELECT COUNT(*), SUM(LENGTH(value)) FROM kept"
            ).fetchone()
            if count > self._max_rows or size > self._max_bytes:
                connection.execute(_TRIM, (self._max_rows, self._max_bytes))

        self._done(keep)

    def _done(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `work` gives; None where the file doesn't do, even begun anew or waited for."""
        for last in (False, True):
            try:
                with self._connection() as connection:
                    return work(connection)
            except (sqlite3.Error, OSError) as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code == sqlite3.SQLITE_BUSY and not last:
                    continue  # SQLite doesn't wait for who makes the file
                if code not in _CORRUPT:
                    _warn_once(self._failing, f"the cache {self._path} can't be used: {error}")
                    return None
                self._begin_anew(error)
        return None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """In a transaction; opened anew for each use, so that none outlives a fork or a thread."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")  # a power cut may take it all
            connection.execute(_TABLE)
            with connection:
                yield connection

    def _begin_anew(self, error: Exception) -> None:
        _LOG.warning("the cache %s is damaged and begun anew: %s", self._path, error)
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)


class RedisCache:
    """In Redis, for thirty days; while Redis is down, it is asked every half minute alone.

    Parameters
    ----------
    url : SecretStr
        Such as ``redis://host:6379/0``; it may hold a password.
    now : callable
        Gives the present moment, timezone-aware.
    elapsed : callable
        Seconds of a steady clock.

    Raises
    ------
    InputError
        It is no such URL, or the package isn't installed.
    """

    def __init__(
        self,
        url: SecretStr,
        now: Callable[[], pd.Timestamp],
        *,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = _redis(url.get_secret_value())
        self._now, self._elapsed = now, elapsed
        self._rests_until = -math.inf
        self._failing = Event()

    def get(self, key: str) -> Cached | None:
        """See the protocol."""
        kept = self._done(lambda: self._client.get(_PREFIX + key))
        if not isinstance(kept, bytes) or len(kept) < 8:
            return None
        return _cached(int.from_bytes(kept[:8], "big", signed=True), kept[8:])

    def set(self, key: str, value: bytes) -> None:
        """See the protocol."""
        stamp = _microseconds(self._now()).to_bytes(8, "big", signed=True)
        self._done(lambda: self._client.set(_PREFIX + key, stamp + value, ex=_REDIS_DAYS * _DAY))

    def _done(self, work: Callable[[], object]) -> object:
        from redis import RedisError

        if self._elapsed() < self._rests_until:
            return None
        try:
            return work()
        except (RedisError, OSError) as error:
            self._rests_until = self._elapsed() + _REDIS_REST
            # Only the error's name: its words are Redis's, and may repeat what it was sent.
            _warn_once(self._failing, f"Redis can't be used as a cache: {type(error).__name__}")
        return None


def _redis(url: str) -> "Redis":
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return Redis.from_url(
            url,
            socket_timeout=_REDIS_SECONDS,
            socket_connect_timeout=_REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    except ImportError:
        mend = "needs the package 'redis': install stockanalyst[redis]"
    except ValueError:
        mend = "isn't a URL such as redis://host:6379/0"
    raise InputError("environment", "STOCKANALYST_REDIS_URL", mend)


def _warn_once(warned: Event, words: str) -> None:
    if not warned.is_set():
        warned.set()
        _LOG.warning("%s; answers are fetched anew", words)


def _microseconds(moment: pd.Timestamp) -> int:
    return int(moment.timestamp() * 1_000_000)


def _cached(microseconds: object, value: object) -> Cached | None:
    """None where it isn't what was kept."""
    if not isinstance(microseconds, int) or not isinstance(value, bytes):
        return None
    sane = 0 <= microseconds < _LATEST
    return Cached(value, pd.Timestamp(microseconds, unit="us", tz="UTC")) if sane else None
