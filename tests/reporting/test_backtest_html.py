"""What JupyterLab shows of a walk-forward."""

from stockanalyst.reporting.backtest_html import ShownBacktest, backtest_html
from tests.reporting.conftest import Page
from tests.reporting.walks import BAD, GOOD, many, walked


def test_scores_and_sentences_stand_in_one_element() -> None:
    page = Page(backtest_html(walked({"AAA": GOOD, "BBB": BAD})))
    assert [element.tag for element in page.elements if not element.around] == ["div"]
    heads = [head.text for head in page.all("th") if head.attributes["scope"] == "row"]
    assert heads == ["random walk", "own"] * 2
    items = [item.text for item in page.all("li")]
    assert len(items) == 2 * 2
    assert items[0].startswith("own beats the random walk on AAA at horizon 1")


def test_it_stays_short_and_the_same() -> None:
    html = backtest_html(many(400, winners=40))
    assert len(html) < 10_000
    assert html == backtest_html(many(400, winners=40))


def test_whatever_comes_from_outside_is_text() -> None:
    page = Page(backtest_html(walked({"<b>A": GOOD}, missing=True)))
    assert page.all("b") == []
    assert "Prices <end> in 2013." in [element.text for element in page.all("p")]
    assert any("no <network>" in item.text for item in page.all("li"))
    assert any("on <b>A at horizon 1" in item.text for item in page.all("li"))


def test_a_shown_walk_forward_tells_itself_in_a_line() -> None:
    plain = walked({"AAA": GOOD})
    shown = ShownBacktest.of(plain.parts, symbols=plain.symbols)
    assert repr(shown) == "<Backtest of 2 models on 1 symbol>"
    assert shown._repr_html_() == backtest_html(plain)
