from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle, permutations, product
from typing import Any

import numpy as np
import pytest

from stockanalyst.exceptions import DataError
from stockanalyst.sentiment import tfidf_training
from stockanalyst.sentiment.labelled import LabelledTexts, parts_of
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer
from stockanalyst.sentiment.protocols import LABELS
from stockanalyst.sentiment.tfidf import TfidfScorer
from stockanalyst.sentiment.training import Trained

LEXICON = FinanceLexiconScorer()
SYLLABLES = ("tor", "bel", "mik", "lun", "ves", "kar", "dan", "sol")
TOLD = {
    "negative": ("sales shrank", "loss widens", "cuts its outlook", "workers walk out"),
    "neutral": ("names a new chairman", "meets the press", "moves its seat", "opens on Monday"),
    "positive": ("sales grew", "loss narrows", "raises its outlook", "wins a large order"),
}


@pytest.fixture(scope="module")
def labelled() -> LabelledTexts:
    told = cycle([(text, label) for label, texts in TOLD.items() for text in texts])
    names = ["".join(part) for part in permutations(SYLLABLES, 3)]
    rows = [(f"{name} {text}", label) for name, (text, label) in zip(names, told, strict=False)]
    return LabelledTexts(
        texts=np.array([text for text, _ in rows], object),
        labels=np.array([LABELS.index(label) for _, label in rows]),
        files=np.full(len(rows), "own.csv", object),
        parts=parts_of(text for text, _ in rows),
        digests={"own.csv": "00" * 32},
    )


@pytest.fixture(scope="module")
def trained(labelled: LabelledTexts) -> Trained:
    return tfidf_training.train(labelled, seed=5, lexicon=LEXICON, progress=lambda _share: None)


def test_it_learns_what_can_be_learnt(trained: Trained) -> None:
    """Names differ between the parts, what is told doesn't: nearly all must come out right."""
    report: Mapping[str, Any] = trained.report
    assert report["test"]["accuracy"] > 0.97
    assert report["test"]["commonest_label"]["accuracy"] < 0.5
    assert report["seed"] == 5
    assert "--model tfidf" in trained.card


def test_the_artifact_scores_texts_of_other_words(trained: Trained) -> None:
    scorer = TfidfScorer.from_artifact(trained.artifact, lexicon=LEXICON)
    unseen = ["Aalto: loss narrows again", "Aalto cuts its outlook", "Aalto meets the press"]
    assert scorer.score(unseen).labels.tolist() == ["positive", "negative", "neutral"]


def test_the_same_texts_give_the_same_bytes(labelled: LabelledTexts, trained: Trained) -> None:
    again = tfidf_training.train(labelled, seed=5, lexicon=LEXICON, progress=lambda _share: None)
    assert again.artifact == trained.artifact
    assert again.report == trained.report


def test_what_is_held_back_changes_nothing_that_is_learnt(
    labelled: LabelledTexts, trained: Trained
) -> None:
    """Test and calibration texts replaced by garbage: the same weights, other weights of it."""
    garbage = cycle(product("αβγδ", repeat=3))
    texts = [
        text if part == "training" else "".join(next(garbage))
        for text, part in zip(labelled.texts, labelled.parts, strict=True)
    ]
    other = replace(labelled, texts=np.array(texts, object))
    again = tfidf_training.train(other, seed=5, lexicon=LEXICON, progress=lambda _share: None)
    assert again.artifact.files == trained.artifact.files
    assert again.artifact.settings != trained.artifact.settings


def test_progress_ends_at_one(labelled: LabelledTexts) -> None:
    shares: list[float] = []
    tfidf_training.train(labelled, seed=0, lexicon=LEXICON, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_texts_without_a_common_word_are_refused(labelled: LabelledTexts) -> None:
    other = replace(
        labelled, texts=np.array([chr(0x4E00 + n) for n in range(labelled.labels.size)])
    )
    with pytest.raises(DataError, match="no word stands in two of the texts"):
        tfidf_training.train(other, seed=0, lexicon=LEXICON, progress=lambda _share: None)
