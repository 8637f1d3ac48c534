"""Analyses and walk-forwards as tables of text, the same wherever they are shown."""

from collections.abc import Iterable, Sequence
from math import isnan
from typing import TYPE_CHECKING, Self

import pandas as pd

from stockanalyst.backtesting.score_tables import SIGNIFICANT, WINDOW
from stockanalyst.backtesting.wording import counted, percent
from stockanalyst.forecasting.ensemble import ENSEMBLE
from stockanalyst.forecasting.registry import members, model_label
from stockanalyst.frames import level_suffix

if TYPE_CHECKING:
    from stockanalyst.backtesting.results import Backtest
    from stockanalyst.reporting.context import Analysis

ABSENT = "–"

#: Walk-forwards over more symbols are shown by what they have in common.
MANY = 20


class Link(str):
    """A text that leads to a page of the web, if `url` is one."""

    url: str

    def __new__(cls, text: str, url: str) -> Self:
        """Text and address."""
        made = super().__new__(cls, text)
        made.url = url
        return made


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
    table["Skill"] = skill["skill"].map(_signed)
    table["DM p"] = skill["dm_p"].map(_probability)
    return pd.DataFrame(table)


def backtest_rows(skill: pd.DataFrame, levels: Sequence[float]) -> pd.DataFrame:
    """Scores of a walk-forward: :func:`skill_rows` with 'always up' and the q-value."""
    table = skill_rows(skill, levels)
    after = list(table.columns).index("Direction") + 1
    table.insert(after, "Always up", skill["always_up"].map(_share))
    table["q"] = skill["q_value"].map(_probability)
    return table


def pooled_rows(backtest: "Backtest", levels: Sequence[float]) -> pd.DataFrame:
    """Scores over all symbols at the first and the last step: a row a (horizon, model)."""
    pooled = backtest.scores.pooled
    pooled = pooled[pooled["step"].isin(ends(pooled["step"]))]
    table = {
        "Horizon": pooled["step"].astype(str),
        "Model": pooled["model"].map(model_label),
        "Skill": pooled["skill"].map(_signed),
        "DM p": pooled["dm_p"].map(_probability),
        "Symbols above 0": pooled["share_with_skill"].map(_share),
    }
    for level in levels:
        suffix = level_suffix(level)
        table[f"In {suffix} %"] = pooled[f"coverage_{suffix}"].map(_share)
        table[f"Worst {WINDOW}, {suffix} %"] = pooled[f"worst_{WINDOW}_{suffix}"].map(_share)
    return pd.DataFrame(table)


def pooled_caption(backtest: "Backtest") -> str:
    """What :func:`pooled_rows` rests on, and what its columns mean."""
    cutoffs = backtest.scores.coverage_over_time["cutoff"]
    return (
        f"{counted(len(backtest.symbols), 'symbol')}, {counted(cutoffs.nunique(), 'cutoff')}, "
        f"{cutoffs.min():%Y-%m-%d} to {cutoffs.max():%Y-%m-%d}. Skill: 1 − RMSE / RMSE of the "
        "random walk, all symbols together. DM p: Diebold–Mariano against the random walk, "
        f"two-sided. Worst {WINDOW}: the lowest share inside over {WINDOW} sessions in a row."
    )


def verdicts(backtest: "Backtest", step: int) -> list[str]:
    """Whether a model beat the random walk: a sentence a symbol, of many symbols one for all."""
    symbols = backtest.symbols
    if len(symbols) <= MANY:
        return [backtest.sentence(symbol, step) for symbol in symbols]
    rows = backtest.skill[backtest.skill["step"] == step]
    better = rows[(rows["skill"] > 0) & (rows["q_value"] < SIGNIFICANT)]
    best = better.sort_values("skill", ascending=False, kind="stable").drop_duplicates("symbol")
    where = f"{len(symbols):,} symbols at horizon {step}"
    if best.empty:
        return [f"no model beats the random walk on any of {where}"]
    named = [
        f"{row['symbol']}: {model_label(row['model'])} {percent(row['skill'])}"
        for row in best.head(MANY).to_dict("records")
    ]
    rest = ", …" if len(best) > MANY else ""
    return [f"a model beats the random walk on {len(best)} of {where} ({', '.join(named)}{rest})"]


def ends(steps: Iterable[int]) -> list[int]:
    """The first and the last."""
    known = set(steps)
    return sorted({min(known), max(known)})


def skill_caption(analysis: "Analysis") -> str:
    """What the scores rest on, and 'always up' to hold the direction against."""
    cutoffs = analysis.backtest.forecasts["cutoff"]
    rises = ", ".join(f"{_share(s)} at horizon {k}" for k, s in analysis.share_of_rises.items())
    mixed = ", ".join(model_label(model) for model in members(analysis.models))
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


def _signed(value: float) -> str:
    return ABSENT if isnan(value) else percent(value)


def _probability(value: float) -> str:
    return ABSENT if isnan(value) else f"{value:.3f}"


def _share(value: float) -> str:
    return ABSENT if isnan(value) else f"{value * 100:.1f} %"
