"""What people write: days by zone, ratios, numbers; and what is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import currency
from stockanalyst.portfolio.readings import charge, line, named, past_day, ratio, whole

ANGELES, KIRITIMATI = ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Kiritimati")
LAST = date(2026, 1, 31)


def day(value: object, zone: ZoneInfo = ANGELES) -> date:
    return past_day(value, "on", zone=zone, last=LAST)


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        # Recorded: wealthfolio, test_activity_buckets_to_user_local_day_boundary
        ("2025-01-01T07:30Z", ANGELES, date(2024, 12, 31)),
        (datetime(2025, 1, 1, 7, 30, tzinfo=UTC), ANGELES, date(2024, 12, 31)),
        ("2025-01-01T08:00:00+00:00", ANGELES, date(2025, 1, 1)),
        ("2024-12-31T12:00Z", KIRITIMATI, date(2025, 1, 1)),  # 14 hours ahead
        ("2025-01-01", ANGELES, date(2025, 1, 1)),
        (" 2025-01-01 ", KIRITIMATI, date(2025, 1, 1)),
        (date(1900, 1, 1), ANGELES, date(1900, 1, 1)),
        (LAST, ANGELES, LAST),
    ],
)
def test_days(value: object, zone: ZoneInfo, expected: date) -> None:
    assert day(value, zone) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2025-01-01T07:30", "on '2025-01-01T07:30': has no timezone; add one"),
        (datetime(2025, 1, 1), "has no timezone"),  # noqa: DTZ001 - what is refused
        ("20250101", "has no timezone"),
        ("2025-02-30", "on '2025-02-30': give a date such as 2024-03-15"),
        ("1/2/2025", "give a date such as"),
        ("٢٠٢٥-٠١-٠١", "give a date such as"),
        ("", "give a date such as"),
        (20250101, "give a date such as"),
        (None, "give a date such as"),
        ("0001-01-01T00:00+14:00", "give a date such as"),  # in no year of the zone
        ("2026-02-01", "give a day from 1900-01-01 to 2026-01-31"),
        ("1899-12-31", "give a day from 1900-01-01"),
        ("2026-02-01T08:00Z", "give a day from 1900-01-01"),
    ],
)
def test_no_days(value: object, message: str) -> None:
    with pytest.raises(InputError) as refused:
        day(value)
    assert message in str(refused.value)
    assert refused.value.parameter == "on"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2:1", (2, 1)), (" 1 : 10 ", (1, 10)), ((4, 6), (2, 3)), (("3", Decimal(2)), (3, 2))],
)
def test_ratios(value: object, expected: tuple[int, int]) -> None:
    assert ratio(value, "ratio") == expected


@pytest.mark.parametrize(
    "value",
    ["2", "2:1:1", "2/1", "0:1", "1:-2", "1.5:1", "1:1e30", "nan:1", ":", (2,), (2.0, 1), 2, None],
    ids=repr,
)
def test_no_ratios(value: object) -> None:
    with pytest.raises(InputError, match=r"^ratio "):
        ratio(value, "ratio")


def test_charges() -> None:
    dollar = currency("USD")
    given = (None, 0, "0.00", "-0", "1.50", Decimal("7"))
    assert [charge(each, dollar, "fee") for each in given] == [0, 0, 0, 0, 150, 700]
    for wrong, mend in (("-0.01", "zero or more"), ("0.001", "2 decimals"), (1.5, "exact money")):
        with pytest.raises(InputError, match=rf"^fee .*{mend}"):
            charge(wrong, dollar, "fee")


def test_whole_numbers() -> None:
    assert [whole(each, "reverses") for each in ("12", 3, Decimal("1E+2"))] == [12, 3, 100]
    for wrong in (0, -1, "1.5", "x", True, 10**30, None):
        with pytest.raises(InputError, match=r"^reverses "):
            whole(wrong, "reverses")


def test_lines() -> None:
    assert line("  über\t5 %\n\u00a0→ x", "note") == "über 5 % → x"
    for wrong in ("a\0b", "\udcff", "x" * 501, 5, None):
        with pytest.raises(InputError, match=r"^note .*at most 500 printable characters"):
            line(wrong, "note")


def test_errors_are_named_after_the_parameter() -> None:
    parse: Callable[[object], object] = currency
    assert named("child", parse, "eur") == currency("EUR")
    with pytest.raises(InputError, match=r"^child 'EURO': did you mean EUR"):
        named("child", parse, "EURO")
