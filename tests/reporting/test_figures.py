"""Pictures, in both backends."""

import re
from dataclasses import replace
from typing import Any

import holoviews as hv
import matplotlib as mpl
import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.reporting.context import Analysis
from stockanalyst.reporting.figures import (
    COLOURS,
    Picture,
    colours_of,
    fan_chart,
    fan_chart_text,
    rule,
    skill_chart,
    skill_chart_text,
    styled,
    svg,
)
from tests.reporting.conftest import Page


@pytest.fixture(scope="module")
def drawn(analysis: Analysis) -> str:
    return svg(fan_chart(analysis), alt='closes & "forecasts" <of> WALK')


def layers(figure: Any) -> dict[str, Any]:
    return {layer.label: layer for layer in figure}


def bokeh(figure: Any) -> Any:
    return hv.renderer("bokeh").get_plot(figure).state


@pytest.mark.parametrize("model", ["arima", ""])
def test_a_model_that_took_no_part_has_no_band(analysis: Analysis, model: str) -> None:
    with pytest.raises(InputError, match=f"^model '{model}': there is random_walk, drift, linear$"):
        fan_chart(analysis, model=model)


def test_the_same_figure_is_the_same_svg(analysis: Analysis, drawn: str) -> None:
    assert svg(fan_chart(analysis), alt='closes & "forecasts" <of> WALK') == drawn


def test_svg_is_one_labelled_image_as_wide_as_its_place(drawn: str) -> None:
    root = Page(drawn).elements[0]
    assert root.tag == "svg"
    assert root.attributes["role"] == "img"
    assert root.attributes["aria-label"] == 'closes & "forecasts" <of> WALK'
    assert root.attributes["width"] == "100%"
    assert "height" not in root.attributes
    assert re.fullmatch(r"0 0 [\d.]+ [\d.]+", root.attributes["viewbox"])


def test_text_of_an_svg_is_text_in_the_colour_around_it(drawn: str) -> None:
    texts = Page(drawn).all("text")
    labels = {"close", "random walk", "drift", "linear regression", "WALK, adjusted close"}
    assert labels <= {text.text for text in texts}
    assert all("fill: currentColor" in text.attributes["style"] for text in texts)
    assert "DejaVu" not in drawn


def test_svg_styles_nothing_outside_itself(drawn: str) -> None:
    assert Page(drawn).all("style") == []


def test_svg_loads_nothing(drawn: str) -> None:
    assert re.findall(r"(?:https?:|data:|@import)", drawn) == []
    references = re.findall(r'href="([^"]*)"|url\(([^)]*)\)', drawn)
    assert all((href or url).startswith("#") for href, url in references)


def test_ids_are_found_and_no_two_figures_share_one(analysis: Analysis, drawn: str) -> None:
    other = svg(skill_chart(analysis), alt="skill")
    ids = [re.findall(r' id="([^"]+)"', page) for page in (drawn, other)]
    for found, page in zip(ids, (drawn, other), strict=True):
        assert len(found) == len(set(found))
        assert set(re.findall(r'(?:url\(|href=")#([\w-]+)', page)) == set(found)
    assert not set(ids[0]) & set(ids[1])


def test_drawing_leaves_no_trace_in_the_process(analysis: Analysis) -> None:
    from matplotlib import pyplot as plt

    hv.renderer("matplotlib")
    hv.Store.set_current_backend("bokeh")
    settings = dict(mpl.rcParams)
    svg(fan_chart(analysis), alt="closes")
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == settings
    assert hv.Store.current_backend == "bokeh"


def test_bands_lie_behind_and_the_widest_first(analysis: Analysis) -> None:
    labels = [layer.label for layer in fan_chart(analysis)]
    assert labels[:3] == ["random walk, 95 %", "random walk, 80 %", "close"]
    assert sorted(labels[3:]) == ["drift", "linear regression", "random walk"]


def test_lines_and_bands_begin_at_the_last_close(analysis: Analysis) -> None:
    drift = layers(fan_chart(analysis))["drift"].data
    assert drift["price"].iloc[0] == analysis.closes.iloc[-1]
    assert drift["session"].iloc[0] == analysis.cutoff
    said = analysis.forecast.query("model == 'drift'")
    assert drift["price"].tolist()[1:] == said["yhat"].tolist()
    band = layers(fan_chart(analysis))["random walk, 95 %"].data
    walk = analysis.forecast.query("model == 'random_walk'")
    assert band["hi_95"].tolist() == [analysis.last_close, *walk["hi_95"]]


def test_intervals_are_of_the_model_that_is_asked_for(analysis: Analysis) -> None:
    assert "drift, 80 %" in layers(fan_chart(analysis, model="drift"))


def test_intervals_are_of_the_model_that_a_call_rests_on(analysis: Analysis) -> None:
    called = replace(analysis.recommendation, model="linear", step=5)
    figure = fan_chart(replace(analysis, recommendation=called))
    assert "linear regression, 80 %" in layers(figure)


def test_odd_levels_are_named_in_full(analysis: Analysis) -> None:
    forecast = analysis.forecast.rename(columns=lambda name: name.replace("_95", "_97.5"))
    figure = fan_chart(replace(analysis, levels=(0.8, 0.975), forecast=forecast))
    assert "random walk, 97.5 %" in layers(figure)


def test_bokeh_shows_the_theme_behind_it(analysis: Analysis) -> None:
    figure = bokeh(fan_chart(analysis))
    assert figure.background_fill_color is None
    assert figure.border_fill_color is None
    assert {axis.major_label_text_color for axis in figure.axis} == {"#767676"}
    assert figure.sizing_mode == "stretch_width"
    assert figure.yaxis[0].axis_label == "WALK, adjusted close"


def test_bokeh_tells_session_and_price_under_the_pointer(analysis: Analysis) -> None:
    from bokeh.models import HoverTool

    tools = list(bokeh(fan_chart(analysis)).select({"type": HoverTool}))
    assert {tool.tooltips[0][1] for tool in tools} == {
        "close",
        "drift",
        "linear regression",
        "random walk",
    }
    assert {tuple(name for name, _ in tool.tooltips[1:]) for tool in tools} == {
        ("session", "price")
    }


def test_skill_is_drawn_in_percent_beside_a_line_at_zero(analysis: Analysis) -> None:
    zero, one, five = skill_chart(analysis)
    assert zero.data == 0
    skill = analysis.backtest.skill
    for layer, step in ((one, 1), (five, 5)):
        judged = skill[(skill["step"] == step) & (skill["model"] != "random_walk")]
        assert layer.label == f"horizon {step}"
        assert layer.data["skill"].tolist() == pytest.approx((judged["skill"] * 100).tolist())


def test_skill_is_drawn_by_bokeh_too(analysis: Analysis) -> None:
    figure = bokeh(skill_chart(analysis))
    assert figure.xaxis[0].axis_label == "skill against the random walk, %"
    assert list(figure.yaxis[0].major_label_overrides.values()) == ["linear regression", "drift"]


def test_one_horizon_is_drawn_and_named_once(analysis: Analysis) -> None:
    figure = skill_chart(replace(analysis, steps=(1,)))
    assert [layer.label for layer in figure][1:] == ["horizon 1"]
    assert svg(figure, alt="skill").count("horizon 1") == 1


def test_charts_are_told_in_words(analysis: Analysis) -> None:
    walk = analysis.forecast.query("model == 'random_walk'").iloc[-1]
    text = fan_chart_text(analysis)
    assert f"up to {analysis.cutoff:%Y-%m-%d}, at {analysis.last_close:,.2f}" in text
    assert f"95 % interval from {walk['lo_95']:,.2f} to {walk['hi_95']:,.2f}" in text
    above = (analysis.backtest.skill["skill"] > 0).sum()
    assert f"horizons 1 and 5: {above} of 4 values lie above zero" in skill_chart_text(analysis)


def test_models_of_ones_own_are_told_apart() -> None:
    colours = colours_of(["mine", "linear", "yours", "theirs"])
    assert colours["linear"] == COLOURS["linear"]
    own = {colours[name] for name in ("mine", "yours", "theirs")}
    assert len(own) == 3
    assert own.isdisjoint(COLOURS.values())


def luminance(colour: str) -> float:
    """Relative luminance of a colour, as the guidelines for accessible content define it."""
    channels = [value / 255 for value in bytes.fromhex(colour[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(k * c for k, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_lines_stand_out_on_light_and_on_dark() -> None:
    own = colours_of(f"own {k}" for k in range(6))
    for colour in {**COLOURS, **own}.values():
        on_white = 1.05 / (luminance(colour) + 0.05)
        on_dark = (luminance(colour) + 0.05) / (luminance("#111111") + 0.05)
        assert on_white > 2
        assert on_dark > 3


def test_a_picture_shows_itself_as_svg_and_in_words() -> None:
    picture = Picture(
        styled(hv.Overlay([rule(hv.HLine(1))]), "x", "y", inches=(4, 2)), 'a <"line">'
    )
    (drawing,) = Page(picture._repr_html_()).all("svg")
    assert drawing.attributes["aria-label"] == 'a <"line">'
    assert repr(picture) == '<Picture: a <"line">>'


def test_every_model_has_a_colour_of_its_own() -> None:
    from stockanalyst.forecasting.registry import MODELS

    assert set(COLOURS) == set(MODELS)
    assert len(set(COLOURS.values())) == len(MODELS)
