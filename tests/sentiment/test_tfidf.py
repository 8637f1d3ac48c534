import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import DataError
from stockanalyst.sentiment.artifact import Artifact, packed
from stockanalyst.sentiment.protocols import Scorer, TextScores
from stockanalyst.sentiment.tfidf import WEIGHTS, LinearModel, TfidfScorer

GOOD, BAD = (zlib.crc32(feature) for feature in (b"wsurges", b"wslumps"))
ARRAYS: Mapping[str, Any] = {
    "keys": np.array(sorted([GOOD, BAD]), np.uint32),
    "idf": np.array([2.0, 2.0], np.float16),
    "weights": np.array([[-3, 0, 3], [3, 0, -3]][:: 1 if GOOD < BAD else -1], np.float16),
    "bias": np.array([0.0, 1.0, 0.0]),
}


class Silent:
    """A lexicon that says nothing."""

    name = "silent"

    def score(self, texts: Sequence[str]) -> TextScores:
        return TextScores(np.zeros(len(texts)), np.full((len(texts), 3), 1 / 3))


def artifact(**changed: object) -> Artifact:
    arrays = {name: np.asarray(value) for name, value in {**ARRAYS, **changed}.items()}
    return Artifact(
        "tfidf", {"weights": {"words": 0.5, "lexicon": 1.0}}, {WEIGHTS: packed(**arrays)}
    )


@pytest.fixture(scope="module")
def scorer() -> TfidfScorer:
    return TfidfScorer.from_artifact(artifact(), lexicon=Silent())


def test_probabilities_worked_out_by_hand(scorer: Scorer) -> None:
    """One known word: its row has length 1; logits (−3, 1, 3) and (3, 1, −3), half of them."""
    scores = scorer.score(["Tin surges", "tin slumps", "tin surges, tin slumps"])
    shares = np.exp([-1.5, 0.5, 1.5])
    assert scores.probabilities[0] == pytest.approx(shares / shares.sum())
    assert scores.probabilities[1] == pytest.approx(scores.probabilities[0, ::-1])
    assert scores.polarity[1] == pytest.approx(-scores.polarity[0])
    assert scores.labels.tolist() == ["positive", "negative", "neutral"]


def test_it_abstains_where_it_knows_nothing(scorer: Scorer) -> None:
    scores = scorer.score(["", "ein Satz", "1 2 3"])
    assert scores.labels.tolist() == ["neutral"] * 3
    assert scores.polarity.tolist() == [0.0] * 3
    assert (scores.probabilities.max(axis=1) < 0.45).all()
    assert scorer.score([]).probabilities.shape == (0, 3)


@given(st.lists(st.text(st.characters(codec=None)), max_size=4))
def test_any_text_is_scored_and_by_itself(texts: list[str]) -> None:
    scorer = TfidfScorer.from_artifact(artifact(), lexicon=Silent())
    together = scorer.score([*texts, "tin slumps"])
    assert together.probabilities.sum(axis=1) == pytest.approx(1.0)
    alone = [scorer.score([text]).polarity[0] for text in texts]
    assert together.polarity[:-1].tolist() == alone


@pytest.mark.parametrize(
    "changed",
    [
        {"keys": np.array([9, 4], np.uint32)},
        {"keys": np.array([], np.uint32), "idf": np.empty(0), "weights": np.empty((0, 3))},
        {"bias": np.zeros(2)},
    ],
    ids=["order", "empty", "bias"],
)
def test_arrays_that_are_no_model_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"weights\.npz"):
        LinearModel.from_artifact(artifact(**changed))
