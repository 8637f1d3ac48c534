"""Finviz: the headlines on a share's page, read from its HTML."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from stockanalyst.exceptions import PayloadError
from stockanalyst.infra.http import VendorClient
from stockanalyst.market.symbols import calendar_name
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.sources.finviz_page import EASTERN, Row, TimeColumn, rows_of_page
from stockanalyst.sentiment.sources.keyless import answer_of
from stockanalyst.sentiment.sources.reading import inside, line, link

BASE_URL = "https://finviz.com"
_NAME = "finviz"
_HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; stockanalyst)"}  # libraries' own are refused


@dataclass(frozen=True)
class FinvizNews:
    """About a hundred headlines of a US share, from many publishers.

    Finviz has no interface for programs and no terms that grant one: ask only by the operator's
    leave, and seldom.

    Parameters
    ----------
    client : VendorClient
    now : callable
        Gives the present moment, aware: the page says "Today".
    base_url : str
    """

    client: VendorClient
    now: Callable[[], datetime]
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``finviz``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """Articles without a summary.

        Raises
        ------
        SourceError
        """
        symbol = company.symbol
        if calendar_name(symbol) != "XNYS" or symbol.startswith("^"):
            raise self.client.fail("unknown_symbol", f"it has news of US shares, not of {symbol}")
        url, asked = f"{self.base_url}/quote.ashx", {"t": symbol.replace(".", "-"), "p": "d"}
        answer = answer_of(self.client, url, asked, headers=_HEADERS, missing="unknown_symbol")
        rows = rows_of_page(answer.text)
        if rows is None:
            raise PayloadError(_NAME, "news: the page has no table of them")
        column = TimeColumn(self.now().astimezone(EASTERN).date())
        times = [column.read(row.time) for row in rows]
        read = [self._article(row, at) for row, at in zip(rows, times, strict=True)]
        articles = [article for article in read if article is not None]
        if not articles and (any(times) or any(row.title for row in rows)):
            raise PayloadError(_NAME, f"news: none of {len(rows)} rows is as known")
        return inside(window, articles)

    def _article(self, row: Row, published_at: datetime | None) -> Article | None:
        title = line(row.title)
        if not title or published_at is None:
            return None
        return Article(
            source=_NAME,
            title=title,
            published_at=published_at,
            publisher=line(row.publisher, 100).partition(")")[0].strip(" ("),
            url=self._link(row.href),
        )

    def _link(self, href: str) -> str:
        try:
            return link(urljoin(self.base_url, href.strip()))
        except ValueError:
            return ""
