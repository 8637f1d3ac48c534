from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest

from stockanalyst._typing import Matrix
from stockanalyst.sentiment import blend_training
from stockanalyst.sentiment.blend import BlendScorer
from stockanalyst.sentiment.labelled import LabelledTexts, parts_of
from stockanalyst.sentiment.protocols import TextScores
from stockanalyst.sentiment.training import Trained

SYLLABLES = ("tor", "bel", "mik", "lun", "ves", "kar", "dan", "sol")


class Rising:
    """A lexicon of two words."""

    name = "rising"

    def score(self, texts: Sequence[str]) -> TextScores:
        up = np.array([0.6 * ("rises" in text) - 0.6 * ("falls" in text) for text in texts])
        sides = 0.2 + np.clip(np.stack([-up, up], axis=1), 0, 1)
        rows: Matrix = np.stack([sides[:, 0], 0.8 - np.abs(up), sides[:, 1]], axis=1)
        return TextScores(polarity=up, probabilities=rows / rows.sum(axis=1, keepdims=True))


@pytest.fixture(scope="module")
def labelled() -> LabelledTexts:
    """Profit that rises is good, a loss that rises is bad; the lexicon knows no loss."""
    names = ["".join(part) for part in permutations(SYLLABLES, 3)]
    told = [("profit rises", 2), ("loss rises", 0), ("board meets", 1), ("board meets again", 1)]
    rows = [
        (f"{name} {told[place % 4][0]}", told[place % 4][1]) for place, name in enumerate(names)
    ]
    return LabelledTexts(
        texts=np.array([text for text, _ in rows], object),
        labels=np.array([label for _, label in rows]),
        files=np.full(len(rows), "own.csv", object),
        parts=parts_of(text for text, _ in rows),
        digests={"own.csv": "00" * 32},
    )


@pytest.fixture(scope="module")
def trained(labelled: LabelledTexts) -> Trained:
    return blend_training.train(labelled, lexicon=Rising(), seed=3, progress=lambda _share: None)


def test_it_corrects_the_lexicon(trained: Trained) -> None:
    scorer = BlendScorer.from_artifact(trained.artifact, lexicon=Rising())
    scores = scorer.score(["Aalto loss rises", "Aalto profit rises", "Aalto board meets"])
    assert scores.labels.tolist() == ["negative", "positive", "neutral"]
    assert trained.report["test"]["accuracy"] > 0.97
    assert trained.report["settings"]["lexicon"] == "rising"
    assert "--model blend" in trained.card


def test_a_link_of_twitters_brings_the_prior_back(
    labelled: LabelledTexts, trained: Trained
) -> None:
    """What the weights of the labels took away: 1.3 times the log of their shares."""
    scorer = BlendScorer.from_artifact(trained.artifact, lexicon=Rising())
    plain, tweet = scorer.logits(["profit", "profit https://t.co/x"])[0]
    counts = np.bincount(labelled.of("training")[1])
    assert tweet - plain == pytest.approx(1.3 * np.log(counts / counts.sum()))


def test_the_same_texts_give_the_same_bytes(labelled: LabelledTexts, trained: Trained) -> None:
    again = blend_training.train(labelled, lexicon=Rising(), seed=3, progress=lambda _share: None)
    assert again.artifact == trained.artifact
