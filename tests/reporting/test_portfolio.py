"""Tables of what is held and what happened."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd

from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.protocols import Broker, Portfolio
from stockanalyst.portfolio.valuation import Price
from stockanalyst.reporting import portfolio as books
from stockanalyst.services.imports import Import, Verdict
from tests.reporting.portfolios import ABROAD, APPLE, FRIDAY, PLAIN, UNKNOWN

D = Decimal


def test_what_is_held() -> None:
    assert books.statement_caption(PLAIN) == "main on 2024-01-05: 10,125.70 USD"
    assert books.prices_caption(PLAIN) == (
        "Prices: closes of 2024-01-05. Lots: a sale closes the oldest lots."
    )
    assert books.holding_rows(PLAIN).to_dict("records") == [
        {
            "Symbol": "AAPL",
            "Currency": "USD",
            "Units": "10",
            "Average cost": "187.43",
            "Price": "200.00",
            "Value": "2,000.00",
            "Weight": "19.8 %",
        }
    ]


def test_prices_of_several_days_have_theirs_beside_them() -> None:
    old = replace(APPLE, symbol="IBM", price=Price(D(190), "USD", date(2024, 1, 2)))
    both = replace(PLAIN, holdings=(APPLE, old))
    assert books.prices_caption(both).startswith("Prices: closes of 2024-01-02 to 2024-01-05.")
    assert list(books.holding_rows(both)["Price of"]) == ["2024-01-05", "2024-01-02"]


def test_the_totals_add_up_to_the_value() -> None:
    rows = books.total_rows(PLAIN)
    assert list(rows["USD"]) == [
        "10,000.00", "+125.70", "0.00", "0.00", "0.00", "0.00", "10,125.70",
    ]  # fmt: skip
    assert books.totals_caption(PLAIN) == (
        "Commissions of 1.00 USD are in costs, proceeds and income already."
    )
    assert books.totals_caption(replace(PLAIN, commissions=D("0.00"))) == ""


def test_what_other_currencies_gained_is_a_line_of_its_own() -> None:
    """10,116 + 125.70 − 11 + 5 = 10,235.70."""
    rows = books.total_rows(ABROAD).set_index("Item")["USD"]
    assert rows["Exchanges, and money in other currencies"] == "+5.00"
    assert books.cash_rows(ABROAD).to_dict("records") == [
        {"Currency": "USD", "Cash": "8,125.70", "in USD": "", "Rate of": ""},
        {"Currency": "EUR", "Cash": "100.00", "in USD": "1.10", "Rate of": "2024-01-04"},
    ]


def test_what_was_sold_is_told_by_what_it_brought() -> None:
    assert list(books.holding_rows(ABROAD)["Symbol"]) == ["AAPL"]
    _, sold = books.gain_rows(ABROAD).to_dict("records")
    assert (sold["Symbol"], sold["Realised"], sold["of cost"]) == ("SAP.DE", "−10.00", "–")


def test_what_isnt_known_is_a_dash() -> None:
    assert books.statement_caption(UNKNOWN) == "main on 2024-01-05: what it is worth isn't known"
    (row,) = books.holding_rows(UNKNOWN).to_dict("records")
    assert (row["Price"], row["Value"], row["Weight"]) == ("–", "–", "–")
    assert "Exchanges, and money in other currencies" not in set(books.total_rows(UNKNOWN)["Item"])
    assert books.prices_caption(UNKNOWN) == "Lots: a sale closes the oldest lots."


def test_lots() -> None:
    lots = pd.DataFrame(
        [["AAPL", "USD", FRIDAY, D("1.50000000"), D("281.15"), None, None]],
        columns=["symbol", "currency", "acquired_on", "units", "cost", "value", "unrealised"],
        dtype=object,
    )
    assert [*books.lot_rows(lots).iloc[0]] == [
        "AAPL", "USD", "2024-01-05", "1.5", "281.15", "–", "–",
    ]  # fmt: skip
    closed = pd.DataFrame(
        [["AAPL", "USD", FRIDAY, FRIDAY, D(2), D("374.86"), D("399.00"), D("24.14")]],
        columns=["symbol", "currency", "acquired_on", "closed_on", "units", "cost", "proceeds",
                 "realised"],
        dtype=object,
    )  # fmt: skip
    assert [*books.match_rows(closed).iloc[0]] == [
        "AAPL", "USD", "2024-01-05", "2024-01-05", "2", "374.86", "399.00", "+24.14",
    ]  # fmt: skip


def test_the_journal_says_what_was_taken_back() -> None:
    paid = Entry(EntryType.DEPOSIT, FRIDAY, currency="USD", amount=500, note="salary")
    back = Entry(EntryType.REVERSAL, FRIDAY, reverses=1)
    rows = books.transaction_rows([(1, paid), (2, paid), (3, back)])
    assert [[*row] for row in rows.to_numpy()] == [
        ["1", "2024-01-05", "deposited 5.00 USD", "taken back; salary"],
        ["2", "2024-01-05", "deposited 5.00 USD", "salary"],
        ["3", "2024-01-05", "took entry 1 back", ""],
    ]


def test_every_row_of_a_file_has_its_verdict() -> None:
    deposit = Entry(EntryType.DEPOSIT, FRIDAY, currency="USD", amount=500)
    verdicts = (
        Verdict(3, "csv:b", "refused", "amount '0': give an amount above zero", None),
        Verdict(2, "csv:a", "new", "", deposit),
        Verdict(4, "csv:c", "there", "", deposit),
    )
    found = Import(verdicts, posted=False)
    assert [[*row] for row in books.import_rows(found).to_numpy()] == [
        ["2", "new", "2024-01-05", "deposited 5.00 USD"],
        ["3", "refused", "–", "amount '0': give an amount above zero"],
        ["4", "there already", "2024-01-05", "deposited 5.00 USD"],
    ]
    assert books.import_caption(found) == (
        "1 new row, 1 there already, 1 refused; nothing was posted."
    )
    dry = Import(verdicts[1:], posted=False)
    assert books.import_caption(dry).endswith(
        "there already; nothing was posted, for this is a dry run."
    )
    assert books.import_caption(replace(dry, posted=True)) == "1 new row, 1 there already; posted."


def test_brokers_and_portfolios() -> None:
    schedule = CommissionSchedule(rate=D("0.001"), minimum=D(1))
    (row,) = books.broker_rows([Broker("ibkr", schedule, "USD", active=False)]).to_dict("records")
    assert row == {
        "Broker": "ibkr",
        "Of the amount": "0.1 %",
        "A unit": "0.00",
        "A trade": "0.00",
        "At least": "1.00",
        "At most": "–",
        "Currency": "USD",
        "Active": "no",
    }
    (row,) = books.portfolio_rows([Portfolio(1, "main", "EUR", "average")]).to_dict("records")
    assert row == {
        "Portfolio": "main",
        "Currency": "EUR",
        "Lots": "a sale closes lots at their average cost",
    }
