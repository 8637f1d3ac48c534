"""Internal rate of return of dated flows, and what dates and amounts are for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import expm1, isfinite, log, nan

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Vector
from stockanalyst.exceptions import InputError

DAYS_A_YEAR = 365
_TOUCHES_ZERO = 1e-13  # of the logarithm of inflows over outflows: what rounding leaves of 0
_DOUBT = 1e-9  # of a partial sum: far more than rounding can leave of its terms
_LARGEST_LOG = log(np.finfo(np.float64).max)


def xirr(dates: Sequence[date], amounts: Sequence[Decimal] | Sequence[float]) -> float:
    """Internal rate of return a year of dated flows.

    The r > −1 with Σ amountᵢ × (1 + r)^(−daysᵢ / 365) = 0, days counted from the first date, as
    Excel's XIRR has it.

    Parameters
    ----------
    dates : sequence of date
        In any order; a date may come again. Of a time of day nothing is seen.
    amounts : sequence of Decimal or float
        One a date: what is paid has one sign, what is received the other.

    Returns
    -------
    float
        Decimal a year: 0.1 is ten percent. NaN where no rate makes the sum 0, above all where
        nothing is paid or nothing received, or where it exceeds a float. Where several rates do,
        the one nearest to 0, a doubling as far from it as a halving: the least |ln(1 + r)|.

    Raises
    ------
    InputError
        Not one amount a date, an amount that is no finite number, or a date that is none.

    Notes
    -----
    All rates are found, not one near a guess. With u = ln(1 + r) the sum is F(u) = Σ aᵢ e^(−tᵢ u).
    Multiplied by e^(s u) with s between two flows of different sign, its derivative is a sum of the
    same kind with one change of sign less, and between two zeros of the derivative F has at most
    one: so, from the sum without a change of sign backwards, each zero is bracketed by those of the
    sum before, then found by Brent's method on the logarithm of what is received over what is paid.
    First a quicker way is tried: a rate at which what was paid, less what was received, never
    changes its sign until the last flow is the only one.

    References
    ----------
    Microsoft, XIRR function (Excel documentation). Jameson, G. J. O. (2006). Counting zeros of
    generalised polynomials: Descartes' rule of signs and Laguerre's extensions. Mathematical
    Gazette 90(518). Teichroew, D., Robichek, A. A., Montalbano, M. (1965). Mathematical analysis of
    rates of return under certainty. Management Science 11(3). Brent, R. P. (1973). Algorithms for
    minimization without derivatives, ch. 4.
    """
    days, numbers = ordinals("dates", dates), floats("amounts", amounts)
    if days.size != numbers.size:
        raise InputError("amounts", f"{numbers.size} of them", f"give {days.size}, one a date")
    return rate_of(days, numbers)


def rate_of(days: IntVector, amounts: Vector) -> float:
    """As :func:`xirr`, of ordinals of dates and finite amounts."""
    distinct, at = np.unique(days, return_inverse=True)
    net = netted(at, amounts, distinct.size)
    counts = net != 0
    if not ((net > 0).any() and (net < 0).any()):
        return nan
    zeros = _zeros((distinct[counts] - distinct[counts][0]) / DAYS_A_YEAR, net[counts])
    return grown(min(zeros, key=abs, default=nan))


def grown(log_growth: float) -> float:
    """The rate of a logarithm of growth; NaN where it exceeds a float."""
    return expm1(log_growth) if log_growth < _LARGEST_LOG else nan


def netted(at: IntVector, amounts: Vector, size: int) -> Vector:
    """Sums by position; what is no larger than the rounding of a sum is 0."""
    net = np.bincount(at, amounts, minlength=size)
    gross = np.bincount(at, np.abs(amounts), minlength=size)
    rounding = np.bincount(at, minlength=size) * np.finfo(np.float64).eps
    return np.where(np.abs(net) > rounding * gross, net, 0.0)


def ordinals(parameter: str, dates: Iterable[date]) -> IntVector:
    """Those of dates.

    Raises
    ------
    InputError
        Something else; `parameter` is the name for it.
    """
    days = []
    for day in dates:
        try:
            days.append(day.toordinal())
        except (AttributeError, ValueError) as error:
            raise InputError(parameter, day, "give dates, such as date(2026, 1, 31)") from error
    return np.array(days, dtype=np.intp)


def floats(parameter: str, amounts: Iterable[Decimal | float]) -> Vector:
    """Amounts as floats.

    Raises
    ------
    InputError
        No finite number; `parameter` is the name for it.
    """
    numbers = []
    for amount in amounts:
        try:
            numbers.append(float(amount))
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(parameter, amount, "give numbers, Decimal or float") from error
        if not isfinite(numbers[-1]):
            raise InputError(parameter, amount, "give finite numbers")
    return np.array(numbers, dtype=np.float64)


def _zeros(years: Vector, amounts: Vector) -> list[float]:
    """Every u with Σ amounts × e^(−years × u) = 0, ascending; see the notes of :func:`xirr`."""
    whole = _Sum(years, np.log(np.abs(amounts)), amounts > 0)
    found = whole.zeros([])
    if found and whole.keeps_side(found[0]):
        return found
    turns = np.flatnonzero(np.diff(np.sign(amounts)))
    factors = ((years[turns] + years[turns + 1]) / 2)[:, None] - years
    weights = np.cumsum(np.log(np.abs(np.vstack([amounts, factors]))), axis=0)
    positive = np.cumprod(np.sign(np.vstack([amounts, factors])), axis=0) > 0
    zeros: list[float] = []
    for weight, sign in zip(weights[-2::-1], positive[-2::-1], strict=True):
        zeros = _Sum(years, weight, sign).zeros(zeros)
    return zeros


@dataclass(frozen=True)
class _Sum:
    """The sum of ±e^(weight − years × u) over the flows, as a function of u."""

    years: Vector
    weight: Vector
    positive: NDArray[np.bool_]

    def zeros(self, turning: list[float]) -> list[float]:
        """All zeros, ascending, given the points between which there is one at most."""
        from scipy.optimize import brentq  # takes a tenth of a second, and is seldom needed

        below, above = self._below(), self._above()
        points = [below, *(u for u in turning if below < u < above), above]
        levels = [self(point) for point in points]
        levels = [level if abs(level) > _TOUCHES_ZERO else 0.0 for level in levels]
        found = []
        for ends, (at_left, at_right) in zip(pairwise(points), pairwise(levels), strict=True):
            if at_right == 0:
                found.append(ends[1])
            elif at_left * at_right < 0:
                found.append(float(brentq(self, *ends, xtol=1e-15, rtol=1e-15)))
        return found

    def keeps_side(self, u: float) -> bool:
        """Whether all partial sums but the whole have one sign, beyond doubt."""
        terms = np.exp(self.weight - self.years * u - np.max(self.weight - self.years * u))
        partial = np.cumsum(np.where(self.positive, terms, -terms))[:-1]
        doubt = _DOUBT * np.cumsum(terms)[:-1]
        return bool((partial > doubt).all() or (partial < -doubt).all())

    def __call__(self, u: float) -> float:
        """Logarithm of the positive terms over the negative ones."""
        terms = self.weight - self.years * u
        return _log_sum(terms[self.positive]) - _log_sum(terms[~self.positive])

    def _above(self) -> float:
        """A point beyond all zeros: from there on the first term outweighs all others."""
        excess = _log_sum(self.weight[1:]) - float(self.weight[0])
        return max(excess / float(self.years[1] - self.years[0]), 0.0) + 1.0

    def _below(self) -> float:
        """The same on the other side: the last term outweighs all others."""
        excess = _log_sum(self.weight[:-1]) - float(self.weight[-1])
        return -max(excess / float(self.years[-1] - self.years[-2]), 0.0) - 1.0


def _log_sum(logs: Vector) -> float:
    largest = float(np.max(logs))
    return largest + log(float(np.sum(np.exp(logs - largest))))
