"""Whatever is posted or refused, in whatever order, the books agree with a ledger kept by hand."""

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from stockanalyst.exceptions import (
    Conflict,
    InputError,
    InsufficientFunds,
    InsufficientUnits,
    LedgerError,
)
from stockanalyst.portfolio import corporate, lots
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.protocols import Numbered
from tests.portfolio.store.conftest import Ledger
from tests.portfolio.store.made import UNIT, buy, day, deposit, reversal
from tests.portfolio.store.test_fields import UNUSABLE

Method = Literal["fifo", "lifo", "average"]
MONIES = {"USD", "EUR", "JPY"}
MANY = 1000  # more than are ever posted
METHODS: tuple[Method, ...] = ("fifo", "lifo", "average")
CENTS, CHARGES = st.integers(1, 400), st.integers(0, 3)
UNITS = st.sampled_from([1, UNIT // 3, UNIT, 2 * UNIT, 5 * UNIT])
# Days from the one on which it is posted on: what is spent earlier is always looked at again.
SYMBOLS, DAYS = st.sampled_from(["AAPL", "KD"]), st.integers(20, 26).map(day)
LATER = st.integers(23, 26).map(day)
CASH = st.sampled_from(
    [
        *(EntryType.WITHDRAWAL, EntryType.TRANSFER_OUT, EntryType.FEE, EntryType.TAX),
        *(EntryType.DEPOSIT, EntryType.TRANSFER_IN),
    ]
)
INCOME = st.sampled_from([EntryType.DIVIDEND, EntryType.INTEREST])
MONEY = st.builds(Entry, CASH, DAYS, st.sampled_from(["USD", "EUR"]), CENTS)
RECEIVED = st.builds(Entry, INCOME, DAYS, st.just("USD"), CENTS, CHARGES, CHARGES, SYMBOLS)
BOUGHT = st.builds(
    *(Entry, st.just(EntryType.BUY), DAYS, st.just("USD"), CENTS, CHARGES, CHARGES, SYMBOLS, UNITS)
)
SOLD = st.builds(
    *(Entry, st.just(EntryType.SELL), DAYS, st.just("USD"), CENTS, CHARGES, CHARGES, SYMBOLS)
)
SPLITS = st.builds(
    Entry, st.just(EntryType.SPLIT), LATER, symbol=SYMBOLS, ratio=st.sampled_from([(2, 1), (1, 2)])
)
SPIN_OFFS = st.builds(
    Entry, st.just(EntryType.SPIN_OFF), LATER, symbol=st.just("AAPL"), child=st.just("KD"),
    ratio=st.sampled_from([(1, 1), (1, 3)]), basis=st.sampled_from([(0, 1), (1, 3), (1, 1)]),
)  # fmt: skip
EXCHANGES = st.builds(
    Entry, st.just(EntryType.EXCHANGE), DAYS, st.just("USD"), CENTS, CHARGES, child=st.just("JPY"),
    child_amount=CENTS,
)  # fmt: skip
MOVED_OUT = st.builds(Entry, st.just(EntryType.TRANSFER_OUT), DAYS, st.just("USD"), symbol=SYMBOLS)


@st.composite
def moved_in(draw: st.DrawFn) -> Entry:
    """Units with one or two lots."""
    bought = st.builds(MovedLot, DAYS, UNITS, st.integers(0, 400))
    found = tuple(draw(st.lists(bought, min_size=1, max_size=2)))
    units = sum(lot.units for lot in found)
    symbol, on = draw(SYMBOLS), draw(DAYS)
    return Entry(EntryType.TRANSFER_IN, on, "USD", symbol=symbol, units=units, lots=found)


def moves(entry: Entry) -> Counter[str]:
    """What an entry changes, by hand: money by its currency, units by their symbol."""
    charges, money, units = entry.fee + entry.tax, {entry.currency: entry.amount}, entry.units
    match entry.type:
        case EntryType.BUY:
            found = {"USD": -entry.amount - charges, entry.symbol: units}
        case EntryType.SELL:
            found = {"USD": entry.amount - charges, entry.symbol: -units}
        case EntryType.DIVIDEND | EntryType.INTEREST:
            found = {"USD": entry.amount - charges}
        case EntryType.SPLIT:
            found = {entry.symbol: units}
        case EntryType.SPIN_OFF:
            found = {entry.child: units}
        case EntryType.EXCHANGE:
            found = {"USD": -entry.amount - charges, "JPY": entry.child_amount}
        case EntryType.DEPOSIT | EntryType.TRANSFER_IN:
            found = {**money, entry.symbol: units}
        case _:
            found = {entry.currency: -entry.amount, entry.symbol: -units}
    return Counter({name: change for name, change in found.items() if change})


def added(action: Entry, held: int) -> int:
    """Units that an action adds, whole minor ones, by its ratio and what is held of its symbol."""
    new, old = action.ratio
    return held * new // old - (held if action.type is EntryType.SPLIT else 0)


@dataclass
class ByHand:
    """Money and units, by addition and subtraction alone."""

    held: Counter[str] = field(default_factory=Counter)
    standing: dict[int, Entry] = field(default_factory=dict)

    def with_entry(self, number: int, entry: Entry) -> "ByHand":
        """One more, or where it takes one back, one less."""
        standing = dict(self.standing)
        if entry.reverses:
            change = Counter({name: -n for name, n in moves(standing.pop(entry.reverses)).items()})
        else:
            change, standing[number] = moves(entry), entry
        held = Counter(self.held)
        held.update(change)
        return ByHand(held, standing)

    def problems(self) -> set[type[Exception]]:
        """What is less than nothing now or was on some day, and actions that can't be."""
        short = {name for name, amount in self.held.items() if amount < 0}
        found: set[type[Exception]] = {InsufficientFunds} if short & MONIES else set()
        found |= {InsufficientUnits} if short - MONIES else set()
        held: Counter[str] = Counter()
        seen = set()
        for _, entry in sorted(self.standing.items(), key=_order):
            if entry.type in _FIRST:
                action = (entry.type, entry.on, entry.symbol)
                if action in seen or entry.units != added(entry, held[entry.symbol]):
                    found.add(LedgerError)
                seen.add(action)
            held.update(moves(entry))
            if any(held[symbol] < 0 for symbol in ("AAPL", "KD")):
                found.add(InsufficientUnits)
        return found

    def held_before(self, action: Entry) -> int:
        """Units to which a new split or spin-off applies."""
        pairs = [*self.standing.items(), (MANY, action)]
        before = sorted(pairs, key=_order)
        before = before[: before.index((MANY, action))]
        return sum(moves(entry)[action.symbol] for _, entry in before)

    def cost_in(self) -> int:
        """What all that came in has cost."""
        bought = [each for each in self.standing.values() if each.type is EntryType.BUY]
        brought = [lot.cost for each in self.standing.values() for lot in each.lots]
        return sum(each.amount + each.fee + each.tax for each in bought) + sum(brought)

    def proceeds(self) -> int:
        """What sales gave."""
        sold = [each for each in self.standing.values() if each.type is EntryType.SELL]
        return sum(each.amount - each.fee - each.tax for each in sold)


_FIRST = {EntryType.SPLIT: 0, EntryType.SPIN_OFF: 1}
_NAMES = count()


def _order(pair: tuple[int, Entry]) -> tuple[object, int, int]:
    """By days; on one day splits first, then spin-offs, then by their numbers."""
    number, entry = pair
    return entry.on, _FIRST.get(entry.type, 2), number


class Machine(RuleBasedStateMachine):
    """A user at work on a portfolio of his own."""

    ledger: Ledger

    @initialize(method=st.sampled_from(METHODS), is_split=st.booleans())
    def begins(self, method: Method, is_split: bool) -> None:
        self.method, self.journal, self.hand = method, self.ledger.journal, ByHand()
        self.user = self.journal.user(f"user {next(_NAMES)}")
        made = self.journal.create_portfolio(self.user, "main", currency="USD", method=method)
        self.portfolio = made.id
        self.posted: dict[str, Entry] = {}
        split = Entry(EntryType.SPLIT, day(25), symbol="AAPL", units=9 * UNIT, ratio=(2, 1))
        first = [deposit(9000), buy(9, 900, on=20), buy(9, 900, on=20, symbol="KD"), split]
        for entry in first if is_split else first[:3]:
            self.try_post(entry)

    def post(self, *items: tuple[str, Entry]) -> Any:
        """As the use cases do."""
        return self.journal.post(self.user, self.portfolio, items, check=self.check)

    def check(self, journal: Numbered) -> None:
        corporate.check(journal, self.method)

    def try_post(self, entry: Entry) -> None:
        """Post; it is taken exactly if the ledger by hand has no problem then."""
        key, number = f"key {len(self.posted)}", len(self.posted) + 1
        after = self.hand.with_entry(number, entry)
        problems = after.problems()
        if problems:
            with pytest.raises(tuple(problems)):
                self.post((key, entry))
        else:
            (posted,) = self.post((key, entry))
            assert (posted.number, posted.created) == (number, True)
            self.posted[key], self.hand = entry, after

    @rule(entry=RECEIVED | EXCHANGES)
    def is_paid(self, entry: Entry) -> None:
        self.try_post(entry)

    @rule(entry=MONEY)
    def moves_money(self, entry: Entry) -> None:
        self.try_post(entry)

    @rule(entry=BOUGHT | moved_in())
    def takes_units_in(self, entry: Entry) -> None:
        self.try_post(entry)

    @rule(entry=SOLD | MOVED_OUT, part=st.sampled_from([1, 1, 2, 3]), more=st.booleans())
    def gives_units_away(self, entry: Entry, part: int, more: bool) -> None:
        units = self.hand.held[entry.symbol] // part + more
        self.try_post(replace(entry, units=max(units, 1)))

    @rule(action=SPLITS | SPIN_OFFS, more=st.sampled_from([0, 0, 0, 1]))
    def takes_part_in_an_action(self, action: Entry, more: int) -> None:
        units = added(action, self.hand.held_before(action))
        self.try_post(replace(action, units=units + more))

    @rule(data=st.data())
    def reverses(self, data: st.DataObject) -> None:
        if self.hand.standing:
            number = data.draw(st.sampled_from(sorted(self.hand.standing)))
            self.try_post(reversal(number))

    @rule(data=st.data(), number=st.integers(-1, 40))
    def posts_in_vain(self, data: st.DataObject, number: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.posted)))
        (posted,) = self.post((key, self.posted[key]))
        assert not posted.created
        with pytest.raises(Conflict):
            self.post((key, deposit(12345)))
        wrong, _ = data.draw(st.sampled_from(UNUSABLE))
        with pytest.raises((InputError, Conflict)):
            self.post(("none", deposit(1)), ("none either", wrong))
        if number not in self.hand.standing:
            with pytest.raises((InputError, Conflict)):
                self.post(("none", reversal(number)))

    @invariant()
    def agrees_with_the_ledger_by_hand(self) -> None:
        found = self.journal.balances(self.user, self.portfolio)
        held = {
            commodity.code: amount
            for (role, commodity), amount in found.items()
            if role in {Role.CASH, Role.HOLDING} and amount
        }
        assert held == {name: amount for name, amount in self.hand.held.items() if amount}
        sums: Counter[object] = Counter()
        for (_, commodity), amount in found.items():
            sums[commodity] += amount
        assert not any(sums.values())

    @invariant()
    def agrees_with_its_lots(self) -> None:
        entries = self.journal.entries(self.user, self.portfolio)
        assert entries == list(enumerate(self.posted.values(), start=1))
        positions = lots.replay(entries, self.method).positions
        standing = list(self.hand.standing.items())
        assert positions == lots.replay(standing, self.method).positions
        for (symbol, _), position in positions.items():
            assert position.units == self.hand.held[symbol] or not symbol
        closed = [match for position in positions.values() for match in position.matches]
        cost = sum(position.cost for position in positions.values())
        assert cost + sum(match.cost for match in closed) == self.hand.cost_in()
        sales = [match.proceeds for match in closed if self._is_sale(match)]
        assert sum(sales) == self.hand.proceeds()

    def _is_sale(self, match: lots.Match) -> bool:
        return self.hand.standing[match.closed_by].type is EntryType.SELL

    def teardown(self) -> None:
        before = self.journal.balances(self.user, self.portfolio)
        assert self.journal.verify(self.user, self.portfolio) == len(self.posted)
        self.journal.rebuild_balances(self.user, self.portfolio)
        assert self.journal.balances(self.user, self.portfolio) == before


def test_random_work_on_a_portfolio(ledger: Ledger) -> None:
    machine = type("MachineHere", (Machine,), {"ledger": ledger})
    run_state_machine_as_test(machine, settings=settings(max_examples=80, stateful_step_count=18))
