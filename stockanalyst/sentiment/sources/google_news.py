"""Google News: headlines by RSS, up to a hundred for a query."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from stockanalyst.exceptions import PayloadError
from stockanalyst.infra.http import VendorClient
from stockanalyst.market.symbols import calendar_name
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.sources.feed import items_of_feed
from stockanalyst.sentiment.sources.keyless import answer_of
from stockanalyst.sentiment.sources.reading import Row, all_read, inside, line, link
from stockanalyst.sentiment.tickers import is_ambiguous

BASE_URL = "https://news.google.com/rss"
_NAME = "google_news"
_DAY = timedelta(days=1)
_EDITION = {"hl": "en-US", "gl": "US", "ceid": "US:en"}
_DATE = re.compile(
    r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} (?:19|2[01])\d\d \d\d:\d\d:\d\d (GMT|UTC|[+-]\d{4})",
    re.ASCII,
)
_NAMES = 3  # in a query


@dataclass(frozen=True)
class GoogleNews:
    """Headlines in English from all over the web; the addresses are Google's and opaque.

    Parameters
    ----------
    client : VendorClient
    base_url : str
    """

    client: VendorClient
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``google_news``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """Articles without a summary.

        Raises
        ------
        SourceError
        """
        # Google takes dates, of a day of its own: a day more on either side, cut off below.
        days = f"after:{(window.start - _DAY).date()} before:{(window.end + 2 * _DAY).date()}"
        asked = {"q": f"{' OR '.join(_terms(company))} {days}", **_EDITION}
        items = items_of_feed(answer_of(self.client, f"{self.base_url}/search", asked).text)
        if items is None:
            raise PayloadError(_NAME, "news: an RSS feed is known, not this")
        return inside(window, articles=all_read(_NAME, items, _article, "news"))


def _terms(company: Company) -> Iterator[str]:
    """Phrases by which few other things are called.

    A share's name of one word has "stock" beside it, and so has its ticker, unless that is a word
    and there is a name. An index or a coin goes by its name.
    """
    symbol = company.symbol
    is_share = not (symbol.startswith("^") or calendar_name(symbol).startswith("24/"))
    beside = " stock" if is_share else ""
    spelt = (name.replace('"', " ").strip() for name in (company.name, *company.aliases))
    names = list({name.casefold(): name for name in spelt if name}.values())[:_NAMES]
    for name in names:
        yield f'"{name}"' if " " in name else f'"{name}{beside}"'
    if not names or (is_share and not is_ambiguous(symbol)):
        yield f'"{symbol}{beside}"'


def _article(item: Row) -> Article | None:
    title, published_at = line(item.get("title")), _moment(item.get("pubDate"))
    publisher = line(item.get("source"), 100)
    if not title or published_at is None:
        return None
    return Article(
        source=_NAME,
        title=title.removesuffix(f" - {publisher}") if publisher else title,
        published_at=published_at,
        publisher=publisher,
        url=link(item.get("link")),
    )


def _moment(text: object) -> datetime | None:
    """Of a date by RFC 1123, in UTC."""
    if not isinstance(text, str) or not _DATE.fullmatch(text.strip()):
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
