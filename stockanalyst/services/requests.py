"""What callers ask for, checked once for every use case."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from stockanalyst.exceptions import InputError, InvalidCutoff, InvalidHorizon
from stockanalyst.forecasting.base import DEFAULT_LEVELS, MAX_HORIZON, BaseForecaster
from stockanalyst.forecasting.registry import DEFAULT_MODELS, check_models

HORIZON = 7
ModelChoice: TypeAlias = Iterable[str | BaseForecaster] | BaseForecaster
"""One model or several: names, a text being one, or models of one's own."""


@dataclass(frozen=True)
class Options:
    """How symbols are to be analysed; :func:`options` makes it from what a caller wrote.

    Attributes
    ----------
    horizon : int
        Sessions ahead, 1 to 60.
    cutoff : Timestamp or None
        Last session that may be known, a plain date; None for the last that closed.
    models : tuple of str
        See :data:`stockanalyst.forecasting.registry.MODELS`; the random walk is among them.
    levels : tuple of float
        Coverage of the intervals, decimals, ascending.
    provider : str
        ``auto``, ``yahoo``, ``sample`` or ``files:FOLDER``.
    train : bool
        Whether an LSTM that isn't there yet is trained on the way.
    """

    horizon: int
    cutoff: pd.Timestamp | None
    models: tuple[str, ...]
    levels: tuple[float, ...]
    provider: str
    train: bool

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps that are scored: the first and the last."""
        return tuple(dict.fromkeys((1, self.horizon)))


def options(
    *,
    horizon: object = HORIZON,
    cutoff: object = None,
    models: ModelChoice = DEFAULT_MODELS,
    levels: Iterable[object] = DEFAULT_LEVELS,
    provider: str = "auto",
    train: bool = True,
) -> Options:
    """Check what a caller wrote; see :class:`Options`.

    Raises
    ------
    InputError
        Naming the first parameter that can't be used.
    """
    return Options(
        horizon=check_horizon(horizon),
        cutoff=check_cutoff(cutoff),
        models=check_models(_names(models)),
        levels=check_levels(levels),
        provider=provider,
        train=train,
    )


def list_models(models: ModelChoice) -> list[str | BaseForecaster]:
    """Models as they were given; one needs no list."""
    listed = [models] if isinstance(models, str | BaseForecaster) else list(models)
    for model in listed:
        if not isinstance(model, str | BaseForecaster):
            raise InputError("models", model, "give names of models, or forecasters")
    return listed


def _names(models: ModelChoice) -> list[str]:
    """Names alone: of symbols, each may have networks of its own."""
    names = []
    for model in list_models(models):
        if not isinstance(model, str):
            mend = "give names; one of your own is walked by backtest, over a table of prices"
            raise InputError("models", model, mend)
        names.append(model)
    return names


def check_folder(folder: str | Path | None) -> Path | None:
    """A path that a folder may have; None stays None."""
    if folder is None:
        return None
    if not str(folder) or not _may_exist(Path(folder)):
        raise InputError("folder", str(folder), "give a path that a folder may have")
    return Path(folder)


def _may_exist(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return True
    except (OSError, ValueError):  # too long, or with characters that no path has
        return False
    return True


def check_horizon(horizon: object) -> int:
    """A whole number of sessions from 1 to 60."""
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer):
        raise InvalidHorizon(horizon, MAX_HORIZON)
    if not 0 < horizon <= MAX_HORIZON:
        raise InvalidHorizon(horizon, MAX_HORIZON)
    return int(horizon)


def check_cutoff(cutoff: object) -> pd.Timestamp | None:
    """A plain date, from a date or from ``"YYYY-MM-DD"``; None stays None."""
    if cutoff is None:
        return None
    text = f"{cutoff:%Y-%m-%d}" if isinstance(cutoff, date) else str(cutoff)
    try:
        return pd.Timestamp(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007  a plain date
    except ValueError as error:
        raise InvalidCutoff(cutoff, "give a date as YYYY-MM-DD") from error


def check_levels(levels: Iterable[object]) -> tuple[float, ...]:
    """Coverages of intervals, ascending, without doubles, each from 0.5 to 0.99."""
    checked = set()
    for level in levels:
        if not isinstance(level, int | float | np.floating) or not 0.5 <= level <= 0.99:
            raise InputError("level", level, "give a decimal from 0.5 to 0.99, such as 0.8")
        checked.add(round(float(level), 4))
    if not checked:
        raise InputError("level", (), "give at least one, such as 0.8")
    return tuple(sorted(checked))
