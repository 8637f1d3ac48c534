"""Skill of every model on every symbol, as a picture."""

from typing import Any

import pandas as pd

from stockanalyst.backtesting.results import Backtest, require_known
from stockanalyst.backtesting.score_tables import SIGNIFICANT
from stockanalyst.backtesting.wording import percent
from stockanalyst.forecasting.registry import model_label
from stockanalyst.reporting.backtest_figures import compared, ticked
from stockanalyst.reporting.figures import INK, LEGEND, Picture, holoviews, styled
from stockanalyst.reporting.tables import MANY

_WORSE, _NEUTRAL, _BETTER = "#a83f00", "#f4f4f4", "#005b8f"
_FULL = 0.05  # skill at which a colour is full
_DARK, _PALE = "#1a1a1a", "#ffffff"


def skill_heat_map(backtest: Backtest, step: int) -> Picture:
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
    table = compared(backtest.skill)
    require_known("step", step, table["step"])
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
    figure = ticked(figure, "xticks", list(enumerate(map(model_label, models))))
    ranks = [(0, str(len(rows))), (len(rows) - 1, "1")]
    figure = ticked(figure, "yticks", list(enumerate(rows)) if few else ranks)
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
