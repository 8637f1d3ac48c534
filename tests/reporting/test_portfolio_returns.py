"""Tables of returns, risk and proposals."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from stockanalyst.metrics.performance import Drawdown
from stockanalyst.reporting import portfolio_returns as returns
from tests.reporting.portfolios import HOSTILE, grown, proposed


def test_both_returns_side_by_side() -> None:
    """1.1 × 1.1 × 0.9 = 1.089; the XIRR of −1,000, −1,000, 2,079 by a spreadsheet's method."""
    shown = grown()
    assert returns.performance_caption(shown) == "main, 2023-12-29 to 2024-02-29: gain +79.00 USD"
    rows = returns.return_rows(shown).to_dict("records")
    assert [row["Return"] for row in rows] == ["Time-weighted", "Money-weighted"]
    assert [row["Whole time"] for row in rows] == ["+8.9 %", "+5.7 %"]
    assert [row["A year"] for row in rows] == ["–", "–"]
    assert returns.returns_caption(shown) == "62 days: too few for a rate a year."
    long = replace(shown, returns=replace(shown.returns, first=date(2022, 12, 29)))
    rows = returns.return_rows(long).to_dict("records")
    assert [row["A year"] for row in rows] == ["+65.2 %", "+38.8 %"]


def test_money_from_the_opening_to_the_closing() -> None:
    rows = returns.gain_parts(grown()).set_index("Item")["USD"]
    assert dict(rows) == {
        "Value on 2023-12-29": "0.00",
        "Paid in, less what was paid out": "+2,000.00",
        "Gain": "+79.00",
        "Value on 2024-02-29": "2,079.00",
    }


def test_months_by_year() -> None:
    (year,) = returns.month_rows(grown()).to_dict("records")
    assert [year[name] for name in ("Year", "Jan", "Feb", "Mar", "Whole")] == [
        "2024", "+10.0", "−1.0", "", "+8.9",
    ]  # fmt: skip


def test_the_worst_fall_has_its_days() -> None:
    shown = grown()
    fell = "Worst fall: −10.0 %, from 2024-02-01 to 2024-02-29, "
    assert returns.fall_caption(shown) == f"{fell}not made up yet."
    again = replace(shown.drawdown, recovery=pd.Timestamp("2024-03-15"))
    assert returns.fall_caption(replace(shown, drawdown=again)) == f"{fell}made up on 2024-03-15."
    never = Drawdown(0.0, None, None, None)
    assert returns.fall_caption(replace(shown, drawdown=never)) == "It never fell."


def test_figures_say_what_they_mean() -> None:
    rows = returns.figure_rows(grown())
    assert rows["Meaning"].str.len().between(10, 60).all()
    assert rows.set_index("Figure")["Value"]["Expected shortfall"] == "10.0 %"


def test_a_benchmark_stands_beside_it() -> None:
    """Both have four days, from 2024-01-02: 100 → 120 against 1.089; it rises in each stretch."""
    days = pd.to_datetime(["2024-01-02", "2024-01-31", "2024-02-01", "2024-02-29"])
    shown = grown(pd.Series([100.0, 105.0, 110.0, 120.0], index=days, name="^GSPC"))
    assert returns.beside_caption(shown) == "Beside ^GSPC, over 3 returns that both have."
    row = returns.beside_rows(shown).iloc[0]
    assert [*row] == ["Return", "+8.9 %", "+20.0 %", "over the same sessions"]
    assert returns.beside_rows(grown()).empty


def test_gains_of_positions_add_up_to_that_of_the_portfolio() -> None:
    rows = returns.attribution_rows(grown())
    assert list(rows["Position"]) == ["AAPL", HOSTILE, "Fees"]
    assert list(rows["Net bought"]) == ["+900.00", "+400.00", "0.00"]
    assert list(rows["Gain"]) == ["+50.33", "+33.34", "−4.67"]  # 79.00 together
    (total,) = returns.attribution_total(grown()).to_dict("records")
    assert (total["Position"], total["Gain"], total["of capital"]) == (
        "Together",
        "+79.00",
        "+4.7 %",
    )


def test_a_proposal_tells_weights_trades_and_cost() -> None:
    shown = proposed()
    assert returns.proposal_caption(shown) == (
        "main on 2024-01-05 by equal weights, from 254 sessions, 2023-01-03 to 2024-01-05"
    )
    assert [[*row] for row in returns.proposal_rows(shown).to_numpy()] == [
        ["AAPL", "19.8 %", "50.0 %", "+3,062.85", "+15.3143", "200.00"],
        ["IBM", "0.0 %", "50.0 %", "+5,062.85", "–", "–"],
    ]
    (cash,) = returns.cash_row(shown).to_dict("records")
    assert [cash["Now"], cash["Target"], cash["Trade, USD"]] == ["80.2 %", "0.0 %", "−8,125.70"]
    assert returns.cost_caption(shown) == "Turnover 80.2 % of the value; cost 8.13 USD."


@pytest.mark.parametrize("n_days", [1, 364, 366])
def test_a_rate_a_year_of_less_than_a_year_says_so(n_days: int) -> None:
    shown = grown()
    first = date(2024, 1, 1)
    last = date.fromordinal(first.toordinal() + n_days)
    longer = replace(shown, returns=replace(shown.returns, first=first, last=last))
    assert ("too few for a rate a year" in returns.returns_caption(longer)) is (n_days < 365)
