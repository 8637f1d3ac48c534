"""Pieces of HTML that analyses, walk-forwards and sentiment share.

They take text colour and background from the page around them, run no script and load nothing. All
that isn't written here is escaped. Headlines lead to their pages.
"""

from collections.abc import Collection, Iterable, Sequence
from html import escape

import pandas as pd

from stockanalyst.reporting.tables import Link

STYLE = """
.sa-analysis { line-height: 1.5; max-width: 56rem }
.sa-analysis h3 { margin: 1.6em 0 .4em; font-size: 1.15em; font-weight: 600 }
.sa-analysis p { margin: .4em 0 }
.sa-analysis .sa-head { font-size: 1.05em; margin: 0 0 .8em }
.sa-analysis .sa-price { font-size: 1.9em; font-weight: 600; margin-right: .3em }
.sa-analysis .sa-soft, .sa-analysis caption, .sa-analysis figcaption { opacity: .8 }
.sa-analysis .sa-call { border-left: .35em solid color-mix(in srgb, currentColor 40%, transparent);
  background: color-mix(in srgb, currentColor 6%, transparent); padding: .7em 1em; margin: 1em 0 }
.sa-analysis .sa-buy { border-color: #009e73 }
.sa-analysis .sa-sell { border-color: #d55e00 }
.sa-analysis .sa-action { font-size: 1.35em; font-weight: 700; letter-spacing: .02em }
.sa-analysis ul { margin: .3em 0; padding-left: 1.2em }
.sa-analysis figure { margin: 1em 0 }
.sa-analysis svg { display: block; height: auto; min-width: 22rem; max-width: 46rem }
.sa-analysis caption, .sa-analysis figcaption { font-size: .88em; text-align: left }
.sa-analysis caption { caption-side: top; padding: 0 0 .5em; color: inherit }
.sa-analysis caption span { display: block; position: sticky; left: 0; max-width: min(46rem, 86vw) }
.sa-analysis .sa-scroll { overflow-x: auto }
.sa-analysis .sa-table { border-collapse: collapse; margin: .4em 0; font-size: .92em; border: 0;
  font-variant-numeric: tabular-nums }
.sa-analysis .sa-table th, .sa-analysis .sa-table td { padding: .3em .8em .3em 0; border: 0;
  text-align: right; white-space: nowrap; background: none;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent) }
.sa-analysis .sa-table thead th { font-weight: 600;
  border-bottom: 1px solid color-mix(in srgb, currentColor 60%, transparent) }
.sa-analysis .sa-table th:first-child, .sa-analysis .sa-table .sa-words { text-align: left }
.sa-analysis .sa-table th[scope=row] { font-weight: 400 }
.sa-analysis .sa-table tbody + tbody tr:first-child > * {
  border-top: 2px solid color-mix(in srgb, currentColor 40%, transparent) }
.sa-analysis details { margin: .3em 0 }
.sa-analysis summary { cursor: pointer }
.sa-analysis code { white-space: pre-wrap; overflow-wrap: anywhere }
"""


def notes_html(notes: Iterable[str]) -> str:
    """What a reader must know of the data, a paragraph each."""
    return "".join(f'<p class="sa-note">{escape(note)}</p>' for note in notes)


def table_html(groups: Sequence[pd.DataFrame], caption: str, *, words: Collection[str] = ()) -> str:
    """A table whose first column heads its rows; a line parts the groups.

    Columns of `words` stand at the left, the others at the right.
    """
    sides = [' class="sa-words"' if name in words else "" for name in groups[0].columns]
    names = "".join(
        f'<th scope="col"{side}>{escape(str(name))}</th>'
        for name, side in zip(groups[0].columns, sides, strict=True)
    )
    bodies = "".join(f"<tbody>{_body(rows, sides)}</tbody>" for rows in groups)
    return (
        f'<div class="sa-scroll" tabindex="0" role="region" aria-label="{escape(_name(caption))}">'
        '<table class="sa-table">'
        f"<caption><span>{escape(caption)}</span></caption>"
        f"<thead><tr>{names}</tr></thead>{bodies}</table></div>"
    )


def _name(caption: str) -> str:
    """What a screen reader calls the table: the first sentence of its caption."""
    return f"Table: {caption.partition('. ')[0]}"


def cell_html(cell: object) -> str:
    """What a cell says; a :class:`~stockanalyst.reporting.tables.Link` opens its page."""
    text = escape(str(cell))
    if not isinstance(cell, Link) or not cell.url.startswith(("https://", "http://")):
        return text
    return f'<a href="{escape(cell.url)}" target="_blank" rel="noopener noreferrer">{text}</a>'


def _body(rows: pd.DataFrame, sides: Sequence[str]) -> str:
    return "".join(
        f'<tr><th scope="row">{escape(str(key))}</th>'
        + "".join(
            f"<td{side}>{cell_html(cell)}</td>" for cell, side in zip(cells, sides[1:], strict=True)
        )
        + "</tr>"
        for key, *cells in rows.itertuples(index=False)
    )
