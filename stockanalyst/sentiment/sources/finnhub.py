"""Finnhub: headlines for everybody; its scores of news and of social media for who pays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stockanalyst.exceptions import PayloadError, SourceRefused
from stockanalyst.infra.answers import Answer
from stockanalyst.infra.http import VendorClient
from stockanalyst.market.symbols import calendar_name
from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.reading import (
    PUBLISHER,
    SUMMARY,
    Row,
    all_read,
    count,
    gathered,
    inside,
    line,
    link,
    moment,
    names,
    number,
    object_of,
    refusal,
    rows_of,
    unix_moment,
)

BASE_URL = "https://finnhub.io/api/v1"
_NAME = "finnhub"
_NEWS, _SCORE, _SOCIAL = "company-news", "news-sentiment", "stock/social-sentiment"
_PLATFORMS = ("data", "reddit", "twitter")  # the last two in answers of before 2023
_HOUR = timedelta(hours=1)
_AS_GOOD_AS_NOW = timedelta(seconds=30)
# What an error of HTTP 200 holds.
_WORDS = (("access", "plan"), ("api key", "auth"), ("limit reached", "rate_limited"))


@dataclass(frozen=True)
class FinnhubNews:
    """Headlines, and the vendor's scores where the key's plan has them.

    That it has none is no error; the client's limits remember it.

    Parameters
    ----------
    client : VendorClient
    now : callable
        Gives the present moment, aware. The vendor's score of news has no date, so it is asked for
        only where the window ends now: in a window of the past it would tell of the future.
    base_url : str
    """

    client: VendorClient
    now: Callable[[], datetime]
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``finnhub``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """Articles without a score, and an observation of social media and one of the news.

        Raises
        ------
        SourceError
        """
        symbol = company.symbol
        if calendar_name(symbol).startswith("24/") or symbol.startswith("^"):
            raise self.client.fail("unknown_symbol", f"it has news of companies, not of {symbol}")
        return gathered(
            lambda: self._news(symbol, window),
            lambda: self._social(symbol, window),
            lambda: self._score(symbol, window),
        )

    def _news(self, symbol: str, window: Window) -> Findings:
        rows = rows_of(_NAME, self._ask(_NEWS, symbol, _period(window)), "news")
        return inside(window, all_read(_NAME, rows, _article, "news"))

    def _social(self, symbol: str, window: Window) -> Findings:
        what = "social sentiment"
        payload = object_of(_NAME, self._ask(_SOCIAL, symbol, _period(window)), what)
        parts = [payload[name] or [] for name in _PLATFORMS if name in payload]
        if payload and not parts:
            raise PayloadError(_NAME, f"{what}: none of {', '.join(_PLATFORMS)} is there")
        rows = [row for part in parts for row in rows_of(_NAME, part, what)]
        hours = all_read(_NAME, rows, _hour, what)
        return Findings(observations=_mean(inside(window, observations=hours).observations))

    def _score(self, symbol: str, window: Window) -> Findings:
        now, what = self.now(), "news sentiment"
        if now - window.end > _AS_GOOD_AS_NOW:
            return Findings()
        payload = object_of(_NAME, self._ask(_SCORE, symbol, {}), what)
        if not payload or payload.get("sentiment", "") is None:  # it doesn't know the symbol
            return Findings()
        at = min(now, window.end)
        scores = all_read(_NAME, [payload], lambda row: _news_score(row, at), what)
        return inside(window, observations=scores)

    def _ask(self, endpoint: str, symbol: str, parameters: Mapping[str, str]) -> object:
        american = calendar_name(symbol) == "XNYS"
        code = symbol.replace("-", ".") if american else symbol  # BRK.B
        url = f"{self.base_url}/{endpoint}"
        answer = self.client.get(url, {"symbol": code, **parameters})
        kind = _said(answer)
        if (kind == "plan" or answer.status == 403) and not american:
            # Which says nothing of what is American.
            reason = f"the key's plan doesn't include {code}, HTTP {answer.status}"
            raise SourceRefused(_NAME, "plan", reason)
        if kind or answer.status != 200:
            raise refusal(self.client, answer, kind)
        return answer.payload


def _said(answer: Answer) -> str | None:
    """What an error of HTTP 200 means; None for what is none."""
    payload = answer.payload
    if answer.status != 200 or not isinstance(payload, dict) or "error" not in payload:
        return None
    text = line(payload["error"]).lower()
    return next((kind for words, kind in _WORDS if words in text), "http_error")


def _period(window: Window) -> dict[str, str]:
    return {"from": window.start.date().isoformat(), "to": window.end.date().isoformat()}


def _article(row: Row) -> Article | None:
    title, published_at = line(row.get("headline")), unix_moment(row.get("datetime"))
    if not title or published_at is None:
        return None
    return Article(
        source=_NAME,
        title=title,
        published_at=published_at,
        publisher=line(row.get("source"), PUBLISHER),
        summary=line(row.get("summary"), SUMMARY),
        url=link(row.get("url")),
        symbols=names(line(row.get("related")).split(",")),
    )


def _hour(row: Row) -> Observation | None:
    """An hour's messages; they are known when it is over."""
    start, mentions = moment(row.get("atTime")), count(row.get("mention"))
    if start is None or mentions is None:
        return None
    return Observation(_NAME, start + _HOUR, number(row.get("score"), -1, 1), mentions)


def _mean(hours: Sequence[Observation]) -> tuple[Observation, ...]:
    """One observation for those hours that have messages, each with its weight in messages."""
    heard = [hour for hour in hours if hour.volume]
    if not heard:
        return ()
    scored = [(hour.score, hour.volume or 0) for hour in heard if hour.score is not None]
    volume = sum(mentions for _, mentions in scored)
    total = sum(score * mentions for score, mentions in scored)
    score = max(-1.0, min(1.0, total / volume)) if volume else None
    heard_of = volume or sum(hour.volume or 0 for hour in heard)
    return (Observation(_NAME, max(hour.at for hour in heard), score, heard_of),)


def _news_score(row: Row, at: datetime) -> Observation | None:
    shares, buzz = row.get("sentiment"), row.get("buzz")
    if not isinstance(shares, dict):
        return None
    bullish = number(shares.get("bullishPercent"), 0, 1)
    bearish = number(shares.get("bearishPercent"), 0, 1)
    if bullish is None or bearish is None:
        return None
    articles = count(buzz.get("articlesInLastWeek")) if isinstance(buzz, dict) else None
    # No share of either is no opinion, which isn't a neutral one.
    score = bullish - bearish if bullish + bearish > 0 else None
    return Observation(_NAME, at, score, articles)
