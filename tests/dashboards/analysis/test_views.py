"""The view, without a server."""

import holoviews as hv
import pytest
from bokeh.models import Legend
from bokeh.plotting import figure

from dashboards.analysis.state import AnalysisState
from dashboards.analysis.views import AnalysisView
from stockanalyst.reporting.figures import fan_chart_text
from tests.dashboards.doubles import Answers, example


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def view(answers: Answers) -> AnalysisView:
    return AnalysisView(AnalysisState(answers))


def press(view: AnalysisView, symbol: str, horizon: str) -> None:
    """What the browser sends when a person submits the form."""
    view.form._handle_msg({"symbol": symbol, "horizon": horizon})


def test_at_first_there_is_the_form_and_no_result(view: AnalysisView) -> None:
    assert (view.form.symbol, view.form.horizon, view.form.maximum) == ("AAPL", "7", 60)
    assert not view.result.visible
    assert not view.form.busy


def test_a_submission_shows_the_result(view: AnalysisView, answers: Answers) -> None:
    press(view, "msft", "3")
    assert answers.asked[0][0] == "msft"
    assert view.result.visible
    assert "MSFT" in view.recommendation.object
    assert isinstance(view.chart.object, hv.Overlay)
    assert "<table" in view.tables.object
    assert "Models that took no part" in view.data.object
    assert (view.form.symbol, view.form.horizon) == ("MSFT", "3")


def test_the_chart_has_its_words_beside_it(view: AnalysisView) -> None:
    press(view, "AAPL", "7")
    assert fan_chart_text(example()) in view.legend.object


def test_an_error_is_shown_and_the_result_stays(view: AnalysisView) -> None:
    press(view, "AAPL", "7")
    press(view, "NOPE", "7")
    assert view.status.error == "symbol 'NOPE': nobody knows it; did you mean AAPL?"
    assert view.result.visible


def test_what_is_being_done_reaches_the_form_and_the_status(view: AnalysisView) -> None:
    seen: list[tuple[bool, bool, str, float]] = []
    view.status.param.watch(
        lambda _event: seen.append(
            (view.form.busy, view.status.busy, view.status.status, view.status.share)
        ),
        "share",
    )
    press(view, "AAPL", "7")
    assert seen == [(True, True, "Walking forward", 0.5)]
    assert not view.form.busy


def test_the_chart_is_drawn_without_a_legend_that_a_phone_would_cut(view: AnalysisView) -> None:
    press(view, "AAPL", "7")
    models = view.__panel__().get_root().references()
    assert any(isinstance(model, figure) for model in models)
    assert not any(model.items for model in models if isinstance(model, Legend))
