"""What a broker takes for a trade."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import SECURITY_SCALE, Commodity, exact

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class CommissionSchedule:
    """A share of the trade, an amount a unit and a flat amount, together within two bounds.

    Money is in major units of the trade's currency.

    Attributes
    ----------
    rate : Decimal
        Share of the gross amount: 0.001 is 0.1 %.
    per_unit : Decimal
        For each unit of the security; for a part of a unit its part.
    flat : Decimal
        For each trade.
    minimum : Decimal
    maximum : Decimal or None
        None: there is no upper bound.

    Raises
    ------
    InputError
        A float, no number, below zero, a rate above 1, or a maximum below the minimum.
    """

    rate: Decimal = _ZERO
    per_unit: Decimal = _ZERO
    flat: Decimal = _ZERO
    minimum: Decimal = _ZERO
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None:
                object.__setattr__(self, name, _not_negative(value, name))
        if self.rate > 1:
            raise InputError("rate", self.rate, "give a share of at most 1: 0.1 % is 0.001")
        if self.maximum is not None and self.maximum < self.minimum:
            mend = f"is below the minimum of {self.minimum}; give more, or None for no bound"
            raise InputError("maximum", self.maximum, mend)

    def commission(self, amount: int, units: int, money: Commodity) -> int:
        """The commission of one trade in minor units, exactly, rounded once, half up.

        Parameters
        ----------
        amount : int
            Gross, in minor units of `money`.
        units : int
            Bought or sold, in minor units of the security.
        money : Commodity
            The trade's currency.
        """
        traded = Fraction(amount, 10**money.scale) * Fraction(self.rate)
        counted = Fraction(units, 10**SECURITY_SCALE) * Fraction(self.per_unit)
        due: Fraction = max(traded + counted + Fraction(self.flat), Fraction(self.minimum))
        if self.maximum is not None:
            due = min(due, Fraction(self.maximum))
        rounded: int = floor(due * 10**money.scale + Fraction(1, 2))
        return rounded


def _not_negative(value: object, name: str) -> Decimal:
    number = exact(value, name)
    if number < 0:
        raise InputError(name, value, "give zero or more")
    return number
