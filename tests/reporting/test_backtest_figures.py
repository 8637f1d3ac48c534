"""Pictures of a walk-forward, held against numbers counted by hand; see walks.py."""

from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import Any

import holoviews as hv
import pandas as pd
import pytest

from stockanalyst.backtesting.cube import Held
from stockanalyst.backtesting.engine import Part
from stockanalyst.backtesting.results import Backtest
from stockanalyst.backtesting.scores import score
from stockanalyst.exceptions import InputError
from stockanalyst.reporting.backtest_figures import (
    coverage_over_time,
    error_by_horizon,
    forecast_against_actual,
    skill_by_year,
)
from stockanalyst.reporting.figures import COLOURS, Picture
from stockanalyst.reporting.heat_map import skill_heat_map
from tests.reporting.conftest import Page
from tests.reporting.walks import BAD, CUTOFFS, GOOD, MOVES, walked


@pytest.fixture(scope="module")
def two() -> Backtest:
    """AAA can be forecast, BBB can't."""
    return walked({"AAA": GOOD, "BBB": BAD})


def layers(picture: Picture) -> dict[str, Any]:
    return {layer.label: layer for layer in picture.figure}


def bokeh(picture: Picture) -> Any:
    return hv.renderer("bokeh").get_plot(picture.figure).state


def test_forecast_and_actual_are_changes_in_percent(two: Backtest) -> None:
    picture = forecast_against_actual(two, "AAA", 1, "own")
    said, came = layers(picture)["own"].data, layers(picture)["what came"].data
    assert came["change"].tolist() == pytest.approx(MOVES.tolist())
    assert said["change"].tolist()[:2] == pytest.approx([10.0, -5.0])
    assert said["session"].iloc[0] == CUTOFFS[0] + pd.Timedelta(days=1)
    band = layers(picture)["own, 80 %"].data
    assert (band["lo_80"].iloc[0], band["hi_80"].iloc[0]) == pytest.approx((-25.0, 25.0))
    assert picture.alt.endswith("forecast 7.50 % up or down on average, 10.00 % came.")


def test_only_the_last_cutoffs_are_drawn_and_no_endless_band() -> None:
    backtest = walked({"AAA": GOOD})
    (part,) = backtest.parts
    part.load().upper[0, 1, 0, :5] = float("inf")
    band = layers(forecast_against_actual(backtest, "AAA", 1, "own"))["own, 80 %"].data
    assert len(band) == len(CUTOFFS) - 5


def test_error_by_horizon_is_the_ratio_of_the_rmses(two: Backtest) -> None:
    """Step 1: √((0 + 25 + 144 + 121)/4) over 10. Step 2: errors of 20 over 10."""
    picture = error_by_horizon(two)
    line, *others = picture.figure
    assert line.data == 1
    (curve,) = others
    assert curve.data["ratio"].tolist() == pytest.approx([sqrt(72.5) / 10, 2.0])
    assert curve.label == "own (beyond)"
    assert picture.alt.endswith("At 2 sessions the lowest is that of the own: 2.000.")


def test_a_model_far_behind_leaves_the_others_their_room(two: Backtest) -> None:
    axis = bokeh(error_by_horizon(two)).y_range
    assert axis.start < sqrt(72.5) / 10
    assert 1.01 < axis.end < 1.1


def test_skill_by_year_stands_at_its_year(two: Backtest) -> None:
    picture = skill_by_year(two, 1)
    zero, dots = picture.figure
    assert zero.data == 0
    assert dots.data["place"].round().tolist() == [2012, 2013]
    skill = two.scores.by_year.query("model == 'own' and step == 1")["skill"]
    assert dots.data["percent"].tolist() == pytest.approx((100 * skill).tolist())
    assert picture.alt.endswith("2012 to 2013; above zero in every year: own.")
    assert "above zero in every year: no model." in skill_by_year(two, 2).alt


def test_coverage_marks_the_worst_sixty_sessions(two: Backtest) -> None:
    """The random walk's intervals hold up to cutoff 40: 30 of the last 60."""
    picture = coverage_over_time(two, 1, 0.8)
    drawn = layers(picture)
    walk = drawn["random walk"].data
    assert walk["coverage"].iloc[[0, -1]].tolist() == pytest.approx([100 * 40 / 60, 50.0])
    assert set(drawn["own"].data["coverage"]) == {100.0}
    mark = drawn["worst: 50.0 %"].data
    assert mark["session"].tolist() == [CUTOFFS[-1]]
    assert next(iter(picture.figure)).data == 80
    assert picture.alt.endswith(f"Lowest: 50.0 % (random walk, up to {CUTOFFS[-1]:%Y-%m-%d}).")


def test_coverage_of_another_walk_forward_stands_beside(two: Backtest) -> None:
    picture = coverage_over_time(two, 2, 0.8, beside={"narrow": two, "narrower": two})
    names = [layer.label for layer in picture.figure][1:]
    assert names == ["random walk", "own", "narrow", "narrower", "worst: 100.0 %, 100.0 %, 100.0 %"]


@pytest.mark.parametrize("beside", [False, True])
def test_every_picture_is_drawn_by_both_backends(two: Backtest, beside: bool) -> None:
    pictures = [
        forecast_against_actual(two, "BBB", 2, "random_walk"),
        error_by_horizon(two),
        skill_by_year(two, 1),
        coverage_over_time(two, 1, 0.8, beside={"other": two} if beside else None),
        skill_heat_map(two, 1),
    ]
    for picture in pictures:
        figure = bokeh(picture)
        assert figure.background_fill_color is None
        assert figure.sizing_mode == "stretch_width"
        (svg,) = Page(picture._repr_html_()).all("svg")
        assert svg.attributes["aria-label"] == picture.alt


def test_models_of_ones_own_take_a_colour_that_no_other_has(two: Backtest) -> None:
    from bokeh.models import Line

    lines = list(bokeh(error_by_horizon(two)).select({"type": Line}))
    assert lines
    assert {line.line_color for line in lines}.isdisjoint(COLOURS.values())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: forecast_against_actual(b, "AAB", 1, "own"), "did you mean AAA?"),
        (lambda b: forecast_against_actual(b, "AAA", 1, "owl"), "did you mean own?"),
        (lambda b: forecast_against_actual(b, "AAA", 3, "own"), "step 3: there is 1, 2"),
        (lambda b: skill_by_year(b, 4), "step 4: there is 1, 2"),
        (lambda b: skill_heat_map(b, 0), "step 0: there is 1, 2"),
        (lambda b: coverage_over_time(b, 1, 0.9), "level 0.9: there is 0.8"),
        (lambda b: coverage_over_time(b, 5, 0.8), "step 5: there is 1, 2"),
    ],
)
def test_what_was_not_scored_is_named(two: Backtest, call: Any, message: str) -> None:
    with pytest.raises(InputError, match="there is") as caught:
        call(two)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "draw",
    [error_by_horizon, partial(skill_by_year, step=1), partial(skill_heat_map, step=1)],
    ids=["by_horizon", "by_year", "heat_map"],
)
def test_the_random_walk_alone_has_nothing_to_show(draw: Callable[[Backtest], Picture]) -> None:
    (part,) = walked({"AAA": GOOD}).parts
    cube = part.load().among(["random_walk"])
    alone = Part(Held(cube), {"AAA": score(cube, (1, 2))})
    with pytest.raises(InputError, match="the random walk alone"):
        draw(Backtest.of([alone], symbols=["AAA"]))
