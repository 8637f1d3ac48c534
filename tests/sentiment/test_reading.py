"""What a scorer reads in an article."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from stockanalyst.sentiment.articles import Article, Company
from stockanalyst.sentiment.deduplication import Story
from stockanalyst.sentiment.protocols import TextScores
from stockanalyst.sentiment.reading import read

SNAP = Company("SNAP", "Snap", ("Snap Inc.",))
NOON = datetime(2024, 3, 8, 12, tzinfo=UTC)


class Remembering:
    """Finds good texts with a plus and bad ones with a minus, and remembers all that it read."""

    name = "remembering"

    def __init__(self) -> None:
        self.read: list[str] = []

    def score(self, texts: Sequence[str]) -> TextScores:
        self.read += texts
        rows = [
            [0.1, 0.1, 0.8] if "+" in text else [0.7, 0.2, 0.1] if "-" in text else [0.2, 0.6, 0.2]
            for text in texts
        ]
        probabilities = np.array(rows).reshape(-1, 3)
        return TextScores(probabilities[:, 2] - probabilities[:, 0], probabilities)


def story(title: str, summary: str = "") -> Story:
    article = Article("wire", title=title, published_at=NOON, summary=summary)
    return Story(article, (article,))


@pytest.mark.parametrize(
    ("summary", "first"),
    [
        ("Profit fell. The firm is a leader.", "Profit fell"),
        ("Acme Inc. and J. P. Morgan met. A leader.", "Acme Inc. and J. P. Morgan met"),
        ("Did profit fall? Yes.", "Did profit fall"),
        ("Profit rose 3.5 percent to 2.1 billion", "Profit rose 3.5 percent to 2.1 billion"),
        ("He said: “Profit fell.” The rest is silence.", "He said: “Profit fell"),
        ("Profit fell\nAbout the firm", "Profit fell"),
        ("In the quarter to Sept. 30 profit fell. More.", "In the quarter to Sept. 30 profit fell"),
        (
            "Sen. Dole and Acme Corp. USA met at No. 10. More.",
            "Sen. Dole and Acme Corp. USA met at No. 10",
        ),
        ("a" * 500, "a" * 400),
    ],
)
def test_of_a_summary_the_first_sentence_is_read(summary: str, first: str) -> None:
    scorer = Remembering()
    read([story("Headline", summary)], SNAP, scorer)
    assert scorer.read == ["Headline", first]


@pytest.mark.parametrize("summary", ["", "  ", "Headline", "Headline.", "Head…"])
def test_a_summary_that_says_nothing_more_isnt_read(summary: str) -> None:
    scorer = Remembering()
    read([story("Headline", summary)], SNAP, scorer)
    assert scorer.read == ["Headline"]


def test_a_headline_counts_twice() -> None:
    """(2 × −0.6 + 0.7) / 3; negative has (2 × 0.7 + 0.1) / 3."""
    both, alone = read(
        [story("falls -", "A leader +. More."), story("rises +")], SNAP, Remembering()
    )
    assert both.polarity == pytest.approx(-0.5 / 3)
    assert both.label == "negative"
    assert both.read == ("falls -", "A leader +")
    assert both.confidence == pytest.approx(1.5 / 3)
    assert alone.polarity == pytest.approx(0.7)
    assert alone.label == "positive"
    assert alone.confidence == pytest.approx(0.8)


def test_what_no_label_is_sure_of_is_neutral() -> None:
    """(2 × 0.4 + 0.5) / 3 for negative is the most, 0.433, and below 0.45."""

    class Torn:
        name = "torn"

        def score(self, texts: Sequence[str]) -> TextScores:
            rows = [[0.4, 0.1, 0.5] if text == "Headline" else [0.5, 0.3, 0.2] for text in texts]
            probabilities = np.array(rows)
            return TextScores(probabilities[:, 2] - probabilities[:, 0], probabilities)

    (found,) = read([story("Headline", "A summary.")], SNAP, Torn())
    assert found.label == "neutral"
    assert found.confidence == pytest.approx(1.3 / 3, abs=1e-5)


def test_the_name_of_the_company_is_no_news() -> None:
    scorer = Remembering()
    read([story("Snap Inc. shares fall", "Snap shares fell. More.")], SNAP, scorer)
    assert scorer.read == ["the company shares fall", "the company shares fell"]


def test_nothing_is_read_of_no_story() -> None:
    assert read([], SNAP, Remembering()) == []
