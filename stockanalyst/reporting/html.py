"""An analysis as a fragment of HTML, for JupyterLab and for reports.

It takes text colour and background from the page around it, runs no script and loads nothing. All
that isn't written here is escaped.
"""

from collections.abc import Iterable, Sequence
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
from stockanalyst.reporting.tables import (
    forecast_rows,
    price_digits,
    skill_caption,
    skill_rows,
)

if TYPE_CHECKING:
    from stockanalyst.reporting.context import Analysis

STYLE = """
.sa-analysis { line-height: 1.5; max-width: 56rem }
.sa-analysis h3 { margin: 1.6em 0 .4em; font-size: 1.15em; font-weight: 600 }
.sa-analysis p { margin: .4em 0 }
.sa-analysis .sa-head { font-size: 1.05em; margin: 0 0 .8em }
.sa-analysis .sa-price { font-size: 1.9em; font-weight: 600; margin-right: .3em }
.sa-analysis .sa-soft, .sa-analysis caption, .sa-analysis figcaption { opacity: .8 }
.sa-analysis .sa-call { border-left: .35em solid color-mix(in srgb, currentColor 40%, transparent);
  background: color-mix(in srgb, currentColor 6%, transparent); padding: .7em 1em; margin: 1em 0 }
.sa-analysis .sa-buy { border-color: #009e73 }
.sa-analysis .sa-sell { border-color: #d55e00 }
.sa-analysis .sa-action { font-size: 1.35em; font-weight: 700; letter-spacing: .02em }
.sa-analysis ul { margin: .3em 0; padding-left: 1.2em }
.sa-analysis figure { margin: 1em 0 }
.sa-analysis svg { display: block; height: auto; min-width: 22rem; max-width: 46rem }
.sa-analysis caption, .sa-analysis figcaption { font-size: .88em; text-align: left }
.sa-analysis caption { caption-side: top; padding: 0 0 .5em; color: inherit }
.sa-analysis caption span { display: block; position: sticky; left: 0; max-width: min(46rem, 86vw) }
.sa-analysis .sa-scroll { overflow-x: auto }
.sa-analysis .sa-table { border-collapse: collapse; margin: .4em 0; font-size: .92em; border: 0;
  font-variant-numeric: tabular-nums }
.sa-analysis .sa-table th, .sa-analysis .sa-table td { padding: .3em .8em .3em 0; border: 0;
  text-align: right; white-space: nowrap; background: none;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent) }
.sa-analysis .sa-table thead th { font-weight: 600;
  border-bottom: 1px solid color-mix(in srgb, currentColor 60%, transparent) }
.sa-analysis .sa-table th:first-child { text-align: left }
.sa-analysis .sa-table th[scope=row] { font-weight: 400 }
.sa-analysis .sa-table tbody + tbody tr:first-child > * {
  border-top: 2px solid color-mix(in srgb, currentColor 40%, transparent) }
.sa-analysis details { margin: .3em 0 }
.sa-analysis summary { cursor: pointer }
.sa-analysis code { white-space: pre-wrap; overflow-wrap: anywhere }
"""


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
        _skill(analysis),
        f"<h3>Forecasts of the next {counted(analysis.horizon, 'session')}</h3>",
        _forecasts(analysis),
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


def notes_html(notes: Iterable[str]) -> str:
    """What a reader must know of the data, a paragraph each."""
    return "".join(f'<p class="sa-note">{escape(note)}</p>' for note in notes)


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


def _skill(analysis: "Analysis") -> str:
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


def table_html(groups: Sequence[pd.DataFrame], caption: str) -> str:
    """A table whose first column heads its rows; a line parts the groups."""
    names = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in groups[0].columns)
    bodies = "".join(f"<tbody>{_body(rows)}</tbody>" for rows in groups)
    return (
        '<div class="sa-scroll" tabindex="0"><table class="sa-table">'
        f"<caption><span>{escape(caption)}</span></caption>"
        f"<thead><tr>{names}</tr></thead>{bodies}</table></div>"
    )


def _body(rows: pd.DataFrame) -> str:
    return "".join(
        f'<tr><th scope="row">{escape(str(key))}</th>'
        + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
        + "</tr>"
        for key, *cells in rows.itertuples(index=False)
    )
