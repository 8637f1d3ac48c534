"""Reading what a vendor says, whatever that is.

A value that isn't as documented is None, or empty; what can't be read at all is a
:class:`~stockanalyst.exceptions.SourceError`. Nothing else is raised, and nothing is made up.
"""

import html
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from stockanalyst.exceptions import PayloadError, SourceError
from stockanalyst.infra.answers import Answer
from stockanalyst.infra.http import VendorClient
from stockanalyst.sentiment.articles import Article, Findings, Observation, Window

T = TypeVar("T")
Row = Mapping[str, object]

TITLE, PUBLISHER, SUMMARY = 500, 100, 1000  # characters

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,25})?([eE][+-]?\d{1,3})?", re.ASCII)
_DAY = timedelta(days=1)
_MOST = 500  # articles of an answer: an honest one has fewer
_YEARS = range(1970, 2200)
_MANY = 1e9  # messages: more is no count
_URL = 2000
_KINDS = {
    400: "bad_request",
    401: "auth",
    402: "plan",
    403: "plan",
    404: "unknown_symbol",
    422: "bad_request",
    429: "rate_limited",
}
_REASONS = {
    "auth": "the key is refused",
    "bad_request": "it doesn't take the question",
    "blocked": "it turns programs away",
    "down": "it has a fault of its own",
    "plan": "the key's plan doesn't include this",
    "quota_day": "today's requests of the plan are used up",
    "rate_limited": "too many requests",
    "unknown_symbol": "it doesn't know the symbol",
}
# Of these each question speaks for the whole vendor: it would answer the next one alike.
_FINAL = frozenset({"auth", "blocked", "quota_day", "rate_limited"})
_HOPELESS = _FINAL | {"bad_request", "unknown_symbol"}  # of the main question
_EXPECTED = frozenset({"plan", "quota_day", "skipped"})  # of a part that costs extra


def number(value: object, low: float = -math.inf, high: float = math.inf) -> float | None:
    """A finite number from `low` to `high`, given as a number or as text."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value.strip()[:50]) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # An int may be beyond every float: it is compared before it is converted.
    bounded = max(low, -1e300) <= value <= min(high, 1e300)
    return float(value) if bounded else None


def count(value: object) -> int | None:
    """A number of messages or articles."""
    amount = number(value, 0, _MANY)
    return int(amount) if amount is not None and amount.is_integer() else None


def line(value: object, limit: int = TITLE) -> str:
    """Text in one line of at most `limit` characters, without entities and control characters."""
    if not isinstance(value, str):
        return ""
    words = " ".join(html.unescape(value[: 4 * limit]).split())
    text = "".join(sign for sign in words if sign.isprintable())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def link(value: object) -> str:
    """The address of a web page; empty for anything else."""
    if not isinstance(value, str) or len(value) > _URL:
        return ""
    url = value.strip()
    return url if re.fullmatch(r"https?://[^\s\"<>\\]+", url) and url.isprintable() else ""


def names(value: object, limit: int = 50) -> tuple[str, ...]:
    """The texts of a list, such as symbols; at most `limit`."""
    listed = value[:limit] if isinstance(value, list) else []
    return tuple(name for name in (line(item, 40) for item in listed) if name)


def moment(value: object) -> datetime | None:
    """A date with a time in ISO 8601, aware in UTC; without a zone it is taken as UTC.

    None for a date alone, which doesn't say when, and for a year in which there is no news.
    """
    if not isinstance(value, str) or not re.search(r"\d[T ]\d", value[:20]):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if read.year not in _YEARS:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def unix_moment(value: object) -> datetime | None:
    """Seconds since 1970, aware in UTC; None for 0, by which vendors mean nothing."""
    seconds = number(value, 1, 4e9)  # the end of 2096
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def day_end(value: object) -> datetime | None:
    """The end of a day in UTC, given as its date; what a day brought is known no sooner."""
    if not isinstance(value, str):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    if day.year not in _YEARS:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + _DAY


def rows_of(source: str, payload: object, what: str) -> list[object]:
    """A payload that is a list.

    Raises
    ------
    PayloadError
        It is something else.
    """
    if not isinstance(payload, list):
        raise PayloadError(source, f"{what}: a list is documented, not {_kind_of(payload)}")
    return payload


def object_of(source: str, payload: object, what: str) -> dict[str, object]:
    """A payload that is an object.

    Raises
    ------
    PayloadError
        It is something else.
    """
    if not isinstance(payload, dict):
        raise PayloadError(source, f"{what}: an object is documented, not {_kind_of(payload)}")
    return payload


def all_read(
    source: str, rows: Sequence[object], read: Callable[[Row], T | None], what: str
) -> list[T]:
    """Every row that `read` can read: it gives None for the others, which are left out.

    Raises
    ------
    PayloadError
        There are rows, and none could be read.
    """
    found = [read(row) for row in rows if isinstance(row, dict)]
    items = [item for item in found if item is not None]
    if rows and not items:
        raise PayloadError(source, f"{what}: none of {len(rows)} is as documented")
    return items


def inside(
    window: Window,
    articles: Iterable[Article] = (),
    observations: Iterable[Observation] = (),
    *,
    full: bool = False,
) -> Findings:
    """What of these was published, or known, inside `window`: of articles the newest 500.

    Parameters
    ----------
    window : Window
    articles, observations : iterable
    full : bool
        Whether there are as many articles as were asked for, the newest ones: if none of them is
        from before the window, earlier ones of the window are missing, and a note says so.
    """
    given = list(articles)
    found = [article for article in given if article.published_at in window]
    kept, notes = found, []
    if len(found) > _MOST:
        kept = sorted(found, key=lambda article: article.published_at, reverse=True)[:_MOST]
        notes.append(f"news: of {len(found)} articles the newest {_MOST} count")
    oldest = min((article.published_at for article in given), default=window.start)
    if full and oldest > window.start:
        notes.append(f"news: what came before {oldest:%Y-%m-%d %H:%M} UTC is missing")
    return Findings(
        tuple(kept),
        tuple(observation for observation in observations if observation.at in window),
        notes=tuple(notes),
    )


def gathered(*questions: Callable[[], Findings]) -> Findings:
    """What several questions to one vendor find: one that fails doesn't lose the others' answers.

    After a refusal of the key or the pace, or for the day, nothing more is asked, nor where the
    first question finds the symbol unknown. What the plan doesn't include isn't missing.

    Raises
    ------
    SourceError
        That of the first question, which is the main one, where it failed and no other found
        anything.
    """
    answers: list[Findings] = []
    errors: dict[int, SourceError] = {}
    for place, question in enumerate(questions):
        try:
            answers.append(question())
        except SourceError as error:
            errors[place] = error
            if error.kind in (_FINAL if place else _HOPELESS):
                break
    found = Findings(
        tuple(article for answer in answers for article in answer.articles),
        tuple(observation for answer in answers for observation in answer.observations),
        tuple(
            f"{error.kind}: {error.reason}"
            for place, error in errors.items()
            if place == 0 or error.kind not in _EXPECTED
        ),
        tuple(note for answer in answers for note in answer.notes),
    )
    if 0 in errors and not (found.articles or found.observations):
        raise errors[0]
    return found


def refusal(client: VendorClient, answer: Answer, kind: str | None = None) -> SourceError:
    """The error of an answer that is none, to be raised.

    Parameters
    ----------
    client : VendorClient
    answer : Answer
    kind : str, optional
        What the vendor means by it, where its status doesn't say.
    """
    status = answer.status
    kind = kind or _KINDS.get(status, "down" if status >= 500 else "http_error")
    if answer.headers.get("cf-mitigated"):
        kind = "blocked"
    reason = f"{_REASONS.get(kind, 'unexpected answer')}, HTTP {status}"
    if said := client.shown(line(answer.text)):
        reason = f"{reason}: {said}"
    return client.fail(kind, reason, answer.retry_after)


def _kind_of(payload: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "nothing in JSON"}
    return kinds.get(type(payload), "a number")
