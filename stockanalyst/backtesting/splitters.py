"""Cutoffs of a walk-forward, and the blocks that share one estimation."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stockanalyst._typing import IntVector
from stockanalyst.exceptions import InsufficientHistory

MIN_TRAIN = 500


@dataclass(frozen=True)
class WalkForward:
    """Which past cutoffs are forecast, and on how much history.

    Attributes
    ----------
    n_cutoffs : int
        Consecutive sessions, the last of them `horizon` sessions before the end.
    train_size : int
        Sessions in the rolling training window; fewer (at least 500) where history is short.
    refit : int
        Cutoffs that share one estimation, made at the first of them.
    """

    n_cutoffs: int = 250
    train_size: int = 1000
    refit: int = 21

    def cutoffs(self, n_sessions: int, horizon: int, *, symbol: str) -> IntVector:
        """Positions of the cutoffs, ascending, so that every outcome is known.

        Raises
        ------
        InsufficientHistory
            Fewer than 500 sessions would be left before the first cutoff.
        """
        needed = MIN_TRAIN + self.n_cutoffs + horizon
        if n_sessions < needed:
            why = f"{MIN_TRAIN} to train, {self.n_cutoffs} past cutoffs, {horizon} steps"
            raise InsufficientHistory(symbol, n_sessions, needed, why)
        last = n_sessions - 1 - horizon
        return np.arange(last - self.n_cutoffs + 1, last + 1)

    def blocks(self, cutoffs: IntVector) -> Iterator[tuple[IntVector, slice]]:
        """Runs of cutoffs and the training window of each, which ends at its first cutoff."""
        for start in range(0, cutoffs.size, self.refit):
            block = cutoffs[start : start + self.refit]
            first = int(block[0])
            yield block, slice(max(first + 1 - self.train_size, 0), first + 1)
