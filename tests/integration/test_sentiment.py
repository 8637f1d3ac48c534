"""The whole path over sockets: seven sources, some dead, slow or lying, and a key in each."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from stockanalyst.infra.cache import SqliteCache
from stockanalyst.recommendation.explain import sentiment_reason
from stockanalyst.reporting.sentiment import sentiment_dict
from stockanalyst.reporting.sentiment_html import ShownSentiment
from stockanalyst.reporting.text import sentiment_text
from stockanalyst.sentiment.aggregation import Aggregation, SentimentSummary
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer
from stockanalyst.sentiment.monitoring import Thresholds, distribution
from stockanalyst.sentiment.outcomes import Kind
from stockanalyst.services.gathering import Gatherer, Offer
from stockanalyst.services.sentiment import Question, SentimentService
from tests.contracts.test_sentiment_sources import CASES, bodies
from tests.sentiment.sources.loopback import KEY, QUOTED, Vendor, loopback, reply

NOW = pd.Timestamp("2026-07-01", tz="UTC")
TUESDAY = datetime(2026, 1, 20, 15, tzinfo=UTC)
ASKED = Question(window=timedelta(days=365), cutoff=TUESDAY)
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def vendors() -> Iterator[dict[str, Vendor]]:
    """A well-meaning vendor for each source."""
    with ExitStack() as stack:
        served = {case.name: stack.enter_context(loopback()) for case in CASES}
        for case in CASES:
            served[case.name].serve(bodies(case.answers[0]))
        yield served


def service(vendors: dict[str, Vendor], cache: Path, deadline: float = 30.0) -> SentimentService:
    offers = {
        case.name: Offer(
            case.make(vendors[case.name].url if case.name in vendors else NOBODY, 20.0),
            reach=timedelta(days=3650),
        )
        for case in CASES
    }
    kept = SqliteCache(cache, lambda: NOW)
    return SentimentService(
        gatherer=Gatherer(
            offers=offers,
            cache=lambda: kept,
            deadline=deadline,
            lifetime=timedelta(minutes=15),
            now=lambda: NOW,
            elapsed=time.monotonic,
        ),
        default=list(offers),
        offline=(),
        scorer=lambda _name: FinanceLexiconScorer(),
        rules=Aggregation(half_life=timedelta(days=30)),
        thresholds=Thresholds(),
    )


def told(summary: SentimentSummary) -> str:
    """Everything that anybody is shown of it."""
    found = distribution([summary], Thresholds())
    page = ShownSentiment.of(summary)._repr_mimebundle_()
    shown = [str(part) for part in sentiment_text([summary], found)]
    parts = [json.dumps(sentiment_dict(summary)), str(page), repr(summary), *shown]
    return "\n".join([*parts, sentiment_reason(summary).sentence])


def test_seven_sources_that_answer(vendors: dict[str, Vendor], tmp_path: Path) -> None:
    made = service(vendors, tmp_path / "news.sqlite").summary("AAPL", ASKED)
    kinds = {outcome.source: outcome.kind for outcome in made.outcomes}
    assert set(kinds.values()) <= {Kind.OK, Kind.EMPTY}
    assert made.polarity is not None
    assert -1 <= made.polarity <= 1
    assert made.n_articles >= 5
    assert all(each.article.published_at <= TUESDAY for each in made.articles)


def test_one_dead_one_slow_one_lying(vendors: dict[str, Vendor], tmp_path: Path) -> None:
    vendors["finnhub"].answer = lambda _: vendors["finnhub"].wait
    vendors["google_news"].say("<html><body>All is well, polarity 1.0</body></html>")
    vendors["tradestie"].say('[{"ticker": "AAPL", "no_of_comments": "many"}]')
    alive = {name: vendor for name, vendor in vendors.items() if name != "eodhd"}
    asked = service(alive, tmp_path / "news.sqlite", deadline=3.0)
    made = asked.summary("AAPL", ASKED)  # though the slow one never answers
    outcomes = {outcome.source: outcome for outcome in made.outcomes}
    assert outcomes["eodhd"].kind is Kind.DOWN
    assert outcomes["finnhub"].kind is Kind.DOWN
    assert outcomes["finnhub"].reason.startswith("no answer within ")
    assert outcomes["google_news"].kind is Kind.SCHEMA_CHANGED
    assert outcomes["alpha_vantage"].kind is Kind.OK
    sentence = sentiment_reason(made).sentence
    assert "eodhd (down: " in sentence
    assert "google_news (schema_changed: " in sentence


def test_the_key_is_in_nothing_that_is_kept_logged_or_shown(
    vendors: dict[str, Vendor], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vendors["alpha_vantage"].say(json.dumps({"Information": f"your apikey {KEY} is invalid"}))
    vendors["stockgeist"].answer = lambda asked: reply(f"<b>{KEY}</b> {asked.head}", 403)
    vendors["finviz"].answer = lambda _: vendors["finviz"].wait
    made = service(vendors, tmp_path / "news.sqlite", deadline=2.0).summary("AAPL", ASKED)
    assert KEY in "".join(question.head for question in vendors["finnhub"].asked)
    assert QUOTED in "".join(question.head for question in vendors["eodhd"].asked)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"eodhd" in kept
    for text in (told(made), caplog.text, kept.decode("latin-1")):
        assert KEY not in text
        assert QUOTED not in text


def test_what_was_kept_stands_in_when_all_are_gone(
    vendors: dict[str, Vendor], tmp_path: Path
) -> None:
    first = service(vendors, tmp_path / "news.sqlite").summary("AAPL", ASKED)
    again = service({}, tmp_path / "news.sqlite").summary("AAPL", ASKED)
    assert again.polarity == first.polarity
    assert again.articles == first.articles
    assert {outcome.cache_age for outcome in again.outcomes} == {0.0}
