"""What a walk-forward found, the random walk beside every score."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from stockanalyst.backtesting.engine import Part
from stockanalyst.backtesting.score_tables import Scores, combine
from stockanalyst.backtesting.wording import skill_sentence
from stockanalyst.exceptions import InputError, did_you_mean
from stockanalyst.forecasting.naive import RandomWalk

_NAMED = 20


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
        InputError
            It isn't among the symbols.
        """
        require_known("symbol", symbol, self.symbols)
        part = next(part for part in self.parts if symbol in part.scores)
        return part.load().only(symbol).frame()

    def sentence(self, symbol: str, step: int) -> str:
        """Whether any model beat the random walk on a symbol, in words.

        Raises
        ------
        InputError
            The symbol isn't among the symbols, or the step wasn't scored.
        """
        require_known("symbol", symbol, self.symbols)
        require_known("step", step, self.skill["step"])
        return skill_sentence(self.scores, symbol, step)


def share_of_rises(forecasts: pd.DataFrame, step: int) -> float:
    """Share of cutoffs after which the price stood higher `step` sessions later: 'always up'."""
    walk = forecasts[(forecasts["model"] == RandomWalk.name) & (forecasts["step"] == step)]
    return float((walk["y"] > walk["yhat"]).mean())


def require_known(parameter: str, value: object, known: Iterable[object]) -> None:
    """See that a value is one of those that there are.

    Raises
    ------
    InputError
        It isn't; the mend names them, 20 at the most.
    """
    known = list(dict.fromkeys(known))
    if not np.isscalar(value) or value not in known:
        names = [str(name) for name in known]
        few = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
        hint = did_you_mean(value, names) if isinstance(value, str) else ""
        raise InputError(parameter, value, f"{hint} there is {few}".strip())
