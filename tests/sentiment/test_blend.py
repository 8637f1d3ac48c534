import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import Matrix
from stockanalyst.exceptions import DataError
from stockanalyst.sentiment.artifact import Artifact, packed
from stockanalyst.sentiment.blend import LEXICON, BlendScorer
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer
from stockanalyst.sentiment.models import folder
from stockanalyst.sentiment.protocols import TextScores
from stockanalyst.sentiment.tfidf import WEIGHTS

WORDS: Mapping[str, Any] = {
    "keys": np.array([zlib.crc32(b"wcaution")], np.uint32),
    "idf": np.ones(1),
    "weights": np.array([[2.0, 0.0, 0.0]]),
    "bias": np.array([0.0, 0.0, 0.0]),
}


class Told:
    """A lexicon that says the same of every text that isn't empty."""

    name = "told"

    def __init__(self, *probabilities: float) -> None:
        self._row = np.array(probabilities)

    def score(self, texts: Sequence[str]) -> TextScores:
        rows: Matrix = np.array([self._row if text else [0.3, 0.4, 0.3] for text in texts])
        return TextScores(polarity=rows[:, 2] - rows[:, 0], probabilities=rows)


def artifact(**changed: Any) -> Artifact:
    mixture: dict[str, Any] = {"lexicon": np.eye(3), "tweet": np.array([-1.0, 1.0, -1.0])}
    files = {WEIGHTS: packed(**WORDS), LEXICON: packed(**{**mixture, **changed})}
    return Artifact("blend", {"temperature": 1.0}, files)


@pytest.mark.parametrize(
    ("text", "odds"),
    [
        ("of this it knows no word", [0.1, 0.3, 0.6]),
        ("caution", [0.1 * np.e**2, 0.3, 0.6]),
        ("see https://t.co/abc", [0.1 / np.e, 0.3 * np.e, 0.6 / np.e]),
        ("see https://example.com/abc", [0.1, 0.3, 0.6]),
    ],
)
def test_logits_add_up_by_hand(text: str, odds: list[float]) -> None:
    """With the lexicon taken as it is, a word's weight of 2 multiplies the odds by e²."""
    scorer = BlendScorer.from_artifact(artifact(), lexicon=Told(0.1, 0.3, 0.6))
    expected = np.array(odds) / np.sum(odds)
    assert scorer.score([text]).probabilities[0] == pytest.approx(expected)


def test_an_empty_text_is_neutral_without_confidence() -> None:
    scorer = BlendScorer.from_artifact(artifact(), lexicon=Told(0.0, 0.0, 1.0))
    scores = scorer.score(["", "anything"])
    assert scores.labels.tolist() == ["neutral", "positive"]
    assert scores.polarity[0] == 0.0
    assert scores.probabilities[0].max() < 0.45
    assert np.isfinite(scores.probabilities).all()


def test_a_mixture_of_another_shape_is_refused() -> None:
    with pytest.raises(DataError, match=r"lexicon\.npz"):
        BlendScorer.from_artifact(artifact(lexicon=np.eye(2)), lexicon=Told(0.1, 0.3, 0.6))


@pytest.fixture(scope="module")
def shipped() -> BlendScorer:
    found = folder.read(folder.SHIPPED / "blend", kind="blend")
    return BlendScorer.from_artifact(found, lexicon=FinanceLexiconScorer())


def test_the_shipped_one_reads_headlines_that_we_made_up(shipped: BlendScorer) -> None:
    told = {
        "Karhula's operating profit fell to EUR 3.1 mn from EUR 5.0 mn": "negative",
        "Analysts downgrade Halden Shipping after profit warning": "negative",
        "Halden Shipping files for bankruptcy, shares plunge 40%": "negative",
        "Osmo Mills will hold its annual meeting in Turku on 4 May": "neutral",
        "Osmo Mills appoints a new head of communications": "neutral",
        "Quarterly sales of Osmo Mills rose 12% to a record": "positive",
        "Karhula beats estimates and raises its full-year guidance": "positive",
    }
    assert shipped.score(list(told)).labels.tolist() == list(told.values())


def test_what_ships_is_small_and_says_what_it_is() -> None:
    there = {path.name: path for path in (folder.SHIPPED / "blend").iterdir()}
    assert sum(path.stat().st_size for path in there.values()) < 2_000_000
    assert {path.suffix for path in there.values()} == {".npz", ".json", ".md"}
    card = there["MODEL_CARD.md"].read_text(encoding="utf-8")
    assert "sentiment train --data twitter_fin_news.parquet --model blend" in card
    assert "MIT" in card


@given(texts=st.lists(st.text(st.characters(codec=None)), max_size=3))
def test_any_text_is_scored_and_by_itself(shipped: BlendScorer, texts: list[str]) -> None:
    together = shipped.score(texts)
    assert together.probabilities.shape == (len(texts), 3)
    assert together.probabilities.sum(axis=1) == pytest.approx(1.0)
    alone = [shipped.score([text]).polarity[0] for text in texts]
    assert together.polarity.tolist() == pytest.approx(alone)
