"""Pictures of an analysis, in HoloViews: one source for notebooks, reports and pages.

Each figure carries its style for two backends: bokeh, where it is interactive, and matplotlib,
where it stands in a page as SVG. HoloViews is imported when a figure is first made.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from stockanalyst.backtesting.results import require_known
from stockanalyst.forecasting.naive import BASELINES, RandomWalk
from stockanalyst.forecasting.registry import model_label
from stockanalyst.frames import level_columns, level_suffix

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

    from stockanalyst.reporting.context import Analysis

# Okabe and Ito's palette: told apart by readers who see few colours, on light and on dark.
COLOURS = {
    "random_walk": "#999999",
    "drift": "#56b4e9",
    "seasonal_naive": "#8c9fc4",
    "linear": "#e69f00",
    "ridge": "#b8860b",
    "arima": "#009e73",
    "auto_arima": "#66c2a5",
    "theta": "#0072b2",
    "lstm": "#cc79a7",
    "ensemble": "#d55e00",
    "ensemble_inverse": "#a0522d",
    "ensemble_stacked": "#b03060",
}
# Of models of one's own, in turn.
_OTHERS = ("#8d6cc4", "#c2a500", "#17a2b8", "#8c564b", "#e377c2", "#7f9f3f")
#: Text, axes and the past: a grey that can be read on white and on black.
INK = "#767676"

LEGEND = {
    "loc": "lower left",
    "bbox_to_anchor": (0, 1),
    "ncols": 4,
    "frameon": False,
    "handlelength": 1.6,
    "columnspacing": 1.4,
}
_DATES = ["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%S"]
_DATES_AT_ZERO = ["%Y", "%b %Y", "%b %Y", "%d %b", "%H:%M", "%H:%M"]
_RC: "dict[RcKeyType, str]" = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stockanalyst",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_DPI = 200  # of a layer that a figure asks to be drawn as an image
_PIXELS_A_POINT = 1.3
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))

_ROOT = (
    'width="100%" stroke-linejoin="round" stroke-linecap="butt" '
    'font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif"'
)


@dataclass(frozen=True)
class Picture:
    """A figure that a notebook shows as SVG: no script, no extension, the same bytes each time.

    Attributes
    ----------
    figure : holoviews.Overlay
        Styled for the bokeh and the matplotlib backend.
    alt : str
        What it shows, for people who don't see it.
    """

    figure: Any
    alt: str

    def __repr__(self) -> str:
        return f"<Picture: {self.alt}>"

    def _repr_html_(self) -> str:
        drawing = svg(self.figure, alt=self.alt)
        # As wide as its own text asks for: letters are of one size from picture to picture.
        width = float(re.findall(r'viewBox="0 0 ([\d.]+)', drawing)[0]) * _PIXELS_A_POINT
        return f'<div style="max-width: {width:.0f}px">{drawing}</div>'


def fan_chart(analysis: "Analysis", *, model: str | None = None) -> Any:
    """Past closes, every model's path, and the intervals of one.

    Parameters
    ----------
    analysis : Analysis
    model : str, optional
        Whose intervals are drawn; without one, the model that the recommendation rests on, and
        without a call the random walk.

    Raises
    ------
    InputError
        The model took no part.

    Returns
    -------
    holoviews.Overlay
        Styled for the bokeh and the matplotlib backend.
    """
    hv = holoviews()
    drawn = drawn_model(analysis, model)
    closes = analysis.closes.iloc[-20 - 3 * analysis.horizon :]
    past = closes.rename_axis("session").to_frame("price").reset_index()
    layers = [
        *_bands(hv, analysis, drawn),
        _line(hv, past, "close", INK),
        # The baselines last: where paths coincide, their dashes let the one below show.
        *(_path(hv, analysis, name) for name in reversed(analysis.models)),
    ]
    ylabel = f"{analysis.symbol}, adjusted close"
    return styled(hv.Overlay(layers), "", ylabel, inches=(7.5, 3.7), hooks=[dates])


def fan_chart_text(analysis: "Analysis", *, model: str | None = None) -> str:
    """What :func:`fan_chart` shows, for people who don't see it."""
    drawn = drawn_model(analysis, model)
    last = analysis.forecast[analysis.forecast["model"] == drawn].iloc[-1]
    low, high = (last[name] for name in level_columns(analysis.levels[-1:]))
    return (
        f"Closes of {analysis.symbol} up to {analysis.cutoff:%Y-%m-%d}, at "
        f"{analysis.last_close:,.2f}, and {analysis.horizon} sessions of forecasts; the "
        f"{model_label(drawn)} expects {last['yhat']:,.2f} on {last['session']:%Y-%m-%d}, its "
        f"{analysis.levels[-1] * 100:.10g} % interval from {low:,.2f} to {high:,.2f}."
    )


def drawn_model(analysis: "Analysis", model: str | None = None) -> str:
    """Whose intervals :func:`fan_chart` draws."""
    if model is None:
        return analysis.recommendation.model or RandomWalk.name
    require_known("model", model, analysis.models)
    return model


def skill_chart(analysis: "Analysis") -> Any:
    """Skill against the random walk by model, in percent, the scored horizons side by side.

    Returns
    -------
    holoviews.Overlay
        A row a model about a line at zero, styled for the bokeh and the matplotlib backend.
    """
    hv = holoviews()
    skill = analysis.backtest.skill.dropna(subset="skill")
    models = list(dict.fromkeys(skill["model"]))[::-1]
    zero = rule(hv.VLine(0))
    dots = [_dots(hv, skill, models, step) for step in analysis.steps]
    ticks = [(row, model_label(name)) for row, name in enumerate(models)]
    figure = hv.Overlay([zero, *dots]).redim.range(row=(-0.6, len(models) - 0.4))
    figure = figure.opts(backend="matplotlib", yticks=ticks).opts(backend="bokeh", yticks=ticks)
    xlabel = "skill against the random walk, %"
    return styled(figure, xlabel, "", inches=(7.5, 0.8 + 0.35 * len(models)))


def skill_chart_text(analysis: "Analysis") -> str:
    """What :func:`skill_chart` shows, for people who don't see it."""
    skill = analysis.backtest.skill.dropna(subset="skill")
    better = skill[skill["skill"] > 0]
    return (
        f"Skill of {skill['model'].nunique()} models on {analysis.symbol} at horizons "
        f"{' and '.join(map(str, analysis.steps))}: {len(better)} of {len(skill)} values lie "
        "above zero, where a model has been closer than the random walk."
    )


def svg(figure: Any, *, alt: str) -> str:
    """A figure of this module as inline SVG: text as text, as wide as the place where it stands.

    The same figure gives the same bytes. Text, axes and the past take the colour of the text
    around them.

    Parameters
    ----------
    figure : holoviews.Overlay
    alt : str
        What it shows, for people who don't see it.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    hv = holoviews()
    inches = hv.Store.lookup_options("matplotlib", figure, "plot").kwargs["fig_inches"]
    renderer = hv.renderer("matplotlib").instance()
    with rc_context(_RC), StringIO() as page:
        # A canvas of its own: pyplot would keep it, or open a window.
        canvas = Figure(figsize=inches, facecolor="none")
        axes = canvas.add_subplot(facecolor="none")
        renderer.get_plot(figure, fig=canvas, axis=axes)
        canvas.savefig(page, format="svg", dpi=_DPI, bbox_inches="tight", metadata=_NO_METADATA)
        return _inline(page.getvalue(), alt)


def _inline(page: str, alt: str) -> str:
    """Matplotlib's page as an element; the ids that it needs are its own, the others go."""
    drawing = page[page.index("<svg") :].strip()
    head, body = drawing.split(">", 1)
    (view_box,) = re.findall(r'viewBox="[^"]+"', head)
    # A style element inside would reach the whole page; its two rules stand on the root instead.
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL).replace("xlink:href", "href")
    body = re.sub(r"font-family: [^;]+; ", "", body).replace(INK, "currentColor")
    used = set(re.findall(r'(?<=url\(#)\w+|(?<=href="#)\w+', body))
    own = f"sa-{hashlib.sha256(body.encode()).hexdigest()[:8]}-"
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{own}{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{own}", body)
    return f'<svg role="img" aria-label="{escape(alt)}" {view_box} {_ROOT}>{body}'


def colours_of(models: Iterable[str]) -> dict[str, str]:
    """A colour for each model; those of one's own take theirs by their place among themselves."""
    named = list(models)
    own = [model for model in named if model not in COLOURS]
    others = {model: _OTHERS[place % len(_OTHERS)] for place, model in enumerate(own)}
    return {model: others.get(model) or COLOURS[model] for model in named}


def holoviews() -> Any:
    """HoloViews with both backends loaded; the current one stays current."""
    import holoviews as hv

    hv.renderer("bokeh")
    hv.renderer("matplotlib")
    return hv


def _from_cutoff(analysis: "Analysis", model: str, columns: list[str]) -> pd.DataFrame:
    """The model's forecasts, begun at the last close so that lines and bands join the past."""
    rows = analysis.forecast.loc[analysis.forecast["model"] == model, ["session", *columns]]
    last = dict.fromkeys(columns, analysis.last_close)
    start = pd.DataFrame({"session": [analysis.cutoff], **last})
    return pd.concat([start, rows], ignore_index=True)


def _bands(hv: Any, analysis: "Analysis", model: str) -> list[Any]:
    """Intervals, the widest first and palest."""
    layers = []
    for place, level in enumerate(reversed(analysis.levels)):
        bounds = level_columns([level])
        rows = _from_cutoff(analysis, model, bounds)
        area = hv.Area(rows, "session", bounds, label=band_label(model, level))
        alpha = 0.2 + 0.3 * place / len(analysis.levels)
        layers.append(band(area, COLOURS[model], alpha))
    return layers


def _path(hv: Any, analysis: "Analysis", model: str) -> Any:
    rows = _from_cutoff(analysis, model, ["yhat"]).rename(columns={"yhat": "price"})
    dash = "dashed" if model in BASELINES else "solid"
    return _line(hv, rows, model_label(model), COLOURS[model], dash=dash)


def _line(hv: Any, rows: pd.DataFrame, label: str, colour: str, *, dash: str = "solid") -> Any:
    curve = hv.Curve(rows, "session", "price", label=label)
    told = [("session", "@session{%F}"), ("price", "@price{0,0.00}")]
    return line(curve, colour, told, dash=dash)


def _dots(hv: Any, skill: pd.DataFrame, models: list[str], step: int) -> Any:
    rows = skill[skill["step"] == step]
    table = pd.DataFrame(
        {
            "skill": rows["skill"] * 100,
            "row": rows["model"].map(models.index),
            "model": rows["model"].map(model_label),
        }
    )
    colour, mark, marker = ("#56b4e9", "o", "circle") if step == 1 else ("#d55e00", "D", "diamond")
    points = hv.Points(table, ["skill", "row"], "model", label=f"horizon {step}")
    points = points.opts(backend="matplotlib", color=colour, marker=mark, s=60)
    return points.opts(
        backend="bokeh",
        color=colour,
        marker=marker,
        size=11,
        tools=["hover"],
        hover_tooltips=[("", "@model"), ("skill", "@skill{+0.0} %")],
    )


def band_label(model: str, level: float) -> str:
    """Name of an interval: ``"random walk, 80 %"``."""
    return f"{model_label(model)}, {level_suffix(level)} %"


def band(area: Any, colour: str, alpha: float) -> Any:
    """An area without a border."""
    look = {"show_legend": True, "color": colour, "alpha": alpha}
    # Either colour alone loses against the default of the other.
    area = area.opts(backend="matplotlib", facecolor=colour, linewidth=0, **look)
    return area.opts(backend="bokeh", line_alpha=0, **look)


def line(
    curve: Any,
    colour: str,
    told: Sequence[tuple[str, str]],
    *,
    dash: str = "solid",
    width: float = 1.8,
) -> Any:
    """A curve; under the pointer it tells its label and `told`, names and bokeh's fields."""
    curve = curve.opts(
        backend="matplotlib",
        color=colour,
        linewidth=width,
        # As an option it would meet the line style that HoloViews itself gives, and a warning.
        hooks=[lambda plot, _element: plot.handles["artist"].set_linestyle(dash)],
    )
    return curve.opts(
        backend="bokeh",
        color=colour,
        line_width=width,
        line_dash=dash,
        tools=["hover"],
        hover_tooltips=[("", curve.label), *told],
        hover_formatters={
            field.removesuffix("{%F}"): "datetime" for _, field in told if field.endswith("{%F}")
        },
    )


def rule(place: Any) -> Any:
    """A vertical or horizontal line to hold values against."""
    place = place.opts(backend="matplotlib", color=INK, linewidth=1.2)
    return place.opts(backend="bokeh", color=INK, line_width=1.2)


def styled(
    figure: Any,
    xlabel: str,
    ylabel: str,
    *,
    inches: tuple[float, float],
    hooks: list[Callable[[Any, Any], None]] | None = None,
) -> Any:
    """An overlay with this module's look in both backends; `hooks` are matplotlib's."""
    labels = {"title": "", "xlabel": xlabel, "ylabel": ylabel, "show_grid": True}
    figure = figure.opts(
        backend="matplotlib",
        fig_inches=inches,
        aspect=inches[0] / inches[1],
        show_frame=False,
        legend_opts=LEGEND,
        hooks=[_plain_axes, *(hooks or ())],
        **labels,
    )
    return figure.opts(
        backend="bokeh",
        responsive=True,
        height=round(90 * inches[1]) + 70,
        legend_position="top",
        legend_cols=4,
        toolbar="right",
        hooks=[_plain_figure],
        **labels,
    )


def _plain_axes(plot: Any, _element: Any) -> None:
    """Matplotlib: a faint grid under the lines."""
    axes = plot.handles["axis"]
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def dates(plot: Any, _element: Any) -> None:
    """Matplotlib: days and months, the year with each first of a month."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    # matplotlib.dates has no types.
    locator = AutoDateLocator(minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
    formatter = ConciseDateFormatter(  # type: ignore[no-untyped-call]
        locator, formats=_DATES, zero_formats=_DATES_AT_ZERO, show_offset=False
    )
    axis = plot.handles["axis"].xaxis
    axis.set_major_locator(locator)
    axis.set_major_formatter(formatter)


def _plain_figure(plot: Any, _element: Any) -> None:
    """Bokeh: no background and mid-tone text, so that the page's theme shows through."""
    figure = plot.state
    figure.update(background_fill_color=None, border_fill_color=None, outline_line_color=None)
    figure.toolbar.update(logo=None, autohide=True)
    for axis in figure.axis:
        axis.update(
            axis_label_text_color=INK,
            axis_label_text_font_style="normal",
            major_label_text_color=INK,
            axis_line_color=INK,
            major_tick_line_color=INK,
            minor_tick_line_color=None,
        )
    for grid in figure.grid:
        grid.update(grid_line_color=INK, grid_line_alpha=0.25)
    for legend in figure.legend:
        legend.update(
            background_fill_color=None,
            border_line_color=None,
            label_text_color=INK,
            spacing=8,
            # bokeh places the plot without them, and the legend would reach into it.
            margin=0,
            padding=0,
        )
