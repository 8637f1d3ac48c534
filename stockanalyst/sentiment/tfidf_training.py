"""Training the quick scorer: logistic regression by scikit-learn, in seconds."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Json, Vector
from stockanalyst.exceptions import DataError
from stockanalyst.sentiment.artifact import Artifact, packed
from stockanalyst.sentiment.labelled import LabelledTexts
from stockanalyst.sentiment.ngrams import Hashes, counts, hashes, weighted
from stockanalyst.sentiment.protocols import LABELS, Scorer
from stockanalyst.sentiment.tfidf import WEIGHTS, WORDS, LinearModel, TfidfScorer
from stockanalyst.sentiment.training import Trained, mixture_for, model_card, report

STRENGTH = 8.0
"""Inverse of the penalty on squared weights."""
LEAST_TEXTS = 2
"""Texts that a feature must stand in."""

_ABOUT = """Logistic regression on TF-IDF of words, word pairs and parts of words; each feature is
scaled by how unevenly the labels use it. Features are known by a hash: no text of the training can
be read from the file. The finance lexicon is heard, too. How much each of them counts, and so how
sure the probabilities are, was set on texts that it wasn't trained on; where none reaches 45 % it
abstains: neutral, with low confidence."""


def train(
    labelled: LabelledTexts, *, lexicon: Scorer, seed: int, progress: Callable[[float], None]
) -> Trained:
    """Train the linear scorer on labelled texts.

    Parameters
    ----------
    labelled : LabelledTexts
    lexicon : Scorer
        That the scorer hears.
    seed : int
        Written into the report; the training has no chance in it.
    progress : callable
        Called with the share of the work done, in (0, 1].

    Raises
    ------
    DataError
        No word stands in two texts.
    """
    texts, labels = labelled.of("training")
    model = fit(texts, labels, progress=lambda share: progress(0.9 * share))
    mixture = mixture_for(labelled, {WORDS: model}, lexicon)
    artifact = Artifact("tfidf", mixture.settings, {WEIGHTS: packed_model(model)})
    scorer = TfidfScorer.from_artifact(artifact, lexicon=lexicon)
    scores = scorer.score(labelled.of("test")[0])
    settings: Json = {
        **artifact.settings,
        "lexicon": lexicon.name,
        "strength": STRENGTH,
        "packages": {"scikit-learn": version("scikit-learn")},
    }
    made = report(labelled, scores.probabilities, kind="tfidf", seed=seed, settings=settings)
    progress(1.0)
    return Trained(artifact, made, model_card(made, about=_ABOUT))


def fit(texts: list[str], labels: IntVector, *, progress: Callable[[float], None]) -> LinearModel:
    """Fit the model alone.

    Raises
    ------
    DataError
        No word stands in two texts.

    References
    ----------
    Wang, Manning: Baselines and bigrams: simple, good sentiment and topic classification.
    ACL 2012. (The scaling of features by their log-count ratio.)
    """
    from sklearn.linear_model import LogisticRegression

    found, bounds = hashes(texts)
    progress(0.3)
    keys, idf = vocabulary(found, bounds)
    matrix = weighted(counts(found, bounds, keys), idf)
    scale = unevenness(matrix, labels)
    progress(0.6)
    regression = LogisticRegression(C=STRENGTH, max_iter=1000)
    regression.fit((matrix * scale).astype(np.float32), labels)
    progress(1.0)
    return LinearModel(keys, idf, (regression.coef_ * scale).T, regression.intercept_)


def packed_model(model: LinearModel) -> bytes:
    """The content of :data:`~stockanalyst.sentiment.tfidf.WEIGHTS`, in half precision."""
    return packed(
        keys=model.keys,
        idf=model.idf.astype(np.float16),
        weights=model.weights.astype(np.float16),
        bias=model.bias,
    )


def vocabulary(found: Hashes, bounds: IntVector) -> tuple[Hashes, Vector]:
    """Features that stand in at least two texts, ascending, and the idf of each.

    Raises
    ------
    DataError
        There are none.
    """
    n_texts = bounds.size - 1
    rows = np.repeat(np.arange(n_texts, dtype=np.uint64), np.diff(bounds))
    pairs = np.unique(found.astype(np.uint64) << np.uint64(32) | rows)
    keys, in_texts = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
    often = in_texts >= LEAST_TEXTS
    if not often.any():
        raise DataError("data: no word stands in two of the texts to train on; give more texts")
    idf = np.log(n_texts / (1 + in_texts[often])) + 1
    return keys[often], idf


def unevenness(matrix: Any, labels: IntVector) -> Vector:
    """Of each feature, the largest absolute log of its weight in a label over that in the others.

    Both with 1 added, and in proportion to their numbers of texts.
    """
    ratios = [_log_ratio(matrix, labels == label) for label in range(len(LABELS))]
    largest: Vector = np.abs(ratios).max(axis=0)
    return largest


def _log_ratio(matrix: Any, own: NDArray[np.bool_]) -> Vector:
    inside, outside = 1 + matrix[own].sum(axis=0), 1 + matrix[~own].sum(axis=0)
    ratio: Vector = np.log(inside / outside * (~own).sum() / own.sum())
    return ratio
