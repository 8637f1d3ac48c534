"""Requests to a vendor that wants a key: bounded, repeated with patience, and silent on the key."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import SystemRandom
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from stockanalyst.exceptions import MissingCredential, SourceTimeout

_TRIES = 3
_BUSY = frozenset({429, 500, 502, 503, 504})
_PATIENCE = 5.0  # seconds: who asks for more isn't asked again
_ASK_AGAIN = 600.0  # seconds after a connection failed
_LONGEST = 100
_HIDDEN = "***"


@dataclass(frozen=True)
class Answer:
    """What a vendor said.

    Attributes
    ----------
    status : int
        Of HTTP.
    text : str
        The body. A vendor may repeat the key in it: show it through :meth:`KeyedClient.shown`.
    retry_after : float
        Seconds that the vendor asks to wait; 0 where it doesn't say.
    """

    status: int
    text: str
    retry_after: float = 0.0

    @property
    def payload(self) -> object:
        """The body as JSON; None where it is none, such as an error in plain text."""
        try:
            payload: object = json.loads(self.text)
        except ValueError:
            return None
        return payload


def is_busy(answer: Answer) -> bool:
    """Whether its status says that the same request may do later: 429, 500, 502, 503 or 504."""
    return answer.status in _BUSY


@dataclass(frozen=True)
class KeyedClient:
    """GET with a key among the parameters.

    Parameters
    ----------
    source : str
        The vendor's name, for errors.
    variable : str
        Of the environment, which holds the key.
    parameter : str
        By which the vendor takes the key.
    key : SecretStr, optional
        None where there is none.
    timeout : float
        Seconds for an answer, half of them to connect.
    sleep, elapsed, jitter : callable
        Wait for seconds; seconds of a steady clock; a random number in [0, 1).
    """

    source: str
    variable: str
    parameter: str
    key: SecretStr | None
    timeout: float = 6.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    elapsed: Callable[[], float] = field(default=time.monotonic, repr=False)
    jitter: Callable[[], float] = field(default=SystemRandom().random, repr=False)
    _failed: list[tuple[float, str]] = field(default_factory=list, init=False, repr=False)

    def get(
        self,
        url: str,
        parameters: Mapping[str, str],
        *,
        busy: Callable[[Answer], bool] = is_busy,
    ) -> Answer:
        """The answer, whatever its status; where `busy` says so, the last of three.

        Between them lies what the vendor asks for in ``Retry-After``, else 1 and 2 seconds and up
        to one more; a vendor that asks for more than 5 seconds is taken at its word and left alone.

        Raises
        ------
        MissingCredential
            There is no key.
        SourceTimeout
            No answer in time, or no connection; then nothing more is tried for ten minutes.
        """
        if self.key is None:
            raise MissingCredential(self.source, self.variable, "there is no key")
        secret = self.key.get_secret_value()
        _LOGGED.secrets.add(secret)
        keyed = {**parameters, self.parameter: secret}
        for attempt in range(_TRIES):
            answer = self._send(url, keyed)
            if not busy(answer) or attempt == _TRIES - 1 or answer.retry_after > _PATIENCE:
                break
            self.sleep(answer.retry_after or 2**attempt + self.jitter())
        return answer

    def refused(self, reason: str) -> MissingCredential:
        """The error of a key that is there and doesn't do."""
        return MissingCredential(self.source, self.variable, reason)

    def shown(self, text: str) -> str:
        """A vendor's words in one short line, without the key."""
        secrets = {self.key.get_secret_value()} if self.key else set()
        return " ".join(_redacted(text, secrets).split())[:_LONGEST]

    def _send(self, url: str, parameters: Mapping[str, str]) -> Answer:
        import requests

        for moment, reason in self._failed:
            if self.elapsed() - moment < _ASK_AGAIN:
                raise SourceTimeout(self.source, reason)
        limits = (self.timeout / 2, self.timeout)
        try:
            # A redirection would take the key to another server.
            response = requests.get(url, parameters, timeout=limits, allow_redirects=False)
        except requests.RequestException as error:
            reason = f"no answer: {type(error).__name__}"
            if isinstance(error, requests.ConnectionError):
                self._failed[:] = [(self.elapsed(), reason)]
        else:
            text = response.content.decode("utf-8", "replace")
            return Answer(
                response.status_code, text, _seconds(response.headers.get("Retry-After", ""))
            )
        # Raised out here, lest a traceback shows the requests' own error, which holds the URL.
        raise SourceTimeout(self.source, reason)


def _seconds(text: str) -> float:
    """Of a header ``Retry-After``; one that gives a date asks for more patience than there is."""
    if not text:
        return 0.0
    return float(text) if text.isascii() and text.isdigit() else _PATIENCE + 1


def _redacted(text: str, secrets: set[str]) -> str:
    quoted = {quote(secret, safe="") for secret in secrets}
    spellings = secrets | quoted | {quote_plus(secret) for secret in secrets}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, _HIDDEN)
    return text


class _Redaction(logging.Filter):
    """Takes keys out of the URLs that urllib3 tells of at level DEBUG."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _redacted(record.getMessage(), self.secrets), ()
        return True


_LOGGED = _Redaction()
logging.getLogger("urllib3.connectionpool").addFilter(_LOGGED)
