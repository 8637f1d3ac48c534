"""StockGeist: social messages counted by mood, by the hour or as they come, and headlines."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain

from stockanalyst.exceptions import PayloadError
from stockanalyst.infra.http import VendorClient
from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.reading import (
    SUMMARY,
    Row,
    all_read,
    count,
    gathered,
    inside,
    line,
    link,
    moment,
    object_of,
    refusal,
    rows_of,
)

BASE_URL = "https://api.stockgeist.ai"
_NAME = "stockgeist"
_MESSAGES, _ARTICLES = "time-series/message-metrics", "time-series/article-metrics"
_STREAM, _EVENTS = "stock/us/stream/message-metrics", "text/event-stream"
_HOUR, _FIVE_MINUTES = timedelta(hours=1), timedelta(minutes=5)
_TOTAL = "total_count"
# Informative and emotional messages, as the documentation of 2021 counts them; later in one count.
_POSITIVE = (("inf_positive_count", "em_positive_count"), ("pos_total_count",))
_NEGATIVE = (("inf_negative_count", "em_negative_count"), ("neg_total_count",))
_TEXTS = ("titles", "summaries", "urls")  # lists, with a place for each article
_GARBLED = 20  # events in a row: this isn't what is documented
_LONGEST = 100_000  # characters of an event


@dataclass(frozen=True)
class StockGeist:
    """Messages on social media, and articles, of US companies.

    The questions are those of its documentation of 2021; the stream's, of its users.

    Parameters
    ----------
    client : VendorClient
    base_url : str
    """

    client: VendorClient
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``stockgeist``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """An observation of every hour that has messages, and articles; both as of the hour's end.

        Raises
        ------
        SourceError
        """
        symbol = company.symbol
        return gathered(
            lambda: self._messages(symbol, window), lambda: self._articles(symbol, window)
        )

    def stream(self, company: Company, seconds: float) -> Iterator[Observation]:
        """Observations of five minutes each, as they come, until `seconds` have passed.

        Raises
        ------
        SourceError
            It refuses, breaks off, or sends what can't be read.
        """
        asked = {"symbols": company.symbol, "timeframe": "5m"}
        url, headers = f"{self.base_url}/{_STREAM}", {"Accept": _EVENTS}
        lines = self.client.stream(url, asked, headers, seconds=seconds)
        if lines.answer.status != 200:
            raise refusal(self.client, lines.answer)
        if not lines.answer.headers.get("content-type", "").startswith(_EVENTS):
            raise PayloadError(_NAME, "its stream isn't one of events")
        garbled = 0
        for text in _events(lines):
            found = _bucket(text)
            garbled = 0 if found else garbled + 1
            if garbled == _GARBLED:
                raise PayloadError(_NAME, f"{_GARBLED} events in a row aren't as documented")
            if found and found.volume:
                yield found
        if lines.fault is not None:
            raise self.client.fail("down", lines.fault.reason)

    def _messages(self, symbol: str, window: Window) -> Findings:
        rows = self._ask(_MESSAGES, symbol, window, (_TOTAL, *_POSITIVE[0], *_NEGATIVE[0]))
        hours = all_read(_NAME, rows, lambda row: _mood(row, _HOUR), "messages")
        return inside(window, observations=[hour for hour in hours if hour.volume])

    def _articles(self, symbol: str, window: Window) -> Findings:
        rows = self._ask(_ARTICLES, symbol, window, _TEXTS)
        hours = all_read(_NAME, rows, _headlines, "articles")
        return inside(window, articles=chain.from_iterable(hours))

    def _ask(
        self, endpoint: str, symbol: str, window: Window, fields: Sequence[str]
    ) -> list[object]:
        asked = {
            "symbol": symbol,
            "timeframe": "1h",
            "filter": ",".join(fields),
            "start": f"{window.start - _HOUR:%Y-%m-%dT%H:%M:%S}",
            "end": f"{window.end:%Y-%m-%dT%H:%M:%S}",
        }
        answer = self.client.get(f"{self.base_url}/{endpoint}", asked)
        payload = answer.payload
        if answer.status == 200:
            answer = replace(answer, status=_status(payload))
        if answer.status != 200:
            raise refusal(self.client, answer)
        return rows_of(_NAME, object_of(_NAME, payload, endpoint).get("body"), endpoint)


def _status(payload: object) -> int:
    """Of HTTP, as the answer's metadata repeat it."""
    metadata = payload.get("metadata") if isinstance(payload, dict) else None
    given = metadata if isinstance(metadata, dict) else {}
    status = count(given.get("status", given.get("status_code")))
    return status if status and status in range(300, 600) else 200


def _mood(row: Row, span: timedelta) -> Observation | None:
    """Messages of a span of time; they are known when it is over."""
    start, total = moment(row.get("timestamp")), count(row.get(_TOTAL))
    if start is None or total is None:
        return None
    positive, negative = _sum(row, _POSITIVE), _sum(row, _NEGATIVE)
    score = None
    if positive is not None and negative is not None and positive + negative > 0:
        score = (positive - negative) / (positive + negative)
    return Observation(_NAME, start + span, score, total)


def _sum(row: Row, spellings: Iterable[Sequence[str]]) -> int | None:
    """The counts of the first spelling of which none is missing."""
    for spelling in spellings:
        counts = [count(row.get(name)) for name in spelling]
        known = [amount for amount in counts if amount is not None]
        if len(known) == len(counts):
            return sum(known)
    return None


def _headlines(row: Row) -> list[Article] | None:
    """An hour's articles; they are known when it is over."""
    start, titles = moment(row.get("timestamp")), row.get("titles")
    if start is None or not isinstance(titles, list):
        return None
    texts = [_places(row.get(name), len(titles)) for name in _TEXTS]
    articles = [
        Article(
            source=_NAME,
            title=line(title),
            published_at=start + _HOUR,
            summary=line(summary, SUMMARY),
            url=link(url),
        )
        for title, summary, url in zip(*texts, strict=True)
        if line(title)
    ]
    return articles if articles or not titles else None


def _places(value: object, size: int) -> list[object]:
    """A list of `size`; of another size nobody knows what belongs to what."""
    return value if isinstance(value, list) and len(value) == size else [None] * size


def _events(lines: Iterable[str]) -> Iterator[str]:
    """The data of server-sent events; comments and the other fields are passed over."""
    parts: list[str] = []
    size = 0
    for text in lines:
        name, _, value = text.partition(":")
        if name == "data" and size < _LONGEST:
            parts.append(value.removeprefix(" "))
            size += len(parts[-1]) + 1
        if not text and parts:
            yield "\n".join(parts)
            parts, size = [], 0


def _bucket(text: str) -> Observation | None:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _mood(row, _FIVE_MINUTES) if isinstance(row, dict) else None
