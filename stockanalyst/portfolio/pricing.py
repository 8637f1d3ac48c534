"""Prices and exchange rates, exact, and what they convert."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import EXACT, Commodity, currency, exact
from stockanalyst.portfolio.entries import EntryType
from stockanalyst.portfolio.protocols import Numbered

SHOWN = Context(prec=12, rounding=ROUND_HALF_UP)
"""For what was divided: a price, an average."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of a security was traded for.

    Attributes
    ----------
    amount : Decimal
        Above 0, as it was traded on that day: of what was split since, not rescaled.
    currency : str
    on : date
    """

    amount: Decimal
    currency: str
    on: date

    def __post_init__(self) -> None:
        _require_positive(self.amount, "price")


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a foreign currency was worth.

    Attributes
    ----------
    amount : Decimal
        Above 0, units of `currency` for one of the foreign one.
    currency : str
        The portfolio's.
    on : date
    """

    amount: Decimal
    currency: str
    on: date

    def __post_init__(self) -> None:
        _require_positive(self.amount, "rate")


def as_written(number: float) -> Decimal:
    """The shortest decimal number that is that float: what a vendor wrote before it became one.

    The one place where prices and rates of :mod:`stockanalyst.market` become exact.

    Raises
    ------
    InputError
        It isn't finite.
    """
    return exact(repr(float(number)), "number")


@dataclass
class Converter:
    """Into the base currency; keeps which rates it used and which it lacked.

    Attributes
    ----------
    base : Commodity
    rates : Mapping
        By foreign currency.
    used : dict of str to Rate
    missing : set of str
        Codes of currencies.
    """

    base: Commodity
    rates: Mapping[str, Rate]
    used: dict[str, Rate] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def __call__(self, code: str, amount: int | None) -> int | None:
        """Minor units in minor units of the base, rounded once, half up."""
        if not amount or code == self.base.code:
            return amount
        rate = self._rate(code)
        if rate is None:
            return None
        scale = self.base.scale - currency(code).scale
        worth = EXACT.multiply(Decimal(amount), rate).scaleb(scale, EXACT)
        return int(worth.to_integral_value(ROUND_HALF_UP))

    def total(self, amounts: Iterable[tuple[str, int | None]]) -> int | None:
        """Sum of amounts by currency; None where one isn't known."""
        return total([self(code, amount) for code, amount in amounts])

    def quoted(self, price: Price, code: str) -> Price | None:
        """A price in another currency, to 12 digits; None where a rate is missing."""
        if price.currency == code:
            return price
        own, wanted = self._rate(price.currency), self._rate(code)
        if own is None or wanted is None:
            return None
        amount = SHOWN.divide(EXACT.multiply(price.amount, own), wanted)
        return Price(amount, code, price.on)

    def told(self) -> list[str]:
        """A sentence on each rate that was missing."""
        return [
            f"There is no rate from {code} to {self.base.code}: totals that take one are unknown."
            for code in sorted(self.missing)
        ]

    def _rate(self, code: str) -> Decimal | None:
        if code == self.base.code:
            return Decimal(1)
        rate = self.rates.get(code)
        if rate is None:
            self.missing.add(code)
            return None
        self.used[code] = rate
        return rate.amount


def total(amounts: Sequence[int | None]) -> int | None:
    """Sum of amounts of one currency; None where one isn't known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def on_scale(prices: Mapping[str, Price], entries: Numbered) -> tuple[dict[str, Price], list[str]]:
    """Prices on the scale after the splits that came after them, and a note on each."""
    current, told = dict(prices), []
    for _, split in entries:
        price = current.get(split.symbol)
        if split.type is EntryType.SPLIT and price is not None and price.on < split.on:
            new, old = split.ratio
            amount = SHOWN.divide(EXACT.multiply(price.amount, Decimal(old)), Decimal(new))
            current[split.symbol] = replace(price, amount=amount)
            told.append(
                f"{split.symbol}: its price of {price.on} is from before the {new}:{old} split of "
                f"{split.on} and was put on the scale after it."
            )
    return current, told


def _require_positive(amount: Decimal, parameter: str) -> None:
    if exact(amount, parameter) <= 0:
        raise InputError(parameter, amount, "give a Decimal above zero")
