"""The fragment that JupyterLab and reports show."""

from dataclasses import replace

import pytest

from stockanalyst.backtesting.results import MissingModel
from stockanalyst.reporting.context import Analysis
from stockanalyst.reporting.html import analysis_html
from tests.reporting.conftest import Element, Page

HOSTILE = '<script>alert(1)</script><img src=x onerror="x">&amp;'


@pytest.fixture(scope="module")
def page(analysis: Analysis) -> Page:
    return Page(analysis_html(analysis))


def classed(page: Page, name: str) -> Element:
    (found,) = (
        element for element in page.elements if name in element.attributes.get("class", "").split()
    )
    return found


def test_the_same_analysis_is_the_same_html(analysis: Analysis, page: Page) -> None:
    assert analysis_html(analysis) == page.source


def test_everything_stands_in_one_element_of_its_own_class(page: Page) -> None:
    assert page.elements[0].attributes == {"class": "sa-analysis"}
    assert [element.tag for element in page.elements if not element.around] == ["div"]
    names = {
        name for element in page.elements for name in element.attributes.get("class", "").split()
    }
    assert all(name.startswith("sa-") for name in names)


def test_style_reaches_nothing_else(page: Page) -> None:
    (style,) = page.all("style")
    selectors = [rule.split("{")[0] for rule in style.text.split("}") if rule.strip()]
    for selector in ",".join(selectors).split(","):
        assert selector.strip().startswith(".sa-analysis ") or selector.strip() == ".sa-analysis"


def test_it_runs_and_loads_nothing(page: Page) -> None:
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(
        element.tag for element in page.elements
    )
    for element in page.elements:
        assert not any(name.startswith("on") for name in element.attributes)
        assert element.attributes.get("href", "#").startswith("#")
    assert "@import" not in page.source
    assert "http" not in page.source


def test_the_head_names_symbol_price_cutoff_and_provider(analysis: Analysis, page: Page) -> None:
    head = classed(page, "sa-head").text
    assert head == (
        f"WALK {analysis.last_close:,.2f}close of {analysis.cutoff:%Y-%m-%d}, prices from memory"
    )


def test_the_recommendation_is_a_block_with_its_reasons(analysis: Analysis, page: Page) -> None:
    block = classed(page, "sa-call")
    assert block.attributes["aria-label"] == "Recommendation"
    assert classed(page, "sa-action").text == "NO CALL"
    reasons = [item.text for item in page.all("li") if "section" in item.around]
    assert reasons == [reason.sentence for reason in analysis.recommendation.reasons]


def test_tables_say_what_they_are(page: Page) -> None:
    tables, captions = page.all("table"), page.all("caption")
    assert (
        len(tables) == len(captions) == 2 + 3 + 2
    )  # scores, last session, each model's own; sources, headlines
    assert all(caption.text for caption in captions)
    assert {head.attributes["scope"] for head in page.all("th")} == {"col", "row"}


def test_scores_are_grouped_by_horizon(page: Page) -> None:
    scores = page.all("table")[0]
    assert scores.text.count("random walk") == 2 + 2  # a row a horizon, and twice in the caption
    bodies = [element for element in page.elements if element.tag == "tbody"]
    assert len(bodies) == 2 + 1 + 3 + 2


def test_every_model_opens_to_its_sessions(analysis: Analysis, page: Page) -> None:
    summaries = [summary.text for summary in page.all("summary")]
    assert summaries == [
        "random walk: every session",
        "drift: every session",
        "linear regression: every session",
        "Newest headlines",
    ]
    opened = [row for row in page.all("tr") if "details" in row.around and "tbody" in row.around]
    assert len(opened) == 3 * analysis.horizon + len(analysis.sentiment.articles)


def test_the_news_are_told_with_their_sources(analysis: Analysis, page: Page) -> None:
    """Two sources, of which both carry one headline, and three others: four in all."""
    said = next(each.text for each in page.all("p") if each.text.startswith("WALK: "))
    assert "4 articles, coverage 100%" in said
    sources, headlines = page.all("table")[-2:]
    assert sources.text.startswith("Sources, and what became of each")
    assert "Profit rises at <b>all</b> plants (NYSE: WALK)" in headlines.text
    assert not {"Took", "Age", "Quota"} & {head.text for head in page.all("th")}


def test_one_session_needs_no_opening(analysis: Analysis) -> None:
    first = analysis.forecast[analysis.forecast["step"] == 1]
    short = replace(analysis, horizon=1, steps=(1,), forecast=first)
    page = Page(analysis_html(short))
    assert [each.text for each in page.all("summary")] == ["Newest headlines"]
    assert "Forecasts of the next 1 session" in page.source


def test_the_random_walk_alone_has_no_skill_to_draw(analysis: Analysis) -> None:
    skill, forecast = analysis.backtest.skill, analysis.forecast
    alone = replace(
        analysis,
        forecast=forecast[forecast["model"] == "random_walk"],
        backtest=replace(
            analysis.backtest,
            scores=replace(analysis.backtest.scores, skill=skill[skill["model"] == "random_walk"]),
        ),
    )
    assert len(Page(analysis_html(alone)).all("svg")) == 1


def test_a_missing_model_comes_with_its_command(page: Page) -> None:
    (command,) = page.all("code")
    assert command.text.startswith("pip install 'stockanalyst[train]' && stockanalyst train WALK")
    (item,) = (item for item in page.all("li") if item.text.startswith("LSTM: "))
    assert "no network for WALK (memory)" in item.text
    assert "run: pip" in item.text


def test_nothing_missing_takes_no_place(analysis: Analysis) -> None:
    whole = replace(analysis, backtest=replace(analysis.backtest, missing=()))
    assert "took no part" not in analysis_html(whole)


def test_whatever_comes_from_outside_is_text(analysis: Analysis, page: Page) -> None:
    hostile = replace(
        analysis,
        symbol=HOSTILE,
        provider=f"files:/{HOSTILE}",
        recommendation=replace(
            analysis.recommendation,
            reasons=tuple(
                replace(reason, sentence=HOSTILE) for reason in analysis.recommendation.reasons
            ),
        ),
        backtest=replace(
            analysis.backtest,
            notes=(HOSTILE,),
            missing=(MissingModel(HOSTILE, "lstm", HOSTILE, f"run: {HOSTILE}"),),
        ),
    )
    shown = Page(analysis_html(hostile))
    assert {element.tag for element in shown.elements} == {element.tag for element in page.elements}
    assert classed(shown, "sa-note").text == HOSTILE
    assert shown.all("code")[0].text == HOSTILE
    assert HOSTILE in classed(shown, "sa-head").text


def test_jupyter_is_given_html_text_and_json(analysis: Analysis, page: Page) -> None:
    bundle = analysis._repr_mimebundle_()
    assert bundle["text/html"] == page.source
    assert str(bundle["text/plain"]).startswith("<Analysis WALK (memory)")
    assert bundle["application/vnd.stockanalyst.analysis+json"] == analysis.to_dict()
