"""An analysis as a fragment of HTML, for JupyterLab and for reports."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from stockanalyst.backtesting.results import MissingModel
from stockanalyst.backtesting.wording import counted
from stockanalyst.forecasting.registry import model_label
from stockanalyst.recommendation.policy import Recommendation
from stockanalyst.reporting.figures import (
    drawn_model,
    fan_chart,
    fan_chart_text,
    skill_chart,
    skill_chart_text,
    svg,
)
from stockanalyst.reporting.fragments import STYLE, notes_html, table_html
from stockanalyst.reporting.sentiment_html import sentiment_html
from stockanalyst.reporting.tables import (
    forecast_rows,
    price_digits,
    skill_caption,
    skill_rows,
)

if TYPE_CHECKING:
    from stockanalyst.reporting.context import Analysis


def analysis_html(analysis: "Analysis") -> str:
    """The analysis as a fragment of HTML."""
    parts = [
        _head(analysis),
        _call(analysis.recommendation),
        notes_html(analysis.backtest.notes),
        _figure(
            svg(fan_chart(analysis), alt=fan_chart_text(analysis)),
            "Past closes, the path of every model, and the intervals of the "
            f"{model_label(drawn_model(analysis))}.",
        ),
        "<h3>How good the models have been</h3>",
        _skill_figure(analysis),
        skill_html(analysis),
        f"<h3>Forecasts of the next {counted(analysis.horizon, 'session')}</h3>",
        _forecasts(analysis),
        "<h3>What the news say</h3>",
        sentiment_html(analysis.sentiment, anyhow=False),
        missing_html(analysis.backtest.missing),
    ]
    return f'<div class="sa-analysis"><style>{STYLE}</style>{"".join(parts)}</div>'


def _head(analysis: "Analysis") -> str:
    price = f"{analysis.last_close:,.{price_digits(analysis.last_close)}f}"
    return (
        f'<p class="sa-head"><strong>{escape(analysis.symbol)}</strong> '
        f'<span class="sa-price">{price}</span>'
        f'<span class="sa-soft">close of {analysis.cutoff:%Y-%m-%d}, '
        f"prices from {escape(analysis.provider)}</span></p>"
    )


def _call(recommendation: Recommendation) -> str:
    action = str(recommendation.action)
    kind = action.lower().replace(" ", "-")
    reasons = _list(reason.sentence for reason in recommendation.reasons)
    return (
        f'<section class="sa-call sa-{kind}" aria-label="Recommendation">'
        f'<p class="sa-action">{escape(action)}</p>{reasons}</section>'
    )


def _list(sentences: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>"


def _figure(drawing: str, caption: str) -> str:
    return (
        f'<figure><div class="sa-scroll">{drawing}</div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _skill_figure(analysis: "Analysis") -> str:
    if analysis.backtest.skill["skill"].isna().all():  # the random walk stands alone
        return ""
    return _figure(
        svg(skill_chart(analysis), alt=skill_chart_text(analysis)),
        "Right of the line: closer than the random walk at past cutoffs; left of it: further.",
    )


def skill_html(analysis: "Analysis") -> str:
    """How good such forecasts have been: a row a horizon and model."""
    rows = skill_rows(analysis.backtest.skill, analysis.levels).drop(columns="Symbol")
    rows.insert(0, "Model", rows.pop("Model"))
    groups = [of_horizon for _, of_horizon in rows.groupby("Horizon", sort=False)]
    return table_html(groups, skill_caption(analysis))


def _forecasts(analysis: "Analysis") -> str:
    """The last session of every model in one table, and every session of each to be opened."""
    rows = forecast_rows(analysis)
    last = rows.groupby("Model", sort=False).tail(1)
    caption = f"{last['Session'].iloc[0]}, {counted(analysis.horizon, 'session')} after the cutoff"
    parts = [table_html([last.drop(columns="Session")], caption)]
    if analysis.horizon > 1:
        by_model = rows.groupby("Model", sort=False)
        parts += [_opened(str(model), of_model) for model, of_model in by_model]
    return "".join(parts)


def _opened(model: str, rows: pd.DataFrame) -> str:
    table = table_html([rows.drop(columns="Model")], f"{model}, session by session")
    return f"<details><summary>{escape(model)}: every session</summary>{table}</details>"


def missing_html(models: Iterable[MissingModel]) -> str:
    """Models that took no part, why, and the command that helps; nothing for none."""
    items = "".join(
        f"<li><strong>{escape(model_label(gap.model))}</strong>: {escape(gap.reason)}; "
        f"{_command(gap.mend)}</li>"
        for gap in models
    )
    return f"<h3>Models that took no part</h3><ul>{items}</ul>" if items else ""


def _command(mend: str) -> str:
    """What to do is ``"run: COMMAND"``; the command stands out."""
    what, _, command = mend.rpartition(": ")
    return f"{escape(what)}{': ' if what else ''}<code>{escape(command)}</code>"
