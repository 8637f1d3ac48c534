"""Lots: what the units held have cost and those given away have earned, replayed from a journal.

Whole minor units only, never a cost per unit: a lot keeps its total cost, and parts of it are
shared out by cumulative rounding, so that they add up and the last unit closes to exactly zero.
"""

from bisect import insort
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from stockanalyst.exceptions import InputError, InsufficientUnits
from stockanalyst.portfolio.commodities import major_units, security
from stockanalyst.portfolio.entries import Entry, EntryType

Method = Literal["fifo", "lifo", "average"]
Numbered = tuple[int, Entry]
"""An entry after its number in the journal."""


class Lot(NamedTuple):
    """Units that came in together; lots sort by age.

    Attributes
    ----------
    acquired_on : date
    opened_by : int
        The number in the journal of the entry that brought it.
    part : int
        Its place among the lots that this entry brought, from 0.
    units, cost : int
        What is left of it, and the whole cost of that with fees, in minor units.
    """

    acquired_on: date
    opened_by: int
    part: int
    units: int
    cost: int


class Match(NamedTuple):
    """Units of a lot that an entry gave away.

    Attributes
    ----------
    acquired_on, opened_by, part
        The lot, as in :class:`Lot`.
    closed_by : int
        The number in the journal of the entry that gave them away.
    on : date
    units, cost, proceeds : int
        In minor units; proceeds are net of fees, and equal the cost of what is moved out.
    """

    acquired_on: date
    opened_by: int
    part: int
    closed_by: int
    on: date
    units: int
    cost: int
    proceeds: int


@dataclass(frozen=True, slots=True)
class Position:
    """One symbol in one currency; all that lacks a symbol stands under an empty one.

    Attributes
    ----------
    lots : tuple of Lot
        Those open, oldest first.
    matches : tuple of Match
        In the order of their entries.
    income : int
        Dividends and interest, less the tax and the fee taken from them.
    commissions : int
        Fees of purchases, sales and income: already in costs, proceeds and income.
    fees, taxes : int
        Those charged by themselves (and the fees of exchanges): in no other figure.
    """

    lots: tuple[Lot, ...]
    matches: tuple[Match, ...]
    income: int
    commissions: int
    fees: int
    taxes: int

    @property
    def units(self) -> int:
        """Units held."""
        return sum(lot.units for lot in self.lots)

    @property
    def cost(self) -> int:
        """What the units held have cost."""
        return sum(lot.cost for lot in self.lots)

    @property
    def realised(self) -> int:
        """Gain of what was given away: proceeds less costs."""
        return sum(match.proceeds - match.cost for match in self.matches)


@dataclass(frozen=True, slots=True)
class Book:
    """What a journal amounts to.

    Attributes
    ----------
    positions : Mapping
        By symbol and currency of the cost.
    """

    positions: Mapping[tuple[str, str], Position]


def replay(entries: Iterable[Numbered], method: Method) -> Book:
    """The lots that a journal leaves open, and what the closed ones gained.

    Entries count in the order of their dates, on one date in that of their numbers. An entry that
    was taken back doesn't count, nor does what took it back.

    Parameters
    ----------
    entries : iterable of (int, Entry)
        In any order.
    method : {'fifo', 'lifo', 'average'}
        Which lots a sale closes: the oldest, the newest; or the oldest after the cost of all units
        was spread evenly over them. Lots of one symbol bought in different currencies are kept
        apart: a sale closes lots of its own currency.

    Raises
    ------
    InsufficientUnits
        More is given away, split or spun off than is held on that date.
    InputError
        An unknown method, or lots moved in that don't add up.
    """
    if method not in _QUEUES:
        raise InputError("method", method, f"give one of {', '.join(_QUEUES)}")
    run = _Replay(_QUEUES[method])
    for number, entry in sorted(_standing(entries), key=lambda pair: (pair[1].on, pair[0])):
        run.take_in(number, entry)
    return Book({key: account.position() for key, account in run.accounts.items()})


def holdings_on(entries: Iterable[Numbered], symbol: str, day: date) -> int:
    """Minor units held when the day before an ex-date closed: those that a dividend is paid on.

    Parameters
    ----------
    entries : iterable of (int, Entry)
    symbol : str
    day : date
        The ex-date.
    """
    return sum(_change(entry, symbol) for _, entry in _standing(entries) if entry.on < day)


def split_units(held: int, numerator: int, denominator: int) -> int:
    """By how many minor units a split changes a holding; negative for a reverse split.

    The new holding is rounded down to whole minor units (10⁻⁸ of a unit): what is below that is
    dropped. Where whole units only are kept, the fraction that is paid out is a sale of its own.

    Raises
    ------
    InputError
        The ratio isn't of two numbers above zero.
    """
    if numerator <= 0 or denominator <= 0:
        ratio = f"{numerator}:{denominator}"
        raise InputError("ratio", ratio, "give new and old units above zero, such as 2:1")
    return held * numerator // denominator - held


def _standing(entries: Iterable[Numbered]) -> list[Numbered]:
    """Entries that count; who takes back a taking-back restores the first."""
    known = list(entries)
    reversals = [(number, entry.reverses) for number, entry in known if entry.reverses]
    undone: set[int] = set()
    for number, target in sorted(reversals, reverse=True):
        if number not in undone:
            undone.add(target)
    return [pair for pair in known if not pair[1].reverses and pair[0] not in undone]


_SIGNS = {
    EntryType.BUY: 1,
    EntryType.SELL: -1,
    EntryType.SPLIT: 1,
    EntryType.TRANSFER_IN: 1,
    EntryType.TRANSFER_OUT: -1,
}


def _change(entry: Entry, symbol: str) -> int:
    if entry.type is EntryType.SPIN_OFF:
        return entry.units if entry.child == symbol else 0
    return _SIGNS.get(entry.type, 0) * entry.units if entry.symbol == symbol else 0


class _Shares:
    """A total given out over a whole, part by part, by cumulative rounding (half up)."""

    __slots__ = ("done", "given", "total", "whole")

    def __init__(self, whole: int, total: int) -> None:
        self.whole, self.total = whole, total
        self.done = self.given = 0

    def take(self, part: int) -> int:
        self.done += part
        before = self.given
        self.given = (2 * self.total * self.done + self.whole) // (2 * self.whole)
        return self.given - before


class _Open(_Shares):
    """A lot whose cost goes out with its units."""

    __slots__ = ("lot",)

    def __init__(self, lot: Lot) -> None:
        self.whole, self.total = lot.units, lot.cost
        self.done = self.given = 0
        self.lot = lot

    def rest(self) -> Lot:
        acquired_on, opened_by, part, _, _ = self.lot
        left = self.whole - self.done
        return Lot(acquired_on, opened_by, part, left, self.total - self.given)


class _Oldest:
    """Lots of one symbol and currency, of which the oldest goes first."""

    _next = 0

    def __init__(self) -> None:
        self.units = 0
        self._open: deque[_Open] = deque()

    def add(self, lot: Lot) -> None:
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
        if self._open and lot < self._open[-1].lot:
            insort(self._open, _Open(lot), key=lambda each: each.lot)
        else:
            self._open.append(_Open(lot))


class _Newest(_Oldest):
    """The newest goes first."""

    _next = -1


class _Average(_Oldest):
    """The oldest goes first, at the average cost of all.

    Lots keep their own cost until the next sale, which spreads the cost of all over all.
    """

    def __init__(self) -> None:
        super().__init__()
        self._fresh: list[Lot] = []
        self._pool = _Shares(0, 0)

    def take(self, units: int) -> list[tuple[Lot, int, int]]:
        if self._fresh:
            left = self._pool.total - self._pool.given
            self._pool = _Shares(self.units, left + sum(lot.cost for lot in self._fresh))
            for lot in self._fresh:
                super()._place(lot)
            self._fresh.clear()
        return [(lot, part, self._pool.take(part)) for lot, part, _ in super().take(units)]

    def drain(self) -> list[Lot]:
        pooled = [Lot(*lot[:4], self._pool.take(lot.units)) for lot in super().drain()]
        lots = sorted(pooled + self._fresh)
        self._fresh.clear()
        return lots

    def _place(self, lot: Lot) -> None:
        self._fresh.append(lot)


_QUEUES: Mapping[str, type[_Oldest]] = {"fifo": _Oldest, "lifo": _Newest, "average": _Average}


class _Account:
    """A position while entries are taken in."""

    __slots__ = ("commissions", "fees", "income", "matches", "queue", "taxes")

    def __init__(self, queue: _Oldest) -> None:
        self.queue = queue
        self.matches: list[Match] = []
        self.income = self.commissions = self.fees = self.taxes = 0

    def close(self, number: int, entry: Entry, proceeds: int | None) -> None:
        """Give units away for all of the proceeds, or for what they cost."""
        shares = None if proceeds is None else _Shares(entry.units, proceeds)
        for (acquired_on, opened_by, part, _, _), units, cost in self.queue.take(entry.units):
            earned = cost if shares is None else shares.take(units)
            match = Match(acquired_on, opened_by, part, number, entry.on, units, cost, earned)
            self.matches.append(match)

    def split(self, number: int, on: date, shares: _Shares) -> None:
        """Give lots their new units.

        The cost of lots of which less than a minor unit remains goes to the oldest of the others;
        if there is none, all are closed for nothing.
        """
        old = self.queue.drain()
        new = [Lot(*lot[:3], shares.take(lot.units), lot.cost) for lot in old]
        kept = [lot for lot in new if lot.units]
        if not kept:
            self.matches += [Match(*lot[:3], number, on, lot.units, lot.cost, 0) for lot in old]
            return
        lost = sum(lot.cost for lot in new if not lot.units)
        kept[0] = kept[0]._replace(cost=kept[0].cost + lost)
        for lot in kept:
            self.queue.add(lot)

    def spin_off(self, basis: tuple[int, int], shares: _Shares) -> list[Lot]:
        """Lots of the child, which take a part of the cost along; those without a unit don't."""
        lots = [(lot, shares.take(lot.units)) for lot in self.queue.drain()]
        cost = sum(lot.cost for lot, _ in lots)
        moved = _Shares(cost or 1, _Shares(basis[1], cost).take(basis[0]))
        children = []
        for lot, units in lots:
            taken = moved.take(lot.cost) if units else 0
            self.queue.add(lot._replace(cost=lot.cost - taken))
            if units:
                children.append(lot._replace(units=units, cost=taken))
        return children

    def position(self) -> Position:
        return Position(
            tuple(self.queue.drain()),
            tuple(self.matches),
            self.income,
            self.commissions,
            self.fees,
            self.taxes,
        )


class _Replay:
    """Accounts by symbol and currency, and what each type of entry does to them."""

    def __init__(self, queue: Callable[[], _Oldest]) -> None:
        self.accounts: dict[tuple[str, str], _Account] = defaultdict(lambda: _Account(queue()))
        self._deeds: Mapping[EntryType, Callable[[int, Entry], None]] = {
            EntryType.BUY: self._bought,
            EntryType.SELL: self._sold,
            EntryType.DIVIDEND: self._paid,
            EntryType.INTEREST: self._paid,
            EntryType.FEE: self._charged,
            EntryType.TAX: self._taxed,
            EntryType.SPLIT: self._split,
            EntryType.SPIN_OFF: self._spun_off,
            EntryType.TRANSFER_IN: self._moved_in,
            EntryType.TRANSFER_OUT: self._moved_out,
            EntryType.EXCHANGE: self._exchanged,
        }

    def take_in(self, number: int, entry: Entry) -> None:
        """Deposits, withdrawals and transfers of money change no position."""
        deed = self._deeds.get(entry.type)
        if deed is not None:
            deed(number, entry)

    def _bought(self, number: int, entry: Entry) -> None:
        account = self.accounts[entry.symbol, entry.currency]
        account.commissions += entry.fee
        account.queue.add(Lot(entry.on, number, 0, entry.units, entry.amount + entry.fee))

    def _sold(self, number: int, entry: Entry) -> None:
        account = self._holder(entry)
        account.commissions += entry.fee
        account.close(number, entry, entry.amount - entry.fee)

    def _paid(self, _: int, entry: Entry) -> None:
        account = self.accounts[entry.symbol, entry.currency]
        account.commissions += entry.fee
        account.income += entry.amount - entry.fee - entry.tax

    def _charged(self, _: int, entry: Entry) -> None:
        self.accounts[entry.symbol, entry.currency].fees += entry.amount

    def _taxed(self, _: int, entry: Entry) -> None:
        self.accounts[entry.symbol, entry.currency].taxes += entry.amount

    def _exchanged(self, _: int, entry: Entry) -> None:
        self.accounts[entry.symbol, entry.currency].fees += entry.fee

    def _moved_in(self, number: int, entry: Entry) -> None:
        if sum(lot.units for lot in entry.lots) != entry.units:
            mend = f"their units must add up to those of {entry.symbol} that are moved in"
            raise InputError("lots", entry.lots, mend)
        for part, lot in enumerate(entry.lots):
            account = self.accounts[entry.symbol, entry.currency]
            account.queue.add(Lot(lot.acquired_on, number, part, lot.units, lot.cost))

    def _moved_out(self, number: int, entry: Entry) -> None:
        if entry.symbol:
            self._holder(entry).close(number, entry, None)

    def _split(self, number: int, entry: Entry) -> None:
        holders, held = self._holders(entry)
        if held + entry.units < 0:
            raise _insufficient(entry, held)
        shares = _Shares(held, held + entry.units)
        for _, account in holders:
            account.split(number, entry.on, shares)

    def _spun_off(self, number: int, entry: Entry) -> None:
        holders, held = self._holders(entry)
        shares = _Shares(held, entry.units)
        part = 0
        for currency, account in holders:
            for lot in account.spin_off(entry.basis, shares):
                child = self.accounts[entry.child, currency]
                child.queue.add(lot._replace(opened_by=number, part=part))
                part += 1

    def _holder(self, entry: Entry) -> _Account:
        """The account that units of an entry leave."""
        account = self.accounts[entry.symbol, entry.currency]
        if entry.units > account.queue.units:
            raise _insufficient(entry, account.queue.units)
        return account

    def _holders(self, entry: Entry) -> tuple[list[tuple[str, _Account]], int]:
        """Currencies and accounts that hold the symbol, and what they hold together."""
        found = sorted(
            (currency, account)
            for (symbol, currency), account in self.accounts.items()
            if symbol == entry.symbol and account.queue.units
        )
        if entry.units and not found:
            raise _insufficient(entry, 0)
        return found, sum(account.queue.units for _, account in found)


def _insufficient(entry: Entry, held: int) -> InsufficientUnits:
    owned, asked = (
        f"{major_units(units, security(entry.symbol)).normalize():f}"
        for units in (held, abs(entry.units))
    )
    bought = f" bought in {entry.currency}" if entry.currency else ""
    return InsufficientUnits(
        f"{entry.symbol} on {entry.on}: {entry.type} asks for {asked} units, {owned}{bought} are "
        "held on that date; ask for fewer, or first post the entry that brings them"
    )
