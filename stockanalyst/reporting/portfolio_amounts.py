"""Amounts as text: thousands apart, − for minus, – for what isn't known."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import accumulate, pairwise
from math import isfinite, nan

from stockanalyst.backtesting.wording import percent
from stockanalyst.portfolio.commodities import currency
from stockanalyst.reporting.tables import ABSENT

_ABSURD = 1_000
_WIDE = Context(prec=400)  # more digits than a float has


def money(amount: Decimal | None, code: str = "") -> str:
    """With all its decimals, and the currency if one is given: ``"−1,873.30 USD"``."""
    if amount is None:
        return ABSENT
    return f"{_plain(amount)} {code}".rstrip()


def signed(amount: Decimal | None) -> str:
    """As :func:`money`, a gain with its plus: ``"+12.00"``; nothing is ``"0.00"``."""
    return f"+{_plain(amount)}" if amount is not None and amount > 0 else money(amount)


def units(amount: Decimal | None) -> str:
    """Units of a security, without the zeros at the end: ``"1.5"``."""
    return ABSENT if amount is None else _short(amount, at_least=0)


def traded(amount: float) -> str:
    """Units to be bought, or sold, to four decimals: ``"−1.25"``."""
    if not isfinite(amount):
        return ABSENT
    shown = _short(_to(Decimal(amount), 4), at_least=0)
    return shown if amount < 0 or shown == "0" else f"+{shown}"


def price(amount: Decimal | float | None) -> str:
    """What a unit costs: four decimals, six beneath 1, without zeros after the second."""
    if amount is None or not isfinite(amount):
        return ABSENT
    exact = Decimal(amount)
    digits = 4 if abs(exact) >= 1 else 6
    return _short(_to(exact, digits), at_least=2)


def change(share: Decimal | float | None) -> str:
    """A change in percent, 0.123 is ``"+12.3 %"``; one beyond all sense isn't written out."""
    if share is None or not isfinite(share):
        return ABSENT
    return percent(float(share)) if abs(float(share)) < _ABSURD else f"beyond {_ABSURD * 100:,} %"


def weight(share: Decimal | float | None) -> str:
    """A part of the whole in percent, 0.123 is ``"12.3 %"``."""
    return change(share).removeprefix("+")


def ratio(gain: Decimal | None, cost: Decimal | None) -> str:
    """A gain in percent of what it took."""
    return ABSENT if gain is None or not cost else change(gain / cost)


def figure(value: float) -> str:
    """A number without a unit, such as a Sharpe ratio."""
    return f"{value:,.2f}".replace("-", "−") if isfinite(value) else ABSENT


def rounded(amount: float, code: str) -> Decimal | None:
    """An estimate as money, to the decimals of its currency; None for NaN."""
    return _to(Decimal(amount), currency(code).scale) if isfinite(amount) else None


def rounded_parts(parts: Sequence[float], code: str) -> list[Decimal | None]:
    """Estimates as money, so that they add up to their sum as :func:`rounded`.

    Each is the difference of two rounded running sums: it differs from its own rounding by one
    minor unit at most.
    """
    known = [part if isfinite(part) else nan for part in parts]
    sums = [rounded(total, code) for total in accumulate(known, initial=0.0)]
    return [
        None if before is None or after is None else after - before
        for before, after in pairwise(sums)
    ]


def _to(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE)


def _plain(amount: Decimal) -> str:
    return f"{amount if amount else abs(amount):,f}".replace("-", "−")


def _short(amount: Decimal, *, at_least: int) -> str:
    whole, _, decimals = _plain(amount).partition(".")
    kept = decimals.rstrip("0").ljust(at_least, "0")
    return f"{whole}.{kept}" if kept else whole
