"""What the news say, beside an analysis: up to the cutoff, and not for longer than the deadline."""

from dataclasses import replace

import pandas as pd

from stockanalyst.services.requests import options
from tests.services.conftest import NOW, Build, Headlines, MemoryProvider, autoregressive, news_of

WIRE = Headlines("wire", ("Profit rises", "Shares fall 3 %", "Dividend raised"))
NEWS = Headlines("news", ("Plant opened", "Warning on profit"))
QUICK = ("linear",)


def test_the_news_end_with_the_cutoffs_close(build: Build) -> None:
    """New York closed at 16:00 EDT, 20:00 UTC, on that day."""
    service = replace(
        build(MemoryProvider({"W": autoregressive(0.0, 1)})), sentiment=news_of(WIRE, NEWS)
    )
    asked = options(models=QUICK, cutoff="2019-06-03")
    said = service.analyze("W", asked).sentiment
    assert pd.Timestamp(said.as_of) == pd.Timestamp("2019-06-03 20:00", tz="UTC")
    assert said.n_articles == 5


def test_of_the_last_close_there_is_they_end_now(build: Build) -> None:
    last = NOW.tz_localize(None).normalize()  # it closed at this very moment
    start = pd.bdate_range(end=last, periods=1400)[0]
    provider = MemoryProvider({"W": autoregressive(0.0, 1)}, start=f"{start:%Y-%m-%d}")
    service = replace(build(provider), sentiment=news_of(WIRE, NEWS))
    live = service.analyze("W", options(models=QUICK))
    assert live.cutoff == last
    assert live.sentiment.as_of == NOW


def test_they_are_a_reason_that_changes_nothing_else(build: Build) -> None:
    provider = MemoryProvider({"W": autoregressive(0.5, 1)})
    silent = build(provider).analyze("W", options(models=QUICK)).recommendation
    told = replace(build(provider), sentiment=news_of(WIRE, NEWS)).analyze(
        "W", options(models=QUICK)
    )
    assert silent.reasons[-1].sentence.endswith("no signal: no source was asked.")
    reason = told.recommendation.reasons[-1]
    assert reason.code == "sentiment"
    assert "5 articles, a score from 2 of 2 sources" in reason.sentence
    assert reason.values["coverage"] == 1.0
    assert told.recommendation.reasons[:-1] == silent.reasons[:-1]
    assert replace(told.recommendation, reasons=()) == replace(silent, reasons=())


def test_the_same_analysis_gives_the_same_data(build: Build) -> None:
    provider = MemoryProvider({"W": autoregressive(0.0, 1)})
    service = replace(build(provider), sentiment=news_of(WIRE, NEWS))
    first, again = (service.analyze("W", options(models=QUICK)).to_dict() for _ in range(2))
    assert first == again
    assert first["sentiment"]["n_articles"] == 5
