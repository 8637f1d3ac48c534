"""Words and tables of the analysis page as HTML; every text from outside is escaped."""

from html import escape
from typing import Any

from stockanalyst.reporting.context import Analysis
from stockanalyst.reporting.fragments import table_html
from stockanalyst.reporting.html import missing_html, skill_html
from stockanalyst.reporting.sentiment_html import sentiment_html
from stockanalyst.reporting.tables import forecast_rows, price_digits


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
    forecasts = table_html([forecast_rows(analysis)], "Forecasts with their intervals")
    return (
        f"<details><summary>Every forecast as a table</summary>{forecasts}</details>"
        f"<h2>How good such forecasts have been</h2>{skill_html(analysis)}"
    )


def news_html(analysis: Analysis) -> str:
    """What the news say, who was asked, and the newest headlines."""
    return f"<h2>What the news say</h2>{sentiment_html(analysis.sentiment)}"


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
    return f"<h2>Data and models</h2><p>{history}</p>{missing_html(analysis.backtest.missing)}"
