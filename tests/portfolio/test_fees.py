"""Commissions worked out by hand."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import currency
from stockanalyst.portfolio.fees import CommissionSchedule

UNIT = 10**8


def schedule(**terms: str) -> CommissionSchedule:
    return CommissionSchedule(**{name: Decimal(value) for name, value in terms.items()})


@pytest.mark.parametrize(
    ("terms", "amount", "units", "code", "due"),
    [
        ({}, 100_000, 10 * UNIT, "USD", 0),
        ({"flat": "4.95"}, 100_000, 10 * UNIT, "USD", 495),
        ({"rate": "0.001"}, 123_450, UNIT, "USD", 123),  # 123.45 cents
        ({"rate": "0.001"}, 123_500, UNIT, "USD", 124),  # 123.5 cents: half up
        ({"rate": "0.001", "minimum": "5"}, 100_000, UNIT, "USD", 500),
        ({"rate": "0.001", "maximum": "69"}, 100_000_000, UNIT, "EUR", 6_900),
        ({"rate": "0.0025", "flat": "4.90"}, 200_000, UNIT, "EUR", 990),
        ({"per_unit": "0.005", "minimum": "1"}, 5_000_000, 1_000 * UNIT, "USD", 500),
        ({"per_unit": "0.005", "minimum": "1"}, 50_000, 10 * UNIT, "USD", 100),
        ({"per_unit": "0.01"}, 50_000, 50 * UNIT // 4, "USD", 13),  # 12.5 units: 12.5 cents
        ({"rate": "0.001", "minimum": "80"}, 1_000_000, 100 * UNIT, "JPY", 1_000),
        ({"rate": "0.0015"}, 1_000_001, UNIT, "KWD", 1_500),
    ],
)
def test_commission(terms: dict[str, str], amount: int, units: int, code: str, due: int) -> None:
    assert schedule(**terms).commission(amount, units, currency(code)) == due


def test_is_rounded_once_however_many_digits_there_are() -> None:
    nearly_half = schedule(flat="0.00" + "4" + "9" * 35)  # decimals beyond a context's 28 digits
    assert nearly_half.commission(1, UNIT, currency("USD")) == 0
    assert schedule(rate="0.5").commission(2**62 - 1, UNIT, currency("USD")) == 2**61


@given(
    st.integers(0, 2**62),
    st.integers(0, 2**62),
    st.decimals(0, 1, places=9),
    st.decimals(0, 100, places=9),
)
def test_lies_within_its_bounds_and_half_a_minor_unit(
    amount: int, units: int, rate: Decimal, per_unit: Decimal
) -> None:
    bounded = CommissionSchedule(rate, per_unit, minimum=Decimal(2), maximum=Decimal(900))
    assert 200 <= bounded.commission(amount, units, currency("USD")) <= 90_000
    free = CommissionSchedule(rate, per_unit).commission(amount, units, currency("USD"))
    exact = amount * Fraction(rate) + units * Fraction(per_unit) / 10**6
    assert Fraction(-1, 2) < free - exact <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"rate": Decimal("-0.1")}, "rate Decimal('-0.1'): give zero or more"),
        ({"rate": Decimal("1.5")}, "rate Decimal('1.5'): give a share of at most 1"),
        ({"flat": 4.95}, "flat 4.95: give a Decimal"),
        ({"per_unit": Decimal("NaN")}, "per_unit Decimal('NaN'): give a finite number"),
        ({"minimum": "five"}, "minimum 'five': isn't a number"),
        (
            {"minimum": Decimal(5), "maximum": Decimal(4)},
            "maximum Decimal('4'): is below the minimum of 5; give more, or None",
        ),
    ],
)
def test_a_schedule_that_makes_no_sense(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        CommissionSchedule(**terms)
    assert str(refused.value).startswith(message)
