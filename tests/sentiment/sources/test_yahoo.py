"""yfinance with a session that is sent to a server on this machine.

Answers in ``tests/payloads/yahoo`` are written by hand in the form of Yahoo's.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from stockanalyst.exceptions import SourceError, SourceTimeout
from stockanalyst.infra.limits import MemoryUsageStore, VendorLimits
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.selection import stories_about
from stockanalyst.sentiment.sources.yahoo import YahooNews
from tests.sentiment.sources.loopback import Question, Vendor, client, loopback, reply, reset

PAYLOADS = Path(__file__).parents[2] / "payloads" / "yahoo"
NEWS = (PAYLOADS / "news_200.json").read_text()
FLAT = (PAYLOADS / "news_flat_200.json").read_text()
APPLE = Company("AAPL", "Apple")
WEEK = Window(datetime(2026, 1, 13, tzinfo=UTC), datetime(2026, 1, 20, 15, tzinfo=UTC))


class SentTo(HTTPAdapter):
    """Sends every request to one server, which reads no bodies."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.target = url

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.headers["X-Asked"] = f"{parts.hostname} {request.body!r}"
        request.prepare_method("GET")
        request.prepare_body(None, None)
        request.prepare_url(f"{self.target}{parts.path}?{parts.query}", {})
        return super().send(request, *args, **kwargs)  # type: ignore[arg-type]  # passed on


def session_to(url: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy
    session.mount("https://", SentTo(url))
    return session


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        yield server


@pytest.fixture
def yahoo(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[YahooNews]:
    """As new: yfinance keeps its session, its cookie and its crumb for the whole process."""
    import yfinance.cache
    import yfinance.data

    monkeypatch.setattr(yfinance.data.SingletonMeta, "_instances", {})
    monkeypatch.setattr(yfinance.cache._CookieCacheManager, "_Cookie_cache", None)
    monkeypatch.setattr(yfinance.cache._TzCacheManager, "_tz_cache", None)
    vendor.asked.clear()
    before = set(threading.enumerate())
    with session_to(vendor.url) as session:
        yield YahooNews(client("yahoo", 10.0), tmp_path, session)
        for late in set(threading.enumerate()) - before:
            late.join(timeout=5)


def says(vendor: Vendor, body: str | bytes, status: int = 200) -> None:
    """What it says of news; of anything else that there is no such page."""
    news = reply(body, status)
    vendor.answer = lambda asked: news if asked.path == "/xhr/ncp" else reply("", 404)


def kind_of(yahoo: YahooNews) -> str:
    with pytest.raises(SourceError) as caught:
        yahoo.fetch(APPLE, WEEK)
    assert str(caught.value).isprintable()
    return caught.value.kind


def test_news(vendor: Vendor, yahoo: YahooNews) -> None:
    says(vendor, NEWS)
    found = yahoo.fetch(APPLE, WEEK)
    assert found.articles[0] == Article(
        source="yahoo",
        title="Apple raises outlook after strong holiday quarter",
        published_at=datetime(2026, 1, 20, 10, tzinfo=UTC),
        publisher="Reuters",
        summary="Apple Inc. raised ...",
        url="https://example.com/y/1",
    )
    assert [each.title for each in found.articles[1:]] == ["Three retailers to watch"]
    (story,) = stories_about(APPLE, WEEK, found.articles)
    assert story.article == found.articles[0]
    asked = vendor.asked[-1].headers["x-asked"]
    assert asked.startswith("finance.yahoo.com ")
    assert '"s": ["AAPL"]' in asked


def test_the_older_shape(vendor: Vendor, yahoo: YahooNews) -> None:
    says(vendor, FLAT)
    first, second = yahoo.fetch(APPLE, WEEK).articles
    assert first == Article(
        source="yahoo",
        title="Apple widens its lead in wearables",
        published_at=datetime(2026, 1, 20, 10, tzinfo=UTC),
        publisher="The Example Journal",
        url="https://example.com/y/3",
        symbols=("AAPL", "GOOG"),
    )
    assert second.symbols == ("^GSPC",)


def test_no_news_is_empty_and_no_answer_is_not(vendor: Vendor, yahoo: YahooNews) -> None:
    says(vendor, json.dumps({"data": {"tickerStream": {"stream": []}}, "status": "OK"}))
    assert yahoo.fetch(APPLE, WEEK) == Findings()
    for body in ('{"data": {}}', "{}", "null", "[]", '{"finance": {"error": {"code": "x"}}}'):
        says(vendor, body)
        assert kind_of(yahoo) == "schema_changed"


def test_what_lies_outside_the_window_is_left_out(vendor: Vendor, yahoo: YahooNews) -> None:
    says(vendor, NEWS)
    early = Window(WEEK.start, datetime(2026, 1, 20, 9, tzinfo=UTC))
    assert [each.title for each in yahoo.fetch(APPLE, early).articles] == [
        "Three retailers to watch"
    ]


def test_bad_items_are_left_out(vendor: Vendor, yahoo: YahooNews) -> None:
    stream = json.loads(NEWS)["data"]["tickerStream"]["stream"]
    bad = [None, 7, {"content": None}, {"content": {"title": "Apple"}}]
    says(vendor, json.dumps({"data": {"tickerStream": {"stream": [*bad, *stream]}}}))
    assert len(yahoo.fetch(APPLE, WEEK).articles) == 2
    says(vendor, json.dumps({"data": {"tickerStream": {"stream": bad}}}))
    assert kind_of(yahoo) == "schema_changed"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("Too Many Requests", 429, "rate_limited"),
        ("Too Many Requests\r\n", 200, "rate_limited"),
        ("<html>Will be right back...</html>", 200, "down"),
        ("<html>Bad gateway</html>", 502, "down"),
        ('{"finance": {"error": {"code": "Unauthorized"}}}', 401, "blocked"),
        ("{}", 404, "http_error"),
        ("<html>Welcome</html>", 200, "schema_changed"),
        ("", 200, "schema_changed"),
        (b"\xff\xfe", 200, "schema_changed"),
        ("[" * 100_000, 200, "schema_changed"),
        (NEWS + " " * 5_000_000, 200, "schema_changed"),
    ],
    ids=[
        "429", "hurry", "outage", "502", "401", "404", "page", "nothing", "no text", "depth",
        "size",
    ],
)  # fmt: skip
def test_refusals(
    vendor: Vendor, yahoo: YahooNews, body: str | bytes, status: int, kind: str
) -> None:
    says(vendor, body, status)
    assert kind_of(yahoo) == kind


def test_broken_connections(vendor: Vendor, yahoo: YahooNews) -> None:
    vendor.answer = lambda _: reset
    with pytest.raises(SourceTimeout, match=r"^yahoo: the connection failed: \w+$"):
        yahoo.fetch(APPLE, WEEK)


def test_a_crumb_that_is_refused_is_done_without(vendor: Vendor, yahoo: YahooNews) -> None:
    def answer(asked: Question) -> bytes:
        return reply(NEWS) if asked.path == "/xhr/ncp" else reply("Too Many Requests", 429)

    vendor.answer = answer
    assert len(yahoo.fetch(APPLE, WEEK).articles) == 2


def test_the_limits_hear_of_it_and_hold(vendor: Vendor, yahoo: YahooNews) -> None:
    noon = pd.Timestamp("2026-01-20 12:00", tz="UTC")
    limits = VendorLimits("yahoo", MemoryUsageStore(), lambda: noon)
    limited = replace(yahoo, client=replace(yahoo.client, limits=limits))
    says(vendor, "", 502)
    assert [kind_of(limited) for _ in range(4)] == ["down", "down", "down", "skipped"]
    limits.clear()
    says(vendor, NEWS)
    assert len(limited.fetch(APPLE, WEEK).articles) == 2
    says(vendor, "", 429)
    assert [kind_of(limited) for _ in range(2)] == ["rate_limited", "skipped"]


def test_silence(yahoo: YahooNews, tmp_path: Path) -> None:
    with loopback() as silent, session_to(silent.url) as session:
        silent.answer = lambda _: silent.wait
        with pytest.raises(SourceTimeout, match=r"^yahoo: no answer within 0\.1 s$"):
            YahooNews(client("yahoo", 0.1), tmp_path, session).fetch(APPLE, WEEK)


NONSENSE: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        -7,
        1.5,
        1e300,
        10**400,
        "",
        "NaN",
        "x" * 9_000,
        "\ud800\x00\n",
        [],
        {},
        [None],
        [{}],
    ]
)
KEYS = [
    "data", "tickerStream", "stream", "ad", "content", "title", "summary", "description", "pubDate",
    "provider", "displayName", "canonicalUrl", "clickThroughUrl", "url", "publisher", "link",
    "providerPublishTime", "relatedTickers",
]  # fmt: skip


def refilled(node: Any, changes: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [refilled(item, changes) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: changes[key] if key in changes else refilled(value, changes)
        for key, value in node.items()
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.sampled_from([NEWS, FLAT]),
    changes=st.dictionaries(st.sampled_from(KEYS), NONSENSE, max_size=3),
    end=st.none() | st.integers(0, 2_000),
)
def test_whatever_it_is_told(
    vendor: Vendor, yahoo: YahooNews, body: str, changes: dict[str, Any], end: int | None
) -> None:
    says(vendor, json.dumps(refilled(json.loads(body), changes))[:end])
    try:
        found = yahoo.fetch(APPLE, WEEK).articles
    except SourceError as error:
        assert error.kind == "schema_changed"  # noqa: PT017  it may as well find something
        return
    honest = {"2026-01-20 08:00", "2026-01-20 10:00"}
    assert {f"{each.published_at:%Y-%m-%d %H:%M}" for each in found} <= honest
    assert all(each.title and each.title.isprintable() for each in found)
    assert all(each.vendor_score is None for each in found)
