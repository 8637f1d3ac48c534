from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from stockanalyst._typing import Matrix
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.mixture import MixedScorer, Mixture, evidence, fit_mixture
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
    """Odds 1:2:4 squared times 1:1:8 times 2:1:1 are 2:4:128."""
    voices = {
        "model": np.log([[1.0, 2.0, 4.0]]),
        "other": np.log([[2.0, 1.0, 1.0]]),
        "lexicon": evidence(told([0.1, 0.1, 0.8])),
    }
    weights = {"model": 2.0, "other": 1.0, "lexicon": 1.0}
    assert Mixture(weights).probabilities(voices)[0] == pytest.approx(np.array([2, 4, 128]) / 134)


def test_it_abstains_where_nobody_knows_anything() -> None:
    fixed = Fixed()
    mixture = Mixture({"model": 1.0, "lexicon": 1.0})
    scores = MixedScorer({"model": fixed}, lexicon=fixed, mixture=mixture).score(["", "text"])
    assert scores.labels.tolist() == ["neutral", "positive"]
    assert scores.polarity[0] == 0.0
    assert scores.probabilities[1] == pytest.approx(np.array([1, 2, 32]) / 35)


@pytest.mark.parametrize(
    ("first", "second", "lexicon"), [(1.0, 0.3, 0.5), (0.4, 0.7, 1.5), (0.5, 0.5, 0.0)]
)
def test_the_weights_that_made_the_labels_are_found(
    first: float, second: float, lexicon: float
) -> None:
    """Labels drawn with known weights; a voice that says nothing true gets next to none."""
    rng = np.random.default_rng(2)
    one, two = rng.normal(0, 2, (2, 20_000, 3))
    said = told(*rng.dirichlet([2, 2, 2], 20_000))
    odds = np.exp(first * one + second * two) * said.probabilities**lexicon
    shares = odds / odds.sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    voices = {"one": one, "two": two, "lexicon": evidence(said)}
    found = fit_mixture(voices, labels, np.full(20_000, "a.csv", object)).weights
    assert list(found.values()) == pytest.approx([first, second, lexicon], abs=0.05)


def test_a_file_counts_by_the_root_of_its_length() -> None:
    """In one file the voice is right in 9 of 10 texts, in another, ten times as long, in 1 of 3.

    The loss is least where the weighted mean of both shares is told:
    e^w / (e^w + 2) = (9/10 + √10 / 3) / (1 + √10).
    """
    logits = np.tile([1.0, 0.0, 0.0], (330, 1))
    labels = np.array([*[0] * 27, *[1] * 2, 2, *[0] * 100, *[1] * 100, *[2] * 100])
    files = np.array(["short.csv"] * 30 + ["long.csv"] * 300, object)
    found = fit_mixture({"model": logits}, labels, files).weights["model"]
    assert np.exp(found) / (np.exp(found) + 2) == pytest.approx(
        (0.9 + 10**0.5 / 3) / (1 + 10**0.5), abs=1e-4
    )


def test_settings_and_back() -> None:
    mixture = Mixture({"words": 0.7, "lexicon": 0.3})
    assert Mixture.from_artifact(Artifact("tfidf", mixture.settings, {}), ["words"]) == mixture
