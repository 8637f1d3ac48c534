"""EODHD: articles with their polarity, and a score of each day."""

from dataclasses import dataclass, replace
from datetime import timedelta

from stockanalyst.exceptions import SourceRefused
from stockanalyst.infra.answers import Answer
from stockanalyst.infra.http import VendorClient
from stockanalyst.market.vendors import eodhd_code
from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.reading import (
    SUMMARY,
    Row,
    all_read,
    count,
    day_end,
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
)

BASE_URL = "https://eodhd.com/api"
_NAME = "eodhd"
_UNITS = 10  # of a plan's day, for one symbol; a free day has 20
_DAY = timedelta(days=1)
# With their full texts; 1000, the most that can be asked for, may be more than the client takes.
_ARTICLES = 500
_TRIAL = "demo"  # a key that anybody may use, for a few symbols
_KINDS = {402: "quota_day"}
# How an error of HTTP 200 begins.
_WORDS = (
    ("unauthenticated", "auth"),
    ("you exceeded your daily api requests limit", "quota_day"),
    ("only eod data allowed", "plan"),
    ("forbidden", "plan"),
    ("ticker not found", "unknown_symbol"),
)


@dataclass(frozen=True)
class EODHDNews:
    """News of most of the world's exchanges, and the vendor's score of each day since 2018.

    The score of a day counts from the day's end on.

    Parameters
    ----------
    client : VendorClient
    base_url : str
    """

    client: VendorClient
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``eodhd``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """Articles, and scores of days where the day's quota allows the second request.

        Raises
        ------
        SourceError
        """
        code = eodhd_code(company.symbol)
        return gathered(lambda: self._news(code, window), lambda: self._days(code, window))

    def _news(self, code: str, window: Window) -> Findings:
        period = {
            "from": window.start.date().isoformat(),
            "to": window.end.date().isoformat(),
            "limit": str(_ARTICLES),
            "offset": "0",
        }
        rows = rows_of(_NAME, self._ask("news", code, period), "news")
        articles = all_read(_NAME, rows, _article, "news")
        return inside(window, articles, full=len(rows) >= _ARTICLES)

    def _days(self, code: str, window: Window) -> Findings:
        first, last = (end.date() - _DAY for end in (window.start, window.end))
        period = {"from": first.isoformat(), "to": last.isoformat()}
        payload = self._ask("sentiments", code, period)
        if not payload and isinstance(payload, list):
            return Findings()
        rows = rows_of(_NAME, _of_code(code, payload), f"sentiments of {code}")
        return inside(window, observations=all_read(_NAME, rows, _day, "sentiments"))

    def _ask(self, endpoint: str, code: str, parameters: dict[str, str]) -> object:
        asked = {"s": code, **parameters, "fmt": "json"}
        url = f"{self.base_url}/{endpoint}"
        answer = self.client.get(url, asked, units=_UNITS)
        answer = replace(answer, status=_status(answer))
        kind = _KINDS.get(answer.status) or _said(answer)
        if self._is_on_trial() and (kind == "auth" or answer.status == 401):
            reason = f"the key is for trials, which don't include {code}; set one of your own"
            raise SourceRefused(_NAME, "plan", reason)  # which says nothing of other symbols
        if kind or answer.status != 200:
            raise refusal(self.client, answer, kind)
        return answer.payload

    def _is_on_trial(self) -> bool:
        key = self.client.key
        return key is not None and key.get_secret_value() == _TRIAL


def _of_code(code: str, payload: object) -> object:
    """Its list of days; in the vendor's OpenAPI file a level ``ticker`` stands about or in it."""
    found: object = object_of(_NAME, payload, "sentiments")
    for _ in range(2):
        if isinstance(found, dict):
            others: object = [] if all(isinstance(rows, list) for rows in found.values()) else None
            found = found.get("ticker", found.get(code, others))
    return found


def _status(answer: Answer) -> int:
    """Of HTTP; an error may come with 200, and its status in the body."""
    payload = answer.payload
    given = payload if answer.status == 200 and isinstance(payload, dict) else {}
    code = count(given.get("code")) if "error" in given else None
    return code if code and code in range(400, 600) else answer.status


def _said(answer: Answer) -> str | None:
    """What an error of HTTP 200 means, be it text or JSON; None for what is none."""
    payload = answer.payload
    is_error = isinstance(payload, dict) and "error" in payload
    if answer.status != 200 or not (is_error or payload is None):
        return None
    text = line(payload["error"] if isinstance(payload, dict) else answer.text).lower()
    other = "http_error" if is_error else None
    return next((kind for words, kind in _WORDS if text.startswith(words)), other)


def _article(row: Row) -> Article | None:
    title, published_at = line(row.get("title")), moment(row.get("date"))
    if not title or published_at is None:
        return None
    sentiment = row.get("sentiment")
    polarity = sentiment.get("polarity") if isinstance(sentiment, dict) else None
    return Article(
        source=_NAME,
        title=title,
        published_at=published_at,
        summary=line(row.get("content"), SUMMARY),
        url=link(row.get("link")),
        symbols=names(row.get("symbols")),
        vendor_score=number(polarity, -1, 1),
    )


def _day(row: Row) -> Observation | None:
    at, volume = day_end(row.get("date")), count(row.get("count"))
    score = number(row.get("normalized"), -1, 1)
    if at is None or (score is None and volume is None):
        return None
    return Observation(_NAME, at, score, volume)
