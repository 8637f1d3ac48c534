"""The normal equations of :mod:`stockanalyst.forecasting.arma`, compiled by numba.

Bit for bit what numpy gives, in less time and without the GIL. To import this module takes a while:
it imports numba and compiles, or loads what an earlier process compiled.

All pairs have two coefficients of each kind, zero beyond their orders: to subtract zero times a
finite number changes nothing. They are taken by 64, eight positions at a time, in one flat array at
offsets that the compiler knows, so that it makes vector instructions of the loop over them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Self, TypeVar, cast

import numpy as np
from numba import njit

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.forecasting.arma_windows import Mask, NormalEquations, padded

Function = TypeVar("Function", bound=Callable[..., object])
Four = tuple[float, float, float, float]

_LANES = 64
_STEPS = 8
# Rows of 64 lanes: eight values of x, four coefficients, four values of the past, the sums.
_THETA, _PAST, _SQUARES, _GRADIENT, _GRAM, _END = (
    row * _LANES for row in (_STEPS, _STEPS + 4, _STEPS + 8, _STEPS + 9, _STEPS + 13, _STEPS + 29)
)
_SUMS = (_END - _SQUARES) // _LANES


def _compiled(signature: str) -> Callable[[Function], Function]:
    """Compile at once, and keep the code for other processes if there is a folder to write to."""

    def decorate(function: Function) -> Function:
        try:
            return cast(Function, njit(signature, nogil=True, cache=True)(function))
        except (RuntimeError, OSError):
            return cast(Function, njit(signature, nogil=True)(function))

    return decorate


def _inner(function: Function) -> Function:
    """Part of what is compiled."""
    return cast(Function, njit(function))


@_inner
def _four(rows: Vector, first: int, lane: int) -> Four:
    """What stands in a lane of four rows."""
    at = first + lane
    return rows[at], rows[at + _LANES], rows[at + 2 * _LANES], rows[at + 3 * _LANES]


@_inner
def _put(rows: Vector, first: int, lane: int, values: Four) -> None:
    at = first + lane
    rows[at], rows[at + _LANES], rows[at + 2 * _LANES], rows[at + 3 * _LANES] = values


@_inner
def _advance(rows: Vector) -> None:
    """Add eight positions to the sums of every lane."""
    for lane in range(_LANES):
        ar1, ar2, ma1, ma2 = _four(rows, _THETA, lane)
        u1, u2, w1, w2 = _four(rows, _PAST, lane)
        squares = rows[_SQUARES + lane]
        eu1, eu2, ew1, ew2 = _four(rows, _GRADIENT, lane)
        u1u1, u1u2, u1w1, u1w2 = _four(rows, _GRAM, lane)
        _, u2u2, u2w1, u2w2 = _four(rows, _GRAM + 4 * _LANES, lane)
        _, _, w1w1, w1w2 = _four(rows, _GRAM + 8 * _LANES, lane)
        w2w2 = 0.0
        for step in range(_STEPS):
            u = rows[step * _LANES + lane] - ma1 * u1 - ma2 * u2
            e = u - ar1 * u1 - ar2 * u2
            w = e - ma1 * w1 - ma2 * w2
            squares += e * e
            eu1, eu2, ew1, ew2 = eu1 - e * u1, eu2 - e * u2, ew1 - e * w1, ew2 - e * w2
            u2u2, u2w2, w2w2 = u1u1, u1w1, w1w1  # the same sums, one position ago
            u1u1, u1u2, u1w1, u1w2 = u1u1 + u1 * u1, u1u2 + u1 * u2, u1w1 + u1 * w1, u1w2 + u1 * w2
            u2w1, w1w1, w1w2 = u2w1 + u2 * w1, w1w1 + w1 * w1, w1w2 + w1 * w2
            u1, u2, w1, w2 = u, u1, w, w1
        _put(rows, _PAST, lane, (u1, u2, w1, w2))
        rows[_SQUARES + lane] = squares
        _put(rows, _GRADIENT, lane, (eu1, eu2, ew1, ew2))
        _put(rows, _GRAM, lane, (u1u1, u1u2, u1w1, u1w2))
        _put(rows, _GRAM + 4 * _LANES, lane, (u1u2, u2u2, u2w1, u2w2))
        _put(rows, _GRAM + 8 * _LANES, lane, (u1w1, u2w1, w1w1, w1w2))
        _put(rows, _GRAM + 12 * _LANES, lane, (u1w2, u2w2, w1w2, w2w2))


@_compiled("void(float64[::1], int64[::1], int64, float64[:, ::1], float64[:, ::1])")
def _add_up(series: Vector, begins: IntVector, size: int, theta: Matrix, sums: Matrix) -> None:
    """Fill in the sums, a column a pair, of windows that begin at these positions of `series`."""
    rows = np.empty(_END)
    lead = -size % _STEPS  # zeros before the window, which add nothing
    for first in range(0, begins.size, _LANES):
        count = min(begins.size - first, _LANES)
        rows[:] = 0.0
        for row in range(4):
            for lane in range(count):
                rows[_THETA + row * _LANES + lane] = theta[row, first + lane]
        for position in range(-lead, size, _STEPS):
            for lane in range(count):
                start = begins[first + lane] + position
                for step in range(max(-position, 0), _STEPS):
                    rows[step * _LANES + lane] = series[start + step]
            _advance(rows)
        for row in range(_SUMS):
            for lane in range(count):
                sums[row, first + lane] = rows[_SQUARES + row * _LANES + lane]


@dataclass(frozen=True)
class CompiledWindows:
    """The values of windows, read where they stand in the series.

    Attributes
    ----------
    series : ndarray of shape (n · s,)
        One series after the other.
    begins : ndarray of int, of any shape
        Where in them the window of each pair begins.
    size : int
    """

    series: Vector
    begins: IntVector
    size: int
    crowd: ClassVar[float] = 1.0

    @classmethod
    def of(cls, x: Matrix, ends: IntVector, size: int) -> Self:
        """See :meth:`Windows.of`."""
        values = padded(x, ends, size)
        columns = len(values) * np.arange(x.shape[1])
        return cls(values.T.ravel(), (ends - ends[0])[:, None] + columns, size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the pairs."""
        return self.begins.shape

    def repeated(self, times: int) -> Self:
        """See :meth:`Windows.repeated`."""
        return replace(self, begins=np.broadcast_to(self.begins, (times, *self.shape)))

    def only(self, pairs: Mask) -> Self:
        """See :meth:`Windows.only`."""
        return replace(self, begins=self.begins[pairs])

    def normal_equations(self, theta: Cube, p: int) -> NormalEquations:
        """See :meth:`Windows.normal_equations`."""
        size, count = len(theta), self.begins.size
        used = [*range(p), *range(2, 2 + size - p)]
        coefficients = np.zeros((4, count))
        coefficients[used] = theta.reshape(size, count)
        sums = np.empty((_SUMS, count))
        _add_up(self.series, self.begins.ravel(), self.size, coefficients, sums)
        gram = sums[5:].reshape(4, 4, count)[np.ix_(used, used)]
        return (
            sums[0].reshape(self.shape),
            sums[1:5][used].reshape(theta.shape),
            gram.reshape(size, *theta.shape),
        )
