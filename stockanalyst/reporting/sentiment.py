"""What is said of a company, as tables of text and as plain data."""

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite

import pandas as pd

from stockanalyst._typing import Json
from stockanalyst.backtesting.wording import counted
from stockanalyst.reporting.tables import ABSENT, Link
from stockanalyst.sentiment.aggregation import SentimentSummary, SourceSentiment
from stockanalyst.sentiment.monitoring import Distribution
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome

_ANYHOW = ("latency", "cache_age", "quota")  # differ from run to run

#: Columns of the tables below that hold words.
WORDS = frozenset({"Source", "Outcome", "Why", "Quota", "Headline", "Publisher", "From", "Label"})
#: What the scores of articles are of.
READ = "Scores are of the headline and, at half its weight, of the summary's first sentence."
_ANYHOW_SHOWN = ("Took", "Age", "Quota")


def sentiment_caption(summary: SentimentSummary) -> str:
    """The score in a line, or why there is none."""
    named = f"{summary.symbol} ({summary.name})" if summary.name else summary.symbol
    read = f"read by {summary.scorer}{_from_before(summary)}." if summary.scorer else ""
    if summary.polarity is None:
        articles = counted(summary.n_articles, "article")
        return f"{named}: no signal, {summary.reason}." + (
            f" {articles}, {read}" if summary.n_articles else ""
        )
    return (
        f"{named}: {summary.label} {_signed(summary.polarity)}, dispersion "
        f"{_plain(summary.dispersion)}, {counted(summary.n_articles, 'article')}, coverage "
        f"{summary.coverage:.0%}, {read}"
    )


def _from_before(summary: SentimentSummary) -> str:
    """A word where old answers stand in for sources that fail."""
    kept = sum(each.cache_age is not None and each.kind is not Kind.OK for each in summary.outcomes)
    return f"; answers of before stand in for {counted(kept, 'source')}" if kept else ""


def span_caption(summary: SentimentSummary) -> str:
    """What time the articles are of."""
    window = summary.window
    return f"Published from {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC."


def source_rows(summary: SentimentSummary, *, anyhow: bool = True) -> pd.DataFrame:
    """A row a source: what became of it, what it gave, and what that says.

    Parameters
    ----------
    summary : SentimentSummary
    anyhow : bool
        Whether what differs from run to run, such as the time that an answer took, is in it.
    """
    said = {each.source: each for each in summary.per_source}
    rows = [_source_row(outcome, said[outcome.source]) for outcome in summary.outcomes]
    table = pd.DataFrame(rows)
    return table if anyhow or not rows else table.drop(columns=list(_ANYHOW_SHOWN))


def _source_row(outcome: SourceOutcome, said: SourceSentiment) -> dict[str, str]:
    return {
        "Source": outcome.source,
        "Outcome": str(outcome.kind),
        "Items": str(outcome.items) if outcome.items else ABSENT,
        "Articles": str(said.n_articles) if said.n_articles else ABSENT,
        "Score": _signed(said.polarity) if said.origin == "scorer" else ABSENT,
        "Vendor's": _signed(said.vendor_polarity),
        "Took": f"{outcome.latency:.1f} s" if outcome.latency is not None else ABSENT,
        "Age": age(outcome),
        "Quota": outcome.quota or ABSENT,
        "Why": outcome.reason,
    }


def age(outcome: SourceOutcome) -> str:
    """How old an answer is that was kept; ``fresh`` for one that was given just now."""
    seconds = outcome.cache_age
    if seconds is None:
        return "fresh" if outcome.items else ABSENT
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def article_rows(summary: SentimentSummary, count: int = 10) -> pd.DataFrame:
    """The newest articles, a row each."""
    return pd.DataFrame(
        [
            {
                "Published (UTC)": f"{each.article.published_at:%Y-%m-%d %H:%M}",
                "Score": _signed(each.polarity),
                "Headline": Link(each.article.title, each.article.url),
                "Publisher": each.article.publisher,
                "From": ", ".join(each.sources),
            }
            for each in summary.articles[:count]
        ],
        dtype=object,
    )


def sentiment_rows(summaries: Sequence[SentimentSummary]) -> pd.DataFrame:
    """A row a symbol."""
    return pd.DataFrame(
        {
            "Symbol": [each.symbol for each in summaries],
            "Label": [each.label for each in summaries],
            "Score": [_signed(each.polarity) for each in summaries],
            "Dispersion": [_plain(each.dispersion) for each in summaries],
            "Articles": [str(each.n_articles) for each in summaries],
            "Coverage": [f"{each.coverage:.0%}" for each in summaries],
            "Why": [each.reason for each in summaries],
        }
    )


def distribution_caption(found: Distribution) -> str:
    """How scores and sources look over many symbols."""
    return (
        f"{found.n_scored} of {counted(found.n_symbols, 'symbol')} with a signal; mean "
        f"{_signed(found.mean)}, standard deviation {_plain(found.std)}, beyond ±0.5 "
        f"{_share(found.share_strong)}, questions without an answer {_share(found.error_rate)}."
    )


def sentiment_dict(summary: SentimentSummary, *, anyhow: bool = True) -> Json:
    """A summary for :mod:`json`: moments as text, NaN as None.

    Parameters
    ----------
    summary : SentimentSummary
    anyhow : bool
        Whether what differs from run to run, such as the time that an answer took, is in it.
    """
    outcomes = [asdict(outcome) for outcome in summary.outcomes]
    if not anyhow:
        outcomes = [
            {name: value for name, value in each.items() if name not in _ANYHOW}
            for each in outcomes
        ]
    return {
        "symbol": summary.symbol,
        "name": summary.name,
        "polarity": summary.polarity,
        "label": summary.label,
        "reason": summary.reason,
        "n_articles": summary.n_articles,
        "dispersion": summary.dispersion if isfinite(summary.dispersion) else None,
        "coverage": summary.coverage,
        "vendor_polarity": summary.vendor_polarity,
        "scorer": summary.scorer,
        "window": {
            "start": summary.window.start.isoformat(),
            "end": summary.window.end.isoformat(),
        },
        "as_of": summary.as_of.isoformat(),
        "per_source": [asdict(each) for each in summary.per_source],
        "outcomes": outcomes,
        "articles": [
            {
                "title": each.article.title,
                "publisher": each.article.publisher,
                "url": each.article.url,
                "published_at": each.article.published_at.isoformat(),
                "polarity": each.polarity,
                "label": each.label,
                "confidence": each.confidence,
                "sources": list(each.sources),
                "read": list(each.read),
            }
            for each in summary.articles
        ],
    }


def _signed(value: float | None) -> str:
    if value is None or not isfinite(value):
        return ABSENT
    return f"{value:+.2f}".replace("-", "−")


def _share(value: float) -> str:
    return f"{value:.0%}" if isfinite(value) else ABSENT


def _plain(value: float) -> str:
    return f"{value:.2f}" if isfinite(value) else ABSENT
