"""Exact amounts, by hand; decimals of currencies as ISO 4217 lists them."""

from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import (
    MOST,
    currency,
    exact,
    major_units,
    minor_units,
    product,
    security,
)

UNIT = 10**8


@pytest.mark.parametrize(
    ("code", "scale"),
    [("USD", 2), ("eur", 2), (" JPY ", 0), ("KWD", 3), ("CLP", 0), ("HUF", 2), ("TND", 3)],
)
def test_currency(code: str, scale: int) -> None:
    found = currency(code)
    assert (found.kind, found.code, found.scale) == ("currency", code.strip().upper(), scale)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("USDD", "currency 'USDD': did you mean USD? give a code of ISO 4217 such as USD"),
        ("", "currency '': give a code of ISO 4217 such as USD"),
        (840, "currency 840: give a code of ISO 4217 such as USD"),
    ],
)
def test_no_currency(code: object, message: str) -> None:
    with pytest.raises(InputError) as refused:
        currency(code)
    assert str(refused.value) == message


def test_a_security_isnt_the_currency_of_its_name() -> None:
    assert security("ALL") != currency("ALL")


@pytest.mark.parametrize(
    ("value", "code", "amount"),
    [
        ("12.50", "USD", 1250),
        (Decimal("0.01"), "USD", 1),
        (7, "USD", 700),
        ("1000", "JPY", 1000),
        ("1.234", "KWD", 1234),
        (" 5 ", "USD", 500),
        ("1e3", "USD", 100_000),
        ("1.500", "USD", 150),
        ("46116860184273879.03", "USD", MOST - 1),
    ],
)
def test_minor_units(value: Any, code: str, amount: int) -> None:
    assert minor_units(value, currency(code), "amount") == amount


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (0.1, "exact money"),
        (True, "exact money"),
        (None, "exact money"),
        ("twelve", "isn't a number"),
        ("", "isn't a number"),
        ("12,50", "isn't a number"),
        ("=1+1", "isn't a number"),
        ("NaN", "finite"),
        ("sNaN", "finite"),
        ("Infinity", "finite"),
        ("0", "above zero"),
        ("0.00", "above zero"),
        ("-5", "above zero"),
        ("1.005", "USD has 2 decimals"),
        ("1." + "0" * 30 + "1", "USD has 2 decimals"),
        ("1." + "0" * 38 + "1", "USD has 2 decimals"),
        ("1." + "0" * 39 + "1", "at most 40 digits"),
        ("46116860184273879.04", "too large"),
        ("1e30", "too large"),
        ("1e999999", "finite"),
        (10**50, "at most 40 digits"),
    ],
)
def test_no_amount(value: object, problem: str) -> None:
    with pytest.raises(InputError) as refused:
        minor_units(value, currency("USD"), "amount")
    message = str(refused.value)
    assert message.startswith("amount ")
    assert problem in message
    assert "\n" not in message
    assert len(message) < 200


def test_no_amount_that_python_wouldnt_print() -> None:
    with pytest.raises(InputError, match=r"^amount .*at most 40 digits$"):
        minor_units(10**5000, currency("USD"), "amount")


@given(st.integers(1, MOST - 1), st.sampled_from([currency("USD"), security("AAPL")]))
def test_there_and_back(amount: int, commodity: Any) -> None:
    assert minor_units(major_units(amount, commodity), commodity, "amount") == amount
    assert minor_units(str(major_units(amount, commodity)), commodity, "amount") == amount


def test_major_units_show_all_decimals() -> None:
    assert str(major_units(150, currency("USD"))) == "1.50"
    assert str(major_units(1, security("AAPL"))) == "1E-8"
    assert str(major_units(-5, currency("JPY"))) == "-5"


def test_few_digits_of_a_caller_spoil_nothing() -> None:
    with localcontext(Context(prec=6)):
        assert str(major_units(123_456_789, currency("USD"))) == "1234567.89"
        assert minor_units("1234567.89", currency("USD"), "amount") == 123_456_789


@pytest.mark.parametrize(
    ("units", "price", "code", "value"),
    [
        (10 * UNIT, "12.34", "USD", 12_340),
        (UNIT // 2, "0.01", "USD", 1),  # half a cent, up
        (UNIT // 4, "0.01", "USD", 0),
        (UNIT // 3, "3", "USD", 100),  # 0.99999999 dollars
        (3 * UNIT, "1234.5", "JPY", 3704),  # 3703.5
        (1, "100000000", "KWD", 1000),
        (UNIT, "0.00" + "4" + "9" * 33, "USD", 0),  # just below half a cent
    ],
)
def test_product(units: int, price: str, code: str, value: int) -> None:
    assert product(units, Decimal(price), currency(code)) == value


def test_exact_keeps_every_digit() -> None:
    digits = "1234567890.123456789012345678901234567891"
    assert str(exact(digits, "price")) == digits
