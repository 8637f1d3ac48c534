"""Finnhub: headlines for all, scores for who pays. Payloads: by hand, or with texts replaced."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from stockanalyst.exceptions import SourceError
from stockanalyst.infra.limits import MemoryUsageStore, VendorLimits
from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.finnhub import FinnhubNews
from tests.sentiment.sources.loopback import KEY, Question, Vendor, client, loopback, reply

PAYLOADS = Path(__file__).parents[2] / "payloads" / "finnhub"
APPLE = Company("AAPL", "Apple")
END = datetime(2026, 1, 20, 18, tzinfo=UTC)
WINDOW = Window(datetime(2026, 1, 13, tzinfo=UTC), END)
NEWS, SOCIAL, SCORE = "/company-news", "/stock/social-sentiment", "/news-sentiment"
NO_ACCESS = '{"error": "You don\'t have access to this resource."}'


def text(name: str) -> str:
    return (PAYLOADS / f"{name}_200.json").read_text()


ANSWERS = {NEWS: text("company_news"), SOCIAL: text("social"), SCORE: text("news_sentiment")}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        server.serve(ANSWERS)
        yield server


def finnhub(vendor: Vendor, now: datetime = END) -> FinnhubNews:
    moment = pd.Timestamp(now)
    limits = VendorLimits("finnhub", MemoryUsageStore(), lambda: moment)
    limited = replace(client("finnhub", header="X-Finnhub-Token"), limits=limits)
    return FinnhubNews(limited, lambda: now, vendor.url)


def test_headlines_have_no_score(vendor: Vendor) -> None:
    first, second = finnhub(vendor).fetch(APPLE, WINDOW).articles
    assert first == Article(
        source="finnhub",
        publisher="Reuters",
        title="Apple unveils new chip, analysts upbeat",
        published_at=datetime(2026, 1, 20, 17, tzinfo=UTC),
        summary="Apple on Tuesday ...",
        url="https://example.com/f/1",
        symbols=("AAPL",),
    )
    assert (second.title, second.summary) == ("Apple loses patent appeal", "")


def test_scores_of_who_pays(vendor: Vendor) -> None:
    social, news = finnhub(vendor).fetch(APPLE, WINDOW).observations
    # The hour from 15:00 is over at 16:00.
    assert (social.at, social.volume) == (datetime(2026, 1, 20, 16, tzinfo=UTC), 50)
    assert social.score == pytest.approx((40 * 0.35 - 10 * 0.40) / 50)
    assert news == Observation("finnhub", END, 0.5, 20)


def test_a_flood_is_cut(vendor: Vendor) -> None:
    first = int(END.timestamp())
    rows = [{"headline": f"Apple {i}", "datetime": first - i} for i in reversed(range(2000))]
    vendor.serve({NEWS: json.dumps(rows)})
    findings = finnhub(vendor).fetch(APPLE, WINDOW)
    assert [article.title for article in findings.articles] == [f"Apple {i}" for i in range(500)]
    assert findings.notes[0] == "news: of 2000 articles the newest 500 count"


def test_an_hour_counts_when_it_is_over(vendor: Vendor) -> None:
    early = Window(WINDOW.start, datetime(2026, 1, 20, 15, 59, tzinfo=UTC))
    [social] = finnhub(vendor).fetch(APPLE, early).observations
    assert social == Observation("finnhub", datetime(2026, 1, 20, 15, tzinfo=UTC), -0.4, 10)


@pytest.mark.parametrize(
    ("payload", "at", "score", "volume"),
    [
        ("social_2022", "2022-03-09 08", -(3 * 0.957401 + 0.9864015 + 3 * 0.02310085) / 7, 7),
        ("social_2026", "2026-04-01 01", 0.57, 150),
    ],
)
def test_social_media_in_other_shapes(
    vendor: Vendor, payload: str, at: str, score: float, volume: int
) -> None:
    vendor.serve({NEWS: "[]", SOCIAL: text(payload)})
    window = Window(datetime(2022, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
    [found] = finnhub(vendor).fetch(APPLE, window).observations
    assert (f"{found.at:%Y-%m-%d %H}", found.volume) == (at, volume)
    assert found.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("null", ()),
        ('[{"atTime": "2026-01-20 14:00:00", "mention": 0, "score": 0}]', ()),
        ('[{"atTime": "2026-01-20 14:00:00", "mention": 4, "score": 7}]', ((None, 4),)),
    ],
)
def test_no_messages_and_no_score_are_not_neutral(
    vendor: Vendor, rows: str, expected: tuple[tuple[None, int], ...]
) -> None:
    vendor.serve({NEWS: "[]", SOCIAL: f'{{"symbol": "AAPL", "data": {rows}}}'})
    found = finnhub(vendor).fetch(APPLE, WINDOW).observations
    assert tuple((each.score, each.volume) for each in found) == expected


@pytest.mark.parametrize(
    ("sentiment", "expected"),
    [
        ('{"bearishPercent": 0, "bullishPercent": 1}', ((1.0, 20),)),
        ('{"bearishPercent": 0, "bullishPercent": 0}', ((None, 20),)),
        ('{"bearishPercent": 0.2, "bullishPercent": 3}', ()),
        ("null", ()),
    ],
)
def test_score_of_news(
    vendor: Vendor, sentiment: str, expected: tuple[tuple[float | None, int], ...]
) -> None:
    body = f'{{"buzz": {{"articlesInLastWeek": 20}}, "sentiment": {sentiment}}}'
    vendor.serve({NEWS: "[]", SCORE: body})
    found = finnhub(vendor).fetch(APPLE, WINDOW).observations
    assert tuple((each.score, each.volume) for each in found) == expected


def test_the_score_of_now_is_not_asked_for_in_the_past(vendor: Vendor) -> None:
    finnhub(vendor, END + timedelta(hours=1)).fetch(APPLE, WINDOW)
    assert vendor.paths == [NEWS, SOCIAL]


def test_what_is_asked_for(vendor: Vendor) -> None:
    finnhub(vendor).fetch(Company("BRK-B"), WINDOW)
    period = {"symbol": "BRK.B", "from": "2026-01-13", "to": "2026-01-20"}
    assert [(question.path, question.parameters) for question in vendor.asked] == [
        (NEWS, period),
        (SOCIAL, period),
        (SCORE, {"symbol": "BRK.B"}),
    ]
    assert all(question.headers["x-finnhub-token"] == KEY for question in vendor.asked)


def free_plan(question: Question) -> bytes:
    return reply(ANSWERS[NEWS]) if question.path == NEWS else reply(NO_ACCESS, 403)


def test_a_plan_without_scores_is_no_error_and_remembered(vendor: Vendor) -> None:
    vendor.answer = free_plan
    source = finnhub(vendor)
    for _ in range(2):
        findings = source.fetch(APPLE, WINDOW)
        assert (len(findings.articles), findings.observations) == (2, ())
    assert vendor.paths == [NEWS, SOCIAL, SCORE, NEWS]


def test_a_plan_without_news_of_that_country_still_has_american_ones(vendor: Vendor) -> None:
    vendor.say(NO_ACCESS, 403)
    source = finnhub(vendor)
    with pytest.raises(SourceError, match=r"doesn't include SAP\.DE") as caught:
        source.fetch(Company("SAP.DE"), WINDOW)
    assert caught.value.kind == "plan"
    vendor.serve(ANSWERS)
    assert len(source.fetch(APPLE, WINDOW).articles) == 2


@pytest.mark.parametrize(
    ("status", "body", "kind", "questions"),
    [
        (401, '{"error": "Invalid API key"}', "auth", 1),
        (403, NO_ACCESS, "plan", 3),
        (429, '{"error": "API limit reached. Remaining Limit: 0"}', "rate_limited", 3),
        (200, NO_ACCESS, "plan", 3),
        (200, '{"error": "Please use an API key."}', "auth", 1),
        (200, '{"error": "API limit reached. Remaining Limit: 0"}', "rate_limited", 1),
        (200, '{"error": "Sorry"}', "http_error", 3),
    ],
)
def test_refusals(vendor: Vendor, status: int, body: str, kind: str, questions: int) -> None:
    vendor.say(body, status)
    with pytest.raises(SourceError) as caught:
        finnhub(vendor).fetch(APPLE, WINDOW)
    assert caught.value.kind == kind
    assert len(vendor.asked) == questions


@pytest.mark.parametrize("symbol", ["^GSPC", "EURUSD=X", "BTC-USD"])
def test_only_companies_have_news(vendor: Vendor, symbol: str) -> None:
    with pytest.raises(SourceError) as caught:
        finnhub(vendor).fetch(Company(symbol), WINDOW)
    assert caught.value.kind == "unknown_symbol"
    assert vendor.asked == []


def test_an_unknown_company(vendor: Vendor) -> None:
    vendor.serve({NEWS: "[]", SOCIAL: '{"symbol": "ZZZZ", "data": []}', SCORE: "{}"})
    assert finnhub(vendor).fetch(Company("ZZZZ"), WINDOW) == Findings()
