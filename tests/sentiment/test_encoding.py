"""Findings survive a cache; what isn't findings is none."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment.articles import Article, Findings, Observation
from stockanalyst.sentiment.encoding import decoded, encoded

MOMENT = st.datetimes(timezones=st.just(UTC))
SHARE = st.none() | st.floats(-1, 1)
ARTICLE = st.builds(
    Article,
    source=st.text(),
    title=st.text(st.characters(exclude_categories=["Cs"])),
    published_at=MOMENT,
    symbols=st.lists(st.text("ABC.")).map(tuple),
    vendor_score=SHARE,
    relevance=SHARE,
)
READY = st.builds(
    Observation, st.text("abc"), at=MOMENT, score=SHARE, volume=st.none() | st.integers(0)
)


FINDINGS = st.builds(
    Findings,
    st.lists(ARTICLE, max_size=3).map(tuple),
    st.lists(READY, max_size=3).map(tuple),
    st.lists(st.text("down: 503"), max_size=2).map(tuple),
    st.lists(st.text("news: cut"), max_size=2).map(tuple),
)


@given(FINDINGS)
def test_there_and_back(findings: Findings) -> None:
    assert decoded(encoded(findings)) == findings


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"articles": [], "observations": []}',
        b'{"articles": [{"title": "a"}], "observations": []}',
        b'{"articles": [], "observations": [{"source": "a", "at": "x", "score": 1}]}',
        b'{"articles": [], "observations": [{"source": "a", "at": "2024-01-01", "score": 1}]}',
    ],
)
def test_bytes_of_another_origin(text: bytes) -> None:
    assert decoded(text) is None
