"""The analysis page as a person meets it."""

from collections.abc import Iterator
from pathlib import Path

import panel as pn
import pytest
from playwright.sync_api import Page, expect

from stockanalyst.exceptions import RateLimited
from stockanalyst.reporting.figures import fan_chart_text
from tests.browser.conftest import Open
from tests.dashboards.doubles import Answers, example, served

PAGE = Path(__file__).parents[2] / "dashboards" / "pages" / "analysis.py"


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def address(answers: Answers) -> Iterator[str]:
    pn.state.as_cached("analyses", lambda: answers)
    with served({"analysis": str(PAGE)}) as server:
        yield f"{server}/analysis"
        answers.gate.set()


def ask(page: Page, symbol: str) -> None:
    page.get_by_label("Symbol").fill(symbol)
    page.get_by_role("button", name="Analyse").click()


def shown(page: Page, symbol: str) -> None:
    """Wait until the analysis of a symbol stands on the page."""
    expect(page.get_by_role("status")).to_contain_text(f"{symbol} is analysed")
    expect(page.get_by_role("heading", level=2).first).to_contain_text(symbol)


def test_the_first_visit_is_a_prompt(open_page: Open, address: str, answers: Answers) -> None:
    page = open_page(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Stock analysis")
    expect(page.get_by_role("status")).to_contain_text("press Analyse")
    expect(page.get_by_label("Symbol")).to_have_value("AAPL")
    expect(page.get_by_label("Horizon")).to_have_value("7")
    assert answers.asked == []


def test_a_symbol_brings_recommendation_chart_and_tables(open_page: Open, address: str) -> None:
    page = open_page(address)
    ask(page, "msft")
    shown(page, "MSFT")
    action = example().recommendation.action
    expect(page.get_by_role("heading", name=f"MSFT: {action}")).to_be_visible()
    for reason in example().recommendation.reasons:
        expect(page.get_by_text(reason.sentence)).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    expect(
        page.get_by_text(fan_chart_text(example()).removeprefix("Closes of AAPL"))
    ).to_be_visible()
    expect(page.get_by_role("columnheader", name="Skill")).to_be_visible()
    expect(page.get_by_role("rowheader", name="linear regression")).to_have_count(2)
    expect(page.get_by_role("heading", name="Models that took no part")).to_be_visible()
    expect(page).to_have_url(f"{address}?symbol=MSFT&horizon=7")


def test_the_forecasts_unfold_as_a_table(open_page: Open, address: str) -> None:
    page = open_page(f"{address}?symbol=AAPL")
    shown(page, "AAPL")
    expect(page.get_by_role("columnheader", name="Forecast")).to_be_hidden()
    page.get_by_text("Every forecast as a table").click()
    expect(page.get_by_role("columnheader", name="Forecast")).to_be_visible()


def test_an_error_is_one_line_and_the_last_analysis_stays(open_page: Open, address: str) -> None:
    page = open_page(f"{address}?symbol=AAPL")
    shown(page, "AAPL")
    ask(page, "NOPE")
    alert = page.get_by_role("alert")
    expect(alert).to_have_text("symbol 'NOPE': nobody knows it; did you mean AAPL?")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("AAPL")
    expect(page).to_have_url(f"{address}?symbol=AAPL")
    ask(page, "MSFT")
    shown(page, "MSFT")
    expect(alert).to_be_hidden()


def test_markup_in_a_field_stays_text(open_page: Open, address: str) -> None:
    page = open_page(address)
    ask(page, "<img src=x>")
    expect(page.get_by_role("alert")).to_contain_text("'<img src=x>'")
    expect(page.locator("img")).to_have_count(0)


def test_an_unexpected_error_is_a_plain_sentence(
    open_page: Open, address: str, answers: Answers
) -> None:
    answers.failure = ZeroDivisionError("internals")
    page = open_page(address)
    ask(page, "AAPL")
    expect(page.get_by_role("alert")).to_contain_text("Something went wrong here")
    expect(page.get_by_role("button", name="Analyse")).to_have_attribute("aria-disabled", "false")


def test_the_keyboard_is_enough(open_page: Open, address: str, answers: Answers) -> None:
    page = open_page(address)
    symbol, horizon = page.get_by_label("Symbol"), page.get_by_label("Horizon")
    expect(symbol).to_be_visible()
    page.keyboard.press("Tab")  # past the button for the theme
    page.keyboard.press("Tab")
    expect(symbol).to_be_focused()
    page.keyboard.type("MSFT")
    page.keyboard.press("Tab")
    expect(horizon).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    shown(page, "MSFT")
    button = page.get_by_role("button", name="Analyse")
    expect(button).to_have_attribute("aria-disabled", "false")
    answers.failure = RateLimited("yahoo", "too many requests; wait a minute")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("alert")).to_have_text("yahoo: too many requests; wait a minute")
    assert [(name, asked.horizon) for name, asked in answers.asked] == [("MSFT", 3), ("MSFT", 3)]


def test_a_reload_keeps_what_is_shown(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.get_by_label("Horizon").fill("3")
    ask(page, "MSFT")
    shown(page, "MSFT")
    page.reload()
    shown(page, "MSFT")
    expect(page.get_by_label("Symbol")).to_have_value("MSFT")
    expect(page.get_by_label("Horizon")).to_have_value("3")


def test_back_shows_what_was_shown_before(open_page: Open, address: str) -> None:
    page = open_page(f"{address}?symbol=AAPL")
    shown(page, "AAPL")
    ask(page, "MSFT")
    shown(page, "MSFT")
    page.go_back()
    shown(page, "AAPL")
    expect(page).to_have_url(f"{address}?symbol=AAPL")


def test_one_persons_analysis_doesnt_hold_up_another(
    open_page: Open, address: str, answers: Answers
) -> None:
    answers.gate.clear()
    waiting = open_page(address)
    ask(waiting, "AAPL")
    expect(waiting.get_by_role("status")).to_have_text("Walking forward")
    expect(waiting.get_by_role("progressbar")).to_have_attribute("value", "0.5")
    expect(waiting.get_by_role("button", name="Analysing…")).to_be_visible()
    other = open_page(address)
    other.get_by_label("Horizon").fill("99")
    ask(other, "AAPL")
    expect(other.get_by_role("alert")).to_contain_text("from 1 to 60")
    answers.gate.set()
    shown(waiting, "AAPL")
    expect(other.get_by_role("heading", level=2)).to_have_count(0)


@pytest.mark.parametrize("width", [420, 1280])
def test_nothing_sticks_out_sideways(open_page: Open, address: str, width: int) -> None:
    page = open_page(f"{address}?symbol=AAPL", width=width)
    shown(page, "AAPL")
    expect(page.locator("canvas").first).to_be_visible()
    for box in (page.locator("html"), page.locator("main"), page.locator(".main-content")):
        assert box.evaluate("e => e.scrollWidth - e.clientWidth") == 0
    right = page.get_by_role("button", name="Analyse").bounding_box()
    assert right is not None
    assert right["x"] + right["width"] <= width


def contrast(page: Page, selector: str) -> float:
    """Contrast of a text with the first opaque background behind it, as WCAG 2 defines it."""
    return float(
        page.locator(selector).first.evaluate(
            """element => {
              const rgba = text => {
                const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number)
                return {rgb: [r, g, b], a}
              }
              const luminance = rgb => {
                const [r, g, b] = rgb.map(c => c / 255).map(
                  c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                return 0.2126 * r + 0.7152 * g + 0.0722 * b
              }
              let behind = element, ground = {a: 0}
              while (behind && ground.a < 1) {
                ground = rgba(getComputedStyle(behind).backgroundColor)
                behind = behind.parentElement ?? behind.getRootNode().host
              }
              const text = luminance(rgba(getComputedStyle(element).color).rgb)
              const back = luminance(ground.rgb)
              return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05)
            }"""
        )
    )


@pytest.mark.parametrize("theme", ["default", "dark"])
def test_text_can_be_read_on_its_background(open_page: Open, address: str, theme: str) -> None:
    page = open_page(f"{address}?symbol=AAPL&theme={theme}")
    shown(page, "AAPL")
    for selector in ("label", "input", "button[type=submit]", "small", "[role=status]", "h2", "h3",
                     ".action", "li", "th", "td", "caption", "code"):  # fmt: skip
        assert contrast(page, selector) >= 4.5, selector
    assert contrast(page, "h1") >= 3  # bold and large


def test_the_dark_theme_is_kept(open_page: Open, address: str) -> None:
    page = open_page(f"{address}?symbol=AAPL")
    shown(page, "AAPL")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Toggle theme").click()
    expect(page).to_have_url(f"{address}?symbol=AAPL&theme=dark")
    page.reload()
    shown(page, "AAPL")
    assert page.evaluate(ground) != light
