"""Sessions of an exchange, through ``exchange_calendars`` (imported when first used: 0.5 s)."""

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar


def next_sessions(calendar: str, cutoff: pd.Timestamp, count: int) -> pd.DatetimeIndex:
    """The `count` sessions after `cutoff`, dates without a timezone.

    Parameters
    ----------
    calendar : str
        Name in ``exchange_calendars``, such as ``"XNYS"``.
    cutoff : Timestamp
        A date; it needn't be a session.
    count : int
        How many, ≥ 1.
    """
    end = cutoff + pd.Timedelta(days=2 * count + 21)
    sessions = _calendar(calendar, cutoff, end).sessions
    later = sessions[sessions > cutoff][:count]
    return pd.DatetimeIndex(later).rename("session").as_unit("ns")


def last_closed_session(calendar: str, now: pd.Timestamp) -> pd.Timestamp:
    """The last session whose close is not after `now` (aware, any timezone), as a plain date."""
    today = now.tz_convert("UTC").tz_localize(None).normalize()
    schedule = _calendar(calendar, today - pd.Timedelta(days=21), today + pd.Timedelta(days=2))
    closed = schedule.closes[schedule.closes <= now]
    return pd.Timestamp(closed.index[-1])


def _calendar(name: str, start: pd.Timestamp, end: pd.Timestamp) -> "ExchangeCalendar":
    import exchange_calendars

    return exchange_calendars.get_calendar(name, start=start, end=end)
