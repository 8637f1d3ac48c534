"""Windows of many series, and the sums over them that the estimation of ARMA needs."""

from collections.abc import Iterator
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from stockanalyst._typing import Cube, IntVector, Matrix

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
NormalEquations = tuple[Array, Array, Array]


class Windows(Protocol):
    """The values of windows, one a pair of an end and a series."""

    crowd: ClassVar[float]
    """The share of pairs still in use below which it pays to leave the others out."""

    @classmethod
    def of(cls, x: Matrix, ends: IntVector, size: int) -> Self:
        """Windows of `size` values up to each end, shape (m, s); zeros where x has none."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the pairs."""

    def repeated(self, times: int) -> Self:
        """Every pair so often, on a new axis before the others."""

    def only(self, pairs: Mask) -> Self:
        """The windows of some pairs, side by side."""

    def normal_equations(self, theta: Cube, p: int) -> NormalEquations:
        """Sum of squares, half its gradient, and the Gauss-Newton half of its Hessian.

        Parameters
        ----------
        theta : ndarray of shape (p + q, …)
            Coefficients of every pair, those of AR first.
        p : int

        Returns
        -------
        tuple of ndarray of shape (…), (p + q, …) and (p + q, p + q, …)
            Of the last the lower triangle.
        """


class NumpyWindows:
    """One array of all pairs a position."""

    crowd: ClassVar[float] = 0.5  # to leave some out is to copy the others

    def __init__(self, values: Array) -> None:
        self._values = values

    @classmethod
    def of(cls, x: Matrix, ends: IntVector, size: int, *, beyond: int = 0) -> Self:
        """See :meth:`Windows.of`; with `beyond` values after each end."""
        stride = int(ends[1] - ends[0]) if ends.size > 1 else 1
        spans = sliding_window_view(padded(x, ends, size, beyond), size + beyond, axis=0)
        return cls(np.moveaxis(spans[::stride], -1, 0))

    def __iter__(self) -> Iterator[Matrix]:
        return iter(self._values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the pairs."""
        return self._values.shape[1:]

    def repeated(self, times: int) -> Self:
        """See :meth:`Windows.repeated`; a view."""
        values = self._values[:, None]
        return type(self)(np.broadcast_to(values, (len(values), times, *self.shape)))

    def only(self, pairs: Mask) -> Self:
        """See :meth:`Windows.only`."""
        return type(self)(self._values[:, pairs])

    def normal_equations(self, theta: Cube, p: int) -> NormalEquations:
        """See :meth:`Windows.normal_equations`.

        With u = x / θ(B), e = φ(B) u and w = e / θ(B), the derivative of e[t] is −u[t − i] by φ[i]
        and −w[t − j] by θ[j].
        """
        size, shape = theta.shape[0], theta.shape[1:]
        q = size - p
        ar, ma = theta[:p], theta[p:]
        squares = np.zeros(shape)
        gradient, gram = np.zeros((size, *shape)), np.zeros((size, size, *shape))
        u, w = history(max(p, q), shape), history(q, shape)
        product = np.empty(shape)

        def add(total: Matrix, left: Matrix, right: Matrix) -> None:
            np.multiply(left, right, out=product)
            np.add(total, product, out=total)

        def subtract(total: Matrix, left: Matrix, right: Matrix) -> None:
            np.multiply(left, right, out=product)
            np.subtract(total, product, out=total)

        spare = [np.empty(shape) for _ in range(3)]
        for value in self:
            new_u, error, new_w = spare
            np.copyto(new_u, value)
            for j in range(q):
                subtract(new_u, ma[j], u[j])
            np.copyto(error, new_u)
            for i in range(p):
                subtract(error, ar[i], u[i])
            np.copyto(new_w, error)
            for j in range(q):
                subtract(new_w, ma[j], w[j])
            add(squares, error, error)
            slopes = [*u[:p], *w]
            for i in range(size):
                subtract(gradient[i], slopes[i], error)
                for j in range(i + 1):
                    add(gram[i, j], slopes[i], slopes[j])
            u.insert(0, new_u)
            w.insert(0, new_w)
            spare = [u.pop(), error, w.pop()]
        return squares, gradient, gram


def padded(x: Matrix, ends: IntVector, size: int, beyond: int = 0) -> Matrix:
    """The values from the start of the first window to the last, and zeros where x has none."""
    first, last = int(ends[0]) + 1 - size, int(ends[-1]) + 1 + beyond
    before, after = max(-first, 0), max(last - x.shape[0], 0)
    return np.pad(x[max(first, 0) : last], ((before, after), (0, 0)))


def history(count: int, shape: tuple[int, ...]) -> list[Matrix]:
    """Zeros for what was before the window."""
    return [np.zeros(shape) for _ in range(count)]
