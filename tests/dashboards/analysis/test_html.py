"""Words and tables as HTML."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from dashboards.analysis.html import (
    data_html,
    legend_html,
    recommendation_html,
    tables_html,
)
from stockanalyst.backtesting.results import MissingModel
from stockanalyst.reporting.figures import fan_chart
from tests.dashboards.doubles import LAST, NOTE, example


def parsed(html: str) -> ET.Element:
    """The HTML as XML; it fails where a tag isn't closed or a text isn't escaped."""
    return ET.fromstring(f"<root>{html}</root>")  # noqa: S314  made here


def words(html: str) -> str:
    return "".join(parsed(html).itertext())


def test_the_recommendation_is_said_with_its_reasons_and_the_data() -> None:
    analysis = example()
    said = words(recommendation_html(analysis))
    assert f"AAPL: {analysis.recommendation.action}" in said
    for reason in analysis.recommendation.reasons:
        assert reason.sentence in said
    assert NOTE in said
    assert f"Data up to {LAST:%Y-%m-%d} from memory" in said


def test_every_forecast_and_every_score_has_its_row() -> None:
    analysis = example()
    root = parsed(tables_html(analysis))
    forecasts, skill = root.iter("table")
    assert len(list(forecasts.iter("tr"))) == 1 + 2 * 7  # random walk and linear, 7 sessions
    assert len(list(skill.iter("tr"))) == 1 + 2 * 2  # at horizons 1 and 7
    captions = ["".join(caption.itertext()) for caption in root.iter("caption")]
    assert any("past cutoffs" in caption for caption in captions)


def test_missing_models_come_with_the_reason_and_the_command() -> None:
    gap = MissingModel("A<B", "lstm", "no <network>", "run: stockanalyst train 'A<B' && echo")
    tests = replace(example().backtest, missing=(gap,))
    html = data_html(replace(example(), backtest=tests))
    assert "Models that took no partLSTM: no <network>; run: stockanalyst train" in words(html)
    (command,) = parsed(html).iter("code")
    assert command.text == "stockanalyst train 'A<B' && echo"


def test_the_legend_names_every_layer_in_its_colour() -> None:
    figure = fan_chart(example())
    entries = list(parsed(legend_html(figure)).iter("li"))
    assert ["".join(entry.itertext()) for entry in entries] == [layer.label for layer in figure]
    for entry in entries:
        (sample,) = entry.iter("span")
        assert re.search(r"color: #[0-9a-f]{6}", sample.get("style", ""))
        assert sample.get("class") in {"solid", "dashed", "area"}


@pytest.mark.parametrize("symbol", ["<script>alert(1)</script>", '"><img src=x>'])
def test_nothing_from_outside_becomes_markup(symbol: str) -> None:
    analysis = replace(example(), symbol=symbol, provider=symbol)
    for html in (recommendation_html(analysis), data_html(analysis)):
        assert symbol not in html
        assert symbol in words(html)
