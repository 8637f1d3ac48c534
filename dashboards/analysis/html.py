"""Words and tables of the analysis page as HTML; every text from outside is escaped."""

from html import escape
from typing import Any

import pandas as pd

from stockanalyst.backtesting.results import MissingModel
from stockanalyst.forecasting.registry import model_label
from stockanalyst.reporting.context import Analysis
from stockanalyst.reporting.fragments import cell_html
from stockanalyst.reporting.sentiment import (
    READ,
    WORDS,
    article_rows,
    sentiment_caption,
    source_rows,
    span_caption,
)
from stockanalyst.reporting.tables import (
    forecast_rows,
    price_digits,
    skill_caption,
    skill_rows,
)

_HEADS = frozenset({"Model", "Source", "Published (UTC)"})
_WORDS = _HEADS | WORDS


def recommendation_html(analysis: Analysis) -> str:
    """What the rule says, on which data, and why."""
    said = analysis.recommendation
    price = f"{analysis.last_close:,.{price_digits(analysis.last_close)}f}"
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in analysis.backtest.notes)
    reasons = "".join(f"<li>{escape(reason.sentence)}</li>" for reason in said.reasons)
    return (
        f"<h2>{escape(analysis.symbol)}: "
        f'<span class="action" data-action="{said.action}">{said.action}</span></h2>'
        f"<p>Data up to {analysis.cutoff:%Y-%m-%d} from {escape(analysis.provider)} "
        f"(as of {analysis.freshness}), "
        f"last close {price}.</p>{notes}<ul>{reasons}</ul>"
    )


def tables_html(analysis: Analysis) -> str:
    """Every forecast, and how good such forecasts have been."""
    forecasts = table_html(forecast_rows(analysis), "Forecasts with their intervals")
    skill = skill_rows(analysis.backtest.skill, analysis.levels).drop(columns="Symbol")
    return (
        f"<details><summary>Every forecast as a table</summary>{forecasts}</details>"
        f"<h2>How good such forecasts have been</h2>"
        f"{table_html(skill, skill_caption(analysis))}"
    )


def news_html(analysis: Analysis) -> str:
    """What the news say, who was asked, and the newest headlines."""
    said = analysis.sentiment
    articles = article_rows(said)
    headlines = (
        f"<details><summary>Newest headlines</summary>"
        f"{table_html(articles, f'{span_caption(said)} {READ}')}</details>"
        if len(articles)
        else ""
    )
    return (
        f"<h2>What the news say</h2><p>{escape(sentiment_caption(said))}</p>"
        f"{table_html(source_rows(said), 'Sources, and what became of each')}{headlines}"
    )


def legend_html(figure: Any) -> str:
    """What the lines and areas of a HoloViews overlay are, in their own colours."""
    entries = []
    for layer in figure:
        look = layer.opts.get("style", backend="bokeh").kwargs
        style = f"color: {look['color']}; opacity: {look.get('alpha', 1)}"
        if "line_dash" in look:
            kind = look["line_dash"]
        else:
            kind = "area"
            style += f"; background: {look['color']}"
        entries.append(
            f'<li><span class="{kind}" style="{style}"></span>{escape(layer.label)}</li>'
        )
    return f'<ul class="legend">{"".join(entries)}</ul>'


def data_html(analysis: Analysis) -> str:
    """How much history there was, and which models are missing."""
    closes = analysis.closes
    history = (
        f"{len(closes):,} sessions, {closes.index[0]:%Y-%m-%d} to {closes.index[-1]:%Y-%m-%d}, "
        f"from the provider {escape(analysis.provider)}."
    )
    missing = "".join(map(_missing_html, analysis.backtest.missing))
    return f"<h2>Data and models</h2><ul><li>{history}</li>{missing}</ul>"


def table_html(frame: pd.DataFrame, caption: str) -> str:
    """A table of texts under its caption; it scrolls by itself where it is too wide."""
    head = "".join(f'<th scope="col"{_side(name)}>{escape(name)}</th>' for name in frame.columns)
    rows = "".join(
        f"<tr>{''.join(map(_cell, frame.columns, row))}</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f'<div class="wide" tabindex="0" role="region" aria-label="Table, scrolls sideways">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></figure>"
    )


def _cell(column: str, text: str) -> str:
    tag = 'th scope="row"' if column in _HEADS else "td"
    return f"<{tag}{_side(column)}>{cell_html(text)}</{tag[:2]}>"


def _side(column: str) -> str:
    """Words stand at the left of their column, numbers at the right."""
    return ' class="text"' if column in _WORDS else ""


def _missing_html(model: MissingModel) -> str:
    words, colon, command = model.mend.partition(": ")
    mend = f"{escape(words)}{colon}<code>{escape(command)}</code>"
    label = escape(model_label(model.model))
    return f"<li>{label} took no part: {escape(model.reason)}; {mend}</li>"
