"""Scores of a forecast frame, the random walk beside every one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.frames import level_suffix
from stockanalyst.metrics.calibration import coverage
from stockanalyst.metrics.forecast import (
    diebold_mariano,
    directional_accuracy,
    mae,
    mase,
    rmse,
    skill_score,
)


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
    forecasts : DataFrame
        Forecast frame, see :mod:`stockanalyst.frames`.
    skill : DataFrame
        See :func:`skill_table`.
    missing : tuple of MissingModel
    notes : tuple of str
        What a reader must know of the data.
    """

    forecasts: pd.DataFrame
    skill: pd.DataFrame
    missing: tuple[MissingModel, ...]
    notes: tuple[str, ...]

    def _repr_html_(self) -> str:
        table = self.skill.style.format(precision=3, na_rep="–").hide(axis="index")
        return str(table.set_uuid("skill").to_html())


def skill_table(
    forecasts: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    steps: Iterable[int],
    levels: Sequence[float],
    train_size: int,
) -> pd.DataFrame:
    """How good each model has been, a row a (symbol, step, model).

    Parameters
    ----------
    forecasts : DataFrame
        A forecast frame with the random walk among its models and every outcome known.
    prices : DataFrame of shape (n_sessions, n_symbols)
        The closes that it was made from.
    steps : iterable of int
        Steps to score.
    levels : sequence of float
        Nominal coverages.
    train_size : int
        Closes up to the first cutoff that scale the MASE.

    Returns
    -------
    DataFrame
        ``symbol, step, model, n, rmse, mae, mase, directional_accuracy, coverage_80, …, skill,
        dm_statistic, dm_p``. Skill is 1 − RMSE / RMSE of the random walk; the Diebold–Mariano test
        compares squared errors, two-sided. For the random walk itself those are NaN, and so is its
        directional accuracy.
    """
    rows = []
    for symbol, of_symbol in forecasts.groupby("symbol", sort=False):
        before = prices[symbol].dropna().loc[: of_symbol["cutoff"].min()]
        training = before.to_numpy()[-train_size:]
        for step in dict.fromkeys(steps):
            of_step = of_symbol[of_symbol["step"] == step]
            walk = of_step[of_step["model"] == RandomWalk.name]
            base = walk["yhat"].to_numpy()
            for model, row in of_step.groupby("model", sort=False):
                y, yhat = row["y"].to_numpy(), row["yhat"].to_numpy()
                judged = model != RandomWalk.name
                test = diebold_mariano((y - yhat) ** 2, (y - base) ** 2, horizon=step)
                rows.append(
                    {
                        "symbol": symbol,
                        "step": step,
                        "model": model,
                        "n": len(row),
                        "rmse": rmse(y, yhat),
                        "mae": mae(y, yhat),
                        "mase": mase(y, yhat, training),
                        "directional_accuracy": directional_accuracy(y, yhat, base),
                        **{
                            f"coverage_{suffix}": coverage(
                                y, row[f"lo_{suffix}"].to_numpy(), row[f"hi_{suffix}"].to_numpy()
                            )
                            for suffix in map(level_suffix, levels)
                        },
                        "skill": skill_score(y, yhat, base) if judged else float("nan"),
                        "dm_statistic": test.statistic,
                        "dm_p": test.p_value,
                    }
                )
    return pd.DataFrame(rows)


def share_of_rises(forecasts: pd.DataFrame, step: int) -> float:
    """Share of cutoffs after which the price stood higher `step` sessions later: 'always up'."""
    walk = forecasts[(forecasts["model"] == RandomWalk.name) & (forecasts["step"] == step)]
    return float((walk["y"] > walk["yhat"]).mean())
