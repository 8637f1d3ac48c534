"""Evidence that a model beats the random walk, as it stood at any past cutoff."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stockanalyst._typing import Vector
from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.metrics.forecast import diebold_mariano, holm, skill_score


@dataclass(frozen=True)
class Track:
    """One model's forecasts at one step, in order of cutoff.

    Attributes
    ----------
    model : str
    step : int
    cutoffs, sessions : DatetimeIndex of shape (n,)
        When each forecast was made, and which session it is of.
    base, yhat, y : ndarray of shape (n,)
        Price at the cutoff, forecast, outcome.
    """

    model: str
    step: int
    cutoffs: pd.DatetimeIndex
    sessions: pd.DatetimeIndex
    base: Vector
    yhat: Vector
    y: Vector

    def known_at(self, moment: pd.Timestamp) -> int:
        """How many outcomes were known at the close of `moment`."""
        return int(self.sessions.searchsorted(moment, side="right"))


@dataclass(frozen=True)
class Evidence:
    """What the past says of one model at one step.

    Attributes
    ----------
    model : str
    step : int
    n : int
        Outcomes that it rests on.
    skill : float
        1 − RMSE / RMSE of the random walk.
    p_value : float
        Diebold–Mariano, two-sided.
    p_adjusted : float
        The same after Holm's correction over every model and step that was looked at; one that was
        no better than the random walk counts as 1.
    """

    model: str
    step: int
    n: int
    skill: float
    p_value: float
    p_adjusted: float


def tracks(forecasts: pd.DataFrame, steps: Iterable[int]) -> list[Track]:
    """Tracks of one symbol's forecast frame: all models but the random walk, at each of `steps`."""
    result = []
    for step in dict.fromkeys(steps):
        of_step = forecasts[forecasts["step"] == step]
        base = of_step.loc[of_step["model"] == RandomWalk.name, "yhat"].to_numpy()
        for model, rows in of_step.groupby("model", sort=False):
            if model != RandomWalk.name:
                result.append(
                    Track(
                        model=str(model),
                        step=step,
                        cutoffs=pd.DatetimeIndex(rows["cutoff"]),
                        sessions=pd.DatetimeIndex(rows["session"]),
                        base=base,
                        yhat=rows["yhat"].to_numpy(),
                        y=rows["y"].to_numpy(),
                    )
                )
    return result


def weigh(candidates: Iterable[Track], moment: pd.Timestamp) -> list[Evidence]:
    """Evidence on each track from the outcomes known at the close of `moment`, best first.

    Best is the smallest adjusted p-value among those with positive skill; the others follow by
    skill.
    """
    rows = []
    for track in candidates:
        n = track.known_at(moment)
        y, yhat, base = track.y[:n], track.yhat[:n], track.base[:n]
        test = diebold_mariano((y - yhat) ** 2, (y - base) ** 2, horizon=track.step)
        rows.append((track.model, track.step, n, skill_score(y, yhat, base), test.p_value))
    adjusted = holm(np.array([p if skill > 0 else 1.0 for *_, skill, p in rows]))
    found = [
        Evidence(*row, p_adjusted=float(p))  # NaN where there was nothing to test
        for row, p in zip(rows, adjusted, strict=True)
    ]
    return sorted(found, key=_rank)


def _rank(evidence: Evidence) -> tuple[bool, float, float]:
    proven = evidence.skill > 0 and not np.isnan(evidence.p_adjusted)
    skill = -np.inf if np.isnan(evidence.skill) else evidence.skill
    return (not proven, evidence.p_adjusted if proven else 0.0, -skill)
