"""Pictures of a walk-forward.

They show changes, ratios and shares, never prices: the price of one day and of the next are so
alike that every forecast of a price looks good in a picture, that of the random walk included.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stockanalyst.backtesting.scores import SIGNIFICANT, WINDOW, rolling_coverage
from stockanalyst.backtesting.wording import counted, percent
from stockanalyst.exceptions import InputError, did_you_mean
from stockanalyst.forecasting.naive import BASELINES, RandomWalk
from stockanalyst.forecasting.registry import model_label
from stockanalyst.frames import level_suffix
from stockanalyst.reporting.figures import (
    INK,
    LEGEND,
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
from stockanalyst.reporting.tables import MANY

if TYPE_CHECKING:
    from stockanalyst.backtesting.results import Backtest

_SHOWN = 250  # cutoffs: as many as can be told apart
_WORST_SHOWN = -0.1  # skill; whoever is worse would press the others flat
_LEAST_SHOWN = 0.01
_WORSE, _NEUTRAL, _BETTER = "#a83f00", "#f4f4f4", "#005b8f"
_FULL = 0.05  # skill at which a colour is full
_DARK, _PALE = "#1a1a1a", "#ffffff"
_DATED = ("session", "@session{%F}")


def forecast_against_actual(backtest: "Backtest", symbol: str, step: int, model: str) -> Picture:
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
    _require("symbol", symbol, backtest.symbols)
    _require("step", step, backtest.skill["step"])
    forecasts = backtest.forecasts_of(symbol)
    _require("model", model, forecasts.loc[forecasts["yhat"].notna(), "model"])
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


def error_by_horizon(backtest: "Backtest") -> Picture:
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
    table = _compared(backtest.scores.pooled)
    table = table.assign(ratio=1 - table["skill"])
    hv, told = holoviews(), [("sessions ahead", "@step"), ("ratio", "@ratio{0.000}")]
    layers = [rule(hv.HLine(1))]
    for model, colour, rows in _by_model(table):
        curve = hv.Curve(rows, "step", "ratio", label=_label(model, rows["skill"]))
        dash = "dashed" if model in BASELINES else "solid"
        layers.append(line(curve, colour, told, dash=dash))
    low, high = _limits(table["skill"])
    figure = hv.Overlay(layers).redim.range(ratio=(1 - high, 1 - low))
    figure = _ticked(figure, "xticks", [(step, str(step)) for step in sorted(set(table["step"]))])
    ylabel = "RMSE / RMSE of the random walk"
    last = table[table["step"] == table["step"].max()]
    return Picture(
        styled(figure, "sessions ahead", ylabel, inches=(7.5, 3.7)),
        f"RMSE over the random walk's, by sessions ahead. {_best_text(last)}",
    )


def skill_by_year(backtest: "Backtest", step: int) -> Picture:
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
    table = _compared(backtest.scores.by_year)
    _require("step", step, table["step"])
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
    figure = _ticked(figure, "xticks", [(year, str(year)) for year in years])
    above = table.groupby("model", sort=False)["skill"].min() > 0
    always = ", ".join(model_label(str(model)) for model in above.index[above])
    return Picture(
        styled(figure, "", "skill against the random walk, %", inches=(7.5, 3.4)),
        f"Skill at horizon {step} by year of the cutoff, {years[0]} to {years[-1]}; above zero in "
        f"every year: {always or 'no model'}.",
    )


def coverage_over_time(
    backtest: "Backtest",
    step: int,
    level: float,
    *,
    beside: "Mapping[str, Backtest] | None" = None,
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


def skill_heat_map(backtest: "Backtest", step: int) -> Picture:
    """Skill against the random walk of every model on every symbol, in percent.

    An asterisk, and a dot where there are no numbers, marks skill that luck doesn't explain: a
    q-value below 0.05. More than 20 symbols are sorted by their mean skill, the best
    on top, and drawn without names.

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
    table = _compared(backtest.skill)
    _require("step", step, table["step"])
    table = table[table["step"] == step]
    rows, models = _rows(table), list(dict.fromkeys(table["model"]))
    few = len(rows) <= MANY
    cells = _cells(table, rows, models)
    hv = holoviews()
    layers = [*_key(hv), _tiles(hv, cells, few=few)]
    layers += _numbers(hv, cells) if few else [_dotted(hv, cells[cells["significant"]])]
    figure = hv.Overlay(layers).redim.range(
        left=(-0.5, len(models) - 0.5), low=(-0.5, len(rows) - 0.5)
    )
    figure = _ticked(figure, "xticks", list(enumerate(map(model_label, models))))
    ranks = [(0, str(len(rows))), (len(rows) - 1, "1")]
    figure = _ticked(figure, "yticks", list(enumerate(rows)) if few else ranks)
    inches = (7.5, 1.2 + 0.26 * len(rows) if few else 6.5)
    ylabel = "" if few else f"{len(rows):,} symbols by mean skill"
    figure = styled(figure, "", ylabel, inches=inches, hooks=[_slanted])
    better = cells[cells["significant"] & (cells["skill"] > 0)]
    figure = figure.opts(backend="matplotlib", legend_opts={**LEGEND, "ncols": 5})
    return Picture(
        figure.opts(backend="bokeh", xrotation=45, legend_cols=5),
        f"Skill of {len(models)} models on {len(rows)} symbols at horizon {step}: "
        f"{(cells['skill'] > 0).sum()} of {len(cells)} cells lie above zero, {len(better)} of them "
        f"by more than luck explains.",
    )


def _require(parameter: str, value: object, known: Iterable[object]) -> None:
    known = list(dict.fromkeys(known))
    if value not in known:
        names = [str(name) for name in known]
        few = ", ".join(names[:MANY]) + (" …" if len(names) > MANY else "")
        hint = did_you_mean(value, names) if isinstance(value, str) else ""
        raise InputError(parameter, value, f"{hint} there is {few}".strip())


def _compared(table: pd.DataFrame) -> pd.DataFrame:
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


def _ticked(figure: Any, axis: str, ticks: list[tuple[int, str]]) -> Any:
    figure = figure.opts(backend="matplotlib", **{axis: ticks})
    return figure.opts(backend="bokeh", **{axis: ticks})


def _dots(points: Any, colour: str, told: list[tuple[str, str]]) -> Any:
    points = points.opts(backend="matplotlib", color=colour, s=30)
    tooltips = [("", points.label), *told]
    return points.opts(
        backend="bokeh", color=colour, size=8, tools=["hover"], hover_tooltips=tooltips
    )


def _rolled(backtest: "Backtest", step: int, level: float) -> pd.DataFrame:
    """Rolling coverage, in percent."""
    _require("step", step, backtest.skill["step"])
    _require("level", level, backtest.levels)
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


def _rows(table: pd.DataFrame) -> list[str]:
    """Symbols from bottom to top."""
    symbols = list(dict.fromkeys(table["symbol"]))[::-1]
    if len(symbols) <= MANY:
        return symbols
    means = table.groupby("symbol")["skill"].mean()
    return list(means.loc[symbols].sort_values(kind="stable").index)


def _cells(table: pd.DataFrame, rows: list[str], models: list[str]) -> pd.DataFrame:
    """A row a cell: its square, its colour, and what is written in it."""
    x = table["model"].map({name: at for at, name in enumerate(models)})
    y = table["symbol"].map({name: at for at, name in enumerate(rows)})
    significant = table["q_value"] < SIGNIFICANT
    text = table["skill"].map(lambda skill: percent(skill).removesuffix(" %"))
    return pd.DataFrame(
        {
            "left": x - 0.5,
            "low": y - 0.5,
            "right": x + 0.5,
            "high": y + 0.5,
            "x": x,
            "y": y,
            "skill": table["skill"],
            "percent": 100 * table["skill"],
            "q": table["q_value"],
            "symbol": table["symbol"],
            "model": table["model"].map(model_label),
            "significant": significant,
            "colour": [shade(skill) for skill in table["skill"]],
            "text": text + significant.map({True: " *", False: ""}),
        }
    )


def shade(skill: float) -> str:
    """From neutral at 0 to the full colour at 5 %."""
    share = min(abs(skill) / _FULL, 1.0)
    ends = zip(_channels(_NEUTRAL), _channels(_BETTER if skill > 0 else _WORSE), strict=True)
    return "#" + "".join(f"{round(near + share * (far - near)):02x}" for near, far in ends)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _key(hv: Any) -> list[Any]:
    """What the colours mean, as entries of the legend: points outside the picture."""
    marks = []
    for skill in (-_FULL, -_FULL / 2, 0.0, _FULL / 2, _FULL):
        more = " or worse" if skill == -_FULL else " or better" if skill == _FULL else ""
        label = f"{percent(skill)}{more}" if skill else "0"
        point = hv.Points([(-9, -9)], ["left", "low"], label=label)
        look = {"color": shade(skill), "show_legend": True}
        point = point.opts(backend="matplotlib", marker="s", s=70, edgecolors=INK, **look)
        marks.append(point.opts(backend="bokeh", marker="square", size=10, line_color=INK, **look))
    return marks


def _tiles(hv: Any, cells: pd.DataFrame, *, few: bool) -> Any:
    told = [("symbol", "@symbol"), ("model", "@model"), ("skill", "@percent{+0.0} %"), ("q", "@q")]
    tiles = hv.Rectangles(
        cells,
        ["left", "low", "right", "high"],
        ["colour", "symbol", "model", "percent", "q"],
    )
    tiles = tiles.opts(
        backend="matplotlib", color="colour", linewidth=0, hooks=[] if few else [_as_image]
    )
    return tiles.opts(
        backend="bokeh", color="colour", line_alpha=0, tools=["hover"], hover_tooltips=told
    )


def _numbers(hv: Any, cells: pd.DataFrame) -> list[Any]:
    """Text in the cells: dark on pale ones, pale on dark ones."""
    pale = cells["skill"].abs() > 0.55 * _FULL
    layers = []
    for colour, chosen in ((_DARK, cells[~pale]), (_PALE, cells[pale])):
        if len(chosen):
            labels = hv.Labels(chosen, ["x", "y"], "text")
            labels = labels.opts(backend="matplotlib", color=colour, size=9)
            layers.append(labels.opts(backend="bokeh", text_color=colour, text_font_size="9pt"))
    return layers


def _dotted(hv: Any, cells: pd.DataFrame) -> Any:
    points = hv.Points(cells, ["x", "y"])
    points = points.opts(backend="matplotlib", color=_DARK, edgecolors=_PALE, linewidth=0.7, s=14)
    return points.opts(backend="bokeh", color=_DARK, line_color=_PALE, size=5)


def _as_image(plot: Any, _element: Any) -> None:
    """Matplotlib: thousands of cells as pixels, which an SVG can carry."""
    tiles = plot.handles["artist"]
    tiles.set_rasterized(True)
    tiles.set_antialiased(False)


def _slanted(plot: Any, _element: Any) -> None:
    """Matplotlib: names of models that don't run into one another; no grid over the cells."""
    axes = plot.handles["axis"]
    axes.grid(visible=False)
    for name in axes.get_xticklabels():
        name.set(rotation=35, ha="right", rotation_mode="anchor")
