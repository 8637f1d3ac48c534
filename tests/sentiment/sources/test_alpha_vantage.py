"""Alpha Vantage, whose errors are answers of HTTP 200. The payloads are written by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stockanalyst.exceptions import SourceError
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.sources.alpha_vantage import AlphaVantageNews
from tests.sentiment.sources.loopback import KEY, Vendor, client, loopback

PAYLOADS = Path(__file__).parents[2] / "payloads" / "alpha_vantage"
NEWS = (PAYLOADS / "news_sentiment_200.json").read_text()
APPLE = Company("AAPL", "Apple")
WINDOW = Window(datetime(2026, 1, 14, tzinfo=UTC), datetime(2026, 1, 21, 9, 30, 59, tzinfo=UTC))


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        server.say(NEWS)
        yield server


def alpha_vantage(vendor: Vendor) -> AlphaVantageNews:
    return AlphaVantageNews(client("alpha_vantage", parameter="apikey"), vendor.url)


def test_the_score_is_that_of_the_company(vendor: Vendor) -> None:
    first, second, third = alpha_vantage(vendor).fetch(APPLE, WINDOW).articles
    assert first == Article(
        source="alpha_vantage",
        publisher="Example Wire",
        title="Apple beats expectations",
        published_at=datetime(2026, 1, 20, 17, 2, 45, tzinfo=UTC),
        summary="Apple posted record revenue and strong growth.",
        url="https://example.com/av/1",
        symbols=("AAPL", "MSFT"),
        vendor_score=0.427,
        relevance=0.91,
    )
    assert second.published_at == datetime(2026, 1, 19, 9, 30, tzinfo=UTC)
    assert (second.vendor_score, second.relevance) == (-0.301, 0.35)
    assert (third.symbols, third.vendor_score, third.relevance) == (("SPY",), None, None)


def test_what_is_asked_for(vendor: Vendor) -> None:
    alpha_vantage(vendor).fetch(APPLE, WINDOW)
    [question] = vendor.asked
    assert question.path == "/query"
    assert question.parameters == {
        "function": "NEWS_SENTIMENT",
        "tickers": "AAPL",
        "time_from": "20260114T0000",
        "time_to": "20260121T0931",
        "sort": "LATEST",
        "limit": "500",
        "apikey": KEY,
    }


@pytest.mark.parametrize(
    ("symbol", "ticker"),
    [("BRK-B", "BRK-B"), ("TSCO.L", "TSCO.LON"), ("BTC-USD", "CRYPTO:BTC")],
)
def test_spelling(vendor: Vendor, symbol: str, ticker: str) -> None:
    vendor.say(NEWS.replace('"AAPL"', f'"{ticker}"'))
    first = alpha_vantage(vendor).fetch(Company(symbol), WINDOW).articles[0]
    assert vendor.asked[0].parameters["tickers"] == ticker
    assert first.vendor_score == 0.427


@pytest.mark.parametrize("symbol", ["^GSPC", "EURUSD=X", "MC.PA"])
def test_what_it_cannot_have_is_not_asked_for(vendor: Vendor, symbol: str) -> None:
    with pytest.raises(SourceError) as caught:
        alpha_vantage(vendor).fetch(Company(symbol), WINDOW)
    assert caught.value.kind == "unknown_symbol"
    assert vendor.asked == []


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"items": "0", "feed": []}',
        '{"Information": "No articles found. Please adjust the time range and try again."}',
    ],
)
def test_nothing(vendor: Vendor, body: str) -> None:
    vendor.say(body)
    assert alpha_vantage(vendor).fetch(APPLE, WINDOW) == Findings()


# In the vendor's words, which overlap.
AT_ONCE = (
    "Please consider spreading out your free API requests more sparingly (1 request per second). "
    f"Your key {KEY} has 25 requests per day; a premium plan removes the limit."
)
USED_UP = f"We have detected your API key as {KEY}; our rate limit is 25 requests per day."


@pytest.mark.parametrize(
    ("name", "words", "kind"),
    [
        ("Error Message", "the parameter apikey is invalid or missing.", "auth"),
        ("Information", AT_ONCE, "rate_limited"),
        ("Note", "Our frequency is 5 calls per minute and 500 calls per day.", "rate_limited"),
        ("Information", USED_UP, "quota_day"),
        ("Information", "Thank you! This is a premium endpoint.", "plan"),
        ("Information", "Invalid inputs. Please refer to the documentation.", "bad_request"),
        ("Error Message", "Invalid API call. Please retry.", "unknown_symbol"),
        ("Information", f"Your key {KEY} is tired", "schema_changed"),
        ("Information", "The **demo** API key is for demo purposes only. Claim yours.", "auth"),
    ],
)
def test_refusals(vendor: Vendor, name: str, words: str, kind: str) -> None:
    vendor.say(json.dumps({name: words}))
    with pytest.raises(SourceError) as caught:
        alpha_vantage(vendor).fetch(APPLE, WINDOW)
    assert caught.value.kind == kind
    assert KEY not in str(caught.value)
    assert len(vendor.asked) == (3 if kind == "rate_limited" else 1)


def test_a_relevance_of_0_is_none(vendor: Vendor) -> None:
    vendor.say(NEWS.replace('"0.91"', '"0.000000"').replace('"0.910000"', '"0.000000"'))
    first, *_ = alpha_vantage(vendor).fetch(APPLE, WINDOW).articles
    assert (first.symbols, first.vendor_score, first.relevance) == (("MSFT",), None, None)


def test_a_full_answer_says_so(vendor: Vendor) -> None:
    row = {"title": "Apple rises", "time_published": "20260120T120000"}
    vendor.say(json.dumps({"feed": [row] * 500}))
    notes = alpha_vantage(vendor).fetch(APPLE, WINDOW).notes
    assert notes == ("news: what came before 2026-01-20 12:00 UTC is missing",)


def test_an_article_about_the_words_of_a_refusal_is_none(vendor: Vendor) -> None:
    vendor.say(NEWS.replace("Indexes closed mixed.", "Traders are spreading out."))
    assert len(alpha_vantage(vendor).fetch(APPLE, WINDOW).articles) == 3
    assert len(vendor.asked) == 1
