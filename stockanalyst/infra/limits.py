"""What a vendor may be asked: its daily quota, and pauses after it refused or failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from threading import Lock
from typing import Protocol

import pandas as pd
from pydantic import SecretStr

from stockanalyst.exceptions import SourceRefused

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
# What the vendor said -> how long nothing is asked. A mended key or plan is found after a day, even
# where the key stays the same.
_PAUSES = {"auth": _DAY, "plan": _DAY, "blocked": timedelta(hours=6), "rate_limited": _MINUTE}
_FAILURES = 3  # in a row open the circuit
_FIRST, _LONGEST = 2 * _MINUTE, 60 * _MINUTE  # of an open circuit
_PROBE = timedelta(seconds=30)  # the others wait so long for the one that tries it again


@dataclass(frozen=True)
class Pause:
    """A time in which nothing is asked.

    Attributes
    ----------
    kind, reason : str
        Why, as for :class:`stockanalyst.exceptions.SourceRefused`.
    until : datetime
        In UTC.
    """

    kind: str
    reason: str
    until: datetime


@dataclass(frozen=True)
class Usage:
    """What is remembered of a vendor and a key.

    Attributes
    ----------
    day : date
        In UTC, to which `used` belongs.
    used : int
        Units of the quota.
    failures : int
        In a row.
    openings : int
        Of the circuit since the last success.
    probing : bool
        Whether one caller is trying an open circuit.
    fault : str
        The last failure.
    pauses : mapping
        By path; that of the whole vendor is at the empty one.
    """

    day: date = date.min
    used: int = 0
    failures: int = 0
    openings: int = 0
    probing: bool = False
    fault: str = ""
    pauses: Mapping[str, Pause] = field(default_factory=dict)


Step = Callable[[Usage], Usage]


class UsageStore(Protocol):
    """Remembers, for every process that uses the same vendor and key."""

    def read(self, vendor: str, account: str) -> Usage:
        """What is remembered; a new :class:`Usage` where nothing is."""

    def change(self, vendor: str, account: str, step: Step) -> None:
        """Put what `step` makes of it in its place; nobody else changes it meanwhile.

        Raises
        ------
        Exception
            Whatever `step` raises; then nothing is changed.
        """


class MemoryUsageStore:
    """Of this process alone."""

    def __init__(self) -> None:
        self._usages: dict[tuple[str, str], Usage] = {}
        self._lock = Lock()

    def read(self, vendor: str, account: str) -> Usage:
        """See the protocol."""
        return self._usages.get((vendor, account), Usage())

    def change(self, vendor: str, account: str, step: Step) -> None:
        """See the protocol."""
        with self._lock:
            self._usages[vendor, account] = step(self.read(vendor, account))


@dataclass(frozen=True)
class Status:
    """How a vendor stands.

    Attributes
    ----------
    used : int
        Units of today's quota.
    quota : int or None
        None where the vendor counts nothing.
    state : str
        ``ready``, or why it isn't asked: ``down`` where it failed too often, else a kind of
        :class:`stockanalyst.exceptions.SourceRefused`.
    reason : str
    until : pd.Timestamp or None
        When it is asked again, in UTC.
    paths : mapping
        Pauses of single paths, which the plan doesn't include.
    """

    used: int
    quota: int | None
    state: str = "ready"
    reason: str = ""
    until: pd.Timestamp | None = None
    paths: Mapping[str, Pause] = field(default_factory=dict)


@dataclass(frozen=True)
class VendorLimits:
    """Of one vendor and one key; the day is that of UTC.

    Parameters
    ----------
    vendor : str
    store : UsageStore
    now : callable
        Gives the present moment, timezone-aware.
    account : str
        By :func:`fingerprint`: another key begins anew.
    quota : int, optional
        Units a day.
    """

    vendor: str
    store: UsageStore
    now: Callable[[], pd.Timestamp]
    account: str = ""
    quota: int | None = None

    def admit(self, units: int = 1, *, path: str = "") -> None:
        """Take so many units for a request of this path.

        When a circuit's time is over, one caller is admitted to try it, and the others wait for
        what becomes of that.

        Raises
        ------
        SourceRefused
            ``quota_day`` when too few units are left, or the vendor said so; ``skipped`` in a
            pause.
        """
        moment = self._moment()
        usage = self._usage()
        if self.quota is None and not usage.openings:
            self._refuse(usage, units, path)
            return

        def step(usage: Usage) -> Usage:
            usage = _at(usage, moment)
            self._refuse(usage, units, path)
            usage = replace(usage, used=usage.used + units)
            if not usage.openings:
                return usage
            return _opened(replace(usage, probing=True), moment + _PROBE)

        self.store.change(self.vendor, self.account, step)

    def succeeded(self) -> None:
        """The vendor answered; the circuit is closed."""
        if self._usage().failures:
            self.store.change(self.vendor, self.account, _closed)

    def give_back(self, units: int) -> None:
        """Units of a request that the vendor never saw, or doesn't count."""
        moment = self._moment()

        def step(usage: Usage) -> Usage:
            usage = _at(usage, moment)
            return replace(usage, used=max(usage.used - units, 0))

        if units and self.quota is not None:
            self.store.change(self.vendor, self.account, step)

    def failed(self, kind: str, reason: str, retry_after: float = 0.0, *, path: str = "") -> None:
        """The vendor refused or failed.

        Parameters
        ----------
        kind : str
            ``auth`` and ``plan`` pause it for a day, ``blocked`` for six hours, ``rate_limited``
            for a minute, ``quota_day`` until midnight in UTC; at the third ``down`` in a row the
            circuit opens for two minutes, then for twice as long after every trial that fails, up
            to an hour. Other kinds change nothing.
        reason : str
            Without the key.
        retry_after : float
            Seconds that the vendor asked to wait, for ``rate_limited`` and ``down``; 0 where it
            didn't.
        path : str
            That ``plan`` is about.
        """
        moment = self._moment()

        def step(usage: Usage) -> Usage:
            usage = _at(usage, moment)
            if kind == "down":
                usage = _failed_once_more(usage, reason, moment)
            until = _end(kind, moment, retry_after)
            place = path if kind == "plan" else ""
            return usage if until is None else _paused(usage, place, Pause(kind, reason, until))

        self.store.change(self.vendor, self.account, step)

    def clear(self) -> None:
        """Forget every pause, for an operator; what is used stays used."""
        moment = self._moment()

        def step(usage: Usage) -> Usage:
            usage = _at(usage, moment)
            return Usage(day=usage.day, used=usage.used)

        self.store.change(self.vendor, self.account, step)

    def status(self) -> Status:
        """How the vendor stands now."""
        usage = self._usage()
        paths = {path: pause for path, pause in usage.pauses.items() if path}
        pause = usage.pauses.get("") or self._spent(usage, 1)
        if pause is None:
            return Status(usage.used, self.quota, paths=paths)
        until = pd.Timestamp(pause.until)
        return Status(usage.used, self.quota, pause.kind, pause.reason, until, paths)

    def quota_used(self) -> str:
        """Such as ``3 of 25 used``; empty where the vendor counts nothing."""
        return "" if self.quota is None else f"{self._usage().used} of {self.quota} used"

    def _moment(self) -> datetime:
        return self.now().tz_convert("UTC").to_pydatetime(warn=False)

    def _usage(self) -> Usage:
        return _at(self.store.read(self.vendor, self.account), self._moment())

    def _refuse(self, usage: Usage, units: int, path: str) -> None:
        pause = usage.pauses.get("") or usage.pauses.get(path) or self._spent(usage, units)
        if pause is not None:
            kind = "quota_day" if pause.kind == "quota_day" else "skipped"
            raise SourceRefused(self.vendor, kind, _words(pause, usage))

    def _spent(self, usage: Usage, units: int) -> Pause | None:
        if self.quota is None or usage.used + units <= self.quota:
            return None
        needed = f", {units} are needed" if units > 1 else ""
        return Pause(
            "quota_day", f"{usage.used} of {self.quota} used today{needed}", _midnight(usage.day)
        )


def fingerprint(vendor: str, key: SecretStr | None) -> str:
    """By which a key is remembered, and can't be found again; empty where there is none."""
    text = key.get_secret_value() if key else ""
    return sha256(f"{vendor}:{text}".encode()).hexdigest()[:16] if text else ""


def _at(usage: Usage, moment: datetime) -> Usage:
    """What of it still holds: a new day has a new quota, and pauses end."""
    pauses = {path: pause for path, pause in usage.pauses.items() if pause.until > moment}
    usage = replace(usage, pauses=pauses)
    today = moment.date()
    # Another process's clock may be a little ahead; a date beyond tomorrow was a clock gone wrong.
    if today <= usage.day <= today + _DAY:
        return usage
    return replace(usage, day=today, used=0)


def _closed(usage: Usage) -> Usage:
    pauses = {path: pause for path, pause in usage.pauses.items() if pause.kind != "down"}
    return replace(usage, failures=0, openings=0, probing=False, fault="", pauses=pauses)


def _failed_once_more(usage: Usage, fault: str, moment: datetime) -> Usage:
    waiting = "" in usage.pauses and not usage.probing
    usage = replace(usage, failures=usage.failures + 1, fault=fault)
    if waiting or usage.failures < _FAILURES:
        return usage
    length = min(_FIRST * 2 ** min(usage.openings, 10), _LONGEST)
    usage = replace(usage, openings=usage.openings + 1, probing=False)
    return _opened(usage, moment + length)


def _opened(usage: Usage, until: datetime) -> Usage:
    return _paused(usage, "", Pause("down", usage.fault, until))


def _paused(usage: Usage, path: str, pause: Pause) -> Usage:
    """The longer of two pauses holds."""
    earlier = usage.pauses.get(path, pause)
    longer = max(pause, earlier, key=lambda one: one.until)
    return replace(usage, pauses={**usage.pauses, path: longer})


def _end(kind: str, moment: datetime, retry_after: float) -> datetime | None:
    """Of the pause; None where there is none."""
    if kind == "quota_day":
        return _midnight(moment.date())
    if kind in {"rate_limited", "down"} and retry_after:
        return moment + min(timedelta(seconds=retry_after), _DAY)
    return moment + _PAUSES[kind] if kind in _PAUSES else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day + _DAY, time(), UTC)


def _words(pause: Pause, usage: Usage) -> str:
    if pause.kind == "quota_day":
        return f"{pause.reason}; again after 00:00 UTC"
    today = pause.until.date() == usage.day
    until = f"{pause.until:%H:%M} UTC" if today else f"{pause.until:%Y-%m-%d %H:%M} UTC"
    if pause.kind == "down" and usage.openings:
        return f"circuit open until {until} after {usage.failures} failures: {pause.reason}"
    return f"not asked until {until}: {pause.reason}"
