"""Requests to a vendor: bounded, repeated with patience, sparing, and silent on the key."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import cached_property
from random import SystemRandom
from threading import local
from typing import TYPE_CHECKING

from pydantic import SecretStr

from stockanalyst.exceptions import (
    MissingCredential,
    PayloadError,
    RateLimited,
    SourceError,
    SourceRefused,
    SourceTimeout,
)
from stockanalyst.infra.answers import Answer, Fault, Request
from stockanalyst.infra.redaction import hide_from_logs, redacted

if TYPE_CHECKING:
    from stockanalyst.infra.limits import VendorLimits
    from stockanalyst.infra.transport import Lines, Transport

__all__ = ["Answer", "VendorClient", "is_busy", "until"]

_TRIES = 3
_BUSY = frozenset({429, 500, 502, 503, 504})
_PATIENCE = 5.0  # seconds: who asks for more isn't asked again
_ASK_AGAIN = 600.0  # seconds after a connection failed, where there are no limits that remember it
_LONGEST = 100
_WORD = 8  # characters: a shorter key is no secret, such as EODHD's "demo", and stands in any text
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)


def is_busy(answer: Answer) -> bool:
    """Whether its status says that the same request may do later: 429, 500, 502, 503 or 504."""
    return answer.status in _BUSY


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Everything that this thread asks inside ends by `moment`: requests, waits and retries.

    Parameters
    ----------
    moment : float
        Of the clients' steady clock, `elapsed`. A deadline around this one holds too.
    """
    token = _DEADLINE.set(min(moment, _DEADLINE.get()))
    try:
        yield
    finally:
        _DEADLINE.reset(token)


@dataclass(frozen=True)
class VendorClient:
    """GET from one vendor, with its key if it wants one; any number of threads may share it.

    Parameters
    ----------
    source : str
        The vendor's name, for errors.
    variable : str
        Of the environment, which holds the key.
    key : SecretStr, optional
        None where there is none.
    parameter, header : str
        By which the vendor takes the key: one of them for a vendor that wants one.
    timeout : float
        Seconds for one whole answer, half of them to connect.
    limits : VendorLimits, optional
        What the vendor may be asked, and when; without them a connection that failed isn't tried
        again for ten minutes.
    max_bytes : int
        Of an answer, unpacked.
    user_agent : str
    sleep, elapsed, jitter : callable
        Wait for seconds; seconds of a steady clock; a random number in [0, 1).
    """

    source: str
    variable: str = ""
    key: SecretStr | None = None
    parameter: str = ""
    header: str = ""
    timeout: float = 6.0
    limits: "VendorLimits | None" = None
    max_bytes: int = 5_000_000
    user_agent: str = "stockanalyst"
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    elapsed: Callable[[], float] = field(default=time.monotonic, repr=False)
    jitter: Callable[[], float] = field(default=SystemRandom().random, repr=False)
    _failed: list[tuple[float, str]] = field(default_factory=list, init=False, repr=False)
    _asked: local = field(default_factory=local, init=False, repr=False, compare=False)

    def get(
        self,
        url: str,
        parameters: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        units: int = 1,
        busy: Callable[[Answer], bool] = is_busy,
    ) -> Answer:
        """The answer, whatever its status; where `busy` says so, the last of three.

        Between them lies what the vendor asks for in ``Retry-After``, else 1 and 2 seconds and up
        to one more; a vendor that asks for more than 5 seconds is taken at its word and left alone.
        A connection that broke, or an answer that broke off, is tried again likewise. The limits
        hear of every connection that failed and every status from 500 on; of what else is wrong
        with an answer, whoever reads it tells them by :meth:`fail`. Where the vendor repeats the
        key, the text is without it.

        Parameters
        ----------
        url : str
        parameters : mapping
            The key isn't among them.
        headers : mapping, optional
        units : int
            That this request takes from the daily quota: of an error one at most, and none where
            the vendor is busy or has a fault of its own.
        busy : callable
            Whether an answer says that the same request may do later.

        Raises
        ------
        MissingCredential
            There is no key.
        SourceRefused
            The limits say no: ``quota_day`` or ``skipped``; or the vendor does so to programs:
            ``blocked``.
        SourceTimeout
            No connection, or no whole answer in time.
        PayloadError
            The answer is too large, or packed in a way that wasn't asked for.
        """
        request = self._request(url, parameters, headers)

        def ask() -> Answer | Fault:
            seconds = self._admitted(request, units, self.timeout)
            outcome = self._transport.fetch(request, seconds, self.max_bytes)
            self._give_back(outcome, units)
            return self._read(outcome) if isinstance(outcome, Answer) else outcome

        outcome = ask()
        for attempt in range(_TRIES - 1):
            wait = self._wait(outcome, attempt, busy)
            if wait is None:
                break
            self.sleep(wait)
            try:
                outcome = ask()
            except (SourceRefused, SourceTimeout):  # not asked again: what was heard stands
                break
        if isinstance(outcome, Fault):
            raise self._failure(outcome)
        return self._answered(outcome)

    def stream(
        self,
        url: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float | None = None,
        units: int = 1,
    ) -> "Lines":
        """The answer's lines as they come, such as server-sent events; asked once.

        They end when the vendor ends or breaks off, of which their `fault` tells, when `seconds`
        have passed (`timeout`, unless given), at the deadline of :func:`until`, or at `max_bytes`.
        Their `answer` has the status; where that isn't 200 the text is there too, and there are no
        lines.

        Raises
        ------
        MissingCredential, SourceRefused, SourceTimeout, PayloadError
            As :meth:`get`.
        """
        request = self._request(url, parameters, headers)
        allowed = self._admitted(request, units, self.timeout if seconds is None else seconds)
        outcome = self._transport.lines(request, allowed, self.max_bytes)
        self._give_back(outcome if isinstance(outcome, Fault) else outcome.answer, units)
        if isinstance(outcome, Fault):
            raise self._failure(outcome)
        outcome.answer = self._answered(self._read(outcome.answer))
        return outcome

    def refused(self, reason: str) -> MissingCredential:
        """The error of a key that is there and doesn't do."""
        return MissingCredential(self.source, self.variable, reason)

    def fail(self, kind: str, reason: str, retry_after: float = 0.0) -> SourceError:
        """The error of this kind, to be raised; the limits are told of it.

        That the plan doesn't include something holds for the path that this thread asked last, or
        for the function where one path has several; the rest holds for the whole vendor. ``down``
        needn't be told, for :meth:`get` has done so.

        Parameters
        ----------
        kind : str
            A kind of :class:`stockanalyst.sentiment.outcomes.Kind`.
        reason : str
            In a sentence.
        retry_after : float
            Seconds that the vendor asked to wait.
        """
        reason = redacted(reason, self._secrets())
        if self.limits is not None and kind != "down":
            self.limits.failed(kind, reason, retry_after, path=getattr(self._asked, "path", ""))
        if kind == "auth" and self.variable:
            return self.refused(reason)
        known = {"rate_limited": RateLimited, "down": SourceTimeout, "schema_changed": PayloadError}
        if kind in known:
            return known[kind](self.source, reason)
        return SourceRefused(self.source, kind, reason)

    def shown(self, text: str) -> str:
        """A vendor's words in one short line, without the key."""
        return " ".join(redacted(text, self._secrets()).split())[:_LONGEST]

    @property
    def quota(self) -> str:
        """Such as ``3 of 25 used``; empty where the vendor counts nothing."""
        return self.limits.quota_used() if self.limits else ""

    def _secrets(self) -> set[str]:
        return {self.key.get_secret_value()} if self.key else set()

    def _request(
        self, url: str, parameters: Mapping[str, str], headers: Mapping[str, str] | None
    ) -> Request:
        sent = {"User-Agent": self.user_agent, **(headers or {})}
        if not (self.header or self.parameter):
            return Request(url, parameters, sent, follows=True)
        secret = self.key.get_secret_value() if self.key else ""
        if not secret:
            raise MissingCredential(self.source, self.variable, "there is no key")
        hide_from_logs(secret)
        if not self.header:
            return Request(url, {**parameters, self.parameter: secret}, sent)
        if not (secret.isascii() and secret.isprintable()):
            raise self.refused("the key has a character that no header can hold")
        return Request(url, parameters, {**sent, self.header: secret})

    def _admitted(self, request: Request, units: int, wished: float) -> float:
        """Seconds that the request may take, now that it may be sent."""
        for moment, reason in self._failed:
            if self.elapsed() - moment < _ASK_AGAIN:
                raise SourceTimeout(self.source, reason)
        seconds = min(wished, _DEADLINE.get() - self.elapsed())
        if seconds <= 0:
            raise SourceTimeout(self.source, "the deadline came before it was asked")
        path = request.url.partition("://")[2].partition("/")[2].partition("?")[0]
        self._asked.path = request.parameters.get("function", path)  # Alpha Vantage has one path
        if self.limits is not None:
            self.limits.admit(units, path=self._asked.path)
        return seconds

    def _wait(
        self, outcome: Answer | Fault, attempt: int, busy: Callable[[Answer], bool]
    ) -> float | None:
        """Seconds to the next try; None where there is none."""
        if isinstance(outcome, Fault):
            asked, again = 0.0, outcome.again
        else:
            asked, again = outcome.retry_after, busy(outcome) and not outcome.is_challenge
        wait = asked or 2**attempt + self.jitter()
        late = self.elapsed() + wait >= _DEADLINE.get()
        return None if late or not again or asked > _PATIENCE else wait

    def _give_back(self, outcome: Answer | Fault, units: int) -> None:
        """Those of the quota that it doesn't take."""
        if self.limits is not None:
            self.limits.give_back(units - _cost(outcome, units))

    def _read(self, answer: Answer) -> Answer:
        """The same without the key, and with the time at which it came where it doesn't say."""
        secrets = {secret for secret in self._secrets() if len(secret) >= _WORD}
        headers = dict(answer.headers)
        if self.limits is not None:
            headers.setdefault("date", formatdate(self.limits.now().timestamp(), usegmt=True))
        return replace(answer, text=redacted(answer.text, secrets), headers=headers)

    def _answered(self, answer: Answer) -> Answer:
        """The same; the limits hear whether it is one."""
        if answer.is_challenge:
            raise self.fail("blocked", f"it turns programs away, HTTP {answer.status}")
        if answer.status < 500:
            self._heard("")
        else:
            asked = answer.retry_after
            self._heard(f"HTTP {answer.status}", asked if asked > _PATIENCE else 0.0)
        return answer

    def _failure(self, fault: Fault) -> SourceError:
        """The error of a fault; the limits hear of it."""
        if fault.payload:
            self._heard("")
            return PayloadError(self.source, fault.reason)
        self._heard(fault.reason, reached=fault.counted)
        return SourceTimeout(self.source, fault.reason)

    def _heard(self, fault: str, retry_after: float = 0.0, *, reached: bool = True) -> None:
        if self.limits is None:
            self._failed[:] = [] if reached else [(self.elapsed(), fault)]
        elif fault:
            self.limits.failed("down", fault, retry_after)
        else:
            self.limits.succeeded()

    @cached_property
    def _transport(self) -> "Transport":
        # requests takes a tenth of a second to import, which the sample's prices needn't wait for.
        from stockanalyst.infra.transport import Transport

        return Transport()


def _cost(outcome: Answer | Fault, units: int) -> int:
    """Units that it takes; of a fault after the connection nobody knows."""
    if isinstance(outcome, Fault):
        return units if outcome.counted else 0
    if outcome.status in _BUSY or outcome.status >= 500:
        return 0
    return min(units, 1) if outcome.status >= 400 else units
