"""What trained models and the lexicon say of a text, weighed against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Json, Matrix
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.calibration import softmax, text_scores
from stockanalyst.sentiment.protocols import Scorer, TextScores

LEXICON = "lexicon"
"""The lexicon's voice, beside those of the models."""

Voices = Mapping[str, Matrix]
"""Logits of shape (n, 3) of each voice."""

_LEAST = 1e-3  # a probability below it counts as this one
_WEIGHTS = "weights"
_LOWEST, _HIGHEST = 1e-3, 5.0


class LogitModel(Protocol):
    """A trained model before its probabilities are calibrated."""

    def logits(self, texts: Sequence[str]) -> tuple[Matrix, NDArray[np.bool_]]:
        """Logits of shape (n, 3), and of which texts anything is known, shape (n,)."""


@dataclass(frozen=True)
class Mixture:
    """Weights of the voices' logits; those of the lexicon are the logs of its probabilities.

    They calibrate, too: all small is unsure.
    """

    weights: Mapping[str, float]

    @classmethod
    def from_artifact(cls, artifact: Artifact, models: Sequence[str]) -> Self:
        """The weights in an artefact's settings, of these models and of the lexicon.

        Raises
        ------
        DataError
            They aren't there.
        """
        return cls(artifact.numbers(_WEIGHTS, (*models, LEXICON)))

    @property
    def settings(self) -> Json:
        """As an artefact's settings have them."""
        return {_WEIGHTS: dict(self.weights)}

    def probabilities(self, voices: Voices) -> Matrix:
        """Calibrated probabilities, shape (n, 3)."""
        total = sum(weight * voices[name] for name, weight in self.weights.items())
        return softmax(np.asarray(total))


class MixedScorer:
    """Trained models, and the lexicon beside them.

    Parameters
    ----------
    models : mapping of str to LogitModel
    lexicon : Scorer
        The finance lexicon, with the user's own words if there are any.
    mixture : Mixture
    """

    def __init__(
        self, models: Mapping[str, LogitModel], *, lexicon: Scorer, mixture: Mixture
    ) -> None:
        self._models = models
        self._lexicon = lexicon
        self._mixture = mixture

    def score(self, texts: Sequence[str]) -> TextScores:
        """See :class:`~stockanalyst.sentiment.protocols.Scorer`."""
        voices, known = heard_of(texts, self._models, self._lexicon)
        return text_scores(self._mixture.probabilities(voices), known)


def heard_of(
    texts: Sequence[str], models: Mapping[str, LogitModel], lexicon: Scorer
) -> tuple[Voices, NDArray[np.bool_]]:
    """What all say of the texts, and of which anybody knows anything, shape (n,)."""
    told = lexicon.score(texts)
    voices, known = {LEXICON: evidence(told)}, heard(told)
    for name, model in models.items():
        voices[name], some = model.logits(texts)
        known = known | some
    return voices, known


def evidence(told: TextScores) -> Matrix:
    """What the lexicon says, as logs of its probabilities, shape (n, 3)."""
    logs: Matrix = np.log(np.maximum(told.probabilities, _LEAST))
    return logs


def heard(told: TextScores) -> NDArray[np.bool_]:
    """Of which texts the lexicon says anything, shape (n,)."""
    said: NDArray[np.bool_] = told.polarity != 0
    return said


def fit_mixture(voices: Voices, labels: IntVector, files: NDArray[np.object_]) -> Mixture:
    """The weights that make the labels of held-back texts most probable.

    Parameters
    ----------
    voices : mapping of str to ndarray of shape (n, 3)
    labels : ndarray of shape (n,)
        Their positions in :data:`~stockanalyst.sentiment.protocols.LABELS`.
    files : ndarray of shape (n,)
        From which each text came: a file counts by the square root of its length, because texts to
        come may be like those of any.
    """
    from scipy.optimize import minimize

    _, places, counts = np.unique(files.astype(str), return_inverse=True, return_counts=True)
    shares = 1 / np.sqrt(counts[places])
    shares /= shares.sum()
    rows = np.arange(labels.size)

    def loss(weights: NDArray[np.float64]) -> float:
        mixture = Mixture(dict(zip(voices, weights, strict=True)))
        true = mixture.probabilities(voices)[rows, labels]
        return float(-(shares * np.log(np.maximum(true, 1e-12))).sum())

    start, bounds = np.full(len(voices), 0.5), [(_LOWEST, _HIGHEST)] * len(voices)
    best = minimize(loss, x0=start, bounds=bounds, method="L-BFGS-B").x
    return Mixture({name: float(weight) for name, weight in zip(voices, best, strict=True)})
