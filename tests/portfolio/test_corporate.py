"""Splits and spin-offs: cases by hand, and that the order of posting is of no account."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InsufficientUnits, LedgerError
from stockanalyst.portfolio.corporate import (
    Holdings,
    action_key,
    added_units,
    applied,
    check,
    restated,
)
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.ledger import Role, transfers
from stockanalyst.portfolio.lots import Method, holdings_on, in_order, replay

DAY = date(2020, 1, 1)
Journal = list[tuple[int, Entry]]
Items = list[tuple[str, Entry]]

buy = partial(Entry, EntryType.BUY, symbol="AAA")
sell = partial(Entry, EntryType.SELL, symbol="AAA")
split = partial(Entry, EntryType.SPLIT, symbol="AAA")
spin_off = partial(Entry, EntryType.SPIN_OFF, symbol="AAA", child="BBB", basis=(1, 4))


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def numbered(*entries: Entry) -> Journal:
    return list(enumerate(entries, start=1))


def posted(journal: Journal, items: Items) -> Journal:
    return [*journal, *enumerate((entry for _, entry in items), start=len(journal) + 1)]


def back(number: int, day: int) -> Entry:
    return Entry(EntryType.REVERSAL, on(day), reverses=number)


# By hand ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "held", "added"),
    [
        (split(on(0), ratio=(4, 1)), 10, 30),
        (split(on(0), ratio=(1, 10)), 19, -18),  # 1.9 → 1
        (split(on(0), ratio=(3, 2)), 3, 1),  # 4.5 → 4
        (spin_off(on(0), ratio=(1, 10)), 19, 1),
        (spin_off(on(0), ratio=(5, 2)), 3, 7),  # 7.5 → 7
        (spin_off(on(0), ratio=(1, 10)), 9, 0),
    ],
)
def test_added_units(action: Entry, held: int, added: int) -> None:
    assert added_units(action, held) == added


def test_keys_of_actions() -> None:
    assert action_key(split(date(2020, 8, 31), ratio=(4, 1))) == "split:AAA:2020-08-31"
    assert action_key(spin_off(date(2020, 4, 3))) == "spin-off:AAA:2020-04-03:BBB"


def test_an_action_is_found_under_any_key_unless_it_was_taken_back() -> None:
    journal = numbered(buy(on(0), "USD", 9, units=3), split(on(1), units=3, ratio=(2, 1)))
    again = split(on(1), units=77, ratio=(2, 1))
    assert applied(journal, again) == journal[1]
    assert applied(journal, split(on(2), ratio=(2, 1))) is None
    assert applied(journal, buy(on(1), "USD", 9, units=3)) is None
    assert applied([*journal, (3, back(2, 1))], again) is None


def test_actions_come_before_the_trades_of_their_day() -> None:
    journal = numbered(
        buy(on(0), "USD", 100, units=10),
        buy(on(1), "USD", 50, units=10),  # at the new price
        spin_off(on(1), units=5, ratio=(1, 4)),  # of 20
        split(on(1), units=10, ratio=(2, 1)),
        sell(on(1), "USD", 999, units=30),
    )
    assert [number for number, _ in in_order(journal)] == [1, 4, 3, 2, 5]
    check(journal, "fifo")
    matches = replay(journal, "fifo").positions["AAA", "USD"].matches
    assert [(match.units, match.cost) for match in matches] == [(20, 75), (10, 50)]
    assert replay(journal, "fifo").positions["BBB", "USD"].cost == 25


def test_fractions_paid_in_cash_are_a_sale_after_the_split() -> None:
    unit = 10**8
    journal = numbered(
        buy(on(0), "USD", 300, units=3 * unit),
        split(on(1), units=-3 * unit // 2, ratio=(1, 2)),
        sell(on(1), "USD", 90, units=unit // 2),
    )
    check(journal, "fifo")
    found = replay(journal, "fifo").positions["AAA", "USD"]
    assert (found.units, found.cost, found.realised) == (unit, 200, -10)


def test_a_split_that_doesnt_fit_is_refused() -> None:
    late = numbered(
        buy(on(0), "USD", 9, units=3 * 10**8),
        split(on(5), units=3 * 10**8, ratio=(2, 1)),
        buy(on(1), "USD", 9, units=10**8),
    )
    with pytest.raises(LedgerError) as refused:
        check(late, "fifo")
    assert str(refused.value) == (
        "entry 2: split of AAA on 2020-01-06 adds 3 units, but 4 by its ratio and what was held "
        "before; take it back and post it anew"
    )
    check([*late, (4, back(2, 5)), (5, split(on(5), units=4 * 10**8, ratio=(2, 1)))], "fifo")


def test_a_spin_off_that_doesnt_fit_is_refused() -> None:
    late = numbered(buy(on(0), "USD", 9, units=8), spin_off(on(5), units=3, ratio=(1, 4)))
    with pytest.raises(LedgerError, match="entry 2: spin-off of BBB from AAA on 2020-01-06 adds"):
        check(late, "fifo")


def test_an_action_stands_once_only() -> None:
    twice = numbered(
        buy(on(0), "USD", 9, units=3),
        split(on(1), units=3, ratio=(2, 1)),
        split(on(1), units=6, ratio=(2, 1)),
    )
    with pytest.raises(LedgerError, match="entry 3: split of AAA on 2020-01-02 is entry 2 too"):
        check(twice, "fifo")
    check([*twice, (4, back(3, 1))], "fifo")


def test_a_sale_before_the_purchase_is_refused() -> None:
    journal = numbered(buy(on(2), "USD", 9, units=3), sell(on(1), "USD", 9, units=3))
    with pytest.raises(InsufficientUnits):
        check(journal, "average")


def test_nothing_is_restated_where_all_fits() -> None:
    journal = numbered(buy(on(0), "USD", 9, units=3), split(on(2), units=3, ratio=(2, 1)))
    same_day = [("k", buy(on(2), "USD", 9, units=5)), ("l", sell(on(9), "USD", 9, units=11))]
    assert restated(journal, same_day) == same_day
    assert restated([], same_day) == same_day
    assert restated([*journal, (3, back(1, 0))], []) == []


def test_a_back_dated_purchase_before_a_split_of_what_was_sold() -> None:
    journal = numbered(
        buy(on(0), "USD", 100, units=10),
        split(on(5), units=10, ratio=(2, 1)),
        sell(on(6), "USD", 150, units=20),  # 0 are held now: the split can't be taken back first
    )
    purchase = buy(on(1), "USD", 60, units=5)
    items = restated(journal, [("mine", purchase)])
    anew, own, taken_back = items
    assert anew[1] == split(on(5), units=15, ratio=(2, 1))
    assert own == ("mine", purchase)
    assert taken_back[1] == back(2, 5)
    assert len({key for key, _ in items}) == 3
    assert items == restated(journal, [("mine", purchase)])  # the same keys when tried again
    check(posted(journal, items), "fifo")


def test_a_back_dated_sale_before_a_reverse_split() -> None:
    journal = numbered(
        buy(on(0), "USD", 100, units=20),
        split(on(5), units=-18, ratio=(1, 10)),
    )
    sale = sell(on(1), "USD", 60, units=10)
    items = [entry for _, entry in restated(journal, [("mine", sale)])]
    assert items == [back(2, 5), sale, split(on(5), units=-9, ratio=(1, 10))]


def test_new_actions_are_counted_with_those_that_are_restated() -> None:
    journal = numbered(buy(on(0), "USD", 100, units=10), split(on(5), units=10, ratio=(2, 1)))
    new = [
        ("a", buy(on(1), "USD", 50, units=5)),
        ("b", spin_off(on(7), units=1, ratio=(1, 10))),  # as it seems to be of 20, it is of 30
    ]
    items = [entry for _, entry in restated(journal, new)]
    assert items[2] == spin_off(on(7), units=3, ratio=(1, 10))
    check(posted(journal, restated(journal, new)), "fifo")


def test_taking_a_purchase_back_restates_what_followed() -> None:
    journal = numbered(
        buy(on(0), "USD", 100, units=8),
        buy(on(1), "USD", 100, units=8),
        spin_off(on(5), units=4, ratio=(1, 4)),
    )
    items = restated(journal, [("mine", back(2, 1))])
    check(posted(journal, items), "fifo")
    child = replay(posted(journal, items), "fifo").positions["BBB", "USD"]
    assert (child.units, child.cost) == (2, 25)


def test_holdings_follow_a_long_chain_of_spin_offs() -> None:
    names = [f"S{place}" for place in range(2000)]
    chain = [
        Entry(EntryType.SPIN_OFF, on(day), symbol=parent, child=child)
        for day, (parent, child) in enumerate(pairwise(names), start=1)
    ]
    first = Entry(EntryType.BUY, on(0), "USD", 5, symbol="S0", units=7)
    assert Holdings(numbered(first, *chain)).before("S1999", on(3000)) == 7


# What must always hold ----------------------------------------------------------------------------

Step = tuple[int, int, int, tuple[int, int]]
steps = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(1, 60),
        st.integers(0, 30),
        st.tuples(st.integers(1, 4), st.integers(1, 4)),
    ),
    max_size=14,
)
"""What kind of entry, of how many units, on which day, and the ratio of an action."""


def made(place: int, step: Step) -> Entry:
    """An entry of a step; no two trades share a day, actions may share theirs with anything."""
    kind, units, day, ratio = step
    symbol = "BBB" if kind in {3, 5, 7} else "AAA"
    if kind in {8, 9}:
        return spin_off(on(20 * day), ratio=ratio)
    if kind in {6, 7}:
        return Entry(EntryType.SPLIT, on(20 * day), symbol=symbol, ratio=ratio)
    traded = EntryType.SELL if kind in {4, 5} else EntryType.BUY
    return Entry(traded, on(20 * day + place), "USD", 10 * units, symbol=symbol, units=units)


def by_date(entries: list[Entry]) -> Journal:
    """A journal that was posted day by day, without the book's help."""
    rank = {EntryType.SPLIT: 0, EntryType.SPIN_OFF: 1}
    held: Counter[str] = Counter()
    journal: Journal = []
    for entry in sorted(entries, key=lambda each: (each.on, rank.get(each.type, 2))):
        parent = max(held[entry.symbol], 0)
        new, old = entry.ratio
        units = {
            EntryType.BUY: entry.units,
            EntryType.SELL: -entry.units,
            EntryType.SPLIT: parent * new // old - parent,
            EntryType.SPIN_OFF: parent * new // old,
        }[entry.type]
        held[entry.child or entry.symbol] += units
        fixed = replace(entry, units=units) if entry.type in rank else entry
        journal.append((len(journal) + 1, fixed))
    return journal


def outcome(journal: Journal, method: Method) -> list[object]:
    """Lots and matches without the numbers of entries."""
    positions = replay(journal, method).positions
    return [
        (
            key,
            [(lot.acquired_on, lot.units, lot.cost) for lot in found.lots],
            [(match.acquired_on, *match[4:]) for match in found.matches],
        )
        for key, found in sorted(positions.items())
        if found.lots or found.matches
    ]


def running(journal: Journal) -> list[int]:
    """What an account of a holding has after each entry, in the order of posting."""
    entries = dict(journal)
    changes: dict[str, list[int]] = {}
    for _, entry in journal:
        legs = transfers(entries.get(entry.reverses, entry))
        for leg in [leg.reversed() for leg in legs] if entry.reverses else legs:
            if Role.HOLDING in {leg.credit, leg.debit}:
                amount = leg.amount if leg.debit is Role.HOLDING else -leg.amount
                changes.setdefault(leg.commodity.code, []).append(amount)
    return [balance for each in changes.values() for balance in accumulate(each)]


@given(steps, st.sampled_from(["fifo", "lifo", "average"]), st.integers(1, 3))
def test_posting_order_is_of_no_account(taken: list[Step], method: Method, at_once: int) -> None:
    journal: Journal = []
    accepted: list[Entry] = []
    entries = [made(place, step) for place, step in enumerate(taken)]
    for start in range(0, len(entries), at_once):
        batch = entries[start : start + at_once]
        items = [(f"key {start} {entry.payload()}", entry) for entry in batch]
        longer = posted(journal, restated(journal, items))
        try:
            check(longer, method)
        except LedgerError:
            continue
        journal, accepted = longer, accepted + batch
    expected = by_date(accepted)
    check(expected, method)
    assert outcome(journal, method) == outcome(expected, method)
    assert at_once > 1 or min(running(journal), default=0) >= 0


@given(steps, st.lists(st.tuples(st.integers(0, 13), st.integers(0, 700)), max_size=14))
def test_holdings_are_those_of_a_journal_in_order(
    taken: list[Step], asked: list[tuple[int, int]]
) -> None:
    entries = {place: made(place, step) for place, step in enumerate(taken, start=1)}
    holdings = Holdings()
    for number, entry in entries.items():
        holdings.add(number, entry)
    for taken_back, day in asked:
        holdings.add(99, back(taken_back, 0))
        entries.pop(taken_back, None)
        expected = by_date(list(entries.values()))
        for symbol in ("AAA", "BBB"):
            assert holdings.before(symbol, on(day)) == holdings_on(expected, symbol, on(day))
