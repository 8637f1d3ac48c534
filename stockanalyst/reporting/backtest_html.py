"""A walk-forward as a fragment of HTML, of the same parts as an analysis."""

from dataclasses import dataclass
from html import escape

from stockanalyst.backtesting.results import Backtest
from stockanalyst.backtesting.wording import counted
from stockanalyst.reporting.fragments import STYLE, notes_html, table_html
from stockanalyst.reporting.html import missing_html
from stockanalyst.reporting.tables import ends, pooled_caption, pooled_rows, verdicts


@dataclass(frozen=True, repr=False)
class ShownBacktest(Backtest):
    """A walk-forward that a notebook shows in short."""

    def __repr__(self) -> str:
        models = counted(self.skill["model"].nunique(), "model")
        return f"<Backtest of {models} on {counted(len(self.symbols), 'symbol')}>"

    def _repr_html_(self) -> str:
        return backtest_html(self)


def backtest_html(backtest: Backtest) -> str:
    """The pooled scores, and whether a model beat the random walk, as a fragment of HTML."""
    levels = backtest.levels
    rows = pooled_rows(backtest, levels)
    rows.insert(0, "Model", rows.pop("Model"))
    groups = [of_horizon for _, of_horizon in rows.groupby("Horizon", sort=False)]
    parts = [
        notes_html(backtest.notes),
        table_html(groups, pooled_caption(backtest)),
        "<h3>Does any model beat the random walk?</h3>",
        *(_verdicts(verdicts(backtest, step)) for step in ends(backtest.skill["step"])),
        missing_html(backtest.missing),
    ]
    return f'<div class="sa-analysis"><style>{STYLE}</style>{"".join(parts)}</div>'


def _verdicts(said: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in said)}</ul>"
