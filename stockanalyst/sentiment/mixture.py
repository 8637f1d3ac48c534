"""What a trained model and another scorer say of a text, weighed against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Json, Matrix
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.calibration import log_loss, softmax, text_scores
from stockanalyst.sentiment.protocols import Scorer, TextScores

_LEAST = 1e-3  # a probability below it counts as this one
_MODEL, _OTHER = "model_weight", "other_weight"
_BOUNDS = ((0.05, 5.0), (1e-3, 5.0))


class LogitModel(Protocol):
    """A trained model before its probabilities are calibrated."""

    def logits(self, texts: Sequence[str]) -> tuple[Matrix, NDArray[np.bool_]]:
        """Logits of shape (n, 3), and of which texts anything is known, shape (n,)."""


@dataclass(frozen=True)
class Mixture:
    """Weights of the logits of a model and of the logs of another scorer's probabilities.

    They calibrate, too: both small is unsure.
    """

    model: float
    other: float

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The weights in an artefact's settings.

        Raises
        ------
        DataError
            They aren't there.
        """
        return cls(artifact.number(_MODEL), artifact.number(_OTHER))

    @property
    def settings(self) -> Json:
        """As an artefact's settings have them."""
        return {_MODEL: self.model, _OTHER: self.other}

    def probabilities(self, logits: Matrix, told: TextScores) -> Matrix:
        """Calibrated probabilities, shape (n, 3)."""
        return softmax(self.model * logits + self.other * evidence(told))


class MixedScorer:
    """A trained model that hears another scorer.

    Parameters
    ----------
    model : LogitModel
    other : Scorer
        The finance lexicon, with the user's own words if there are any, or one that hears it.
    mixture : Mixture
    """

    def __init__(self, model: LogitModel, *, other: Scorer, mixture: Mixture) -> None:
        self._model = model
        self._other = other
        self._mixture = mixture

    def score(self, texts: Sequence[str]) -> TextScores:
        """See :class:`~stockanalyst.sentiment.protocols.Scorer`."""
        told = self._other.score(texts)
        logits, known = self._model.logits(texts)
        return text_scores(self._mixture.probabilities(logits, told), known | heard(told))


def evidence(told: TextScores) -> Matrix:
    """What a scorer says, as logs of its probabilities, shape (n, 3)."""
    logs: Matrix = np.log(np.maximum(told.probabilities, _LEAST))
    return logs


def heard(told: TextScores) -> NDArray[np.bool_]:
    """Of which texts a scorer says anything, shape (n,)."""
    said: NDArray[np.bool_] = told.polarity != 0
    return said


def fit_mixture(logits: Matrix, told: TextScores, labels: IntVector) -> Mixture:
    """The weights that make the labels of held-back texts most probable.

    Parameters
    ----------
    logits : ndarray of shape (n, 3)
        Of texts that the model wasn't trained on.
    told : TextScores
        What the other scorer says of them.
    labels : ndarray of shape (n,)
        Their positions in :data:`~stockanalyst.sentiment.protocols.LABELS`.
    """
    from scipy.optimize import minimize

    def loss(weights: NDArray[np.float64]) -> float:
        return log_loss(Mixture(*weights).probabilities(logits, told), labels)

    best = minimize(loss, x0=(0.5, 0.5), bounds=_BOUNDS, method="L-BFGS-B").x
    return Mixture(model=float(best[0]), other=float(best[1]))
