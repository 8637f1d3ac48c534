"""Alpha Vantage: articles with a score and a relevance for each symbol in them."""

import re
from dataclasses import dataclass
from datetime import timedelta

from stockanalyst.exceptions import SourceError
from stockanalyst.infra.answers import Answer
from stockanalyst.infra.http import VendorClient, is_busy
from stockanalyst.market.vendors import alpha_vantage_code, alpha_vantage_refusal
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.sources.reading import (
    PUBLISHER,
    SUMMARY,
    Row,
    all_read,
    inside,
    line,
    link,
    moment,
    names,
    number,
    refusal,
)

BASE_URL = "https://www.alphavantage.co"
_NAME = "alpha_vantage"
_NEWS = "NEWS_SENTIMENT"
_ARTICLES = 500
_MINUTE = timedelta(minutes=1)
_NOTHING = "No articles found"
_TRIAL = "api key is for demo purposes only"


@dataclass(frozen=True)
class AlphaVantageNews:
    """News of the US market and of coins. The free plan answers 25 requests a day.

    Parameters
    ----------
    client : VendorClient
    base_url : str
    """

    client: VendorClient
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``alpha_vantage``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """Articles; the score of each is the vendor's for this company, not for the whole article.

        Raises
        ------
        SourceError
        """
        ticker = _ticker(company.symbol)
        if ticker is None:
            raise self.client.fail("unknown_symbol", f"it has no news of {company.symbol}")
        parameters = {
            "function": _NEWS,
            "tickers": ticker,
            "time_from": f"{window.start:%Y%m%dT%H%M}",
            "time_to": f"{window.end + _MINUTE:%Y%m%dT%H%M}",
            "sort": "LATEST",
            "limit": str(_ARTICLES),
        }
        answer = self.client.get(f"{self.base_url}/query", parameters, busy=_may_do_later)
        rows = _feed(answer)
        if rows is None:
            raise self._refusal(answer)
        articles = all_read(_NAME, rows, lambda row: _article(row, ticker), "news")
        return inside(window, articles, full=len(rows) >= _ARTICLES)

    def _refusal(self, answer: Answer) -> SourceError:
        kind = alpha_vantage_refusal(answer.status, answer.text)
        if kind is None and answer.status == 200:
            kind = "auth" if _TRIAL in answer.text.lower() else "schema_changed"
        return refusal(self.client, answer, kind)


def _ticker(symbol: str) -> str | None:
    """Its spelling in news; None for an index, a currency or an exchange that it hasn't."""
    coin = re.fullmatch(r"([A-Z0-9]+)-USDT?", symbol)
    return f"CRYPTO:{coin[1]}" if coin else alpha_vantage_code(symbol)


def _feed(answer: Answer) -> list[object] | None:
    """Articles, of which there may be none; None for an answer that is a refusal."""
    payload = answer.payload
    if answer.status != 200 or not isinstance(payload, dict):
        return None
    said = payload.get("Information")
    if payload == {} or (isinstance(said, str) and said.startswith(_NOTHING)):
        return []
    feed = payload.get("feed")
    return feed if isinstance(feed, list) else None


def _may_do_later(answer: Answer) -> bool:
    if is_busy(answer):
        return True
    too_quick = alpha_vantage_refusal(answer.status, answer.text) == "rate_limited"
    return too_quick and _feed(answer) is None  # an article may hold the same words


def _is_told_of(each: object) -> bool:
    """Whether the article is about this ticker, of those that it lists: not with relevance 0."""
    return isinstance(each, dict) and number(each.get("relevance_score"), 0, 1) != 0


def _article(row: Row, ticker: str) -> Article | None:
    title, published_at = line(row.get("title")), moment(row.get("time_published"))
    if not title or published_at is None:
        return None
    listed = row.get("ticker_sentiment")
    about = [each for each in listed if _is_told_of(each)] if isinstance(listed, list) else []
    ours: Row = next((each for each in about if each.get("ticker") == ticker), {})
    return Article(
        source=_NAME,
        title=title,
        published_at=published_at,
        publisher=line(row.get("source"), PUBLISHER),
        summary=line(row.get("summary"), SUMMARY),
        url=link(row.get("url")),
        symbols=names([each.get("ticker") for each in about]),
        vendor_score=number(ours.get("ticker_sentiment_score"), -1, 1),
        relevance=number(ours.get("relevance_score"), 0, 1),
    )
