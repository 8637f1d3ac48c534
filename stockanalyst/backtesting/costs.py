"""What trading costs."""

from dataclasses import dataclass, fields

import numpy as np

from stockanalyst.exceptions import InputError

BASIS_POINT = 1e-4
_ALL = 10_000  # of the traded value, in basis points


@dataclass(frozen=True)
class Costs:
    """Costs in proportion to the traded value, each in basis points (0.01 %) of it.

    They are charged on every trade, buying as well as selling: a round trip costs twice.

    Attributes
    ----------
    commission : float
        What the broker takes.
    half_spread : float
        Half the distance between bid and ask: what a trade at once pays over the middle.
    slippage : float
        How far the price runs away between the decision to trade and the fill.

    Raises
    ------
    InputError
        A cost that is no number or negative, or costs of all the traded value.
    """

    commission: float = 0.0
    half_spread: float = 0.0
    slippage: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            number = isinstance(value, int | float | np.integer | np.floating)
            if not (number and 0 <= value < _ALL):
                mend = "give basis points, zero or more, and less than 10,000"
                raise InputError(field.name, value, mend)
        if self.rate >= 1:
            raise InputError("costs", self.rate, "give less than 10,000 basis points in all")

    @property
    def rate(self) -> float:
        """All of them as a decimal share of the traded value."""
        return (self.commission + self.half_spread + self.slippage) * BASIS_POINT
