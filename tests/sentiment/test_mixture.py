from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from stockanalyst._typing import Matrix
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.mixture import MixedScorer, Mixture, fit_mixture
from stockanalyst.sentiment.protocols import TextScores


def told(*rows: Sequence[float]) -> TextScores:
    probabilities: Matrix = np.array(rows)
    return TextScores(probabilities[:, 2] - probabilities[:, 0], probabilities)


class Fixed:
    """Model and lexicon in one: it says the same of every text, or nothing of an empty one."""

    name = "fixed"

    def logits(self, texts: Sequence[str]) -> tuple[Matrix, NDArray[np.bool_]]:
        return np.tile(np.log([1.0, 2.0, 4.0]), (len(texts), 1)), np.array([*map(bool, texts)])

    def score(self, texts: Sequence[str]) -> TextScores:
        return told(*([0.1, 0.1, 0.8] if text else [1 / 3] * 3 for text in texts))


def test_odds_are_multiplied_by_hand() -> None:
    """Odds 1:2:4 squared times 1:1:8 are 1:4:128."""
    probabilities = Mixture(model=2.0, other=1.0).probabilities(
        np.log([[1.0, 2.0, 4.0]]), told([0.1, 0.1, 0.8])
    )
    assert probabilities[0] == pytest.approx(np.array([1, 4, 128]) / 133)


def test_it_abstains_where_neither_knows_anything() -> None:
    fixed = Fixed()
    scores = MixedScorer(fixed, other=fixed, mixture=Mixture(1.0, 1.0)).score(["", "text"])
    assert scores.labels.tolist() == ["neutral", "positive"]
    assert scores.polarity[0] == 0.0
    assert scores.probabilities[1] == pytest.approx(np.array([1, 2, 32]) / 35)


@pytest.mark.parametrize(("model", "other"), [(1.0, 0.5), (0.4, 1.5), (0.5, 0.0)])
def test_the_weights_that_made_the_labels_are_found(model: float, other: float) -> None:
    """Labels drawn with known weights; a scorer that says nothing true gets next to none."""
    rng = np.random.default_rng(2)
    logits, said = rng.normal(0, 2, (20_000, 3)), told(*rng.dirichlet([2, 2, 2], 20_000))
    odds = np.exp(model * logits) * said.probabilities**other
    shares = odds / odds.sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    found = fit_mixture(logits, said, labels)
    assert (found.model, found.other) == pytest.approx((model, other), abs=0.05)


def test_settings_and_back() -> None:
    mixture = Mixture(model=0.7, other=0.3)
    assert Mixture.from_artifact(Artifact("tfidf", mixture.settings, {})) == mixture
