"""Analyses and walk-forwards for a terminal, by rich."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from stockanalyst.forecasting.registry import model_label
from stockanalyst.reporting.tables import (
    MANY,
    backtest_rows,
    ends,
    forecast_rows,
    pooled_caption,
    pooled_rows,
    price_digits,
    skill_caption,
    skill_rows,
    verdicts,
)

if TYPE_CHECKING:
    from stockanalyst.backtesting.results import Backtest, MissingModel
    from stockanalyst.reporting.context import Analysis

_ACTION_STYLE = {"BUY": "bold green", "SELL": "bold red", "HOLD": "bold", "NO CALL": "bold yellow"}


def analysis_text(analysis: "Analysis") -> list[RenderableType]:
    """Forecasts, scores, then the recommendation, which a terminal leaves in view."""
    price = f"{analysis.last_close:,.{price_digits(analysis.last_close)}f}"
    return [
        Text(f"{analysis.symbol} closed at {price} on {analysis.cutoff:%Y-%m-%d}", "bold"),
        Text(
            f"Prices: {analysis.provider}, {len(analysis.closes):,} sessions, "
            f"as of {analysis.freshness}.",
            "dim",
        ),
        *_notes(analysis.backtest.notes),
        _heading(f"Forecasts of the next {analysis.horizon} sessions ({analysis.calendar})"),
        _table(forecast_rows(analysis), numeric_from=2, section="Model"),
        *_missing(analysis.backtest.missing),
        _heading("How good such forecasts have been"),
        _table(
            skill_rows(analysis.backtest.skill, analysis.levels).drop(columns="Symbol"),
            numeric_from=2,
            section="Horizon",
        ),
        Text(skill_caption(analysis), "dim"),
        _heading("Recommendation"),
        *_recommendation(analysis),
    ]


def backtest_text(backtest: "Backtest", levels: Iterable[float]) -> list[RenderableType]:
    """The scores, and whether a model beat the random walk; of many symbols the pooled scores."""
    levels = list(levels)
    scores: list[RenderableType]
    if len(backtest.symbols) <= MANY:
        scores = [
            _table(backtest_rows(backtest.skill, levels), numeric_from=3, section="Horizon"),
        ]
    else:
        scores = [
            _table(pooled_rows(backtest, levels), numeric_from=2, section="Horizon"),
            Text(pooled_caption(backtest), "dim"),
        ]
    steps = ends(backtest.skill["step"])
    return [
        *_notes(backtest.notes),
        *scores,
        _heading("Does any model beat the random walk?"),
        *(Text(said) for step in steps for said in verdicts(backtest, step)),
        *_missing(backtest.missing),
    ]


def _heading(words: str) -> Text:
    return Text(f"\n{words}", "bold")


def _notes(notes: Iterable[str]) -> list[Text]:
    return [Text(f"Note: {note}", "yellow") for note in notes]


def _missing(missing: Iterable["MissingModel"]) -> list[Text]:
    return [
        Text(f"No {model_label(gap.model)} of {gap.symbol}: {gap.reason}; {gap.mend}", "yellow")
        for gap in missing
    ]


def _recommendation(analysis: "Analysis") -> list[Text]:
    said = analysis.recommendation
    reasons = [Text(reason.sentence) for reason in said.reasons]
    return [Text(said.action, _ACTION_STYLE[said.action]), *reasons]


def _table(rows: pd.DataFrame, *, numeric_from: int, section: str) -> Table:
    """A plain table; a new value in the column `section` starts a new block."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for position, name in enumerate(rows.columns):
        table.add_column(
            name, justify="right" if position >= numeric_from else "left", no_wrap=True
        )
    previous = None
    for row in rows.to_dict("records"):
        if previous is not None and row[section] != previous:
            table.add_row()
        previous = row[section]
        table.add_row(*(Text(str(value)) for value in row.values()))
    return table
