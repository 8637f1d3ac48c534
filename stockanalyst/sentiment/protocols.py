"""What the use case asks of a source and of a scorer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Matrix, Vector
from stockanalyst.sentiment.articles import Company, Findings, Window

LABELS = ("negative", "neutral", "positive")


class SentimentSource(Protocol):
    """A vendor of news, of ready scores, or of both.

    A source is an adapter module in ``sentiment/sources``, a row in ``bootstrap`` and a member of
    the contract suite in ``tests/contracts``.
    """

    @property
    def name(self) -> str:
        """How users name it: ``google_news``."""

    def fetch(self, company: Company, window: Window) -> Findings:
        """What it has of `company`, published inside `window`.

        Raises
        ------
        SourceError
            Its `kind` says what became of the question.
        """


@dataclass(frozen=True)
class TextScores:
    """Scores of n texts.

    Attributes
    ----------
    polarity : ndarray of shape (n,)
        In [−1, 1].
    probabilities : ndarray of shape (n, 3)
        Of negative, neutral and positive, calibrated; rows add up to 1.
    """

    polarity: Vector
    probabilities: Matrix

    @property
    def labels(self) -> NDArray[np.str_]:
        """The most probable of :data:`LABELS`, shape (n,)."""
        labels: NDArray[np.str_] = np.array(LABELS)[self.probabilities.argmax(axis=1)]
        return labels


class Scorer(Protocol):
    """Reads financial text."""

    @property
    def name(self) -> str:
        """How users name it: ``finance-lexicon``."""

    def score(self, texts: Sequence[str]) -> TextScores:
        """Score each text by itself; an empty one is neutral."""
