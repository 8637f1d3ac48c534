"""Portfolios for a terminal, by rich."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from stockanalyst.portfolio.performance import Performance
from stockanalyst.portfolio.protocols import Broker, Numbered, Portfolio
from stockanalyst.portfolio.valuation import Statement
from stockanalyst.reporting import portfolio as books
from stockanalyst.reporting import portfolio_returns as returns

if TYPE_CHECKING:
    from stockanalyst.services.imports import Import
    from stockanalyst.services.valuations import Proposal

_STYLES = {("Verdict", "refused"): "bold red", ("Verdict", "new"): "green", ("Active", "no"): "dim"}


def statement_text(statement: Statement) -> list[RenderableType]:
    """What is held, what came of it, the money, and how that adds up to the value."""
    parts: list[RenderableType] = [
        Text(books.statement_caption(statement), "bold"),
        Text(books.prices_caption(statement), "dim"),
        *_notes(statement.notes),
        *_section("Held", books.holding_rows(statement)),
        *_section("What each symbol has brought", books.gain_rows(statement)),
        *_section("Money", books.cash_rows(statement)),
        *_section("How the value came about", books.total_rows(statement), total=1),
    ]
    commissions = books.totals_caption(statement)
    return [*parts, Text(commissions, "dim")] if commissions else parts


def lots_text(lots: pd.DataFrame, matches: pd.DataFrame) -> list[RenderableType]:
    """Open lots, and those that were closed."""
    if lots.empty and matches.empty:
        return [Text("No lots yet.")]
    return [
        *_notes(lots.attrs.get("notes", ())),
        *_section("Open lots", books.lot_rows(lots)),
        *_section("Closed lots", books.match_rows(matches)),
    ]


def transactions_text(entries: Numbered) -> list[RenderableType]:
    """The journal."""
    if not entries:
        return [Text("No entries yet.")]
    return [_table(books.transaction_rows(entries))]


def performance_text(shown: Performance) -> list[RenderableType]:
    """Returns, risk, months and positions."""
    months = returns.month_rows(shown)
    positions = returns.attribution_rows(shown)
    both = pd.concat([positions, returns.attribution_total(shown)])
    return [
        Text(returns.performance_caption(shown), "bold"),
        *_notes(shown.notes),
        *_section("Money", returns.gain_parts(shown), total=1),
        *_section("Return", returns.return_rows(shown)),
        Text(returns.returns_caption(shown), "dim"),
        *_section(returns.beside_caption(shown), returns.beside_rows(shown)),
        *_section("Risk", returns.figure_rows(shown)),
        Text(returns.fall_caption(shown)),
        *_section("Return of each month, in percent", months, gap=1),
        *_section("Where the gain came from", both, total=1),
    ]


def proposal_text(shown: "Proposal") -> list[RenderableType]:
    """Weights now and by the method, the trades between them, and their cost."""
    rows = pd.concat([returns.proposal_rows(shown), returns.cash_row(shown)])
    return [
        Text(returns.proposal_caption(shown), "bold"),
        *_notes(shown.notes),
        _table(rows, total=1),
        Text(returns.cost_caption(shown)),
        Text(returns.NO_ADVICE, "yellow"),
    ]


def import_text(found: "Import") -> list[RenderableType]:
    """The verdict on each row, and what became of the file."""
    rows = books.import_rows(found)
    return [*([] if rows.empty else [_table(rows)]), Text(books.import_caption(found), "bold")]


def portfolios_text(portfolios: Sequence[Portfolio]) -> list[RenderableType]:
    """A row a portfolio."""
    if not portfolios:
        return [Text("No portfolio yet; make one: stockanalyst portfolio create main")]
    return [_table(books.portfolio_rows(portfolios))]


def brokers_text(brokers: Sequence[Broker]) -> list[RenderableType]:
    """A row a broker."""
    if not brokers:
        mend = "make one: stockanalyst portfolio broker save NAME --rate 0.001"
        return [Text(f"No broker yet; {mend}")]
    return [_table(books.broker_rows(brokers))]


def copied_text(
    tables: Iterable[tuple[str, int, str]], *, source: str, target: str
) -> list[RenderableType]:
    """Tables that were copied from one database to another: rows and digests, the same in both."""
    rows = [(name, f"{count:,}", digest[:16]) for name, count, digest in tables]
    table = pd.DataFrame(rows, columns=["Table", "Rows", "Digest"])
    said = f"Copied from {source} to {target}; counts and digests are the same in both."
    return [_table(table), Text(said)]


def _notes(notes: Iterable[str]) -> list[Text]:
    return [Text(f"Note: {note}", "yellow") for note in notes]


def _section(
    heading: str, rows: pd.DataFrame, *, total: int = 0, gap: int = 2
) -> list[RenderableType]:
    """A table under its heading; nothing where there are no rows."""
    if rows.empty:
        return []
    return [Text(f"\n{heading}", "bold"), _table(rows, total=total, gap=gap)]


def _table(rows: pd.DataFrame, *, total: int = 0, gap: int = 2) -> Table:
    """A plain table, numbers at the right; a line parts the last `total` rows from the others."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0))
    for name in rows.columns:
        side: Literal["left", "right"] = "left" if name in books.PORTFOLIO_WORDS else "right"
        table.add_column(name, justify=side, no_wrap=True)
    for place, cells in enumerate(rows.itertuples(index=False), start=1):
        styled = [
            Text(cell, _STYLES.get((name, cell), ""))
            for name, cell in zip(rows.columns, cells, strict=True)
        ]
        table.add_row(*styled, style="bold" if place > len(rows) - total else "")
    return table
