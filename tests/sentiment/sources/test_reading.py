"""What vendors' values mean, and that none of them raises."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import PayloadError, SourceError, SourceRefused, SourceTimeout
from stockanalyst.sentiment.articles import Article, Findings, Observation, Window
from stockanalyst.sentiment.sources.reading import (
    all_read,
    count,
    day_end,
    gathered,
    inside,
    line,
    link,
    moment,
    names,
    number,
    object_of,
    rows_of,
    unix_moment,
)

NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "read"), [(0.25, 0.25), (-1, -1.0), ("0.427", 0.427), (" -3e-1 ", -0.3), (0, 0.0)]
)
def test_number(value: object, read: float) -> None:
    assert number(value, -1, 1) == read


BEYOND = [1.0001, -2, 10**400, -(10**400), math.nan, math.inf, "1e400", "9" * 5000]
NO_NUMBERS = [None, True, "", "NaN", "inf", "1_0", "٠", "0x1", [0.1], {}, *BEYOND]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=range(len(NO_NUMBERS)))
def test_no_number(value: object) -> None:
    assert number(value, -1, 1) is None


@pytest.mark.parametrize(
    ("value", "read"), [(7, 7), ("08", 8), (7.0, 7), (7.5, None), (-1, None), (10**10, None)]
)
def test_count(value: object, read: int | None) -> None:
    assert count(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("  A\u00a0title\r\nin  lines ", "A title in lines"),
        ("AT&amp;T &#8211; calm", "AT&T – calm"),
        ("a\x00b\u202ec\ud800d\x1b[31m", "abcd[31m"),
        ("x" * 50, "x" * 19 + "…"),
        (None, ""),
        (5, ""),
    ],
)
def test_line(value: object, read: str) -> None:
    assert line(value, 20) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" https://example.com/a?b=c#d ", "https://example.com/a?b=c#d"),
        ("http://[broken", "http://[broken"),
        ("javascript:alert(1)", ""),
        ("//example.com", ""),
        ('https://example.com/"onclick', ""),
        ("https://example.com/a b", ""),
        ("https://example.com/" + "a" * 2000, ""),
        (None, ""),
    ],
)
def test_link(value: object, read: str) -> None:
    assert link(value) == read


def test_names() -> None:
    assert names(["AAPL", None, " MSFT ", "", 7]) == ("AAPL", "MSFT")
    assert names("AAPL") == ()
    assert len(names(["A"] * 1000)) == 50


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-20T12:00:00Z",
        "2026-01-20T12:00:00+00:00",
        "2026-01-20T07:00:00-05:00",
        "2026-01-20 12:00:00",
        "20260120T120000",
        "20260120T1200",
        "2026-01-20 12:00:00.000000+00:00",
    ],
)
def test_moment(text: str) -> None:
    assert moment(text) == NOON
    assert str(moment(text)).endswith("+00:00")


@pytest.mark.parametrize(
    "bad",
    ["2026-01-20", "20260120", "", "noon", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59", 7],
)
def test_no_moment(bad: object) -> None:
    assert moment(bad) is None


def test_other_times() -> None:
    assert unix_moment(1768910400) == NOON
    assert [unix_moment(bad) for bad in (0, -1, 1e12, None, "")] == [None] * 5
    assert day_end("2026-01-19") == datetime(2026, 1, 20, tzinfo=UTC)
    assert [day_end(bad) for bad in ("9999-12-31", "2026-02-30", "", None, 5)] == [None] * 5


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(value=anything)
def test_nothing_raises(value: Any) -> None:
    score = number(value, -1, 1)
    assert score is None or -1 <= score <= 1
    assert count(value) is None or isinstance(count(value), int)
    assert line(value, 30).isprintable()
    assert len(line(value, 30)) <= 30
    assert link(value) == "" or link(value).startswith("http")
    assert all(names(value))
    for read in (moment(value), unix_moment(value), day_end(value)):
        assert read is None or read.utcoffset() == timedelta(0)


def test_what_is_no_list_or_no_object() -> None:
    assert rows_of("vendor", [1], "news") == [1]
    assert object_of("vendor", {"a": 1}, "news") == {"a": 1}
    with pytest.raises(PayloadError, match="vendor: news: a list is documented, not an object"):
        rows_of("vendor", {}, "news")
    with pytest.raises(PayloadError, match="vendor: news: an object is documented, not a list"):
        object_of("vendor", [], "news")


def test_one_bad_row_is_left_out_and_all_bad_ones_are_a_new_schema() -> None:
    def read(row: Any) -> int | None:
        return count(row.get("n"))

    assert all_read("vendor", [{"n": 0}, {"n": "x"}, None, {}, {"n": 2}], read, "news") == [0, 2]
    assert all_read("vendor", [], read, "news") == []
    with pytest.raises(PayloadError, match="vendor: news: none of 2 is as documented"):
        all_read("vendor", [{"n": "x"}, 5], read, "news")


def test_both_ends_of_a_window_are_inside() -> None:
    second = timedelta(seconds=1)
    window = Window(NOON - second, NOON)
    times = [NOON - 2 * second, NOON - second, NOON, NOON + second]
    findings = inside(
        window,
        [Article("vendor", "Title", at) for at in times],
        [Observation("vendor", at, None) for at in times],
    )
    assert [article.published_at for article in findings.articles] == times[1:3]
    assert [observation.at for observation in findings.observations] == times[1:3]


def test_of_many_articles_the_newest_count() -> None:
    hours = [NOON + timedelta(hours=hour) for hour in range(600)]
    articles = [Article("vendor", "Title", at) for at in hours]
    findings = inside(Window(NOON, hours[550]), articles)
    assert {article.published_at for article in findings.articles} == set(hours[51:551])
    assert findings.notes == ("news: of 551 articles the newest 500 count",)
    assert inside(Window(NOON, hours[499]), articles[:500]).notes == ()


@pytest.mark.parametrize(
    ("hours", "full", "missing"),
    [((1, 2), True, True), ((1, 2), False, False), ((-1, 2), True, False), ((8, 9), True, True)],
)
def test_a_full_answer_may_hide_earlier_ones(
    hours: tuple[int, ...], *, full: bool, missing: bool
) -> None:
    articles = [Article("vendor", "Title", NOON + timedelta(hours=hour)) for hour in hours]
    findings = inside(Window(NOON, NOON + timedelta(hours=5)), articles, full=full)
    earliest = f"2026-01-20 {12 + hours[0]}:00"
    assert findings.notes == ((f"news: what came before {earliest} UTC is missing",) * missing)


FOUND = Findings(articles=(Article("vendor", "Title", NOON),))
NOTHING = Findings()
DOWN = SourceTimeout("vendor", "late")
PLAN = SourceRefused("vendor", "plan", "not in the plan")
UNKNOWN = SourceRefused("vendor", "unknown_symbol", "who?")
SPENT = SourceRefused("vendor", "quota_day", "used up")


@pytest.mark.parametrize(
    ("outcomes", "expected", "asked"),
    [
        ((FOUND, NOTHING), FOUND, 2),
        ((replace(FOUND, notes=("cut",)), PLAN), replace(FOUND, notes=("cut",)), 2),
        ((FOUND, DOWN, PLAN), replace(FOUND, faults=("down: late",)), 3),
        ((DOWN, FOUND), replace(FOUND, faults=("down: late",)), 2),
        ((UNKNOWN, FOUND), UNKNOWN, 1),
        ((NOTHING, PLAN), NOTHING, 2),
        ((PLAN, NOTHING), PLAN, 2),
        ((DOWN, PLAN), DOWN, 2),
        ((SPENT, FOUND), SPENT, 1),
        ((FOUND, SPENT, FOUND), FOUND, 2),
    ],
)
def test_several_questions(
    outcomes: tuple[Findings | SourceError, ...], expected: Findings | SourceError, asked: int
) -> None:
    heard: list[object] = []

    def say(outcome: Findings | SourceError) -> Findings:
        heard.append(outcome)
        if isinstance(outcome, SourceError):
            raise outcome
        return outcome

    questions = [lambda outcome=outcome: say(outcome) for outcome in outcomes]
    if isinstance(expected, SourceError):
        with pytest.raises(SourceError) as caught:
            gathered(*questions)
        assert caught.value is expected
    else:
        assert gathered(*questions) == expected
    assert len(heard) == asked
