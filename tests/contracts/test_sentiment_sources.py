"""What every source of news and scores promises. A new one adds itself to `CASES` below."""

import json
import logging
import math
import re
import socket
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockanalyst.exceptions import SourceError
from stockanalyst.sentiment.articles import Company, Findings, Window
from stockanalyst.sentiment.outcomes import Kind
from stockanalyst.sentiment.protocols import SentimentSource
from stockanalyst.sentiment.sources.alpha_vantage import AlphaVantageNews
from stockanalyst.sentiment.sources.eodhd import EODHDNews
from stockanalyst.sentiment.sources.finnhub import FinnhubNews
from stockanalyst.sentiment.sources.finviz import FinvizNews
from stockanalyst.sentiment.sources.google_news import GoogleNews
from stockanalyst.sentiment.sources.stockgeist import StockGeist
from stockanalyst.sentiment.sources.tradestie import TradestieReddit
from tests.sentiment.sources.loopback import (
    KEY,
    QUOTED,
    Question,
    Talk,
    Vendor,
    client,
    cut_gzip,
    endless,
    gzip_bomb,
    loopback,
    reply,
    reset,
)

T = TypeVar("T")
Change = Callable[[bytes, int, int], bytes]
PAYLOADS = Path(__file__).parents[1] / "payloads"
APPLE = Company("AAPL", "Apple")
NOW, TUESDAY = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 1, 20, 23, tzinfo=UTC)
YEARS = Window(datetime(2019, 1, 1, tzinfo=UTC), NOW)
WEEK = Window(datetime(2026, 1, 13, tzinfo=UTC), datetime(2026, 1, 20, 15, tzinfo=UTC))
KINDS = {
    302: "http_error",
    400: "bad_request",
    401: "auth",
    402: "plan",
    403: "plan",
    404: "unknown_symbol",
    418: "http_error",
    422: "bad_request",
    429: "rate_limited",
    500: "down",
    502: "down",
    503: "down",
}

# To programs, by who wants no key.
REFUSED = {401: "blocked", 402: "http_error", 403: "blocked", 404: "http_error"}


@dataclass(frozen=True)
class Case:
    """A source.

    Attributes
    ----------
    name : str
    make : callable
        The source, sent to a URL, with a timeout.
    answers : tuple of dict
        What its vendor says when all is well: files of ``tests/payloads`` by the end of the path.
    kinds : dict
        By HTTP status, where they aren't the usual.
    nothing : tuple of str
        Answers in JSON by which the vendor says that it has nothing.
    means_of : tuple of float
        Lowest and highest of the scores in `answers` of which the source gives a mean.
    """

    name: str
    make: Callable[[str, float], SentimentSource]
    answers: tuple[dict[str, str], ...]
    kinds: Mapping[int, str] = field(default_factory=dict)
    nothing: tuple[str, ...] = ()
    means_of: tuple[float, ...] = ()

    def __str__(self) -> str:
        return self.name


CASES = (
    Case(
        "eodhd",
        lambda url, seconds: EODHDNews(client("eodhd", seconds, parameter="api_token"), url),
        (
            {"/news": "eodhd/news_200.json", "/sentiments": "eodhd/sentiments_200.json"},
            {"/news": "eodhd/news_2026_200.json", "/sentiments": "eodhd/sentiments_2022_200.json"},
        ),
        {402: "quota_day"},
        nothing=("[]",),
    ),
    Case(
        "alpha_vantage",
        lambda url, seconds: AlphaVantageNews(
            client("alpha_vantage", seconds, parameter="apikey"), url
        ),
        (
            {"/query": "alpha_vantage/news_sentiment_200.json"},
            {"/query": "alpha_vantage/news_sentiment_2022_200.json"},
        ),
        nothing=("{}",),
    ),
    Case(
        "finnhub",
        lambda url, seconds: FinnhubNews(
            client("finnhub", seconds, header="X-Finnhub-Token"), lambda: NOW, url
        ),
        (
            {
                "/company-news": "finnhub/company_news_200.json",
                "/news-sentiment": "finnhub/news_sentiment_200.json",
                "/social-sentiment": "finnhub/social_200.json",
            },
            {
                "/company-news": "finnhub/company_news_2019_200.json",
                "/news-sentiment": "finnhub/news_sentiment_docs_200.json",
                "/social-sentiment": "finnhub/social_2022_200.json",
            },
        ),
        nothing=("[]",),
        means_of=(-0.9864015, 0.35),
    ),
    Case(
        "stockgeist",
        lambda url, seconds: StockGeist(client("stockgeist", seconds, parameter="token"), url),
        (
            {
                "/message-metrics": "stockgeist/message_metrics_200.json",
                "/article-metrics": "stockgeist/article_metrics_200.json",
            },
            {
                "/message-metrics": "stockgeist/message_metrics_2021_200.json",
                "/article-metrics": "stockgeist/article_metrics_200.json",
            },
        ),
    ),
    Case(
        "finviz",
        lambda url, seconds: FinvizNews(client("finviz", seconds), lambda: TUESDAY, url),
        (
            {"/quote.ashx": "finviz/quote_news_200.html"},
            {"/quote.ashx": "finviz/quote_news_2023_200.html"},
        ),
        REFUSED | {404: "unknown_symbol"},
    ),
    Case(
        "google_news",
        lambda url, seconds: GoogleNews(client("google_news", seconds), url),
        ({"/search": "google_news/rss_200.xml"},),
        REFUSED,
    ),
    Case(
        "tradestie",
        lambda url, seconds: TradestieReddit(client("tradestie", seconds), lambda: NOW, url),
        ({"/reddit": "tradestie/reddit_200.json"},),
        REFUSED,
        nothing=("[]",),
    ),
)
every_source = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module")
def server() -> Iterator[Vendor]:
    with loopback() as vendor:
        yield vendor


@pytest.fixture
def vendor(server: Vendor) -> Vendor:
    server.asked.clear()
    return server


def bodies(answers: Mapping[str, str]) -> dict[str, bytes]:
    return {end: (PAYLOADS / name).read_bytes() for end, name in answers.items()}


def failure(case: Case, vendor: Vendor, seconds: float = 5.0) -> SourceError:
    with pytest.raises(SourceError) as caught:
        case.make(vendor.url, seconds).fetch(APPLE, YEARS)
    check_error(case, caught.value)
    return caught.value


def check_error(case: Case, error: SourceError) -> None:
    """One line, of a known kind, about this source, without the key."""
    told = "".join(traceback.format_exception(error))
    assert error.source == case.name
    assert Kind(error.kind) not in {Kind.OK, Kind.EMPTY, Kind.SKIPPED}
    assert str(error).isprintable()
    assert len(str(error)) < 400
    assert KEY not in told
    assert QUOTED not in told


def check(case: Case, findings: Findings, window: Window) -> None:
    """Each article and each observation is as the protocol says."""
    for article in findings.articles:
        assert article.source == case.name
        assert article.published_at.utcoffset() == timedelta(0)
        assert article.published_at in window
        assert article.title
        assert article.relevance is None or 0 < article.relevance <= 1
        assert article.url == "" or article.url.startswith(("http://", "https://"))
        for text in (article.title, article.publisher, article.summary, article.url):
            assert text.isprintable()
            assert len(text) <= 2000
        assert all(name.isprintable() and name for name in article.symbols)
    for observation in findings.observations:
        assert observation.source == case.name
        assert observation.at.utcoffset() == timedelta(0)
        assert observation.at in window
        assert observation.volume is None or observation.volume >= 0
    assert all(-1 <= score <= 1 for score in scores(findings))


def scores(findings: Findings) -> list[float]:
    given = [article.vendor_score for article in findings.articles]
    ready = [observation.score for observation in findings.observations]
    return [score for score in given + ready if score is not None]


@every_source
@pytest.mark.parametrize("window", [YEARS, WEEK], ids=["years", "week"])
def test_what_it_finds(case: Case, vendor: Vendor, window: Window) -> None:
    source = case.make(vendor.url, 5.0)
    assert source.name == case.name
    for answers in case.answers:
        vendor.serve(bodies(answers))
        findings = source.fetch(APPLE, window)
        assert window is WEEK or findings.articles or findings.observations
        check(case, findings, window)
        assert KEY not in repr((source, findings))


@every_source
def test_the_cutoff(case: Case, vendor: Vendor) -> None:
    source = case.make(vendor.url, 5.0)
    vendor.serve(bodies(case.answers[0]))
    every = source.fetch(APPLE, YEARS).articles
    for hour in range(0, 14 * 24, 9):
        window = Window(YEARS.start, WEEK.start - timedelta(days=2) + timedelta(hours=hour))
        findings = source.fetch(APPLE, window)
        check(case, findings, window)
        before = tuple(article for article in every if article.published_at <= window.end)
        assert findings.articles == before


@every_source
@pytest.mark.parametrize("status", KINDS)
def test_statuses(case: Case, vendor: Vendor, status: int) -> None:
    vendor.say("Said", status, Location="/elsewhere")
    assert failure(case, vendor).kind == {**KINDS, **case.kinds}[status]


@every_source
def test_a_program_is_turned_away(case: Case, vendor: Vendor) -> None:
    page = "<html><title>Just a moment...</title></html>"
    vendor.say(page, 403, cf_mitigated="challenge")
    assert failure(case, vendor).kind == "blocked"


@every_source
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (reply("<html><body>Welcome</body></html>"), "schema_changed"),
        (reply(""), "schema_changed"),
        (reply(b"\xff\xfe\x00\xd8"), "schema_changed"),
        (reply("[" * 100_000), "schema_changed"),
        (reply('{"a":' * 100_000), "schema_changed"),
        (reply("<a>" * 100_000), "schema_changed"),
        (gzip_bomb(10**8), "schema_changed"),
        (endless(10**8), "schema_changed"),
        (cut_gzip("[{}]"), "down"),
        (reply("{}", Content_Encoding="gzip"), "down"),
        (reply("{}", Content_Length="99"), "down"),
        (reset, "down"),
        (socket.socket.close, "down"),
        (b"\x00\x01\x02\x03" * 100, "down"),
    ],
    ids=[
        "html",
        "nothing",
        "no text",
        "nested lists",
        "nested objects",
        "nested tags",
        "gzip bomb",
        "10^8 bytes",
        "cut gzip",
        "no gzip",
        "cut short",
        "reset",
        "closed",
        "no http",
    ],
)
def test_faults(case: Case, vendor: Vendor, said: bytes | Talk, kind: str) -> None:
    vendor.answer = lambda _: said
    assert failure(case, vendor).kind == kind


@every_source
def test_silence(case: Case, vendor: Vendor) -> None:
    vendor.answer = lambda _: vendor.wait
    assert failure(case, vendor, seconds=0.1).kind == "down"


@every_source
@pytest.mark.parametrize(
    "body",
    ["null", "true", "7", "NaN", '"text"', "[]", "{}", "[1]", "[[]]", "[null]", '{"a": [{}]}'],
)
def test_json_of_another_kind(case: Case, vendor: Vendor, body: str) -> None:
    vendor.say(body)
    source = case.make(vendor.url, 5.0)
    if body in case.nothing:
        found = source.fetch(APPLE, YEARS)
        assert (found.articles, found.observations) == ((), ())
    else:
        assert failure(case, vendor).kind == "schema_changed"


@every_source
def test_the_key_is_nowhere(case: Case, vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    def echo(question: Question) -> bytes:
        body = json.dumps({"error": question.head, "Information": question.head})
        return reply(body, 400, X_Echo=question.path)

    with caplog.at_level(logging.DEBUG):
        vendor.answer = echo
        failure(case, vendor)
        vendor.answer = lambda _: reset
        failure(case, vendor)
    assert KEY not in caplog.text
    assert QUOTED not in caplog.text


# Nothing here is a score, a count of messages, a time or a title.
NONSENSE: tuple[Any, ...] = (
    None,
    True,
    "",
    "NaN",
    "9" * 5_000,
    "\ud800\x00\n\u202e",
    "x" * 200_000,
    -7,
    1.5,
    1e300,
    math.nan,
    math.inf,
    10**400,
    [],
    {},
    [[]],
    [None, 1, "a"],
    {"a": {"b": []}},
    json.loads("[" * 300 + "]" * 300),
)
NOISE = (b"\xff\xfe", b"\x00", b'"', b"}", b"[", b"<", b"&#xD800;", b"\xf0\x9f")


def places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a document of JSON."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield (*way, key)
            yield from places(value, (*way, key))


def dropped(body: bytes, at: int, _: int) -> bytes:
    """Without one value."""
    document = json.loads(body)
    *way, last = pick(list(places(document)), at)
    del reduce(getitem, way, document)[last]
    return json.dumps(document).encode()


def replaced(body: bytes, at: int, by: int) -> bytes:
    """With nonsense for one value."""
    document = json.loads(body)
    *way, last = pick(list(places(document)), at)
    reduce(getitem, way, document)[last] = pick(NONSENSE, by)
    return json.dumps(document).encode()


def doubled(body: bytes, at: int, by: int) -> bytes:
    """With a key twice, the second time with nonsense."""
    number = pick(list(re.finditer(rb'("\w+": ?)[\d.-]+(?=[,\s}])', body)), at)
    again = b", " + number[1] + json.dumps(pick(NONSENSE, by)).encode()
    return body[: number.end()] + again + body[number.end() :]


def cut(body: bytes, at: int, _: int) -> bytes:
    return body[: at % (len(body) + 1)]


def noisy(body: bytes, at: int, by: int) -> bytes:
    at %= len(body) + 1
    return body[:at] + pick(NOISE, by) + body[at:]


def untagged(body: bytes, at: int, _: int) -> bytes:
    """Without one tag of HTML or XML."""
    tag = pick(list(re.finditer(rb"<[^<>]*>", body)), at)
    return body[: tag.start()] + body[tag.end() :]


def pick(values: Sequence[T], at: int) -> T:
    return values[at % len(values)]


def changed(body: bytes, change: Change, at: int, by: int) -> bytes:
    """With noise where the change is for another kind of document."""
    try:
        return change(body, at, by)
    except (ValueError, ZeroDivisionError):
        return noisy(body, at, by)


CHANGES = st.tuples(
    st.sampled_from([dropped, replaced, replaced, doubled, cut, noisy, untagged]),
    st.integers(0, 10**6),
    st.integers(0, 100),
)


@dataclass
class Listener:
    """Asks a source whose vendor's honest answer is known, and checks what it makes of another."""

    case: Case
    vendor: Vendor
    answers: Mapping[str, bytes]

    def __post_init__(self) -> None:
        self.vendor.asked.clear()
        self.vendor.serve(self.answers)
        self.source = self.case.make(self.vendor.url, 5.0)
        self.honest = [*scores(self.source.fetch(APPLE, YEARS)), *self.case.means_of]

    def hear(self, end: str, body: bytes) -> None:
        """No other error than a SourceError, and no score that nobody gave."""
        self.vendor.serve({**self.answers, end: body})
        try:
            findings = self.source.fetch(APPLE, YEARS)
        except SourceError as error:
            check_error(self.case, error)
            return
        check(self.case, findings, YEARS)
        # A mean of fewer lies among them all; a missing score isn't a neutral one.
        low, high = min(self.honest, default=1.0), max(self.honest, default=-1.0)
        found = scores(findings)
        assert all(low <= score <= high for score in found)
        assert 0 in self.honest or 0 not in found


@every_source
@settings(max_examples=100)
@given(
    answers=st.integers(0, 3),
    end=st.integers(0, 3),
    changes=st.lists(CHANGES, min_size=1, max_size=3),
)
def test_whatever_it_is_told(
    case: Case, server: Vendor, answers: int, end: int, changes: list[Any]
) -> None:
    honest = bodies(pick(case.answers, answers))
    listener = Listener(case, server, honest)
    name = pick(sorted(honest), end)
    listener.hear(name, reduce(lambda body, change: changed(body, *change), changes, honest[name]))


def refilled(node: Any, key: str, value: object) -> Any:
    """A document of JSON with `value` for every value of `key`."""
    if isinstance(node, list):
        return [refilled(item, key, value) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: value if name == key else refilled(old, key, value) for name, old in node.items()}


@every_source
@pytest.mark.parametrize("value", [None, True, 1.5, "1.5", "NaN", math.inf, -7], ids=repr)
def test_no_field_is_trusted(case: Case, vendor: Vendor, value: object) -> None:
    for answers in map(bodies, case.answers):
        listener = Listener(case, vendor, answers)
        for end, body in answers.items():
            if body[:1] not in {b"{", b"["}:
                continue
            document = json.loads(body)
            for key in sorted({way[-1] for way in places(document) if isinstance(way[-1], str)}):
                listener.hear(end, json.dumps(refilled(document, key, value)).encode())
