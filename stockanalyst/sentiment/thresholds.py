"""From a polarity to the probabilities of three labels, for scorers that are rules."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Matrix, Vector
from stockanalyst.sentiment.calibration import NO_EVIDENCE, softmax
from stockanalyst.sentiment.protocols import TextScores


@dataclass(frozen=True)
class Thresholds:
    """Neutral from ``-at`` to ``at``, and how sure to be of it.

    Attributes
    ----------
    at : float
        Polarity above which a text is positive, and below whose negative it is negative.
    steepness : float
        Of the logits: ``steepness × (polarity − at)`` for positive, the mirror image for negative,
        0 for neutral. The most probable label is always the one that `at` says.
    calm : float
        Neutral's logit inside the thresholds, for a scorer that finds nothing in many texts.
    """

    at: float
    steepness: float
    calm: float = 0.0

    def scores(self, polarity: Vector, known: NDArray[np.bool_]) -> TextScores:
        """Scores of n texts.

        Parameters
        ----------
        polarity : ndarray of shape (n,)
            In [−1, 1].
        known : ndarray of shape (n,), bool
            Where the scorer knew anything of the text; elsewhere it abstains.
        """
        probabilities = np.where(known[:, None], self._probabilities(polarity), NO_EVIDENCE)
        return TextScores(polarity=polarity, probabilities=probabilities)

    def _probabilities(self, polarity: Vector) -> Matrix:
        neutral = np.where(np.abs(polarity) <= self.at, self.calm, 0.0)
        sides = self.steepness * (np.stack([-polarity, polarity]) - self.at)
        return softmax(np.stack([sides[0], neutral, sides[1]], axis=1))
