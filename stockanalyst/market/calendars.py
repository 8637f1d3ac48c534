"""Sessions of an exchange, through ``exchange_calendars`` (imported when first used: 0.5 s).

Of some exchanges it knows no holiday after the year in which it was published, and for some past
years it answers with an error. Weekdays stand in there.
"""

import warnings
from contextlib import suppress

import pandas as pd

_DAY = pd.Timedelta(days=1)


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
    sessions = _closes(calendar, cutoff - 21 * _DAY, cutoff + (2 * count + 21) * _DAY).index
    later = sessions[sessions > cutoff][:count]
    return pd.DatetimeIndex(later).rename("session").as_unit("ns")


def knows_holidays(calendar: str, sessions: pd.DatetimeIndex) -> bool:
    """Whether the holidays of these years are recorded; if not, weekdays stand in."""
    try:
        _recorded(calendar, sessions[0], sessions[-1])
    except ValueError:
        return False
    return True


def utc_day(now: pd.Timestamp) -> pd.Timestamp:
    """The date in UTC at a moment (aware, any timezone), as a plain date."""
    return now.tz_convert("UTC").tz_localize(None).normalize()


def last_closed_session(calendar: str, now: pd.Timestamp) -> pd.Timestamp:
    """The last session whose close is not after `now` (aware, any timezone), as a plain date."""
    today = utc_day(now)
    closes = _closes(calendar, today - 21 * _DAY, today + 2 * _DAY)
    return pd.Timestamp(closes.index[closes <= now][-1])


def session_close(calendar: str, session: pd.Timestamp) -> pd.Timestamp:
    """The moment, in UTC, at which a session ends; of a date that is none, the end of the day."""
    closes = _closes(calendar, session - 21 * _DAY, session + _DAY)
    close: pd.Timestamp = closes.get(session, session.tz_localize("UTC") + _DAY)
    return close


def _closes(name: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """Closing time by session; a weekday that stands in is closed when it is over in UTC."""
    for last in (end, pd.Timestamp(start.year, 12, 31)):
        with suppress(ValueError):
            parts = [_recorded(name, start, last), _weekdays(last + _DAY, end)]
            closes: pd.Series = pd.concat(parts)
            return closes
    return _weekdays(start, end)


def _weekdays(start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    days = pd.bdate_range(start, end)
    return pd.Series(days.tz_localize("UTC") + _DAY, index=days)


def _recorded(name: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    import exchange_calendars

    with warnings.catch_warnings():
        # exchange_calendars 4.13 uses what pandas 3.1 says pandas 4 will change.
        warnings.simplefilter("ignore", DeprecationWarning)
        return pd.Series(exchange_calendars.get_calendar(name, start=start, end=end).closes)
