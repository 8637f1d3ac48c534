"""Cutoffs of a walk-forward."""

from dataclasses import dataclass

import numpy as np

from stockanalyst._typing import IntVector
from stockanalyst.exceptions import InputError, InsufficientHistory

MIN_TRAIN = 500
_MOST = 1_000_000
CALIBRATION_TRAIN = 250
CALIBRATION = 250


@dataclass(frozen=True)
class WalkForward:
    """Which past cutoffs are forecast, and on how much history.

    Attributes
    ----------
    n_cutoffs : int or None
        The last so many whose outcomes are all known; None for every one after the first training
        window.
    train_size : int
        Sessions in the rolling training window; fewer (at least 500) where history is short.
    refit : int
        Cutoffs that share one estimation, made at the first of them.
    step : int
        Sessions from one cutoff to the next.

    Raises
    ------
    InputError
        One of them is no whole number, `train_size` is below 100, or another below 1.
    """

    n_cutoffs: int | None = 250
    train_size: int = 1000
    refit: int = 1
    step: int = 1

    def __post_init__(self) -> None:
        least = {"n_cutoffs": 1, "train_size": 100, "refit": 1, "step": 1}
        for name, fewest in least.items():
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and value is not True
            whole = whole and fewest <= value <= _MOST
            if not whole and not (name == "n_cutoffs" and value is None):
                raise InputError(name, value, f"give a whole number from {fewest} to {_MOST:,}")

    def cutoffs(self, n_sessions: int, horizon: int, *, symbol: str) -> IntVector:
        """Positions of the cutoffs, ascending, so that every outcome is known.

        Raises
        ------
        InsufficientHistory
            Fewer than 500 sessions would be left before the first cutoff.
        """
        last = n_sessions - 1 - horizon
        if self.n_cutoffs is None:
            first = max(self.train_size - 1, MIN_TRAIN)
            count = max((last - first) // self.step + 1, 1)
        else:
            count = self.n_cutoffs
        needed = MIN_TRAIN + (count - 1) * self.step + 1 + horizon
        if n_sessions < needed:
            why = f"{MIN_TRAIN} to train, {count} past cutoffs, {horizon} steps"
            raise InsufficientHistory(symbol, n_sessions, needed, why)
        return last - self.step * np.arange(count)[::-1]

    def calibration(self, first: int, *, context: int) -> IntVector:
        """Up to 250 cutoffs before the first, whose errors are what the intervals begin with.

        Parameters
        ----------
        first : int
            Position of the first cutoff.
        context : int
            Sessions that the models need behind a cutoff; it is 250 at least.
        """
        earliest = max(CALIBRATION_TRAIN, context)
        count = min(CALIBRATION, max(first - earliest, 0) // self.step)
        return first - self.step * np.arange(1, count + 1)[::-1]
