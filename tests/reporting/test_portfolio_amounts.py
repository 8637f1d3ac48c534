"""Amounts as text."""

from decimal import Decimal
from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.reporting import portfolio_amounts as amounts

D = Decimal


def test_money() -> None:
    assert amounts.money(D("1873.30"), "USD") == "1,873.30 USD"
    assert amounts.money(D("-1234567"), "JPY") == "−1,234,567 JPY"
    assert amounts.money(D("-0.00")) == "0.00"
    assert amounts.money(D(10) ** 30) == "1" + ",000" * 10
    assert amounts.money(None, "USD") == "–"


def test_gains_have_their_sign() -> None:
    shown = [amounts.signed(each) for each in (D("12.00"), D("-12.00"), D("0.00"), None)]
    assert shown == ["+12.00", "−12.00", "0.00", "–"]


def test_units() -> None:
    given = (D("10.00000000"), D("1200.50000000"), D("0.00000001"), None)
    assert [amounts.units(each) for each in given] == ["10", "1,200.5", "0.00000001", "–"]
    traded = [amounts.traded(each) for each in (-1.25, 3.0, 0.00001, nan)]
    assert traded == ["−1.25", "+3", "0", "–"]


def test_prices() -> None:
    given = (D("430.47"), D("187.3"), D("187.330049"), D("0.00123449"), 187.12349, nan, None)
    shown = [amounts.price(each) for each in given]
    assert shown == ["430.47", "187.30", "187.33", "0.001234", "187.1235", "–", "–"]
    assert len(amounts.price(1e300)) == 301 + 100 + 3  # digits, commas, ".00"


def test_shares() -> None:
    assert [amounts.change(each) for each in (D("-0.0123"), None, inf)] == ["−1.2 %", "–", "–"]
    assert amounts.change(1e30) == "beyond 100,000 %"
    assert [amounts.weight(each) for each in (D("0.2983"), -0.0)] == ["29.8 %", "0.0 %"]
    assert amounts.ratio(D(5), D(4)) == "+125.0 %"
    assert amounts.ratio(D(5), D(0)) == amounts.ratio(None, D(4)) == "–"
    assert [amounts.figure(each) for each in (-1.234, nan)] == ["−1.23", "–"]


def test_an_estimate_has_the_decimals_of_its_currency() -> None:
    assert amounts.rounded(1.005, "USD") == D("1.00")  # the float lies beneath 1.005
    assert amounts.rounded(2.5, "JPY") == D(3)
    assert amounts.rounded(0.0005, "KWD") == D("0.001")
    assert amounts.rounded(nan, "USD") is None


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), max_size=30))
def test_parts_add_up_as_they_are_written(parts: list[float]) -> None:
    made = [part for part in amounts.rounded_parts(parts, "USD") if part is not None]
    total = 0.0
    for part in parts:
        total += part
    assert sum(made) == amounts.rounded(total, "USD")
    for part, shown in zip(parts, made, strict=True):
        assert abs(float(shown) - part) <= 0.0101


def test_what_follows_an_unknown_part_is_unknown() -> None:
    assert amounts.rounded_parts([1.0, nan, 2.0], "USD") == [D("1.00"), None, None]
