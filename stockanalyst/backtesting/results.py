"""What a walk-forward found, the random walk beside every score."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import pandas as pd

from stockanalyst.backtesting.engine import Part
from stockanalyst.backtesting.scores import Scores, combine
from stockanalyst.backtesting.wording import skill_sentence
from stockanalyst.forecasting.naive import RandomWalk


@dataclass(frozen=True)
class MissingModel:
    """A model that couldn't take part.

    Attributes
    ----------
    symbol, model : str
        Which.
    reason, mend : str
        Why, and the command that helps.
    """

    symbol: str
    model: str
    reason: str
    mend: str


@dataclass(frozen=True)
class Backtest:
    """A walk-forward and its scores.

    Attributes
    ----------
    symbols : tuple of str
        In the order in which they were asked for.
    parts : tuple of Part
        Forecasts of a few symbols each, in memory or on disk.
    scores : Scores
        Also ``pooled``, ``by_year``, ``coverage_over_time`` and more.
    missing : tuple of MissingModel
    notes : tuple of str
        What a reader must know of the data.
    """

    symbols: tuple[str, ...]
    parts: tuple[Part, ...]
    scores: Scores
    missing: tuple[MissingModel, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        parts: Sequence[Part],
        *,
        symbols: Sequence[str],
        missing: Sequence[MissingModel] = (),
        notes: Sequence[str] = (),
    ) -> Self:
        """Put together what :func:`stockanalyst.backtesting.engine.walk_forward` made."""
        by_symbol = {name: scores for part in parts for name, scores in part.scores.items()}
        scores = combine(by_symbol[symbol] for symbol in symbols)
        return cls(tuple(symbols), tuple(parts), scores, tuple(missing), tuple(notes))

    @property
    def skill(self) -> pd.DataFrame:
        """Scores, a row a (symbol, step, model); see :class:`~.scores.Scores`."""
        return self.scores.skill

    @property
    def levels(self) -> list[float]:
        """Nominal coverage of the intervals, ascending."""
        return sorted(set(self.scores.coverage_over_time["level"]))

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """Every forecast: a forecast frame (:mod:`stockanalyst.frames`).

        For hundreds of symbols it takes hundreds of megabytes; :meth:`forecasts_of` takes one.
        """
        cubes = (part.load() for part in self.parts)
        frames = {name: cube.only(name).frame() for cube in cubes for name in cube.symbols}
        return pd.concat([frames[symbol] for symbol in self.symbols], ignore_index=True)

    def forecasts_of(self, symbol: str) -> pd.DataFrame:
        """Every forecast of one symbol: a forecast frame.

        Raises
        ------
        KeyError
            It isn't among the symbols.
        """
        for part in self.parts:
            if symbol in part.scores:
                return part.load().only(symbol).frame()
        raise KeyError(symbol)

    def sentence(self, symbol: str, step: int) -> str:
        """Whether any model beat the random walk on a symbol, in words."""
        return skill_sentence(self.scores, symbol, step)


def share_of_rises(forecasts: pd.DataFrame, step: int) -> float:
    """Share of cutoffs after which the price stood higher `step` sessions later: 'always up'."""
    walk = forecasts[(forecasts["model"] == RandomWalk.name) & (forecasts["step"] == step)]
    return float((walk["y"] > walk["yhat"]).mean())
