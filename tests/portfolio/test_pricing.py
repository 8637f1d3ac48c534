"""Prices and rates that can be used, and amounts that they convert."""

from datetime import date
from decimal import Context, Decimal, localcontext
from math import inf

import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import currency
from stockanalyst.portfolio.pricing import Converter, Price, Rate, as_written

D = Decimal
DAY = date(2024, 6, 3)
DOLLARS = {"USD": Rate(D("0.925"), "EUR", DAY)}


def test_a_float_is_what_was_written() -> None:
    assert as_written(227.79) == D("227.79")
    assert as_written(1e-7) == D("1e-7")
    for wrong in (inf, float("nan")):
        with pytest.raises(InputError, match="number"):
            as_written(wrong)


def test_amounts_are_rounded_once_half_up() -> None:
    money = Converter(currency("EUR"), DOLLARS)
    with localcontext(Context(prec=3)):
        assert money("USD", 123_456_820) == 114_197_559  # 1,141,975.585 euros
    assert money("EUR", 7) == 7
    assert money.total([("USD", 200), ("EUR", 1)]) == 186
    assert money.used == DOLLARS
    assert money.told() == []


def test_a_price_goes_through_the_base() -> None:
    rates = DOLLARS | {"JPY": Rate(D("0.006"), "EUR", DAY)}
    money = Converter(currency("EUR"), rates)
    assert money.quoted(Price(D(3), "USD", DAY), "JPY") == Price(D("462.5"), "JPY", DAY)
    assert money.quoted(Price(D(1), "EUR", DAY), "USD") == Price(D("1.08108108108"), "USD", DAY)


def test_what_lacks_is_told_and_makes_a_sum_unknown() -> None:
    money = Converter(currency("EUR"), {})
    assert money.total([("EUR", 100), ("USD", 1)]) is None
    assert money.quoted(Price(D(1), "EUR", DAY), "JPY") is None
    assert money("CHF", 0) == 0  # nothing needs no rate
    unknown = "totals that take one are unknown."
    assert money.told() == [
        f"There is no rate from JPY to EUR: {unknown}",
        f"There is no rate from USD to EUR: {unknown}",
    ]
