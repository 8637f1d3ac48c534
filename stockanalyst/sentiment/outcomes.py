"""What became of each source that was asked."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a question to a source ended."""

    OK = "ok"
    EMPTY = "empty"  # it answered that there is nothing
    SKIPPED = "skipped"  # it wasn't asked: no key, not opted in, circuit open
    AUTH = "auth"
    PLAN = "plan"
    QUOTA_DAY = "quota_day"
    RATE_LIMITED = "rate_limited"
    UNKNOWN_SYMBOL = "unknown_symbol"
    BAD_REQUEST = "bad_request"
    BLOCKED = "blocked"
    SCHEMA_CHANGED = "schema_changed"
    DOWN = "down"
    HTTP_ERROR = "http_error"


@dataclass(frozen=True)
class SourceOutcome:
    """What became of one source.

    Attributes
    ----------
    source : str
    kind : Kind
    reason : str
        In a sentence, without a key; where `kind` is ``ok``, what a reader must know, if anything.
    items : int
        Articles and observations that it gave.
    latency : float or None
        Seconds that the answer took; None where nothing was asked.
    cache_age : float or None
        Seconds since the answer was fetched; None where it is fresh or there is none.
    quota : str
        Such as ``3 of 25 used``; empty where the vendor counts nothing.
    """

    source: str
    kind: Kind
    reason: str = ""
    items: int = 0
    latency: float | None = None
    cache_age: float | None = None
    quota: str = ""

    @property
    def was_asked(self) -> bool:
        """Whether it was asked, or an answer of before stands in."""
        return self.kind is not Kind.SKIPPED or self.cache_age is not None

    @property
    def has_answered(self) -> bool:
        """Whether there is an answer, be it that there is nothing, or one of before."""
        return self.kind in {Kind.OK, Kind.EMPTY} or self.cache_age is not None
