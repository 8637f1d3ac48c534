"""Figures over summaries, by hand, and what is beyond its threshold."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from stockanalyst.sentiment.aggregation import SentimentSummary
from stockanalyst.sentiment.articles import Window
from stockanalyst.sentiment.monitoring import Thresholds, distribution
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome

END = datetime(2024, 3, 8, tzinfo=UTC)


def said(polarity: float | None, *kinds: Kind) -> SentimentSummary:
    return SentimentSummary(
        symbol="ACME",
        name="",
        polarity=polarity,
        label="",
        reason="",
        n_articles=0,
        dispersion=math.nan,
        coverage=0.0,
        vendor_polarity=None,
        per_source=(),
        outcomes=tuple(SourceOutcome("one", kind, "why") for kind in kinds),
        articles=(),
        window=Window(END - timedelta(days=7), END),
        scorer="marked",
    )


def test_by_hand() -> None:
    """0.9, 0.3 and 0.6: mean 0.6, deviation 0.3. Two of six questions came to nothing."""
    found = distribution(
        [
            said(0.9, Kind.OK, Kind.DOWN),
            said(0.3, Kind.EMPTY, Kind.SKIPPED, Kind.AUTH),
            said(0.6, Kind.OK),
            said(None, Kind.UNKNOWN_SYMBOL),
        ],
        Thresholds(mean=0.5, std=0.31, error_rate=0.1),
    )
    assert (found.n_symbols, found.n_scored) == (4, 3)
    assert found.mean == pytest.approx(0.6)
    assert found.std == pytest.approx(0.3)
    assert found.share_strong == pytest.approx(2 / 3)
    assert found.error_rate == pytest.approx(2 / 6)
    assert found.alerts == (
        "mean polarity 0.60 is beyond 0.5",
        "share of questions without an answer 0.33 is beyond 0.1",
    )
    assert found.silent == (
        "one: auth for 1 of 4: why",
        "one: down for 1 of 4: why",
        "one: empty for 1 of 4: why",
        "one: skipped for 1 of 4: why",
        "one: unknown_symbol for 1 of 4: why",
    )


def test_who_is_silent_for_the_same_reason_is_told_once() -> None:
    found = distribution(
        [said(None, Kind.DOWN), said(0.2, Kind.OK), said(None, Kind.DOWN)], Thresholds()
    )
    assert found.silent == ("one: down for 2 of 3: why",)


def test_nothing_known_is_no_alarm() -> None:
    found = distribution([said(None, Kind.SKIPPED)], Thresholds())
    assert math.isnan(found.mean)
    assert math.isnan(found.std)
    assert math.isnan(found.error_rate)
    assert found.alerts == ()
