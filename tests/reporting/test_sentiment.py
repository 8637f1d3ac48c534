"""Tables and plain data of what the news say."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from stockanalyst.reporting.context import Analysis
from stockanalyst.reporting.fragments import cell_html
from stockanalyst.reporting.sentiment import age, sentiment_caption, sentiment_dict, source_rows
from stockanalyst.reporting.sentiment_html import ShownSentiment
from stockanalyst.reporting.tables import Link
from stockanalyst.sentiment.aggregation import SentimentSummary, SourceSentiment
from stockanalyst.sentiment.articles import Window
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome

END = datetime(2024, 3, 8, 21, tzinfo=UTC)


def said(polarity: float | None, *outcomes: SourceOutcome) -> SentimentSummary:
    return SentimentSummary(
        symbol="ACME",
        name="<Acme>",
        polarity=polarity,
        label="negative" if polarity else "no signal",
        reason="" if polarity else "no source answered",
        n_articles=4,
        dispersion=0.25 if polarity else float("nan"),
        coverage=0.5,
        vendor_polarity=None,
        per_source=tuple(
            SourceSentiment(each.source, polarity, "scorer" if polarity else "", 4, 0.1, None)
            for each in outcomes
        ),
        outcomes=outcomes,
        articles=(),
        window=Window(END - timedelta(days=7), END),
        scorer="marked",
    )


KEPT = SourceOutcome("wire", Kind.DOWN, "no connection", 4, 1.25, 7200.0, "3 of 25 used")


def test_captions() -> None:
    assert sentiment_caption(said(-0.3)) == (
        "ACME (<Acme>): negative −0.30, dispersion 0.25, 4 articles, coverage 50%, read by marked."
    )
    assert sentiment_caption(said(None)) == (
        "ACME (<Acme>): no signal, no source answered. 4 articles, read by marked."
    )


def test_a_caption_tells_of_answers_of_before() -> None:
    """One that failed counts; one that is kept because it is fresh doesn't."""
    fresh = SourceOutcome("paper", Kind.OK, items=2, cache_age=30.0)
    assert sentiment_caption(said(-0.3, KEPT, fresh)).endswith(
        "read by marked; answers of before stand in for 1 source."
    )


def test_a_row_of_a_source_that_failed_and_has_an_answer_of_before() -> None:
    (row,) = source_rows(said(-0.3, KEPT)).to_dict("records")
    assert row == {
        "Source": "wire",
        "Outcome": "down",
        "Items": "4",
        "Articles": "4",
        "Score": "−0.30",
        "Vendor's": "+0.10",
        "Took": "1.2 s",
        "Age": "2 h",
        "Quota": "3 of 25 used",
        "Why": "no connection",
    }


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "fresh"), (0.0, "0 s"), (59.0, "59 s"), (60.0, "1 min"), (7200.0, "2 h"), (3e5, "3 d")],
)
def test_ages(seconds: float | None, shown: str) -> None:
    assert age(SourceOutcome("wire", Kind.OK, items=1, cache_age=seconds)) == shown


def test_what_differs_from_run_to_run_can_be_left_out() -> None:
    summary = said(-0.3, KEPT)
    assert not {"Took", "Age", "Quota"} & set(source_rows(summary, anyhow=False).columns)
    (outcome,) = sentiment_dict(summary, anyhow=False)["outcomes"]
    assert outcome == {"source": "wire", "kind": "down", "reason": "no connection", "items": 4}


def test_json_has_none_for_nan() -> None:
    plain = json.loads(json.dumps(sentiment_dict(said(None, KEPT)), allow_nan=False))
    assert plain["dispersion"] is None
    assert plain["polarity"] is None
    assert plain["window"]["end"] == "2024-03-08T21:00:00+00:00"


def test_a_headline_leads_to_its_page() -> None:
    page = cell_html(Link("Profit & loss", 'https://wire.test/a?b=1&c="'))
    assert page == (
        '<a href="https://wire.test/a?b=1&amp;c=&quot;" target="_blank" rel="noopener noreferrer">'
        "Profit &amp; loss</a>"
    )
    for address in ("", "javascript:alert(1)", "data:text/html,x"):
        assert cell_html(Link("Profit & loss", address)) == "Profit &amp; loss"


def test_markup_in_a_headline_stays_text(analysis: Analysis) -> None:
    shown = ShownSentiment.of(analysis.sentiment)._repr_mimebundle_()["text/html"]
    assert "Profit rises at &lt;b&gt;all&lt;/b&gt; plants" in str(shown)
    assert "<b>" not in str(shown)
