"""The default scorer: our lexicon, corrected by a linear model that was trained on its mistakes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Matrix, Vector
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.calibration import softmax, text_scores
from stockanalyst.sentiment.mixture import evidence, heard
from stockanalyst.sentiment.protocols import LABELS, Scorer, TextScores
from stockanalyst.sentiment.tfidf import LinearModel

LEXICON = "lexicon.npz"

_TWEET = re.compile(r"https?://t\.co/")


@dataclass(frozen=True)
class Correction:
    """How much the lexicon says, and how tweets differ.

    Attributes
    ----------
    lexicon : ndarray of shape (3, 3)
        From the logs of the lexicon's probabilities to logits.
    tweet : ndarray of shape (3,)
        Added to the logits of a text with a link as Twitter writes them: most tweets are neutral,
        which says nothing of headlines elsewhere.
    temperature : float
    """

    lexicon: Matrix
    tweet: Vector
    temperature: float

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """What an artefact holds of it.

        Raises
        ------
        DataError
            It isn't there, or isn't one.
        """
        n = len(LABELS)
        found = artifact.arrays(LEXICON, {"tweet": (n,), "lexicon": (n, n)})
        floats = {name: array.astype(np.float64) for name, array in found.items()}
        return cls(**floats, temperature=artifact.number("temperature"))


class BlendScorer:
    """The lexicon and a linear model of words, one logistic regression together.

    Parameters
    ----------
    lexicon : Scorer
        The finance lexicon, with the user's own words if there are any.
    model : LinearModel
    correction : Correction
    """

    name: ClassVar[str] = "blend"

    def __init__(self, lexicon: Scorer, model: LinearModel, correction: Correction) -> None:
        self._lexicon = lexicon
        self._model = model
        self._correction = correction

    @classmethod
    def from_artifact(cls, artifact: Artifact, *, lexicon: Scorer) -> Self:
        """The scorer that was trained, with a lexicon.

        Raises
        ------
        DataError
            A part of it is missing.
        """
        return cls(lexicon, LinearModel.from_artifact(artifact), Correction.from_artifact(artifact))

    def score(self, texts: Sequence[str]) -> TextScores:
        """See :class:`~stockanalyst.sentiment.protocols.Scorer`."""
        logits, known = self.logits(texts)
        return text_scores(softmax(logits, temperature=self._correction.temperature), known)

    def logits(self, texts: Sequence[str]) -> tuple[Matrix, NDArray[np.bool_]]:
        """Logits of shape (n, 3), and of which texts anything is known, shape (n,)."""
        told = self._lexicon.score(texts)
        logits, known = self._model.logits(texts)
        logits += evidence(told) @ self._correction.lexicon
        logits += np.outer(tweets(texts), self._correction.tweet)
        return logits, known | heard(told)


def tweets(texts: Sequence[str]) -> Vector:
    """1.0 for a text with a link as Twitter writes them, else 0.0, shape (n,)."""
    return np.array([float(bool(_TWEET.search(text))) for text in texts])
