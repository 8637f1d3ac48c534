"""What people write, read exactly; each error names the parameter that it came by."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from math import gcd
from typing import TypeVar
from zoneinfo import ZoneInfo

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import MOST, Commodity, exact, minor_units

T = TypeVar("T")
_FIRST_DAY = date(1900, 1, 1)
_LONGEST = 500
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def past_day(value: object, parameter: str, *, zone: ZoneInfo, last: date) -> date:
    """A day from 1900 on.

    Parameters
    ----------
    value : date, datetime or str
        A date, ``YYYY-MM-DD``, or a moment with a timezone (a datetime or ISO 8601).
    parameter : str
    zone : ZoneInfo
        In which a moment is a day.
    last : date
        The last that may be given.

    Raises
    ------
    InputError
        None of these, or outside.
    """
    day = _day(value, parameter, zone)
    if not _FIRST_DAY <= day <= last:
        raise InputError(parameter, value, f"give a day from {_FIRST_DAY} to {last}")
    return day


def ratio(value: object, parameter: str) -> tuple[int, int]:
    """Two whole numbers above zero in lowest terms, from ``"2:1"`` or a pair; else InputError."""
    parts = value.split(":") if isinstance(value, str) else value
    pair = parts if isinstance(parts, list | tuple) and len(parts) == 2 else (0, 0)
    try:
        first, second = (whole(part, parameter) for part in pair)
    except InputError:
        mend = "give two whole numbers above zero, such as 2:1"
        raise InputError(parameter, value, mend) from None
    common = gcd(first, second)
    return first // common, second // common


def whole(value: object, parameter: str) -> int:
    """A whole number above zero, at most 2⁶²; else InputError."""
    number = exact(value, parameter)
    if not 0 < number < MOST or number != number.to_integral_value():
        raise InputError(parameter, value, "give a whole number above zero")
    return int(number)


def charge(value: object, money: Commodity, parameter: str) -> int:
    """Minor units of zero or more, zero for None; InputError as for ``minor_units``."""
    number = Decimal(0) if value is None else exact(value, parameter)
    if number < 0:
        raise InputError(parameter, value, "give zero or more")
    return minor_units(value, money, parameter) if number else 0


def named(parameter: str, parse: Callable[[object], T], value: object) -> T:
    """What `parse` gives; its InputError names the parameter."""
    try:
        return parse(value)
    except InputError as error:
        raise InputError(parameter, value, error.mend) from None


def line(value: object, parameter: str) -> str:
    """A text of one line, blanks of any kind made single ones; else InputError."""
    text = " ".join(value.split()) if isinstance(value, str) else None
    if text is None or len(text) > _LONGEST or not text.isprintable():
        mend = f"give a text of at most {_LONGEST} printable characters"
        raise InputError(parameter, value, mend)
    return text


def _day(value: object, parameter: str, zone: ZoneInfo) -> date:
    """The date, or that of the moment in the zone."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = value.strip() if isinstance(value, str) else ""
    try:
        if _PLAIN_DATE.fullmatch(text):
            return date.fromisoformat(text)
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(zone).date()
    except (ValueError, OverflowError):
        mend = "give a date such as 2024-03-15, or a moment such as 2024-03-15T09:30Z"
        raise InputError(parameter, value, mend) from None
    mend = "has no timezone; add one, such as Z or +01:00, or give the date alone"
    raise InputError(parameter, value, mend)
