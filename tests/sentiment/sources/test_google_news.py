"""Feeds in ``tests/payloads/google_news`` are written by hand in the form of Google's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stockanalyst.exceptions import PayloadError, SourceError
from stockanalyst.market.companies import company_names
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.deduplication import deduplicate
from stockanalyst.sentiment.sources.feed import items_of_feed
from stockanalyst.sentiment.sources.google_news import GoogleNews
from tests.sentiment.sources.loopback import Vendor, client, loopback

PAYLOADS = Path(__file__).parents[2] / "payloads" / "google_news"
WEEK = Window(datetime(2026, 1, 13, 15, tzinfo=UTC), datetime(2026, 1, 20, 15, tzinfo=UTC))


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        yield server


def google(vendor: Vendor) -> GoogleNews:
    vendor.asked.clear()
    return GoogleNews(client("google_news"), vendor.url)


def listed(symbol: str) -> Company:
    names = company_names(symbol)
    return Company(symbol, names.name, names.aliases)


def feed(*items: str, head: str = "") -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{inner}</channel></rss>'


def item(title: str = "Apple rises", date: str = "Tue, 20 Jan 2026 14:30:00 GMT") -> str:
    return f"<title>{title}</title><pubDate>{date}</pubDate>"


def test_items(vendor: Vendor) -> None:
    vendor.say((PAYLOADS / "rss_200.xml").read_text())
    found = google(vendor).fetch(listed("AAPL"), WEEK).articles
    assert found[0] == Article(
        source="google_news",
        title="Apple shares climb on upbeat guidance",
        published_at=datetime(2026, 1, 20, 14, 30, tzinfo=UTC),
        publisher="Reuters",
        url="https://news.google.com/rss/articles/CBMiSYNTH1?oc=5",
    )
    assert [each.title for each in found[1:]] == [
        "Why Apple - the stock - may slip",
        "Apple shares climb on upbeat guidance",
    ]
    assert len(deduplicate(found)) == 2


def test_no_items(vendor: Vendor) -> None:
    vendor.say((PAYLOADS / "empty_200.xml").read_text())
    assert google(vendor).fetch(listed("AAPL"), WEEK) == Findings()


@pytest.mark.parametrize(
    ("company", "terms"),
    [
        (listed("AAPL"), '"Apple stock" OR "Apple Inc" OR "AAPL stock"'),
        (listed("ALL"), '"Allstate stock" OR "Allstate Corp"'),
        (listed("BAC"), '"Bank of America" OR "BofA stock" OR "BAC stock"'),
        (listed("BTC-USD"), '"bitcoin" OR "BTC"'),
        (listed("^GSPC"), '"S&P 500" OR "S&P500" OR "S&P 500 Index"'),
        (listed("TCS.NS"), '"Tata Consultancy Services" OR "TCS stock"'),
        (Company("ALL"), '"ALL stock"'),
        (Company("X1", 'The "X" Company'), '"The  X  Company"'),
    ],
)
def test_the_query_is_of_the_company_in_the_window(
    vendor: Vendor, company: Company, terms: str
) -> None:
    vendor.say((PAYLOADS / "empty_200.xml").read_text())
    google(vendor).fetch(company, WEEK)
    (question,) = vendor.asked
    assert question.path == "/search"
    assert question.parameters == {
        "q": f"{terms} after:2026-01-12 before:2026-01-22",
        "hl": "en-US",
        "gl": "US",
        "ceid": "US:en",
    }


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "2026-01-20T14:30:00Z",
        "Tue, 20 Jan 2026",
        "Tue, 99 Jan 2026 14:30:00 GMT",
        "Tue, 20 Jan 2026 14:30:00 +9999",
        "Tue, 01 Jan 0001 00:30:00 +0100",
    ],
)
def test_an_item_without_a_time_is_left_out(vendor: Vendor, date: str) -> None:
    vendor.say(feed(item("Apple falls", date), item(), item("")))
    assert [each.title for each in google(vendor).fetch(listed("AAPL"), WEEK).articles] == [
        "Apple rises"
    ]
    vendor.say(feed(item("Apple falls", date)))
    with pytest.raises(PayloadError, match="none of 1 is as documented"):
        google(vendor).fetch(listed("AAPL"), WEEK)


def test_what_lies_outside_the_window_is_left_out(vendor: Vendor) -> None:
    late, offset = "Tue, 20 Jan 2026 15:00:01 GMT", "Tue, 20 Jan 2026 10:00:00 -0500"
    vendor.say(feed(item(date=late), item("Apple slips", offset)))
    (article,) = google(vendor).fetch(listed("AAPL"), WEEK).articles
    assert article.published_at == WEEK.end


BOMB = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LEAK = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
FEEDS = {
    "entities": feed(item("&b;"), head=BOMB),
    "a file": feed(item("&a;"), head=LEAK),
    "a document type": feed(item(), head="<!DOCTYPE rss>"),
    "cut": feed(item())[:-20],
    "a page": "<html><body>Welcome</body></html>",
    "another format": "<feed><entry><title>Apple</title></entry></feed>",
    "nothing": "",
    "depth": "<a>" * 300_000,
    "an encoding": '<?xml version="1.0" encoding="klingon"?><rss/>',
}


@pytest.mark.parametrize("body", FEEDS.values(), ids=FEEDS)
def test_what_is_no_feed(vendor: Vendor, body: str) -> None:
    vendor.say(body)
    with pytest.raises(PayloadError):
        google(vendor).fetch(listed("AAPL"), WEEK)


def test_a_text_is_that_of_the_first_of_its_tag() -> None:
    first, *_ = items_of_feed(feed("<title>A<b>B</b>C</title><title>D</title>")) or []
    assert first == {"title": "ABC"}
    many = items_of_feed(feed(*[item()] * 600)) or []
    assert len(many) == 500


STYLE = "<style>a { color: red }</style>" * 200
UNUSUAL = f"<!DOCTYPE html><html>{STYLE}We have detected unusual traffic from your network</html>"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (UNUSUAL, 503, "blocked"),
        (UNUSUAL, 429, "blocked"),
        ("Too many requests", 503, "rate_limited"),
        ("", 429, "rate_limited"),
        ("", 503, "down"),
        ("<!doctype html><title>Before you continue to Google</title>", 200, "blocked"),
        ("", 403, "blocked"),
        ("", 404, "http_error"),
    ],
)
def test_refusals(vendor: Vendor, body: str, status: int, kind: str) -> None:
    vendor.say(body, status)
    with pytest.raises(SourceError) as caught:
        google(vendor).fetch(listed("AAPL"), WEEK)
    assert caught.value.kind == kind


def test_who_is_turned_away_does_not_ask_again(vendor: Vendor) -> None:
    vendor.say(UNUSUAL, 503)
    with pytest.raises(SourceError):
        google(vendor).fetch(listed("AAPL"), WEEK)
    assert len(vendor.asked) == 1
