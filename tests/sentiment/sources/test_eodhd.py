"""EODHD: two questions, of which one may fail. The payloads are written by hand in its form."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from stockanalyst.exceptions import MissingCredential, SourceError
from stockanalyst.infra.limits import MemoryUsageStore, VendorLimits
from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.eodhd import EODHDNews
from tests.sentiment.sources.loopback import KEY, Question, Vendor, client, loopback, reply

PAYLOADS = Path(__file__).parents[2] / "payloads" / "eodhd"
NEWS = (PAYLOADS / "news_200.json").read_text()
DAYS = (PAYLOADS / "sentiments_200.json").read_text()
APPLE = Company("AAPL", "Apple")
WINDOW = Window(datetime(2026, 1, 14, tzinfo=UTC), datetime(2026, 1, 21, tzinfo=UTC))


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        server.serve({"/news": NEWS, "/sentiments": DAYS})
        yield server


def eodhd(vendor: Vendor, quota: int | None = None) -> EODHDNews:
    now = pd.Timestamp("2026-01-21", tz="UTC")
    limits = VendorLimits("eodhd", MemoryUsageStore(), lambda: now, quota=quota)
    limited = replace(client("eodhd", parameter="api_token"), limits=limits)
    return EODHDNews(limited, vendor.url)


def test_articles_with_their_polarity(vendor: Vendor) -> None:
    first, second, third = eodhd(vendor).fetch(APPLE, WINDOW).articles
    assert first == Article(
        source="eodhd",
        title="Apple posts record services revenue",
        published_at=datetime(2026, 1, 20, 17, 9, 51, tzinfo=UTC),
        summary="Apple Inc. said on Tuesday that services revenue reached a record ...",
        url="https://example.com/e/1",
        symbols=("AAPL.US", "AAPL.MX"),
        vendor_score=0.94,
    )
    assert second.vendor_score == -0.61
    assert third.vendor_score is None


@pytest.mark.parametrize("level", ["{}", '{{"ticker": {}}}'])
def test_a_day_counts_when_it_is_over(vendor: Vendor, level: str) -> None:
    vendor.serve({"/news": "[]", "/sentiments": level.format(DAYS)})
    tuesday = Observation("eodhd", datetime(2026, 1, 21, tzinfo=UTC), 0.6152, 23)
    monday = Observation("eodhd", datetime(2026, 1, 20, tzinfo=UTC), -0.1043, 11)
    assert eodhd(vendor).fetch(APPLE, WINDOW).observations == (tuesday, monday)
    early = Window(WINDOW.start, datetime(2026, 1, 20, 23, 59, 59, tzinfo=UTC))
    assert eodhd(vendor).fetch(APPLE, early).observations == (monday,)


@pytest.mark.parametrize(("symbol", "code"), [("AAPL", "AAPL.US"), ("TCS.NS", "TCS.NSE")])
def test_what_is_asked_for(vendor: Vendor, symbol: str, code: str) -> None:
    vendor.say("[]")
    assert eodhd(vendor).fetch(Company(symbol), WINDOW) == Findings()
    every = {"s": code, "fmt": "json", "api_token": KEY}
    news = {"from": "2026-01-14", "to": "2026-01-21", "limit": "500", "offset": "0"}
    assert [(question.path, question.parameters) for question in vendor.asked] == [
        ("/news", every | news),
        ("/sentiments", every | {"from": "2026-01-13", "to": "2026-01-20"}),
    ]


@pytest.mark.parametrize(
    ("quota", "used", "observations"), [(20, "20 of 20 used", 2), (19, "10 of 19 used", 0)]
)
def test_scores_of_days_are_asked_for_where_the_quota_allows(
    vendor: Vendor, quota: int, used: str, observations: int
) -> None:
    source = eodhd(vendor, quota)
    findings = source.fetch(APPLE, WINDOW)
    assert len(findings.articles) == 3
    assert len(findings.observations) == observations
    assert source.client.quota == used
    with pytest.raises(SourceError, match=f"eodhd: {used[:2]} of {quota} used today") as caught:
        source.fetch(APPLE, WINDOW)
    assert caught.value.kind == "quota_day"


@pytest.mark.parametrize(
    ("failing", "bad"),
    [
        *(("/news", bad) for bad in ("500", "403", "<html>", '[{"date": 1}]')),
        *(("/sentiments", bad) for bad in ("500", "403", "404", "422", "<html>", '[{"date": 1}]')),
    ],
)
def test_one_failure_does_not_lose_the_other_answer(vendor: Vendor, failing: str, bad: str) -> None:
    status = int(bad) if bad.isdigit() else 200

    def answer(question: Question) -> bytes:
        if question.path == failing:
            return reply(bad, status)
        return reply(NEWS if question.path == "/news" else DAYS)

    vendor.answer = answer
    findings = eodhd(vendor).fetch(APPLE, WINDOW)
    expected = (0, 2) if failing == "/news" else (3, 0)
    assert (len(findings.articles), len(findings.observations)) == expected
    assert bool(findings.faults) == (failing == "/news" or bad != "403")


@pytest.mark.parametrize(
    ("status", "body", "kind", "questions"),
    [
        (401, "Unauthenticated", "auth", 1),
        (402, "You exceeded your daily API requests limit.", "quota_day", 1),
        (403, "Only EOD data allowed for free users.", "plan", 2),
        (404, "Ticker Not Found.", "unknown_symbol", 1),
        (200, '{"error": "Limit", "code": 402}', "quota_day", 1),
        (200, '{"error": "Limit"}', "http_error", 2),
        (200, '{"error": "Only EOD data allowed for free users."}', "plan", 2),
        (200, "Unauthenticated", "auth", 1),
        (200, "You are welcome", "schema_changed", 2),
    ],
)
def test_refusals(vendor: Vendor, status: int, body: str, kind: str, questions: int) -> None:
    vendor.say(body, status)
    with pytest.raises(SourceError) as caught:
        eodhd(vendor).fetch(APPLE, WINDOW)
    assert caught.value.kind == kind
    assert len(vendor.asked) == questions


def test_a_failure_is_not_hidden_behind_an_empty_answer(vendor: Vendor) -> None:
    vendor.serve({"/sentiments": "[]"})
    with pytest.raises(SourceError) as caught:
        eodhd(vendor).fetch(APPLE, WINDOW)
    assert caught.value.kind == "unknown_symbol"


def test_scores_of_somebody_else_are_not_ours(vendor: Vendor) -> None:
    vendor.serve({"/news": NEWS, "/sentiments": DAYS.replace("AAPL.US", "AAPL.MX")})
    assert eodhd(vendor).fetch(APPLE, WINDOW).observations == ()


@pytest.mark.parametrize(
    ("body", "observations"),
    [
        ('{"ticker": [ROW]}', 1),
        ('{"AAPL.US": {"ticker": [ROW]}}', 1),
        ('{"ticker": {"AAPL.US": [ROW]}}', 1),
        ('{"AAPL.US": [ROW], "TSLA.US": [ROW]}', 1),
        ('{"TSLA.US": [ROW]}', 0),
    ],
)
def test_shapes_of_scores(vendor: Vendor, body: str, observations: int) -> None:
    row = '{"date": "2026-01-19", "count": 11, "normalized": -0.1}'
    vendor.serve({"/news": NEWS, "/sentiments": body.replace("ROW", row)})
    findings = eodhd(vendor).fetch(APPLE, WINDOW)
    assert (len(findings.observations), findings.faults) == (observations, ())


def stories(first: datetime, step: timedelta, number: int) -> list[dict[str, str]]:
    return [
        {"title": f"Apple story {i}", "date": (first + i * step).isoformat()} for i in range(number)
    ]


def archive(rows: list[dict[str, str]]) -> Callable[[Question], bytes]:
    """A vendor of these articles, whose pages are as they are documented."""

    def answer(question: Question) -> bytes:
        asked = question.parameters
        days = [row for row in rows if asked["from"] <= row["date"][:10] <= asked["to"]]
        newest = sorted(days, key=lambda row: row["date"], reverse=True)
        return reply(json.dumps(newest[: int(asked["limit"])] if "limit" in asked else []))

    return answer


def test_what_came_after_a_cutoff_in_the_day_does_not_hide_the_rest(vendor: Vendor) -> None:
    day = datetime(2026, 1, 20, tzinfo=UTC)
    vendor.answer = archive(stories(day, timedelta(minutes=4), 360))
    noon = Window(WINDOW.start, day + timedelta(hours=12))
    findings = eodhd(vendor).fetch(APPLE, noon)
    assert (len(findings.articles), findings.notes) == (181, ())


def test_a_full_page_says_what_is_missing(vendor: Vendor) -> None:
    vendor.answer = archive(stories(WINDOW.start, timedelta(minutes=10), 700))
    findings = eodhd(vendor).fetch(APPLE, WINDOW)
    assert len(findings.articles) == 500
    # The 200 oldest, of ten minutes each, are missing.
    assert findings.notes == ("news: what came before 2026-01-15 09:20 UTC is missing",)


def test_the_trial_key_is_not_refused_for_good(vendor: Vendor) -> None:
    source = eodhd(vendor)
    trial = replace(source, client=replace(source.client, key=SecretStr("demo")))
    vendor.say("Unauthenticated", 401)
    with pytest.raises(SourceError, match=r"trials, which don't include IBM\.US") as caught:
        trial.fetch(Company("IBM"), WINDOW)
    assert caught.value.kind == "plan"
    vendor.serve({"/news": NEWS, "/sentiments": DAYS})
    assert len(trial.fetch(APPLE, WINDOW).articles) == 3


def test_no_key(vendor: Vendor) -> None:
    source = EODHDNews(replace(client("eodhd", parameter="api_token"), key=None), vendor.url)
    with pytest.raises(MissingCredential, match="set STOCKANALYST_EODHD_KEY"):
        source.fetch(APPLE, WINDOW)
    assert vendor.asked == []
