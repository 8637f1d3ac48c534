"""Lots: what the units held have cost and those given away have earned, replayed from a journal.

Whole minor units only, never a cost per unit: a lot keeps its total cost, and parts of it are
shared out by cumulative rounding, so that they add up and the last unit closes to exactly zero.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from stockanalyst.exceptions import InputError, InsufficientUnits
from stockanalyst.portfolio.commodities import EXACT, major_units, security
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.lot_queues import QUEUES, Lot, Method, OldestFirst, Shares

__all__ = [
    "Book",
    "Lot",
    "Match",
    "Method",
    "Numbered",
    "Place",
    "Position",
    "change",
    "holdings_on",
    "in_order",
    "place",
    "replay",
    "split_units",
    "standing",
]

Numbered = tuple[int, Entry]
"""An entry after its number in the journal."""
Place = tuple[date, int, str, int]
"""Where an entry counts, to sort by."""


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
        In minor units; proceeds are net of fee and tax, and equal the cost of what is moved out.
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
        Fees of purchases, sales and income: already in costs, proceeds and income, as their taxes.
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

    Entries count as :func:`in_order` gives them.

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
    if method not in QUEUES:
        raise InputError("method", method, f"give one of {', '.join(QUEUES)}")
    run = _Replay(QUEUES[method])
    for number, entry in in_order(entries):
        run.take_in(number, entry)
    return Book({key: account.position() for key, account in run.accounts.items()})


def in_order(entries: Iterable[Numbered]) -> list[Numbered]:
    """The entries that count, in the order in which they do.

    An entry that was taken back doesn't count, nor does what took it back, whatever its date. The
    others go by their dates. On one date splits come first, then spin-offs, by their children's
    symbols: trades on an ex-date are in new units. The rest of that date goes by its numbers.
    """
    return sorted(standing(entries), key=place)


def place(pair: Numbered) -> Place:
    """Where an entry counts; see :func:`in_order`."""
    number, entry = pair
    rank = _FIRST.get(entry.type, 2)
    return entry.on, rank, entry.child if rank == 1 else "", number


def holdings_on(entries: Iterable[Numbered], symbol: str, day: date) -> int:
    """Minor units held when the day before an ex-date closed: those that a dividend is paid on.

    Parameters
    ----------
    entries : iterable of (int, Entry)
    symbol : str
    day : date
        The ex-date.
    """
    return sum(change(entry, symbol) for _, entry in standing(entries) if entry.on < day)


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


def numbered_after(
    entries: Iterable[Numbered], items: Iterable[tuple[str, Entry]]
) -> list[tuple[int, Entry]]:
    """New entries, given with their keys, under the numbers that a journal will give them."""
    return list(enumerate((entry for _, entry in items), next_number(entries)))


def next_number(entries: Iterable[Numbered]) -> int:
    """Of the entry that comes next into a journal."""
    return max((number for number, _ in entries), default=0) + 1


def standing(entries: Iterable[Numbered]) -> list[Numbered]:
    """Entries that count; who takes back a taking-back restores the first."""
    known = list(entries)
    reversals = [(number, entry.reverses) for number, entry in known if entry.reverses]
    undone: set[int] = set()
    for number, target in sorted(reversals, reverse=True):
        if number not in undone:
            undone.add(target)
    return [pair for pair in known if not pair[1].reverses and pair[0] not in undone]


_FIRST = {EntryType.SPLIT: 0, EntryType.SPIN_OFF: 1}
_SIGNS = {
    EntryType.BUY: 1,
    EntryType.SELL: -1,
    EntryType.SPLIT: 1,
    EntryType.TRANSFER_IN: 1,
    EntryType.TRANSFER_OUT: -1,
}


def change(entry: Entry, symbol: str) -> int:
    """By how many minor units an entry changes what is held of a symbol."""
    if entry.type is EntryType.SPIN_OFF:
        return entry.units if entry.child == symbol else 0
    return _SIGNS.get(entry.type, 0) * entry.units if entry.symbol == symbol else 0


class _Account:
    """A position while entries are taken in."""

    __slots__ = ("commissions", "fees", "income", "matches", "queue", "taxes")

    def __init__(self, queue: OldestFirst) -> None:
        self.queue = queue
        self.matches: list[Match] = []
        self.income = self.commissions = self.fees = self.taxes = 0

    def close(self, number: int, entry: Entry, proceeds: int | None) -> None:
        """Give units away for all of the proceeds, or for what they cost."""
        shares = None if proceeds is None else Shares(entry.units, proceeds)
        for (acquired_on, opened_by, part, _, _), units, cost in self.queue.take(entry.units):
            earned = cost if shares is None else shares.take(units)
            match = Match(acquired_on, opened_by, part, number, entry.on, units, cost, earned)
            self.matches.append(match)

    def split(self, number: int, on: date, shares: Shares) -> None:
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

    def spin_off(self, basis: tuple[int, int], shares: Shares) -> list[Lot]:
        """Lots of the child, which take a part of the cost along; those without a unit don't."""
        lots = [(lot, shares.take(lot.units)) for lot in self.queue.drain()]
        cost = sum(lot.cost for lot, _ in lots)
        moved = Shares(cost or 1, Shares(basis[1], cost).take(basis[0]))
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

    def __init__(self, queue: Callable[[], OldestFirst]) -> None:
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
        cost = entry.amount + entry.fee + entry.tax
        account.queue.add(Lot(entry.on, number, 0, entry.units, cost))

    def _sold(self, number: int, entry: Entry) -> None:
        account = self._holder(entry)
        account.commissions += entry.fee
        account.close(number, entry, entry.amount - entry.fee - entry.tax)

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
        shares = Shares(held, held + entry.units)
        for _, account in holders:
            account.split(number, entry.on, shares)

    def _spun_off(self, number: int, entry: Entry) -> None:
        holders, held = self._holders(entry)
        shares = Shares(held, entry.units)
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
        f"{major_units(units, security(entry.symbol)).normalize(EXACT):f}"
        for units in (held, abs(entry.units))
    )
    bought = f" bought in {entry.currency}" if entry.currency else ""
    return InsufficientUnits(
        f"{entry.symbol} on {entry.on}: {entry.type} asks for {asked} units, {owned}{bought} are "
        "held on that date; ask for fewer, or first post the entry that brings them"
    )
