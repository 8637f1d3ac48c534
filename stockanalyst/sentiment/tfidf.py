"""The quick scorer: a linear model on TF-IDF of hashed word and character runs, in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Matrix, Vector
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.mixture import MixedScorer, Mixture
from stockanalyst.sentiment.ngrams import Hashes, counts, hashes, weighted
from stockanalyst.sentiment.protocols import LABELS, Scorer

WEIGHTS, WORDS = "weights.npz", "words"

_BATCH = 512  # texts whose features are in memory at once


@dataclass(frozen=True)
class LinearModel:
    """A linear classifier of hashed features.

    Attributes
    ----------
    keys : ndarray of shape (m,)
        Hashes of the features, ascending.
    idf : ndarray of shape (m,)
    weights : ndarray of shape (m, 3)
    bias : ndarray of shape (3,)
    """

    keys: Hashes
    idf: Vector
    weights: Matrix
    bias: Vector

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model in an artefact's :data:`WEIGHTS`.

        Raises
        ------
        DataError
            It isn't there, or isn't one.
        """
        n = len(LABELS)
        shapes = {"keys": (None,), "idf": (None,), "weights": (None, n), "bias": (n,)}
        found = artifact.arrays(WEIGHTS, shapes)
        keys = found["keys"].astype(np.uint32)
        if not keys.size or (np.diff(keys.astype(np.int64)) <= 0).any():
            raise artifact.fault(f"{WEIGHTS}: keys don't ascend")
        floats = (found[name].astype(np.float64) for name in ("idf", "weights", "bias"))
        return cls(keys, *floats)

    def logits(self, texts: Sequence[str]) -> tuple[Matrix, NDArray[np.bool_]]:
        """Logits of shape (n, 3), and in which texts any feature is known, shape (n,)."""
        logits = np.tile(self.bias, (len(texts), 1))
        known = np.zeros(len(texts), dtype=bool)
        for first in range(0, len(texts), _BATCH):
            rows = slice(first, first + _BATCH)
            matrix = counts(*hashes(texts[rows]), self.keys)
            logits[rows] += weighted(matrix, self.idf) @ self.weights
            known[rows] = np.diff(matrix.indptr) > 0
        return logits, known


class TfidfScorer(MixedScorer):
    """The linear classifier that a user trains in seconds."""

    name: ClassVar[str] = "tfidf"

    @classmethod
    def from_artifact(cls, artifact: Artifact, *, lexicon: Scorer) -> Self:
        """The scorer that was trained, with a lexicon.

        Raises
        ------
        DataError
            A part of it is missing.
        """
        models = {WORDS: LinearModel.from_artifact(artifact)}
        return cls(models, lexicon=lexicon, mixture=Mixture.from_artifact(artifact, [WORDS]))
