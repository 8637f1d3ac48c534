"""Lots of one symbol and currency, in the order in which a sale closes them."""

from bisect import insort
from collections import deque
from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

Method = Literal["fifo", "lifo", "average"]


class Lot(NamedTuple):
    """Units that came in together.

    Attributes
    ----------
    acquired_on : date
    opened_by : int
        The number in the journal of the entry that brought it.
    part : int
        Its place among the lots that this entry brought, from 0.
    units, cost : int
        What is left of it, and the whole cost of that with fee and tax, in minor units.
    """

    acquired_on: date
    opened_by: int
    part: int
    units: int
    cost: int


class Shares:
    """A total given out over a whole, part by part, by cumulative rounding (half up)."""

    __slots__ = ("done", "given", "total", "whole")

    def __init__(self, whole: int, total: int) -> None:
        self.whole, self.total = whole, total
        self.done = self.given = 0

    def take(self, part: int) -> int:
        """What of the total goes with the next part of the whole."""
        self.done += part
        before = self.given
        self.given = (2 * self.total * self.done + self.whole) // (2 * self.whole)
        return self.given - before


class OpenLot(Shares):
    """A lot whose cost goes out with its units."""

    __slots__ = ("lot",)

    def __init__(self, lot: Lot) -> None:
        self.whole, self.total = lot.units, lot.cost
        self.done = self.given = 0
        self.lot = lot

    def rest(self) -> Lot:
        """What is left of it."""
        acquired_on, opened_by, part, _, _ = self.lot
        left = self.whole - self.done
        return Lot(acquired_on, opened_by, part, left, self.total - self.given)


class OldestFirst:
    """The oldest lot goes first; of two of one day that which was added first.

    Attributes
    ----------
    units : int
        In all lots.
    """

    _next = 0

    def __init__(self) -> None:
        self.units = 0
        self._open: deque[OpenLot] = deque()

    def add(self, lot: Lot) -> None:
        """Put a lot at its place by age."""
        self.units += lot.units
        self._place(lot)

    def take(self, units: int) -> list[tuple[Lot, int, int]]:
        """Lots, units and costs of what goes; no more may be asked than there is."""
        self.units -= units
        taken = []
        while units:
            first = self._open[self._next]
            part = min(units, first.whole - first.done)
            taken.append((first.lot, part, first.take(part)))
            units -= part
            if first.done == first.whole:
                del self._open[self._next]
        return taken

    def drain(self) -> list[Lot]:
        """All lots, oldest first; none stays."""
        lots = [each.rest() for each in self._open]
        self._open.clear()
        self.units = 0
        return lots

    def _place(self, lot: Lot) -> None:
        if self._open and lot.acquired_on < self._open[-1].lot.acquired_on:
            insort(self._open, OpenLot(lot), key=lambda each: each.lot.acquired_on)
        else:
            self._open.append(OpenLot(lot))


class NewestFirst(OldestFirst):
    """The newest lot goes first."""

    _next = -1


class AverageCost(OldestFirst):
    """The oldest lot goes first, at the average cost of all.

    Lots keep their own cost until the next sale, which spreads the cost of all over all.
    """

    def __init__(self) -> None:
        super().__init__()
        self._fresh: list[Lot] = []
        self._pool = Shares(0, 0)

    def take(self, units: int) -> list[tuple[Lot, int, int]]:
        """Lots, units and costs of what goes; no more may be asked than there is."""
        if self._fresh:
            left = self._pool.total - self._pool.given
            self._pool = Shares(self.units, left + sum(lot.cost for lot in self._fresh))
            for lot in self._fresh:
                super()._place(lot)
            self._fresh.clear()
        return [(lot, part, self._pool.take(part)) for lot, part, _ in super().take(units)]

    def drain(self) -> list[Lot]:
        """All lots, oldest first; none stays."""
        pooled = [Lot(*lot[:4], self._pool.take(lot.units)) for lot in super().drain()]
        lots = sorted(pooled + self._fresh, key=lambda lot: lot.acquired_on)
        self._fresh.clear()
        return lots

    def _place(self, lot: Lot) -> None:
        self._fresh.append(lot)


QUEUES: Mapping[str, type[OldestFirst]] = {
    "fifo": OldestFirst,
    "lifo": NewestFirst,
    "average": AverageCost,
}
