"""Pictures of a walk-forward.

They show changes, ratios and shares, never prices: the price of one day and of the next are so
alike that every forecast of a price looks good in a picture, that of the random walk included.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from stockanalyst.backtesting.results import Backtest, require_known
from stockanalyst.backtesting.score_tables import WINDOW, rolling_coverage
from stockanalyst.backtesting.wording import counted
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.naive import BASELINES, RandomWalk
from stockanalyst.forecasting.registry import model_label
from stockanalyst.frames import level_suffix
from stockanalyst.reporting.figures import (
    INK,
    Picture,
    band,
    band_label,
    colours_of,
    dates,
    holoviews,
    line,
    rule,
    styled,
)

_SHOWN = 250  # cutoffs: as many as can be told apart
_WORST_SHOWN = -0.1  # skill; whoever is worse would press the others flat
_LEAST_SHOWN = 0.01
_DATED = ("session", "@session{%F}")


def forecast_against_actual(backtest: Backtest, symbol: str, step: int, model: str) -> Picture:
    """Forecast and actual change of the price, with the intervals, at the last 250 cutoffs.

    The line shows what the model knew of the direction, the intervals what it knew of the size.

    Parameters
    ----------
    backtest : Backtest
    symbol : str
    step : int
        Sessions ahead.
    model : str

    Raises
    ------
    InputError
        The walk-forward has no such symbol, step or model.
    """
    require_known("symbol", symbol, backtest.symbols)
    require_known("step", step, backtest.skill["step"])
    forecasts = backtest.forecasts_of(symbol)
    require_known("model", model, forecasts.loc[forecasts["yhat"].notna(), "model"])
    levels, colour = backtest.levels, colours_of([model])[model]
    changes = _changes(forecasts[forecasts["step"] == step], model).iloc[-_SHOWN:]
    hv = holoviews()
    layers = []
    for place, level in enumerate(reversed(levels)):
        bounds = [f"lo_{level_suffix(level)}", f"hi_{level_suffix(level)}"]
        known = changes[["session", *bounds]].replace([np.inf, -np.inf], np.nan).dropna()
        area = hv.Area(known, "session", bounds, label=band_label(model, level))
        layers.append(band(area, colour, 0.15 + 0.25 * place / len(levels)))
    for name, label, ink, width in (
        ("y", "what came", INK, 1.0),
        ("yhat", model_label(model), colour, 1.8),
    ):
        curve = hv.Curve(changes.rename(columns={name: "change"}), "session", "change", label=label)
        layers.append(line(curve, ink, [_DATED, ("change", "@change{+0.0} %")], width=width))
    ylabel = f"{symbol}, change over {counted(step, 'session')}, %"
    return Picture(
        styled(hv.Overlay(layers), "", ylabel, inches=(7.5, 3.7), hooks=[dates]),
        f"Changes of {symbol} over {counted(step, 'session')} from {len(changes)} cutoffs: the "
        f"{model_label(model)} forecast {changes['yhat'].abs().mean():.2f} % up or down on "
        f"average, {changes['y'].abs().mean():.2f} % came.",
    )


def error_by_horizon(backtest: Backtest) -> Picture:
    """RMSE over that of the random walk by step, all symbols together.

    The line at 1 is the random walk. Where a model is more than 10 % worse it leaves the picture,
    and its label says so.

    Parameters
    ----------
    backtest : Backtest

    Raises
    ------
    InputError
        It holds nothing but the random walk.
    """
    table = compared(backtest.scores.pooled)
    table = table.assign(ratio=1 - table["skill"])
    hv, told = holoviews(), [("sessions ahead", "@step"), ("ratio", "@ratio{0.000}")]
    layers = [rule(hv.HLine(1))]
    for model, colour, rows in _by_model(table):
        curve = hv.Curve(rows, "step", "ratio", label=_label(model, rows["skill"]))
        dash = "dashed" if model in BASELINES else "solid"
        layers.append(line(curve, colour, told, dash=dash))
    low, high = _limits(table["skill"])
    figure = hv.Overlay(layers).redim.range(ratio=(1 - high, 1 - low))
    figure = ticked(figure, "xticks", [(step, str(step)) for step in sorted(set(table["step"]))])
    ylabel = "RMSE / RMSE of the random walk"
    last = table[table["step"] == table["step"].max()]
    return Picture(
        styled(figure, "sessions ahead", ylabel, inches=(7.5, 3.7)),
        f"RMSE over the random walk's, by sessions ahead. {_best_text(last)}",
    )


def skill_by_year(backtest: Backtest, step: int) -> Picture:
    """Skill against the random walk by year of the cutoff, all symbols together, in percent.

    Where a model is more than 10 % worse it leaves the picture, and its label says so.

    Parameters
    ----------
    backtest : Backtest
    step : int
        Sessions ahead.

    Raises
    ------
    InputError
        The step wasn't scored, or for the random walk alone.
    """
    table = compared(backtest.scores.by_year)
    require_known("step", step, table["step"])
    table = table[table["step"] == step]
    models, years = list(dict.fromkeys(table["model"])), sorted(set(table["year"]))
    aside = (table["model"].map(models.index) - (len(models) - 1) / 2) * 0.75 / len(models)
    table = table.assign(percent=table["skill"] * 100, place=table["year"] + aside)
    hv = holoviews()
    layers = [rule(hv.HLine(0))]
    for model, colour, rows in _by_model(table):
        dots = hv.Points(rows, ["place", "percent"], "year", label=_label(model, rows["skill"]))
        layers.append(_dots(dots, colour, [("year", "@year"), ("skill", "@percent{+0.0} %")]))
    low, high = _limits(table["skill"])
    figure = hv.Overlay(layers).redim.range(
        percent=(100 * low, 100 * high), place=(years[0] - 0.6, years[-1] + 0.6)
    )
    figure = ticked(figure, "xticks", [(year, str(year)) for year in years])
    above = table.groupby("model", sort=False)["skill"].min() > 0
    always = ", ".join(model_label(str(model)) for model in above.index[above])
    return Picture(
        styled(figure, "", "skill against the random walk, %", inches=(7.5, 3.4)),
        f"Skill at horizon {step} by year of the cutoff, {years[0]} to {years[-1]}; above zero in "
        f"every year: {always or 'no model'}.",
    )


def coverage_over_time(
    backtest: Backtest,
    step: int,
    level: float,
    *,
    beside: Mapping[str, Backtest] | None = None,
) -> Picture:
    """Share of outcomes inside their intervals, over 60 sessions in a row, all symbols together.

    The lowest point is marked; the dashed line is what the intervals promise.

    Parameters
    ----------
    backtest : Backtest
    step : int
        Sessions ahead.
    level : float
        Nominal coverage, a decimal.
    beside : mapping of str to Backtest, optional
        Other walk-forwards by name, such as one with other intervals; the coverage of their random
        walk is drawn too.

    Raises
    ------
    InputError
        The step or the level wasn't scored, or there are fewer than 60 cutoffs.
    """
    ours = _rolled(backtest, step, level)
    theirs = {
        name: _rolled(other, step, level).query("model == @RandomWalk.name").assign(model=name)
        for name, other in (beside or {}).items()
    }
    hv, told = holoviews(), [_DATED, ("coverage", "@coverage{0.0} %")]
    promised = rule(hv.HLine(100 * level)).opts(backend="matplotlib", linestyle="dashed")
    layers = [promised.opts(backend="bokeh", line_dash="dashed")]
    for model, colour, rows in _by_model(pd.concat([ours, *theirs.values()])):
        curve = hv.Curve(rows, "session", "coverage", label=model_label(model))
        layers.append(line(curve, colour, told, width=1.8 if model in theirs else 1.0))
    worst = pd.concat([rows.nsmallest(1, "coverage") for rows in (ours, *theirs.values())])
    layers.append(_marks(hv, worst))
    ylabel = f"inside, {WINDOW} sessions, %"
    lowest = "; ".join(
        f"{row['coverage']:.1f} % ({model_label(row['model'])}, up to {row['session']:%Y-%m-%d})"
        for row in worst.to_dict("records")
    )
    return Picture(
        styled(hv.Overlay(layers), "", ylabel, inches=(7.5, 3.7), hooks=[dates]),
        f"Coverage of {level_suffix(level)} % intervals at horizon {step} over {WINDOW} sessions "
        f"in a row, {ours['session'].min():%Y-%m-%d} to {ours['session'].max():%Y-%m-%d}. "
        f"Lowest: {lowest}.",
    )


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of models that were compared with the random walk."""
    compared = table.dropna(subset="skill")
    if compared.empty:
        raise InputError("backtest", "the random walk alone", "give a model to compare with it")
    return compared


def _changes(forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    """Forecast, bounds and outcome as changes since the cutoff, in percent."""
    of_walk = forecasts[forecasts["model"] == RandomWalk.name]
    price = of_walk.set_index("cutoff")["yhat"]  # the random walk's forecast is the last price
    own = forecasts[(forecasts["model"] == model) & forecasts["y"].notna()]
    bounds = [name for name in own.columns if str(name).startswith(("lo_", "hi_"))]
    changes = own[["y", "yhat", *bounds]].div(own["cutoff"].map(price), axis=0).sub(1).mul(100)
    return changes.assign(session=own["session"])


def _by_model(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each model, its colour and its rows."""
    for model, colour in colours_of(dict.fromkeys(table["model"])).items():
        yield model, colour, table[table["model"] == model]


def _label(model: str, skill: pd.Series) -> str:
    beyond = " (beyond)" if skill.min() < _WORST_SHOWN else ""
    return f"{model_label(model)}{beyond}"


def _limits(skill: pd.Series) -> tuple[float, float]:
    """Of the axis: what is better than −10 %, and zero with some room."""
    shown = [*skill[skill >= _WORST_SHOWN], -_LEAST_SHOWN, _LEAST_SHOWN]
    room = 0.06 * (max(shown) - min(shown))
    return min(shown) - room, max(shown) + room


def _best_text(scores: pd.DataFrame) -> str:
    (best,) = scores.nlargest(1, "skill").to_dict("records")
    return (
        f"At {counted(best['step'], 'session')} the lowest is that of the "
        f"{model_label(best['model'])}: {best['ratio']:.3f}."
    )


def ticked(figure: Any, axis: str, ticks: list[tuple[int, str]]) -> Any:
    """A figure with these ticks on ``"xticks"`` or ``"yticks"``, in both backends."""
    figure = figure.opts(backend="matplotlib", **{axis: ticks})
    return figure.opts(backend="bokeh", **{axis: ticks})


def _dots(points: Any, colour: str, told: list[tuple[str, str]]) -> Any:
    points = points.opts(backend="matplotlib", color=colour, s=30)
    tooltips = [("", points.label), *told]
    return points.opts(
        backend="bokeh", color=colour, size=8, tools=["hover"], hover_tooltips=tooltips
    )


def _rolled(backtest: Backtest, step: int, level: float) -> pd.DataFrame:
    """Rolling coverage, in percent."""
    require_known("step", step, backtest.skill["step"])
    require_known("level", level, backtest.levels)
    rolled = rolling_coverage(backtest.scores)
    rows = rolled[(rolled["step"] == step) & (rolled["level"] == level)]
    if rows.empty:
        n_dates = backtest.scores.coverage_over_time["cutoff"].nunique()
        raise InputError("backtest", f"{n_dates} cutoffs", f"give one of at least {WINDOW}")
    return rows.assign(coverage=100 * rows["coverage"]).rename(columns={"cutoff": "session"})


def _marks(hv: Any, worst: pd.DataFrame) -> Any:
    label = "worst: " + ", ".join(f"{share:.1f} %" for share in worst["coverage"])
    points = hv.Points(worst, ["session", "coverage"], label=label)
    points = points.opts(
        backend="matplotlib", facecolors="none", edgecolors=INK, marker="o", s=90, linewidth=1.6
    )
    return points.opts(backend="bokeh", fill_color=None, line_color=INK, line_width=2, size=12)
