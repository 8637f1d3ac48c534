"""What the news say, as a fragment of HTML, for JupyterLab and for reports."""

from html import escape
from typing import Self

from stockanalyst.reporting.fragments import STYLE, table_html
from stockanalyst.reporting.sentiment import (
    READ,
    WORDS,
    article_rows,
    sentiment_caption,
    source_rows,
    span_caption,
)
from stockanalyst.sentiment.aggregation import SentimentSummary


class ShownSentiment(SentimentSummary):
    """A summary that shows itself in a notebook."""

    @classmethod
    def of(cls, summary: SentimentSummary) -> Self:
        """The same summary."""
        return cls(**vars(summary))

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        shown = f'<div class="sa-analysis"><style>{STYLE}</style>{sentiment_html(self)}</div>'
        return {"text/html": shown, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Sentiment {sentiment_caption(self)}>"


def sentiment_html(summary: SentimentSummary, *, anyhow: bool = True) -> str:
    """The score, what became of each source, and the newest headlines to be opened.

    Parameters
    ----------
    summary : SentimentSummary
    anyhow : bool
        Whether what differs from run to run, such as the time that an answer took, is in it.
    """
    said = f"<p>{escape(sentiment_caption(summary))} {span_caption(summary)}</p>"
    if not summary.outcomes:
        return said
    rows = source_rows(summary, anyhow=anyhow)
    sources = table_html([rows], "Sources, and what became of each", words=WORDS)
    if not summary.articles:
        return said + sources
    headlines = table_html([article_rows(summary)], READ, words=WORDS)
    return f"{said}{sources}<details><summary>Newest headlines</summary>{headlines}</details>"
