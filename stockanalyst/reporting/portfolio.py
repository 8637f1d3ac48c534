"""What a portfolio holds and what happened to it, as tables of text.

Each table is the same in a terminal and on a page; columns of :data:`PORTFOLIO_WORDS` hold words,
the others numbers.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from stockanalyst.backtesting.wording import counted
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.lots import standing
from stockanalyst.portfolio.protocols import Broker, Numbered, Portfolio
from stockanalyst.portfolio.valuation import Holding, Statement
from stockanalyst.reporting.portfolio_amounts import money, price, ratio, signed, units, weight
from stockanalyst.reporting.portfolio_words import booked
from stockanalyst.reporting.tables import ABSENT

if TYPE_CHECKING:
    from stockanalyst.services.imports import Import, Verdict

#: Columns of the tables below, and of those of returns, that hold words.
PORTFOLIO_WORDS = frozenset(
    {
        "Active", "Broker", "Currency", "Figure", "Item", "Lots", "Meaning", "Note", "Portfolio",
        "Position", "Return", "Symbol", "Table", "Verdict", "What happened", "Year",
    }
)  # fmt: skip

_METHODS = {
    "fifo": "a sale closes the oldest lots",
    "lifo": "a sale closes the newest lots",
    "average": "a sale closes lots at their average cost",
}
_FATES = {"new": "new", "there": "there already", "refused": "refused"}


def statement_caption(statement: Statement) -> str:
    """What it is worth, in a line."""
    own = statement.portfolio
    if statement.value is None:
        return f"{own.name} on {statement.on}: what it is worth isn't known"
    return f"{own.name} on {statement.on}: {money(statement.value, own.currency)}"


def prices_caption(statement: Statement) -> str:
    """Of which days the prices are, and how lots are matched."""
    days = sorted({each.price.on for each in _held(statement) if each.price is not None})
    lots = f"Lots: {_METHODS[statement.portfolio.method]}."
    if not days:
        return lots
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"Prices: closes of {span}. {lots}"


def holding_rows(statement: Statement) -> pd.DataFrame:
    """What is held: a row a symbol and currency."""
    rows = pd.DataFrame([_holding_row(each) for each in _held(statement)])
    if rows.empty or rows["Price of"].nunique() > 1:
        return rows
    return rows.drop(columns="Price of")  # the caption tells it


def gain_rows(statement: Statement) -> pd.DataFrame:
    """What came of each symbol that is held, or was."""
    return pd.DataFrame(
        [
            {
                "Symbol": each.symbol,
                "Currency": each.currency,
                "Cost": money(each.cost),
                "Unrealised": signed(each.unrealised),
                "of cost": ratio(each.unrealised, each.cost),
                "Realised": signed(each.realised),
                "Income": signed(each.income),
            }
            for each in statement.holdings
        ]
    )


def cash_rows(statement: Statement) -> pd.DataFrame:
    """Money by currency, with the rate of each foreign one."""
    rows = pd.DataFrame([_cash_row(statement, code) for code in statement.cash])
    return rows if statement.rates else rows[["Currency", "Cash"]]


def total_rows(statement: Statement) -> pd.DataFrame:
    """How the value came about, in the portfolio's currency: what stands above its end adds up."""
    parts = [
        ("Paid in, less what was paid out", money(statement.invested)),
        ("Unrealised gain", signed(statement.unrealised)),
        ("Realised gain", signed(statement.realised)),
        ("Dividends and interest", signed(statement.income)),
        ("Fees", money(_negative(statement.fees))),
        ("Taxes", money(_negative(statement.taxes))),
    ]
    rest = _rest(statement)
    if rest:
        parts.append(("Exchanges, and money in other currencies", signed(rest)))
    parts.append(("Value", money(statement.value)))
    return pd.DataFrame(parts, columns=["Item", statement.portfolio.currency])


def totals_caption(statement: Statement) -> str:
    """What the table of totals doesn't add, for it is in costs and proceeds; empty without any."""
    if not statement.commissions:
        return ""
    paid = money(statement.commissions, statement.portfolio.currency)
    return f"Commissions of {paid} are in costs, proceeds and income already."


def lot_rows(lots: pd.DataFrame) -> pd.DataFrame:
    """Open lots, of :func:`stockanalyst.portfolio.lot_tables.lots_frame`."""
    return pd.DataFrame(
        [
            {
                "Symbol": lot["symbol"],
                "Currency": lot["currency"],
                "Acquired": str(lot["acquired_on"]),
                "Units": units(lot["units"]),
                "Cost": money(lot["cost"]),
                "Value": money(lot["value"]),
                "Unrealised": signed(lot["unrealised"]),
            }
            for lot in lots.to_dict("records")
        ]
    )


def match_rows(matches: pd.DataFrame) -> pd.DataFrame:
    """Closed lots, of :func:`stockanalyst.portfolio.lot_tables.matches_frame`."""
    return pd.DataFrame(
        [
            {
                "Symbol": match["symbol"],
                "Currency": match["currency"],
                "Acquired": str(match["acquired_on"]),
                "Closed": str(match["closed_on"]),
                "Units": units(match["units"]),
                "Cost": money(match["cost"]),
                "Proceeds": money(match["proceeds"]),
                "Realised": signed(match["realised"]),
            }
            for match in matches.to_dict("records")
        ]
    )


def transaction_rows(entries: Numbered) -> pd.DataFrame:
    """The journal, in the order in which it was posted."""
    counts = {number for number, _ in standing(entries)}
    return pd.DataFrame(
        [
            {
                "Entry": str(number),
                "Date": str(entry.on),
                "What happened": booked(entry),
                "Note": _note(entry, counts=number in counts),
            }
            for number, entry in entries
        ]
    )


def import_rows(found: "Import") -> pd.DataFrame:
    """The verdict on each row of a file, in the file's order."""
    verdicts = sorted(found.verdicts, key=lambda verdict: verdict.line)
    return pd.DataFrame([_verdict_row(verdict) for verdict in verdicts])


def import_caption(found: "Import") -> str:
    """What became of the file, in a line."""
    counts = found.counts
    said = f"{counted(counts['new'], 'new row')}, {counts['there']:,} there already"
    if counts["refused"]:
        return f"{said}, {counts['refused']:,} refused; nothing was posted."
    if not counts["new"]:
        return f"{said}; there was nothing to post."
    return f"{said}; {'posted' if found.posted else 'nothing was posted, for this is a dry run'}."


def portfolio_rows(portfolios: Iterable[Portfolio]) -> pd.DataFrame:
    """A row a portfolio."""
    return pd.DataFrame(
        [
            {"Portfolio": own.name, "Currency": own.currency, "Lots": _METHODS[own.method]}
            for own in portfolios
        ]
    )


def broker_rows(brokers: Sequence[Broker]) -> pd.DataFrame:
    """A row a broker: what a trade costs."""
    return pd.DataFrame(
        [
            {
                "Broker": each.name,
                "Of the amount": f"{_percent(each.schedule.rate)} %",
                "A unit": price(each.schedule.per_unit),
                "A trade": price(each.schedule.flat),
                "At least": price(each.schedule.minimum),
                "At most": price(each.schedule.maximum),
                "Currency": each.currency,
                "Active": "yes" if each.active else "no",
            }
            for each in brokers
        ]
    )


def _held(statement: Statement) -> list[Holding]:
    return [each for each in statement.holdings if each.units]


def _holding_row(each: Holding) -> dict[str, str]:
    return {
        "Symbol": each.symbol,
        "Currency": each.currency,
        "Units": units(each.units),
        "Average cost": price(each.average_cost),
        "Price": price(each.price.amount if each.price else None),
        "Price of": str(each.price.on) if each.price else ABSENT,
        "Value": money(each.value),
        "Weight": ABSENT if each.weight is None else weight(each.weight),
    }


def _cash_row(statement: Statement, code: str) -> dict[str, str]:
    rate, base = statement.rates.get(code), statement.portfolio.currency
    return {
        "Currency": code,
        "Cash": money(statement.cash[code]),
        f"in {base}": "" if code == base else price(rate.amount if rate else None),
        "Rate of": "" if code == base else str(rate.on) if rate else ABSENT,
    }


def _negative(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.copy_negate()


def _rest(statement: Statement) -> Decimal | None:
    """What the totals leave of the value: 0 in one currency."""
    known = (
        statement.invested, statement.unrealised, statement.realised, statement.income,
    )  # fmt: skip
    taken = (statement.fees, statement.taxes)
    if statement.value is None or None in known or None in taken:
        return None
    return statement.value - sum(filter(None, known)) + sum(filter(None, taken))


def _note(entry: Entry, *, counts: bool) -> str:
    """Its own, and that it was taken back."""
    undone = [] if counts or entry.reverses else ["taken back"]
    return "; ".join([*undone, *([entry.note] if entry.note else [])])


def _verdict_row(verdict: "Verdict") -> dict[str, str]:
    entry = verdict.entry
    return {
        "Line": str(verdict.line),
        "Verdict": _FATES[verdict.fate],
        "Date": str(entry.on) if entry else ABSENT,
        "What happened": booked(entry) if entry else verdict.reason,
    }


def _percent(rate: Decimal) -> str:
    return units(rate * 100)
