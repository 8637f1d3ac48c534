"""How a portfolio has done, and what it could hold instead, as tables of text."""

from collections.abc import Hashable, Mapping
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stockanalyst.backtesting.wording import counted
from stockanalyst.portfolio.performance import Performance
from stockanalyst.reporting.portfolio_amounts import (
    change,
    figure,
    money,
    price,
    rounded,
    rounded_parts,
    signed,
    traded,
    weight,
)
from stockanalyst.reporting.tables import ABSENT

if TYPE_CHECKING:
    from stockanalyst.services.valuations import Proposal

NO_ADVICE = "This is arithmetic on past prices: no forecast, and no advice."

_YEAR = 365
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_METHODS = {
    "equal_weight": "equal weights",
    "min_variance": "the least variance",
    "mean_variance": "the best trade of mean return for variance",
    "min_cvar": "the least mean loss in the worst sessions (minimum CVaR)",
    "hrp": "hierarchical risk parity",
}
_FIGURES = {
    "volatility": ("Volatility", weight, "spread of the returns, a year"),
    "sharpe": ("Sharpe ratio", figure, "return over volatility, a year; cash earns 0"),
    "sortino": ("Sortino ratio", figure, "return over the spread of losses, a year"),
    "calmar": ("Calmar ratio", figure, "return a year over the worst fall"),
    "value_at_risk": ("Value at risk, 95 %", weight, "a session lost more on 1 of 20"),
    "expected_shortfall": ("Expected shortfall", weight, "mean loss of the worst 1 of 20 sessions"),
}


def performance_caption(shown: Performance) -> str:
    """Of what and when, and what was gained."""
    made, gain = shown.returns, signed(rounded(shown.gain, shown.currency))
    return f"{shown.portfolio}, {made.first} to {made.last}: gain {gain} {shown.currency}"


def return_rows(shown: Performance) -> pd.DataFrame:
    """Both returns side by side, and what each says; a year's only of a year or more."""
    made, is_long = shown.returns, _n_days(shown) >= _YEAR
    over_all = (1 + made.money_weighted_annual) ** (_n_days(shown) / _YEAR) - 1
    rows = [
        (
            "Time-weighted",
            change(made.time_weighted),
            change(made.time_weighted_annual) if is_long else ABSENT,
            "of money that was there throughout",
        ),
        (
            "Money-weighted",
            change(over_all),
            change(made.money_weighted_annual) if is_long else ABSENT,
            "of each payment from its own day on",
        ),
    ]
    return pd.DataFrame(rows, columns=["Return", "Whole time", "A year", "Meaning"])


def returns_caption(shown: Performance) -> str:
    """Of how long, and whether a rate a year can be said."""
    days = counted(_n_days(shown), "day")
    return f"{days}." if _n_days(shown) >= _YEAR else f"{days}: too few for a rate a year."


def _n_days(shown: Performance) -> int:
    return (shown.returns.last - shown.returns.first).days


def gain_parts(shown: Performance) -> pd.DataFrame:
    """From the opening to the closing value."""
    code, made = shown.currency, shown.returns
    flows = signed(rounded(shown.flows, code))
    rows = [
        (f"Value on {made.first}", money(rounded(shown.opening, code))),
        ("Paid in, less what was paid out", flows),
        ("Gain", signed(rounded(shown.gain, code))),
        (f"Value on {made.last}", money(rounded(shown.closing, code))),
    ]
    return pd.DataFrame(rows, columns=["Item", code])


def beside_rows(shown: Performance) -> pd.DataFrame:
    """The portfolio and its benchmark over the same stretches; empty without one."""
    other = shown.beside
    if other is None:
        return pd.DataFrame()
    rows = [
        ("Return", change(other.portfolio), change(other.benchmark), "over the same sessions"),
        ("Beta", figure(other.beta), figure(1.0), "moves with the benchmark, part for part"),
        ("Alpha", change(other.alpha), change(0.0), "what is earned beside that, a year"),
        ("Correlation", figure(other.correlation), figure(1.0), "of the returns"),
    ]
    return pd.DataFrame(rows, columns=["Figure", shown.portfolio, other.symbol, "Meaning"])


def beside_caption(shown: Performance) -> str:
    """What the comparison rests on."""
    other = shown.beside
    if other is None:
        return ""
    return f"Beside {other.symbol}, over {counted(other.n_returns, 'return')} that both have."


def fall_caption(shown: Performance) -> str:
    """The worst fall, with its days."""
    fall = shown.drawdown
    if fall.peak is None or fall.trough is None:
        return "It never fell."
    end = "not made up yet" if fall.recovery is None else f"made up on {fall.recovery:%Y-%m-%d}"
    return (
        f"Worst fall: {change(fall.depth)}, from {fall.peak:%Y-%m-%d} to {fall.trough:%Y-%m-%d}, "
        f"{end}."
    )


def figure_rows(shown: Performance) -> pd.DataFrame:
    """The figures of risk, each with its definition in a word."""
    figures = shown.figures | ({} if _n_days(shown) >= _YEAR else {"calmar": nan})
    rows = [(name, said(figures[key]), meaning) for key, (name, said, meaning) in _FIGURES.items()]
    return pd.DataFrame(rows, columns=["Figure", "Value", "Meaning"])


def month_rows(shown: Performance) -> pd.DataFrame:
    """Returns in percent, a row a year and a column a month; the year's in the end."""
    index, gains = pd.PeriodIndex(shown.monthly.index), shown.monthly.to_numpy(dtype=float)
    rows = []
    for year in sorted(set(index.year)):
        of_year = index.year == year
        names = [_MONTHS[month - 1] for month in index.month[of_year]]
        known = dict(zip(names, map(_bare, gains[of_year]), strict=True))
        whole = _bare(np.prod(1 + gains[of_year]) - 1)
        rows.append({"Year": str(year), **dict.fromkeys(_MONTHS, ""), **known, "Whole": whole})
    return pd.DataFrame(rows)


def attribution_rows(shown: Performance) -> pd.DataFrame:
    """By position, what it was worth, what went in and came out, and what it gained.

    The gains add up, as they are written, to that of the portfolio.
    """
    parts, code = shown.attribution.reset_index().to_dict("records"), shown.currency
    gains = rounded_parts([part["gain"] for part in parts], code)
    rows = [
        {
            "Position": _position(part["kind"], part["name"]),
            **_flows(part, code),
            "Gain": signed(gain),
            "of capital": change(part["contribution"]),
        }
        for part, gain in zip(parts, gains, strict=True)
    ]
    return pd.DataFrame(rows)


def attribution_total(shown: Performance) -> pd.DataFrame:
    """The row beneath :func:`attribution_rows`."""
    total, code = shown.attribution.sum(skipna=False), shown.currency
    gain = signed(rounded(total["gain"], code))
    share = change(total["contribution"])
    return pd.DataFrame(
        [{"Position": "Together", **_flows(total, code), "Gain": gain, "of capital": share}]
    )


def proposal_caption(shown: "Proposal") -> str:
    """How the weights were made."""
    return (
        f"{shown.statement.portfolio.name} on {shown.statement.on} by "
        f"{_METHODS.get(shown.method, shown.method)}, from {counted(shown.sessions, 'session')}, "
        f"{shown.first} to {shown.last}"
    )


def proposal_rows(shown: "Proposal") -> pd.DataFrame:
    """Weights now and by the method, and the trades between them."""
    code = shown.statement.portfolio.currency
    return pd.DataFrame(
        [
            {
                "Symbol": row["symbol"],
                "Now": weight(row["weight"]),
                "Target": weight(row["target"]),
                f"Trade, {code}": signed(rounded(row["trade"], code)),
                "Units": traded(row["units"]),
                f"Price, {code}": price(row["price"]),
            }
            for row in shown.table.reset_index().to_dict("records")
        ]
    )


def cash_row(shown: "Proposal") -> pd.DataFrame:
    """What the trades leave of the money, before their cost."""
    table, code = shown.table, shown.statement.portfolio.currency
    names = [f"Trade, {code}", "Units", f"Price, {code}"]
    row = {
        "Symbol": "cash",
        "Now": weight(1 - table["weight"].sum()),
        "Target": weight(1 - table["target"].sum()),
        names[0]: signed(rounded(-table["trade"].sum(), code)),
        names[1]: "",
        names[2]: "",
    }
    return pd.DataFrame([row])


def cost_caption(shown: "Proposal") -> str:
    """Turnover and cost of the trades."""
    code = shown.statement.portfolio.currency
    cost = money(rounded(shown.rebalancing.cost, code), code)
    return f"Turnover {weight(shown.rebalancing.turnover)} of the value; cost {cost}."


def _position(kind: str, name: str) -> str:
    """A symbol, money in a currency, or what belongs to neither, such as fees."""
    words = {"currency": f"{name}, money", "cash": name.capitalize()}
    return words.get(kind, name)


def _flows(part: "Mapping[Hashable, float] | pd.Series", code: str) -> dict[str, str]:
    bought = rounded(part["bought"] - part["sold"], code)
    return {
        "Opening": money(rounded(part["opening"], code)),
        "Net bought": signed(bought),
        "Income": signed(rounded(part["income"], code)),
        "Closing": money(rounded(part["closing"], code)),
    }


def _bare(share: float) -> str:
    """Without its sign of percent."""
    return change(share).removesuffix(" %")
