"""Holidays and early closes of New York as published on nyse.com (and, for 2012, Sandy)."""

import pandas as pd
import pytest
from exchange_calendars.errors import InvalidCalendarName

from stockanalyst.market.calendars import last_closed_session, next_sessions, session_close


def days(sessions: pd.DatetimeIndex) -> list[str]:
    return [f"{session:%Y-%m-%d}" for session in sessions]


@pytest.mark.parametrize(
    ("cutoff", "expected"),
    [
        pytest.param(
            "2013-03-01",
            ["2013-03-04", "2013-03-05", "2013-03-06", "2013-03-07", "2013-03-08", "2013-03-11",
             "2013-03-12"],
            id="a plain week",
        ),
        pytest.param("2013-03-28", ["2013-04-01", "2013-04-02"], id="Good Friday"),
        pytest.param("2012-10-26", ["2012-10-31", "2012-11-01"], id="Sandy"),
        pytest.param("2001-09-10", ["2001-09-17"], id="September 2001"),
        pytest.param("2013-12-24", ["2013-12-26"], id="Christmas"),
        pytest.param("2013-03-02", ["2013-03-04"], id="from a Saturday"),
    ],
)  # fmt: skip
def test_next_sessions_in_new_york(cutoff: str, expected: list[str]) -> None:
    sessions = next_sessions("XNYS", pd.Timestamp(cutoff), len(expected))
    assert days(sessions) == expected


def test_next_sessions_are_plain_dates() -> None:
    sessions = next_sessions("XTKS", pd.Timestamp("2013-03-01"), 3)
    assert sessions.tz is None
    assert sessions.name == "session"
    assert sessions.dtype == "datetime64[ns]"


@pytest.mark.parametrize("calendar", ["XBOM", "XHKG", "XKRX", "XNYS", "XSES", "XSHG", "XTAE"])
def test_every_exchange_answers_for_the_longest_horizon(calendar: str) -> None:
    """Of some exchanges the holidays are recorded only to the end of a year."""
    cutoff = pd.Timestamp("2026-11-27")
    sessions = next_sessions(calendar, cutoff, 60)
    assert len(sessions) == 60
    assert sessions[0] > cutoff
    assert sessions.is_monotonic_increasing
    assert sessions.is_unique


def test_what_is_recorded_is_kept_and_weekdays_follow() -> None:
    """Mumbai is closed on Christmas Day; of January 2099 nobody has recorded a holiday."""
    assert days(next_sessions("XBOM", pd.Timestamp("2026-12-24"), 1)) == ["2026-12-28"]
    assert days(next_sessions("XBOM", pd.Timestamp("2098-12-31"), 2)) == [
        "2099-01-01",
        "2099-01-02",
    ]


def test_an_unknown_calendar_is_an_error() -> None:
    with pytest.raises(InvalidCalendarName, match="XXXX"):
        next_sessions("XXXX", pd.Timestamp("2013-03-01"), 1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2013-03-01 15:59", "2013-02-28", id="before the close"),
        pytest.param("2013-03-01 16:00", "2013-03-01", id="at the close"),
        pytest.param("2013-03-03 12:00", "2013-03-01", id="Sunday"),
        pytest.param("2013-03-29 18:00", "2013-03-28", id="Good Friday"),
        pytest.param("2012-10-30 18:00", "2012-10-26", id="Sandy"),
        pytest.param("2012-11-23 12:59", "2012-11-21", id="before an early close"),
        pytest.param("2012-11-23 13:00", "2012-11-23", id="at an early close"),
        pytest.param("2013-07-01 15:59", "2013-06-28", id="summer, before the close"),
        pytest.param("2013-07-01 16:00", "2013-07-01", id="summer, at the close"),
    ],
)
@pytest.mark.parametrize("timezone", ["America/New_York", "UTC", "Asia/Tokyo"])
def test_last_closed_session_in_new_york(now: str, expected: str, timezone: str) -> None:
    instant = pd.Timestamp(now, tz="America/New_York").tz_convert(timezone)
    session = last_closed_session("XNYS", instant)
    assert session == pd.Timestamp(expected)
    assert session.tzinfo is None


def test_last_closed_session_ahead_of_greenwich() -> None:
    """Wellington closes at 16:45 local time: 03:45 UTC of the same date in summer."""
    before, after = pd.Timestamp("2013-03-01 03:44", tz="UTC"), pd.Timestamp("2013-03-01 03:46Z")
    assert last_closed_session("XNZE", before) == pd.Timestamp("2013-02-28")
    assert last_closed_session("XNZE", after) == pd.Timestamp("2013-03-01")


def test_a_day_that_nobody_recorded_is_closed_when_it_is_over() -> None:
    """2099-01-05 is a Monday."""
    monday = pd.Timestamp("2099-01-05 23:59", tz="UTC")
    assert last_closed_session("XBOM", monday) == pd.Timestamp("2099-01-02")
    assert last_closed_session("XBOM", monday.ceil("D")) == pd.Timestamp("2099-01-05")


@pytest.mark.parametrize(
    ("calendar", "session", "close"),
    [
        ("XNYS", "2013-03-01", "2013-03-01 21:00"),
        ("XNYS", "2012-11-23", "2012-11-23 18:00"),  # the day after Thanksgiving
        ("XNYS", "2013-03-02", "2013-03-03 00:00"),  # a Saturday
        ("XTKS", "2024-03-01", "2024-03-01 06:00"),
        ("24/7", "2024-03-01", "2024-03-02 00:00"),
    ],
)
def test_session_close(calendar: str, session: str, close: str) -> None:
    assert session_close(calendar, pd.Timestamp(session)) == pd.Timestamp(close, tz="UTC")
