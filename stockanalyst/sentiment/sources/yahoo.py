"""Yahoo's news of a symbol, through yfinance."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stockanalyst.exceptions import PayloadError, SourceError, SourceTimeout
from stockanalyst.infra.answers import Answer
from stockanalyst.infra.background import within
from stockanalyst.infra.http import VendorClient
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.sources.keyless import check
from stockanalyst.sentiment.sources.reading import (
    Row,
    all_read,
    inside,
    line,
    link,
    moment,
    names,
    object_of,
    rows_of,
    unix_moment,
)
from stockanalyst.sentiment.sources.yfinance_access import TooLarge, YahooAccess

_NAME = "yahoo"
_WAY = ("data", "tickerStream")  # to the list of news
_OUTAGE = "will be right back"


@dataclass(frozen=True)
class YahooNews:
    """Headlines and summaries of whatever Yahoo lists, some of them on something else.

    Parameters
    ----------
    client : VendorClient
        Its timeout is that of the whole question, for which yfinance sends several requests; its
        limits hold, and hear how it went. The requests aren't its own.
    cache_dir : Path
        Where yfinance keeps cookies.
    session : optional
        See :class:`~stockanalyst.sentiment.sources.yfinance_access.YahooAccess`.
    """

    client: VendorClient
    cache_dir: Path
    session: Any = None

    @property
    def name(self) -> str:
        """``yahoo``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """Articles without a score.

        Raises
        ------
        SourceError
        """
        answer = self._answer(company.symbol)
        check(self.client, answer)
        if self.client.limits is not None:
            self.client.limits.succeeded()
        rows = [row for row in _stream(answer.payload) if not _is_advertisement(row)]
        return inside(window, articles=all_read(_NAME, rows, _article, "news"))

    def _answer(self, symbol: str) -> Answer:
        client = self.client
        if client.limits is not None:
            client.limits.admit()
        access = YahooAccess(self.cache_dir, client.timeout, client.max_bytes, self.session)
        try:
            answer = within(client.timeout, lambda: access.news(symbol))
        except Exception as error:
            raise self._failure(error) from error
        if answer.status >= 500 or _OUTAGE in answer.text[:5000].lower():
            raise self._down(f"it has a fault of its own, HTTP {answer.status}")
        return answer

    def _failure(self, error: Exception) -> SourceError:
        """What an error of yfinance, or of its HTTP client, means; its text may hold an address."""
        if isinstance(error, TimeoutError):
            return self._down(f"no answer within {self.client.timeout:g} s")
        if isinstance(error, OSError) and not isinstance(error, ValueError):
            return self._down(f"the connection failed: {type(error).__name__}")
        if isinstance(error, TooLarge):
            return PayloadError(_NAME, str(error))
        return PayloadError(_NAME, f"yfinance failed: {type(error).__name__}")

    def _down(self, reason: str) -> SourceTimeout:
        if self.client.limits is not None:
            self.client.limits.failed("down", reason)
        return SourceTimeout(_NAME, reason)


def _stream(payload: object) -> list[object]:
    for key in _WAY:
        payload = object_of(_NAME, payload, "news").get(key)
    return rows_of(_NAME, object_of(_NAME, payload, "news").get("stream"), "news")


def _is_advertisement(row: object) -> bool:
    return isinstance(row, dict) and bool(row.get("ad"))


def _article(row: Row) -> Article | None:
    content = row.get("content")
    return _nested(content) if isinstance(content, dict) else _flat(row)


def _nested(content: Row) -> Article | None:
    title, published_at = line(content.get("title")), moment(content.get("pubDate"))
    if not title or published_at is None:
        return None
    return Article(
        source=_NAME,
        title=title,
        published_at=published_at,
        publisher=line(_part(content, "provider", "displayName"), 100),
        summary=line(content.get("summary"), 1000) or line(content.get("description"), 1000),
        url=link(_part(content, "canonicalUrl", "url"))
        or link(_part(content, "clickThroughUrl", "url")),
    )


def _flat(row: Row) -> Article | None:
    """Of the older shape, which other questions to Yahoo still answer with."""
    title, published_at = line(row.get("title")), unix_moment(row.get("providerPublishTime"))
    if not title or published_at is None:
        return None
    return Article(
        source=_NAME,
        title=title,
        published_at=published_at,
        publisher=line(row.get("publisher"), 100),
        url=link(row.get("link")),
        symbols=names(row.get("relatedTickers")),
    )


def _part(content: Row, name: str, key: str) -> object:
    part = content.get(name)
    return part.get(key) if isinstance(part, dict) else None
