"""Portfolios as a notebook shows them."""

import json
import re
from collections.abc import Callable

import pandas as pd
import pytest

from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.reporting import portfolio_json as plain
from stockanalyst.reporting.portfolio_html import (
    ShownPerformance,
    ShownStatement,
    import_bundle,
    proposal_bundle,
)
from stockanalyst.services.imports import Import, Verdict
from tests.reporting.conftest import Page
from tests.reporting.portfolios import ABROAD, FRIDAY, HOSTILE, PLAIN, UNKNOWN, grown, proposed

DAYS = pd.to_datetime(["2024-01-02", "2024-01-31", "2024-02-01", "2024-02-29"])
INDEX = pd.Series([100.0, 105.0, 110.0, 120.0], index=DAYS, name="^GSPC")
REFUSED = Verdict(2, "csv:a", "refused", HOSTILE, None)
NOTED = Verdict(3, "csv:b", "new", "", Entry(EntryType.DEPOSIT, FRIDAY, "USD", 500))

BUNDLES: dict[str, Callable[[], dict[str, object]]] = {
    "statement": lambda: ShownStatement.of(UNKNOWN)._repr_mimebundle_(),
    "performance": lambda: ShownPerformance.of(grown(INDEX))._repr_mimebundle_(),
    "proposal": lambda: proposal_bundle(proposed()),
    "import": lambda: import_bundle(Import((REFUSED, NOTED), posted=False)),
}


@pytest.fixture(params=list(BUNDLES))
def page(request: pytest.FixtureRequest) -> Page:
    return Page(str(BUNDLES[request.param]()["text/html"]))


def test_all_stands_in_one_element_and_markup_stays_text(page: Page) -> None:
    assert [element.tag for element in page.elements if not element.around] == ["div"]
    assert page.elements[0].attributes == {"class": "sa-analysis"}
    assert page.all("script") == []
    assert HOSTILE in page.elements[0].text


def test_every_table_says_what_it_is_and_which_cells_are_heads(page: Page) -> None:
    tables = page.all("table")
    assert tables
    assert len(tables) == len([each for each in page.all("caption") if each.text.strip()])
    assert {head.attributes["scope"] for head in page.all("th")} == {"col", "row"}


def test_colours_are_those_of_the_page_around(page: Page) -> None:
    """Light and dark: nothing but the shared style sets a colour."""
    style = page.all("style")[0].text
    assert not re.search(r"#[0-9a-f]{3,6}", page.source.replace(style, ""))


def test_a_statement_is_shown_and_stays_one() -> None:
    shown = ShownStatement.of(ABROAD)
    assert isinstance(shown, type(ABROAD))
    assert shown.holdings == ABROAD.holdings
    assert repr(shown) == "<Statement main on 2024-01-05: 10,235.70 USD>"
    page = Page(str(shown._repr_mimebundle_()["text/html"]))
    *captions, last = [each.text for each in page.all("caption")]
    assert captions == [
        "Prices: closes of 2024-01-05. Lots: a sale closes the oldest lots.",
        "What each symbol has brought",
        "Money",
    ]
    assert last.startswith("How the value came about. Commissions of 1.00 USD are in costs")


def test_a_performance_shows_months_and_positions() -> None:
    shown = ShownPerformance.of(grown())
    assert repr(shown) == "<Performance main, 2023-12-29 to 2024-02-29: gain +79.00 USD>"
    tables = Page(str(shown._repr_mimebundle_()["text/html"])).all("table")
    assert len(tables) == 5  # none of a benchmark
    assert "Together" in tables[-1].text


def test_a_proposal_says_that_it_is_no_advice() -> None:
    page = Page(str(proposal_bundle(proposed())["text/html"]))
    assert page.all("p")[0].text == "This is arithmetic on past prices: no forecast, and no advice."


def test_money_is_text_in_json_and_what_isnt_known_none() -> None:
    made = json.loads(json.dumps(plain.statement_dict(UNKNOWN), allow_nan=False))
    assert made["portfolio"] == {"name": "main", "currency": "USD", "method": "fifo"}
    assert (made["on"], made["invested"], made["value"]) == ("2024-01-05", "10000.00", None)
    assert made["holdings"][0]["units"] == "10.00000000"
    abroad = json.loads(json.dumps(plain.statement_dict(ABROAD)))
    assert abroad["rates"] == {"EUR": {"amount": "1.1", "currency": "USD", "on": "2024-01-04"}}


def test_a_performance_in_json() -> None:
    made = json.loads(json.dumps(plain.performance_dict(grown(INDEX)), allow_nan=False))
    assert (made["gain"], made["flows"]) == ("79.00", "2000.00")
    assert made["returns"]["first"] == "2023-12-29"
    assert made["monthly"]["2024-01"] == pytest.approx(0.1)
    assert made["drawdown"]["recovery"] is None
    assert made["beside"]["benchmark"] == pytest.approx(0.2)
    assert made["attribution"][0]["gain"] == "50.33"
    assert made["attribution"][2]["kind"] == "cash"


def test_proposals_imports_and_frames_in_json() -> None:
    proposal = json.loads(json.dumps(plain.proposal_dict(proposed()), allow_nan=False))
    assert (proposal["cost"], proposal["turnover"]) == ("8.13", 0.8025)
    first, second = proposal["trades"]
    assert (first["trade"], first["units"], first["target"]) == ("3062.85", "15.31426000", 0.5)
    assert (second["units"], second["price"]) == (None, None)
    rows = plain.import_dict(Import((REFUSED, NOTED), posted=False))["rows"]
    assert [(row["verdict"], row["reason"], row["booked"]) for row in rows] == [
        ("refused", HOSTILE, None),
        ("new", "", "deposited 5.00 USD"),
    ]
    frame = pd.DataFrame(
        [[FRIDAY, PLAIN.value, None]], columns=["on", "cost", "value"], dtype=object
    )
    assert plain.frame_dicts(frame) == [{"on": "2024-01-05", "cost": "10125.70", "value": None}]


def test_the_journal_in_json_has_of_each_entry_what_it_has() -> None:
    swap = Entry(EntryType.EXCHANGE, FRIDAY, "USD", 100_000, 150, child="EUR", child_amount=92_000)
    split = Entry(EntryType.SPLIT, FRIDAY, symbol="T", units=5 * 10**8, ratio=(3, 2))
    first, second = json.loads(json.dumps(plain.transaction_dicts([(1, swap), (2, split)])))
    assert first == {
        "number": 1,
        "booked": "exchanged 1,000.00 USD for 920.00 EUR + 1.50 USD fee",
        "type": "exchange",
        "on": "2024-01-05",
        "currency": "USD",
        "amount": "1000.00",
        "fee": "1.50",
        "child": "EUR",
        "child_amount": "920.00",
    }
    assert (second["units"], second["ratio"], "currency" in second) == ("5.00000000", "3:2", False)
