"""Training the default scorer: a logistic regression on the lexicon's scores and on words."""

from collections.abc import Callable
from importlib.metadata import version

import numpy as np

from stockanalyst._typing import IntVector, Json, Vector
from stockanalyst.sentiment.artifact import Artifact, packed
from stockanalyst.sentiment.blend import LEXICON, BlendScorer, Correction
from stockanalyst.sentiment.calibration import fit_temperature
from stockanalyst.sentiment.labelled import LabelledTexts
from stockanalyst.sentiment.mixture import evidence
from stockanalyst.sentiment.ngrams import counts, hashes, weighted
from stockanalyst.sentiment.protocols import LABELS, Scorer
from stockanalyst.sentiment.tfidf import WEIGHTS, LinearModel
from stockanalyst.sentiment.tfidf_training import packed_model, unevenness, vocabulary
from stockanalyst.sentiment.training import Trained, model_card, report

STRENGTH = 0.6
"""Inverse of the penalty on squared weights: the smaller, the more the lexicon decides."""
BALANCE = 1.3
"""A label's weight is its share to the power of −1.3: rare labels count more than their number."""

_ABOUT = """The finance lexicon, corrected by a linear model of words, word pairs and parts of words
that was trained together with the lexicon's scores: one logistic regression. Labels were weighted
against their shares in the training, for other texts have other shares; a text with a link as
Twitter writes them gets the shares of the training back. Words are known by a hash: no text of the
training can be read from the files. Probabilities are calibrated by one temperature, set on texts
that it wasn't trained on; where none reaches 45 % it abstains: neutral, with low confidence."""


def train(
    labelled: LabelledTexts, *, lexicon: Scorer, seed: int, progress: Callable[[float], None]
) -> Trained:
    """Train the blend on labelled tweets.

    Parameters
    ----------
    labelled : LabelledTexts
        What is shipped was trained on texts whose licence allows it.
    lexicon : Scorer
        That it corrects.
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
    model, correction = _fit(texts, labels, lexicon)
    progress(0.8)
    held_back, true = labelled.of("calibration")
    sure = BlendScorer(lexicon, model, correction)
    temperature = fit_temperature(sure.logits(held_back)[0], true)
    files = {
        WEIGHTS: packed_model(model),
        LEXICON: packed(lexicon=correction.lexicon, tweet=correction.tweet),
    }
    artifact = Artifact("blend", {"temperature": temperature}, files)
    scorer = BlendScorer.from_artifact(artifact, lexicon=lexicon)
    settings: Json = {
        **artifact.settings,
        "lexicon": lexicon.name,
        "strength": STRENGTH,
        "balance": BALANCE,
        "packages": {"scikit-learn": version("scikit-learn")},
    }
    probabilities = scorer.score(labelled.of("test")[0]).probabilities
    made = report(labelled, probabilities, kind="blend", seed=seed, settings=settings)
    progress(1.0)
    return Trained(artifact, made, model_card(made, about=_ABOUT))


def _fit(texts: list[str], labels: IntVector, lexicon: Scorer) -> tuple[LinearModel, Correction]:
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    found, bounds = hashes(texts)
    keys, idf = vocabulary(found, bounds)
    matrix = weighted(counts(found, bounds, keys), idf)
    scale = unevenness(matrix, labels)
    both = sparse.hstack([matrix * scale, evidence(lexicon.score(texts))], format="csr")
    shares = np.bincount(labels, minlength=len(LABELS)) / labels.size
    fitted = LogisticRegression(C=STRENGTH, max_iter=1000)
    fitted.fit(both.astype(np.float32), labels, sample_weight=_weights(shares, labels))
    words, told = np.split(fitted.coef_, [keys.size], axis=1)
    model = LinearModel(keys, idf, (words * scale).T, fitted.intercept_)
    return model, Correction(told.T, BALANCE * np.log(shares), temperature=1.0)


def _weights(shares: Vector, labels: IntVector) -> Vector:
    weights = shares[labels] ** -BALANCE
    mean_one: Vector = weights / weights.mean()
    return mean_one
