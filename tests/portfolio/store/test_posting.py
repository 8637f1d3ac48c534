"""Whatever is posted or refused, in whatever order, the books agree with a ledger kept by hand."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from stockanalyst.exceptions import Conflict, InsufficientFunds, InsufficientUnits
from stockanalyst.portfolio import lots
from stockanalyst.portfolio.commodities import currency, security
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.protocols import Numbered
from tests.portfolio.store.conftest import Ledger
from tests.portfolio.store.made import UNIT, buy, deposit, reversal, sell, withdrawal

CENTS, UNITS = st.integers(1, 400), st.integers(1, 4)
SYMBOLS, DAYS = st.sampled_from(["AAPL", "IBM"]), st.integers(0, 6)
_NAMES = count()


@dataclass
class ByHand:
    """Cash and units, by addition and subtraction alone."""

    cash: int = 0
    units: Counter[str] = field(default_factory=Counter)
    moves: dict[int, tuple[int, str, int]] = field(default_factory=dict)

    def apply(self, number: int, cash: int, symbol: str, units: int) -> None:
        """An entry that was taken."""
        self.cash += cash
        self.units[symbol] += units
        self.moves[number] = (cash, symbol, units)


class Machine(RuleBasedStateMachine):
    """A user at work on a portfolio of his own."""

    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.journal = self.ledger.journal
        self.user = self.journal.user(f"user {next(_NAMES)}")
        made = self.journal.create_portfolio(self.user, "main", currency="USD", method="fifo")
        self.portfolio, self.hand = made.id, ByHand()
        self.keys: dict[str, Entry] = {}

    def try_post(self, entry: Entry, cash: int, symbol: str = "", units: int = 0) -> None:
        """Post; the ledger by hand follows where it was taken."""
        key = f"key {len(self.keys)}"
        try:
            (posted,) = self.post(key, entry)
        except InsufficientFunds:
            assert self.hand.cash + cash < 0
        except InsufficientUnits:
            assert units < 0
        else:
            assert posted.created
            self.keys[key] = entry
            self.hand.apply(posted.number, cash, symbol, units)

    def post(self, key: str, entry: Entry) -> Any:
        return self.journal.post(self.user, self.portfolio, [(key, entry)], check=replay)

    @rule(cents=CENTS, on=DAYS)
    def deposits(self, cents: int, on: int) -> None:
        self.try_post(deposit(cents, on=on), cents)

    @rule(cents=CENTS, on=DAYS)
    def withdraws(self, cents: int, on: int) -> None:
        self.try_post(withdrawal(cents, on=on), -cents)

    @rule(cents=CENTS, units=UNITS, symbol=SYMBOLS, on=DAYS)
    def buys(self, cents: int, units: int, symbol: str, on: int) -> None:
        entry = buy(units, cents, fee=3, on=on, symbol=symbol)
        self.try_post(entry, -cents - 3, symbol, units)

    @rule(cents=CENTS, units=UNITS, symbol=SYMBOLS, on=DAYS)
    def sells(self, cents: int, units: int, symbol: str, on: int) -> None:
        entry = sell(units, cents, fee=1, on=on, symbol=symbol)
        self.try_post(entry, cents - 1, symbol, -units)

    @rule(data=st.data())
    def reverses(self, data: st.DataObject) -> None:
        if not self.hand.moves:
            return
        number = data.draw(st.sampled_from(sorted(self.hand.moves)))
        cash, symbol, units = self.hand.moves[number]
        before = len(self.keys)
        self.try_post(reversal(number), -cash, symbol, -units)
        if len(self.keys) > before:  # neither can be taken back again
            del self.hand.moves[number], self.hand.moves[max(self.hand.moves)]

    @rule(data=st.data())
    def posts_again(self, data: st.DataObject) -> None:
        if not self.keys:
            return
        key = data.draw(st.sampled_from(sorted(self.keys)))
        (posted,) = self.post(key, self.keys[key])
        assert not posted.created
        with pytest.raises(Conflict):
            self.post(key, deposit(12345))

    @invariant()
    def agrees_with_the_ledger_by_hand(self) -> None:
        found = defaultdict(int, self.journal.balances(self.user, self.portfolio))
        assert found[Role.CASH, currency("USD")] == self.hand.cash
        for symbol, units in self.hand.units.items():
            if symbol:
                assert found[Role.HOLDING, security(symbol)] == units * UNIT
        sums: Counter[object] = Counter()
        for (_, commodity), amount in found.items():
            sums[commodity] += amount
        assert not any(sums.values())

    def teardown(self) -> None:
        before = self.journal.balances(self.user, self.portfolio)
        assert self.journal.verify(self.user, self.portfolio) == len(self.keys)
        self.journal.rebuild_balances(self.user, self.portfolio)
        assert self.journal.balances(self.user, self.portfolio) == before
        entries = self.journal.entries(self.user, self.portfolio)
        assert [entry for _, entry in entries] == list(self.keys.values())


def replay(journal: Numbered) -> None:
    """Refuse what leaves lots without units."""
    lots.replay(journal, "fifo")


def test_random_work_on_a_portfolio(ledger: Ledger) -> None:
    machine = type("MachineHere", (Machine,), {"ledger": ledger})
    run_state_machine_as_test(machine, settings=settings(max_examples=12, stateful_step_count=20))
