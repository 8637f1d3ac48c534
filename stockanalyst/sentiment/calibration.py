"""From what a classifier says to probabilities that can be believed."""

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Matrix
from stockanalyst.sentiment.protocols import LABELS, TextScores

NEUTRAL = LABELS.index("neutral")
FLOOR = 0.45
"""Below this highest probability a text is called neutral: nobody should act on a guess."""
NO_EVIDENCE = (0.3, 0.4, 0.3)
"""Probabilities of a text in which nothing is known."""

_TIE_BREAK = 1e-6


def softmax(logits: Matrix, *, temperature: float = 1.0) -> Matrix:
    """Probabilities of logits of shape (n, 3); a higher temperature makes them less sure."""
    scaled = (logits - logits.max(axis=1, keepdims=True)) / temperature
    exponentials = np.exp(scaled)
    probabilities: Matrix = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: Matrix, labels: IntVector) -> float:
    """The temperature in [0.2, 10] that makes held-back labels most probable.

    Parameters
    ----------
    logits : ndarray of shape (n, 3)
        Of texts that the classifier wasn't trained on.
    labels : ndarray of shape (n,)
        Their positions in :data:`LABELS`.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks. ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits, temperature=float(np.exp(log_temperature)))
        return log_loss(probabilities, labels)

    best = minimize_scalar(loss, bounds=(np.log(0.2), np.log(10.0)), method="bounded")
    return float(np.exp(best.x))


def log_loss(probabilities: Matrix, labels: IntVector) -> float:
    """Mean negative log probability of the true labels."""
    true = probabilities[np.arange(labels.size), labels]
    return float(-np.log(np.maximum(true, 1e-12)).mean())


def calibration_error(probabilities: Matrix, labels: IntVector, *, bins: int = 10) -> float:
    """Mean distance between how sure the classifier is and how often it is right.

    The expected calibration error: over equal bins of the highest probability, weighted by the
    texts in each.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(places, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / labels.size)


def unsure(probabilities: Matrix) -> NDArray[np.bool_]:
    """Where no label reaches :data:`FLOOR`, shape (n,), bool."""
    below: NDArray[np.bool_] = probabilities.max(axis=1) < FLOOR
    return below


def text_scores(probabilities: Matrix, known: NDArray[np.bool_]) -> TextScores:
    """Scores that abstain: neutral, with low confidence, where there is nothing to go by.

    Parameters
    ----------
    probabilities : ndarray of shape (n, 3)
        Calibrated.
    known : ndarray of shape (n,), bool
        Where the classifier knew anything of the text; elsewhere :data:`NO_EVIDENCE` stands.

    Returns
    -------
    TextScores
        A text without a label that reaches :data:`FLOOR` keeps its highest probability, now
        neutral's; positive and negative share the rest as they did. Polarity is the probability
        of positive less that of negative.
    """
    scores = np.where(known[:, None], probabilities, NO_EVIDENCE)
    rows = np.flatnonzero(unsure(scores))
    neutral = scores[rows].max(axis=1) + _TIE_BREAK
    sides = np.delete(scores[rows], NEUTRAL, axis=1)
    sides *= ((1 - neutral) / sides.sum(axis=1))[:, None]
    scores[rows] = np.insert(sides, NEUTRAL, neutral, axis=1)
    return TextScores(polarity=scores[:, -1] - scores[:, 0], probabilities=scores)
