"""Random valid journals of every type of entry, for what is written out of a journal."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from math import gcd
from typing import TypeVar

from hypothesis import strategies as st

from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.lot_queues import Method
from stockanalyst.portfolio.lots import replay, split_units

T = TypeVar("T")
Numbered = list[tuple[int, Entry]]
Held = dict[tuple[str, str], int]

FIRST = date(2024, 1, 1)
SYMBOLS = ("AAPL", "^GSPC", "0050.TW", "ALL", "TRUE", "F", "BTC-USD", "EURUSD=X")
CURRENCIES = ("USD", "JPY", "BHD")
"""Of two decimals, of none, of three."""
NOTES = ("", '=cmd|" /C calc"!A0', "'=x", "-1", "@a;b,c", 'said "é" \\ twice', "''", "+", "plain")

money = st.integers(1, 10**7)
charges = st.integers(0, 5_000)
units = st.integers(1, 10**10)
lots_of = st.lists(st.tuples(st.integers(0, 99), units, charges), min_size=1, max_size=3)
"""Age in days, units, cost."""


class _Maker:
    """Adds one valid entry after the other."""

    def __init__(self, draw: st.DrawFn, method: Method) -> None:
        self._draw, self._method = draw, method
        self._symbols = draw(st.permutations(SYMBOLS))[:2]
        self._currencies = draw(st.permutations(CURRENCIES))[:2]
        self.entries: Numbered = []
        self._day = FIRST

    def add(self, kind: EntryType) -> None:
        """One of that type, or a purchase where nothing is held that it needs."""
        held = self._held()
        if kind in _NEED_UNITS and not held:
            kind = EntryType.BUY
        self._day += timedelta(days=1 if kind in _ON_EX_DATES else self._draw(st.integers(0, 2)))
        of_money = kind in _TRANSFERS and self._draw(st.booleans())
        make = _Maker.of_money if of_money else _MAKERS.get(kind, _Maker.of_money)
        made = make(self, kind, held)
        self.post(made)
        if kind is EntryType.BUY and self._draw(st.integers(0, 5)) == 5:
            self.post(made)
            self.post(Entry(EntryType.REVERSAL, self._day, reverses=len(self.entries)))

    def post(self, entry: Entry) -> None:
        self.entries.append((len(self.entries) + 1, entry))

    def _one_of(self, choices: Sequence[T]) -> T:
        return self._draw(st.sampled_from(choices))

    def _part(self, most: int) -> int:
        return most * self._one_of([1, 10, 33, 50, 75, 99, 100]) // 100 or 1

    def _held(self) -> Held:
        positions = replay(self.entries, self._method).positions
        return {key: each.units for key, each in positions.items() if each.units}

    def of_money(self, kind: EntryType, _: Held) -> Entry:
        symbols = ["", *self._symbols] if kind in _MAYBE_OF_A_SYMBOL else [""]
        taxed = kind is EntryType.INTEREST
        return Entry(
            kind,
            self._day,
            self._one_of(self._currencies),
            self._draw(money),
            fee=self._draw(charges) if taxed else 0,
            tax=self._draw(charges) if taxed else 0,
            symbol=self._one_of(symbols),
            note=self._one_of(NOTES),
        )

    def bought(self, kind: EntryType, _: Held) -> Entry:
        return Entry(
            kind,
            self._day,
            self._one_of(self._currencies),
            self._draw(money),
            self._draw(charges),
            self._draw(charges),
            self._one_of(self._symbols),
            self._draw(units),
            note=self._one_of(NOTES),
        )

    def sold(self, kind: EntryType, held: Held) -> Entry:
        (symbol, code), most = self._one_of(sorted(held.items()))
        part = self._part(most)
        costs = self._draw(charges), self._draw(charges)
        return Entry(kind, self._day, code, self._draw(money), *costs, symbol, part)

    def moved_out(self, kind: EntryType, held: Held) -> Entry:
        (symbol, code), most = self._one_of(sorted(held.items()))
        return Entry(kind, self._day, code, symbol=symbol, units=self._part(most))

    def moved_in(self, kind: EntryType, _: Held) -> Entry:
        lots = tuple(
            MovedLot(self._day - timedelta(days=age), part, cost)
            for age, part, cost in self._draw(lots_of)
        )
        whole = sum(lot.units for lot in lots)
        code, symbol = self._one_of(self._currencies), self._one_of(self._symbols)
        return Entry(kind, self._day, code, symbol=symbol, units=whole, lots=lots)

    def paid(self, kind: EntryType, held: Held) -> Entry:
        (symbol, code), _ = self._one_of(sorted(held.items()))
        costs = self._draw(charges), self._draw(charges)
        return Entry(kind, self._day, code, self._draw(money), *costs, symbol)

    def split(self, kind: EntryType, held: Held) -> Entry:
        symbol, whole = self._one_of(_by_symbol(held))
        new, old = self._draw(st.sampled_from([(2, 1), (7, 3), (1, 8), (3, 20), (1, 10**9)]))
        change = split_units(whole, new, old)
        return Entry(kind, self._day, symbol=symbol, units=change, ratio=(new, old))

    def spun_off(self, kind: EntryType, held: Held) -> Entry:
        symbol, whole = self._one_of(_by_symbol(held))
        child = self._one_of([each for each in self._symbols if each != symbol])
        basis = self._one_of([(0, 1), (1, 4), (617, 1250)])
        new, old = self._draw(st.tuples(st.integers(1, 3), st.integers(1, 9)))
        ratio = new // gcd(new, old), old // gcd(new, old)
        part = whole * ratio[0] // ratio[1]
        return Entry(kind, self._day, "", 0, 0, 0, symbol, part, ratio, child, basis=basis)

    def exchanged(self, kind: EntryType, _: Held) -> Entry:
        sold, bought = self._draw(st.permutations(self._currencies))
        given, taken, fee = self._draw(money), self._draw(money), self._draw(charges)
        return Entry(kind, self._day, sold, given, fee, child=bought, child_amount=taken)


def _by_symbol(held: Held) -> list[tuple[str, int]]:
    whole: dict[str, int] = {}
    for (symbol, _), units_of_it in held.items():
        whole[symbol] = whole.get(symbol, 0) + units_of_it
    return sorted(whole.items())


_MAKERS: Mapping[EntryType, Callable[[_Maker, EntryType, Held], Entry]] = {
    EntryType.BUY: _Maker.bought,
    EntryType.SELL: _Maker.sold,
    EntryType.DIVIDEND: _Maker.paid,
    EntryType.SPLIT: _Maker.split,
    EntryType.SPIN_OFF: _Maker.spun_off,
    EntryType.TRANSFER_IN: _Maker.moved_in,
    EntryType.TRANSFER_OUT: _Maker.moved_out,
    EntryType.EXCHANGE: _Maker.exchanged,
}
_ON_EX_DATES = {EntryType.DIVIDEND, EntryType.SPLIT, EntryType.SPIN_OFF}
_NEED_UNITS = _ON_EX_DATES | {EntryType.SELL, EntryType.TRANSFER_OUT}
_TRANSFERS = {EntryType.TRANSFER_IN, EntryType.TRANSFER_OUT}
_MAYBE_OF_A_SYMBOL = {EntryType.INTEREST, EntryType.FEE, EntryType.TAX}
_KINDS = [kind for kind in EntryType if kind is not EntryType.REVERSAL]
_FREQUENT = 5 * [EntryType.BUY] + 4 * [EntryType.SELL] + [EntryType.SPLIT]


@st.composite
def journals(draw: st.DrawFn, method: Method) -> Numbered:
    """Numbered from 1 on, in the order of their dates; some purchases are there to be reversed."""
    maker = _Maker(draw, method)
    for kind in draw(st.lists(st.sampled_from(_FREQUENT + _KINDS), min_size=5, max_size=30)):
        maker.add(kind)
    return maker.entries
