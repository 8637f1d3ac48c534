"""Analyses and walk-forwards for a terminal, by rich."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from stockanalyst.forecasting.registry import model_label
from stockanalyst.reporting.sentiment import (
    READ,
    WORDS,
    article_rows,
    distribution_caption,
    sentiment_caption,
    sentiment_rows,
    source_rows,
    span_caption,
)
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
    from stockanalyst.sentiment.aggregation import SentimentSummary
    from stockanalyst.sentiment.monitoring import Distribution

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
        _heading("What the news say"),
        *_sources(analysis.sentiment),
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


def sentiment_text(
    summaries: Sequence["SentimentSummary"], found: "Distribution"
) -> list[RenderableType]:
    """Sources and headlines of one symbol; of several a row each, and how they look together."""
    if len(summaries) > 1:
        alerts = [Text(f"Alert: {alert}", "yellow") for alert in found.alerts]
        table = _table(sentiment_rows(summaries), numeric_from=2)
        first = summaries[0]
        read = Text(f"{span_caption(first)} Read by {first.scorer}.", "dim")
        silent = [Text(said, "dim") for said in found.silent]
        heading = [_heading("Who was silent")] if silent else []
        how = Text(distribution_caption(found), "dim")
        return [table, read, how, *alerts, *heading, *silent]
    summary = summaries[0]
    articles = article_rows(summary)
    shown = _table(articles, numeric_from=1)
    headlines: list[RenderableType] = [_heading("Newest headlines"), Text(READ, "dim"), shown]
    return [*_sources(summary), *(headlines if len(articles) else [])]


def sources_text(sources: pd.DataFrame) -> list[RenderableType]:
    """The table of sources, whether they may be asked, and what is used of their day."""
    shown = sources.assign(asked=sources["asked"].map({True: "yes", False: "no"}))
    return [_table(shown.rename(columns=str.capitalize), numeric_from=len(shown.columns))]


def _sources(summary: "SentimentSummary") -> list[RenderableType]:
    table = _table(source_rows(summary), numeric_from=2)
    return [
        Text(sentiment_caption(summary)),
        Text(span_caption(summary), "dim"),
        *([table] if summary.outcomes else []),
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


def _table(rows: pd.DataFrame, *, numeric_from: int, section: str = "") -> Table:
    """A plain table; a new value in the column `section` starts a new block.

    Numbers stand at the right: the columns from `numeric_from` on, but for those of words.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for position, name in enumerate(rows.columns):
        table.add_column(
            name,
            justify="right" if position >= numeric_from and name not in WORDS else "left",
            no_wrap=True,
        )
    previous = None
    for row in rows.to_dict("records"):
        block = row.get(section)
        if previous is not None and block != previous:
            table.add_row()
        previous = block
        table.add_row(*(Text(str(value)) for value in row.values()))
    return table
