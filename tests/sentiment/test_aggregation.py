"""From articles and ready scores to one score: worked by hand."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment.aggregation import (
    Aggregation,
    SentimentSummary,
    daily_polarity,
    label_of,
    summarize,
)
from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome
from stockanalyst.sentiment.protocols import TextScores

END = datetime(2024, 3, 8, 21, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=7), END)
ACME = Company("ACME", "Acme")
RULES = Aggregation(half_life=timedelta(days=1))


class Marked:
    """Reads the polarity that a title ends with, such as ``Acme opens a plant +0.5``."""

    name = "marked"

    def score(self, texts: Sequence[str]) -> TextScores:
        polarity = np.array([float(text.split(". ")[0].split()[-1]) for text in texts])
        sides = np.stack([np.maximum(-polarity, 0), 1 - np.abs(polarity), np.maximum(polarity, 0)])
        return TextScores(polarity, sides.T.reshape(-1, 3))


def article(
    source: str, title: str, *, hours: float = 0.0, score: float | None = None, **more: object
) -> Article:
    return Article(
        source=source,
        title=title,
        published_at=END - timedelta(hours=hours),
        vendor_score=score,
        **more,  # type: ignore[arg-type]
    )


def summary(
    found: dict[str, Findings],
    rules: Aggregation = RULES,
    outcomes: Sequence[SourceOutcome] | None = None,
) -> SentimentSummary:
    made = [SourceOutcome(source, Kind.OK, items=1) for source in found]
    return summarize(
        ACME,
        WINDOW,
        found,
        made if outcomes is None else outcomes,
        scorer=Marked(),
        rules=rules,
    )


TWO = {
    "one": Findings(
        [
            article("one", "Acme opens a plant +0.6"),
            article("one", "Workers at Acme strike -0.3", hours=24),
        ]
    ),
    "two": Findings([article("two", "Analysts praise Acme engines +0.1", score=0.4)]),
}


def test_the_score_by_hand() -> None:
    """Of `one`, the second article counts half: (0.6 − 0.15) / 1.5 = 0.3; with 0.1: 0.2.

    The articles' mean is (0.6 − 0.15 + 0.1) / 2.5 = 0.22; their variance
    (0.38² + 0.5 · 0.52² + 0.12²) / 2.5 = 0.1176.
    """
    made = summary(TWO)
    assert made.polarity == pytest.approx(0.2)
    assert made.label == "positive"
    assert made.dispersion == pytest.approx(math.sqrt(0.1176))
    assert [each.polarity for each in made.per_source] == [pytest.approx(0.3), pytest.approx(0.1)]
    assert (made.coverage, made.n_articles, made.reason) == (1.0, 3, "")
    assert made.vendor_polarity == pytest.approx(0.4)
    titles = [each.article.title for each in made.articles]
    assert titles[-1] == "Workers at Acme strike -0.3"


def test_weights_of_sources() -> None:
    made = summary(TWO, Aggregation({"one": 3.0}, half_life=timedelta(days=1)))
    assert made.polarity == pytest.approx((3 * 0.3 + 0.1) / 4)
    alone = summary(TWO, Aggregation({"one": 0.0}, half_life=timedelta(days=1)))
    assert alone.polarity is None
    assert alone.reason == "1 of 2 sources with a score, 2 are needed"


def test_relevance_weighs() -> None:
    """(0.5 · 0.2 − 0.5 · 0.8) / 1 = −0.3."""
    found = Findings(
        [
            article("one", "Acme up +0.5", relevance=0.2),
            article("one", "Lawsuit against Acme -0.5", relevance=0.8),
        ]
    )
    made = summary({"one": found, "two": TWO["two"]})
    assert made.per_source[0].polarity == pytest.approx(-0.3)


def test_a_story_that_two_carry_counts_once_for_each() -> None:
    again = article("two", "Acme opens a plant +0.6", hours=-0.0)
    made = summary({**TWO, "two": Findings([*TWO["two"].articles, again])})
    assert made.n_articles == 3
    assert [each.n_articles for each in made.per_source] == [2, 2]


def test_ready_scores_stand_in_for_text_and_are_kept_apart_from_it() -> None:
    """0.5 of 30 messages now, −0.5 of 20 a day ago, which count half: (15 − 5) / 40 = 0.25."""
    ready = [
        Observation("talk", END, 0.5, 30),
        Observation("talk", END - timedelta(days=1), -0.5, 20),
        Observation("talk", END, None, 7),
    ]
    made = summary({**TWO, "talk": Findings(observations=ready)})
    own = made.per_source[2]
    assert (own.origin, own.volume, own.n_articles) == ("vendor", 57, 0)
    assert own.polarity == own.vendor_polarity == pytest.approx(0.25)
    assert made.polarity == pytest.approx((0.3 + 0.1 + 0.25) / 3)
    text = summary({**TWO, "two": Findings(TWO["two"].articles, ready)})
    assert text.per_source[1].polarity == pytest.approx(0.1)


def test_attention_without_a_score_is_none() -> None:
    made = summary({**TWO, "talk": Findings(observations=[Observation("talk", END, None, 7)])})
    assert made.per_source[2].polarity is None
    assert made.coverage == pytest.approx(2 / 3)
    assert made.polarity == pytest.approx(0.2)


def test_a_source_of_which_nothing_counts_says_so() -> None:
    """An article about another company, and one of before the window; mentions alone do count."""
    found = {
        **TWO,
        "else": Findings([article("else", "Borealis opens a plant +0.9")]),
        "old": Findings([article("old", "Acme opens a plant +0.9", hours=24 * 8)]),
        "talk": Findings(observations=[Observation("talk", END, None, 7)]),
        "none": Findings(),
    }
    outcomes = [SourceOutcome(name, Kind.OK, items=1) for name in list(found)[:-1]]
    made = summary(found, outcomes=[*outcomes, SourceOutcome("none", Kind.DOWN, "late")])
    beside = "none of its items is about it, in the window"
    assert [each.reason for each in made.outcomes] == ["", "", beside, beside, "", "late"]


@pytest.mark.parametrize(
    ("found", "kinds", "reason"),
    [
        ({}, {}, "no source was asked"),
        ({"one": Findings()}, {"one": Kind.SKIPPED}, "no source was asked"),
        ({"one": Findings()}, {"one": Kind.DOWN}, "no source answered"),
        ({"one": Findings()}, {"one": Kind.EMPTY}, "0 articles about it, 3 are needed"),
        (
            {"one": TWO["one"], "two": Findings()},
            {"one": Kind.OK, "two": Kind.DOWN},
            "2 articles about it, 3 are needed",
        ),
        (
            {
                "one": Findings([*TWO["one"].articles, article("one", "Acme wins a prize +0.2")]),
                "two": Findings(),
            },
            {"one": Kind.OK, "two": Kind.EMPTY},
            "1 of 2 sources with a score, 2 are needed",
        ),
    ],
)
def test_too_little_is_no_signal_and_not_zero(
    found: dict[str, Findings], kinds: dict[str, Kind], reason: str
) -> None:
    made = summary(found, outcomes=[SourceOutcome(name, kind) for name, kind in kinds.items()])
    assert made.polarity is None
    assert (made.label, made.reason) == ("no signal", reason)


def test_an_answer_of_before_counts_and_coverage_stays_a_share() -> None:
    """One answers; of two that fail or aren't asked an answer of before stands in."""
    outcomes = [
        SourceOutcome("one", Kind.OK, items=2),
        SourceOutcome("two", Kind.SKIPPED, "circuit open", 1, cache_age=3600.0),
        SourceOutcome("three", Kind.DOWN, "late"),
    ]
    made = summary({**TWO, "three": Findings()}, outcomes=outcomes)
    assert made.polarity == pytest.approx(0.2)
    assert made.coverage == pytest.approx(2 / 3)
    gone = [SourceOutcome(name, Kind.DOWN, "late", 2, cache_age=60.0) for name in ("one", "two")]
    assert summary(TWO, outcomes=gone).polarity == pytest.approx(0.2)


def test_a_ready_score_of_no_message_is_none() -> None:
    nothing = Observation("talk", END, 0.0, 0)
    made = summary({**TWO, "talk": Findings(observations=[nothing])})
    assert made.per_source[2].polarity is None


def test_coverage_leaves_out_who_wasnt_asked() -> None:
    kinds = {"one": Kind.OK, "two": Kind.OK, "three": Kind.SKIPPED, "four": Kind.AUTH}
    outcomes = [SourceOutcome(name, kind) for name, kind in kinds.items()]
    made = summary({**TWO, "three": Findings(), "four": Findings()}, outcomes=outcomes)
    assert made.coverage == pytest.approx(2 / 3)
    assert [each.source for each in made.asked] == ["one", "two", "four"]


@given(
    st.floats(0.001, 1e6),
    st.sampled_from(["Acme collapses -1.0", "Acme triumphs +1.0"]),
    st.sampled_from(["one", "two", "three"]),
)
def test_nothing_published_after_the_cutoff_counts(hours: float, title: str, source: str) -> None:
    late = article(source, title, hours=-hours)
    ready = Observation(source, END + timedelta(hours=hours), 1.0, 1000)
    before = summary({**TWO, "three": Findings()})
    found = {name: TWO.get(name, Findings()) for name in ("one", "two", "three")}
    found[source] = Findings([*found[source].articles, late], [ready])
    assert summary(found) == before


@given(st.permutations(range(3)))
def test_the_order_of_articles_changes_nothing(order: list[int]) -> None:
    articles = [*TWO["one"].articles, article("one", "Acme wins a prize +0.2", hours=5)]
    shuffled = {"one": Findings([articles[place] for place in order]), "two": TWO["two"]}
    assert summary(shuffled) == summary({"one": Findings(articles), "two": TWO["two"]})


@pytest.mark.parametrize(
    ("polarity", "label"),
    [(0.05, "positive"), (0.049, "neutral"), (-0.05, "negative"), (None, "no signal")],
)
def test_labels(polarity: float | None, label: str) -> None:
    assert label_of(polarity, 0.05) == label


def test_daily_polarity_and_its_moving_average() -> None:
    """Days of +0.4 and 0.0 (mean 0.2), −0.2, +0.6: averages of two days 0.0 and 0.2."""
    found = Findings(
        [
            article("one", "Acme rises +0.4", hours=48),
            article("one", "Nothing new at Acme 0.0", hours=47),
            article("one", "Acme falls -0.2", hours=24),
            article("one", "Acme wins a prize +0.6"),
        ]
    )
    table = daily_polarity(summary({"one": found}), days=2)
    assert table["date"].dt.day.tolist() == [6, 7, 8]
    assert table["n_articles"].tolist() == [2, 1, 1]
    np.testing.assert_allclose(table["polarity"], [0.2, -0.2, 0.6])
    np.testing.assert_allclose(table["polarity_ma"], [math.nan, 0.0, 0.2], atol=1e-12)


def test_no_article_gives_no_day() -> None:
    assert daily_polarity(summary({"one": Findings()})).empty
