"""An analysis as tables of text, the same in a terminal, a notebook, a report and on a page."""

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

import pandas as pd

from stockanalyst.forecasting.ensemble import ENSEMBLE, members
from stockanalyst.forecasting.registry import model_label
from stockanalyst.frames import level_suffix
from stockanalyst.recommendation.explain import percent

if TYPE_CHECKING:
    from stockanalyst.reporting.context import Analysis

ABSENT = "–"


def forecast_rows(analysis: "Analysis") -> pd.DataFrame:
    """Forecasts: a row a (model, session), prices with their intervals."""
    frame = analysis.forecast
    digits = price_digits(analysis.last_close)
    table = {
        "Model": frame["model"].map(model_label),
        "Session": frame["session"].dt.strftime("%Y-%m-%d"),
        "Forecast": frame["yhat"].map(lambda price: f"{price:,.{digits}f}"),
    }
    for level in analysis.levels:
        suffix = level_suffix(level)
        table[f"{suffix} % interval"] = [
            f"{low:,.{digits}f} – {high:,.{digits}f}"
            for low, high in zip(frame[f"lo_{suffix}"], frame[f"hi_{suffix}"], strict=True)
        ]
    return pd.DataFrame(table)


def skill_rows(skill: pd.DataFrame, levels: Sequence[float]) -> pd.DataFrame:
    """Scores: a row a (symbol, horizon, model)."""
    table = {
        "Symbol": skill["symbol"],
        "Horizon": skill["step"].astype(str),
        "Model": skill["model"].map(model_label),
        "RMSE": skill["rmse"].map(_number),
        "MAE": skill["mae"].map(_number),
        "MASE": skill["mase"].map(_number),
        "Direction": skill["directional_accuracy"].map(_share),
    }
    for level in levels:
        suffix = level_suffix(level)
        table[f"In {suffix} %"] = skill[f"coverage_{suffix}"].map(_share)
    table["Skill"] = skill["skill"].map(lambda x: ABSENT if isnan(x) else percent(x))
    table["DM p"] = skill["dm_p"].map(lambda p: ABSENT if isnan(p) else f"{p:.3f}")
    return pd.DataFrame(table)


def skill_caption(analysis: "Analysis") -> str:
    """What the scores rest on, and 'always up' to hold the direction against."""
    cutoffs = analysis.backtest.forecasts["cutoff"]
    rises = ", ".join(f"{_share(s)} at horizon {k}" for k, s in analysis.share_of_rises.items())
    mixed = ", ".join(model_label(model) for model in members(analysis.models) if model != ENSEMBLE)
    return (
        f"{analysis.plan.n_cutoffs} past cutoffs, {cutoffs.min():%Y-%m-%d} to "
        f"{cutoffs.max():%Y-%m-%d}. Skill: 1 − RMSE / RMSE of the random walk. DM p: "
        f"Diebold–Mariano against the random walk, two-sided. Direction: 'always up' would have "
        f"been right {rises}."
        + (f" Ensemble: the mean of {mixed}." if ENSEMBLE in analysis.models else "")
    )


def price_digits(price: float) -> int:
    """Decimals that a price is shown with."""
    return 2 if price >= 1 else 4


def _number(value: float) -> str:
    return ABSENT if isnan(value) else f"{value:.3g}" if value < 1 else f"{value:,.2f}"


def _share(value: float) -> str:
    return ABSENT if isnan(value) else f"{value * 100:.1f} %"
