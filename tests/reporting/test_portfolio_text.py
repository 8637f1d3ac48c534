"""Portfolios in a terminal."""

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console, RenderableType

from stockanalyst.reporting import portfolio_text as text
from stockanalyst.services.imports import Import
from tests.reporting.portfolios import ABROAD, HOSTILE, PLAIN, UNKNOWN, grown, proposed


def printed(parts: Iterable[RenderableType], width: int = 80) -> str:
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def test_a_statement() -> None:
    assert (
        printed(text.statement_text(PLAIN))
        == """\
main on 2024-01-05: 10,125.70 USD
Prices: closes of 2024-01-05. Lots: a sale closes the oldest lots.

Held
Symbol  Currency  Units  Average cost   Price     Value  Weight
AAPL    USD          10        187.43  200.00  2,000.00  19.8 %

What each symbol has brought
Symbol  Currency      Cost  Unrealised  of cost  Realised  Income
AAPL    USD       1,874.30     +125.70   +6.7 %      0.00    0.00

Money
Currency      Cash
USD       8,125.70

How the value came about
Item                                   USD
Paid in, less what was paid out  10,000.00
Unrealised gain                    +125.70
Realised gain                         0.00
Dividends and interest                0.00
Fees                                  0.00
Taxes                                 0.00
Value                            10,125.70
Commissions of 1.00 USD are in costs, proceeds and income already."""
    )


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_cut_or_wrapped_but_sentences(width: int) -> None:
    named = grown().attribution.rename(index={HOSTILE: "SAP.DE"})
    shown = (
        text.statement_text(ABROAD),
        text.performance_text(replace(grown(), attribution=named)),
        text.proposal_text(proposed()),
    )
    for parts in shown:
        lines = printed(parts, width).splitlines()
        assert max(map(len, lines)) <= width
        assert "…" not in "".join(lines)


def test_notes_are_told_as_they_are() -> None:
    assert f"Note: AAPL has no price: {HOSTILE}" in printed(text.statement_text(UNKNOWN))
    lots = pd.DataFrame(columns=["symbol"])
    assert printed(text.lots_text(lots, lots)) == "No lots yet."


def test_a_performance_has_all_its_parts() -> None:
    shown = printed(text.performance_text(grown()))
    for words in (
        "main, 2023-12-29 to 2024-02-29: gain +79.00 USD",
        "Time-weighted       +8.9 %       –  of money that was there throughout",
        "Sharpe ratio",
        "Worst fall: −10.0 %, from 2024-02-01 to 2024-02-29, not made up yet.",
        "2024",
        "Together",
    ):
        assert words in shown


def test_what_is_empty_says_how_to_begin() -> None:
    assert "stockanalyst portfolio create main" in printed(text.portfolios_text([]))
    assert "stockanalyst portfolio broker save" in printed(text.brokers_text([]))
    assert printed(text.transactions_text([])) == "No entries yet."
    said = printed(text.import_text(Import((), posted=True)))
    assert said == "0 new rows, 0 there already; there was nothing to post."


def test_a_proposal_says_that_it_is_no_advice() -> None:
    assert printed(text.proposal_text(proposed())).endswith("no forecast, and no advice.")
