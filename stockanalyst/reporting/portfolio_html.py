"""Portfolios as fragments of HTML, for JupyterLab."""

from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING, Self

import pandas as pd

from stockanalyst.portfolio.performance import Performance
from stockanalyst.portfolio.valuation import Statement
from stockanalyst.reporting import portfolio as books
from stockanalyst.reporting import portfolio_returns as returns
from stockanalyst.reporting.fragments import STYLE, notes_html, table_html

if TYPE_CHECKING:
    from stockanalyst.services.imports import Import
    from stockanalyst.services.valuations import Proposal


class ShownStatement(Statement):
    """A statement that shows itself in a notebook."""

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """The same statement."""
        return cls(**{each.name: getattr(statement, each.name) for each in fields(statement)})

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        return _bundle(statement_html(self), repr(self))

    def __repr__(self) -> str:
        return f"<Statement {books.statement_caption(self)}>"


class ShownPerformance(Performance):
    """A performance that shows itself in a notebook."""

    @classmethod
    def of(cls, performance: Performance) -> Self:
        """The same performance."""
        return cls(**vars(performance))

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        return _bundle(performance_html(self), repr(self))

    def __repr__(self) -> str:
        return f"<Performance {returns.performance_caption(self)}>"


def statement_html(statement: Statement) -> str:
    """What is held, what came of it, the money, and how that adds up to the value."""
    return "".join(
        [
            _head(books.statement_caption(statement)),
            notes_html(statement.notes),
            _table([books.holding_rows(statement)], books.prices_caption(statement)),
            _table([books.gain_rows(statement)], "What each symbol has brought"),
            _table([books.cash_rows(statement)], "Money"),
            _table(
                _ended(books.total_rows(statement)),
                f"How the value came about. {books.totals_caption(statement)}",
            ),
        ]
    )


def performance_html(shown: Performance) -> str:
    """Returns, risk, months and positions."""
    return "".join(
        [
            _head(returns.performance_caption(shown)),
            notes_html(shown.notes),
            _table(_ended(returns.gain_parts(shown)), "Money"),
            _table([returns.return_rows(shown)], f"Return over {returns.returns_caption(shown)}"),
            _table([returns.beside_rows(shown)], returns.beside_caption(shown)),
            _table([returns.figure_rows(shown)], f"Risk. {returns.fall_caption(shown)}"),
            _table([returns.month_rows(shown)], "Return of each month, in percent"),
            _table(
                [returns.attribution_rows(shown), returns.attribution_total(shown)],
                "Where the gain came from",
            ),
        ]
    )


def proposal_bundle(shown: "Proposal") -> dict[str, object]:
    """What a proposal shows in a notebook, by its kind."""
    return _bundle(proposal_html(shown), f"<Proposal {returns.proposal_caption(shown)}>")


def import_bundle(found: "Import") -> dict[str, object]:
    """What an import shows in a notebook, by its kind."""
    return _bundle(import_html(found), f"<Import {books.import_caption(found)}>")


def proposal_html(shown: "Proposal") -> str:
    """Weights now and by the method, the trades between them, and their cost."""
    return "".join(
        [
            f"<p>{escape(returns.NO_ADVICE)}</p>",
            notes_html(shown.notes),
            _table(
                [returns.proposal_rows(shown), returns.cash_row(shown)],
                f"{returns.proposal_caption(shown)}. {returns.cost_caption(shown)}",
            ),
        ]
    )


def import_html(found: "Import") -> str:
    """The verdict on each row, and what became of the file."""
    return _table([books.import_rows(found)], books.import_caption(found))


def _head(words: str) -> str:
    return f'<p class="sa-head"><strong>{escape(words)}</strong></p>'


def _table(groups: list[pd.DataFrame], caption: str) -> str:
    """A table with its caption; nothing where there are no rows."""
    if groups[0].empty:
        return ""
    return table_html(groups, caption.strip(), words=books.PORTFOLIO_WORDS)


def _ended(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The last row apart, for it is the sum of the others."""
    return [rows.iloc[:-1], rows.iloc[-1:]]


def _bundle(fragment: str, words: str) -> dict[str, object]:
    shown = f'<div class="sa-analysis"><style>{STYLE}</style>{fragment}</div>'
    return {"text/html": shown, "text/plain": words}
