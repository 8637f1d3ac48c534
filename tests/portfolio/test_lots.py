"""Lots and gains: recorded answers of other software, cases by hand, and what must always hold."""

import json
from collections.abc import Callable, Container, Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError, InsufficientUnits
from stockanalyst.portfolio.commodities import (
    Commodity,
    currency,
    major_units,
    minor_units,
    product,
    security,
)
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.lots import (
    Book,
    Lot,
    Match,
    Method,
    Position,
    holdings_on,
    replay,
    split_units,
)

GOLDEN = Path(__file__).parents[1] / "payloads" / "portfolio" / "lots_and_gains.json"
CASES = json.loads(GOLDEN.read_text(), parse_float=Decimal)["cases"]
METHODS: tuple[Method, ...] = ("fifo", "lifo", "average")
UNIT = 10**8
DAY = date(2024, 1, 1)

buy = partial(Entry, EntryType.BUY, symbol="AAA")
sell = partial(Entry, EntryType.SELL, symbol="AAA")
split = partial(Entry, EntryType.SPLIT, symbol="AAA")


def numbered(*entries: Entry) -> list[tuple[int, Entry]]:
    return list(enumerate(entries, start=1))


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def position(entries: Iterable[tuple[int, Entry]], method: Method = "fifo") -> Position:
    return replay(entries, method).positions["AAA", "USD"]


# Recorded answers ---------------------------------------------------------------------------------


class Golden(NamedTuple):
    """A recorded case: its entries, and what they are counted in.

    Money is counted in cents, or where the case has a third decimal in the dinar's thousandths;
    units in hundred-millionths, as everywhere.
    """

    facts: dict[str, Any]
    money: Commodity

    @classmethod
    def of(cls, facts: dict[str, Any]) -> "Golden":
        amounts = [row[3] for row in facts["events"] if row[0] != "split"]
        cents = all(Decimal(amount) * 100 % 1 == 0 for amount in amounts)
        return cls(facts, currency("USD" if cents else "KWD"))

    def position(self) -> Position:
        entries: list[Entry] = []
        for kind, day, first, second in self.facts["events"]:
            make = self._split if kind == "split" else partial(self._trade, EntryType(kind))
            entries.append(make(entries, date.fromisoformat(day), first, second))
        method: Method = self.facts["method"].lower()
        return replay(numbered(*entries), method).positions["AAA", self.money.code]

    def _trade(
        self, kind: EntryType, _: list[Entry], day: date, units: object, amount: Decimal
    ) -> Entry:
        total = minor_units(amount, self.money, "amount") if amount else 0
        counted = minor_units(units, security("AAA"), "units")
        return Entry(kind, day, self.money.code, total, symbol="AAA", units=counted)

    def _split(self, before: list[Entry], day: date, new: int, old: int) -> Entry:
        held = holdings_on(numbered(*before), "AAA", day)
        return split(day, units=split_units(held, new, old), ratio=(new, old))

    def major(self, amount: int) -> Decimal:
        return major_units(amount, self.money)

    def near(self, amount: int, expected: object) -> bool:
        tolerance = Decimal(str(self.facts["tol"]))
        return abs(self.major(amount) - Decimal(str(expected))) <= tolerance

    def unit_costs(self, pieces: Iterable[Lot | Match]) -> list[tuple[Decimal, Decimal]]:
        return sorted(
            (Decimal(piece.units) / UNIT, self.major(piece.cost) * UNIT / piece.units)
            for piece in pieces
        )


def golden(having: str, *, refused: bool = False) -> pytest.MarkDecorator:
    chosen = [
        Golden.of(facts)
        for facts in CASES
        if {**facts, **facts["expected"]}.get(having) is not None
        and bool(facts["expected"]["error"]) == refused
    ]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.facts["id"])


def test_every_recorded_case_is_asked_for_something() -> None:
    assert len(CASES) == 21
    known = ("error", "realised", "open_cost", "open_lots_qty_unitcost")
    assert all(any(case["expected"][key] is not None for key in known) for case in CASES)


@golden("realised")
def test_recorded_gains(case: Golden) -> None:
    found = case.position()
    expected = case.facts["expected"]["realised"]
    sales = sorted({match.closed_by for match in found.matches})
    assert len(sales) == len(expected)
    for number, gain in zip(sales, expected, strict=True):
        closed = [match for match in found.matches if match.closed_by == number]
        assert case.near(sum(match.proceeds - match.cost for match in closed), gain)
    assert case.near(found.realised, sum(map(Decimal, expected)))


@golden("open_cost")
def test_recorded_costs(case: Golden) -> None:
    assert case.near(case.position().cost, case.facts["expected"]["open_cost"])


@golden("open_lots_qty_unitcost")
def test_recorded_lots(case: Golden) -> None:
    expected = case.facts["expected"]["open_lots_qty_unitcost"]
    lots = [(Decimal(units), Decimal(cost)) for units, cost in expected]
    assert case.unit_costs(case.position().lots) == sorted(lots)


@golden("expected_consumed")
def test_recorded_matches(case: Golden) -> None:
    expected = [(-Decimal(units), Decimal(cost)) for units, cost in case.facts["expected_consumed"]]
    assert case.unit_costs(case.position().matches) == sorted(expected)


@golden("error", refused=True)
def test_recorded_refusals(case: Golden) -> None:
    with pytest.raises(InsufficientUnits):
        case.position()


@golden("expected_unrealised")
def test_recorded_unrealised_gains(case: Golden) -> None:
    found = case.position()
    value = product(found.units, Decimal(case.facts["market_price"]), case.money)
    assert case.near(value - found.cost, case.facts["expected_unrealised"])


def facts_of(name: str) -> dict[str, Any]:
    (facts,) = (case for case in CASES if case["id"] == name)
    return dict(facts)


def test_recorded_average_cost() -> None:
    case = Golden.of(facts_of("csc_average"))
    found = case.position()
    assert case.major(found.cost) * UNIT / found.units == case.facts["expected_average_cost"]


def test_recorded_part_of_the_exchange_rate() -> None:
    facts = facts_of("pp_fx_avg_eur")
    dollars = facts["usd"]
    amounts = [*dollars["buys"], dollars["sell"]]
    events = [[*row[:3], amount] for row, amount in zip(facts["events"], amounts, strict=True)]
    abroad = Golden.of({**facts, "events": events})
    price_part = abroad.major(abroad.position().realised) * dollars["sell_rate"]
    home = Golden.of(facts)
    rate_part = home.major(home.position().realised) - price_part
    assert abs(rate_part - facts["expected_fx_part"]) < Decimal("0.005")


def test_recorded_gain_net_of_fees() -> None:
    facts = facts_of("gf_novn_partial")
    bought = buy(on(0), "USD", 15_160, 295, units=2 * UNIT)
    sold = sell(on(1), "USD", 8_573, 130, units=UNIT)
    found = position(numbered(bought, sold))
    value = product(UNIT, facts["market_price"], currency("USD"))
    net = found.realised + value - found.cost
    assert major_units(found.commissions, currency("USD")) == facts["fees"]
    assert major_units(net, currency("USD")) == facts["expected_net"]
    assert major_units(net + found.commissions, currency("USD")) == facts["expected_gross"]


# By hand ------------------------------------------------------------------------------------------


def test_matches_share_the_proceeds() -> None:
    entries = numbered(
        buy(on(0), "USD", 100, 1, units=1),
        buy(on(1), "USD", 200, units=2),
        sell(on(2), "USD", 102, 2, units=3),
    )
    assert position(entries) == Position(
        lots=(),
        matches=(
            Match(on(0), 1, 0, 3, on(2), units=1, cost=101, proceeds=33),  # 100 / 3
            Match(on(1), 2, 0, 3, on(2), units=2, cost=200, proceeds=67),
        ),
        income=0,
        commissions=3,
        fees=0,
        taxes=0,
    )


@pytest.mark.parametrize(
    ("method", "costs"),
    [("fifo", [(1, 10)]), ("lifo", [(2, 60)]), ("average", [(1, 35)])],
)
def test_lots_of_one_day_go_by_their_numbers(method: Method, costs: list[tuple[int, int]]) -> None:
    entries = numbered(
        buy(on(0), "USD", 10, units=5),
        buy(on(0), "USD", 60, units=5),
        sell(on(0), "USD", 80, units=5),
    )
    matches = position(entries, method).matches
    assert [(match.opened_by, match.cost) for match in matches] == costs


def test_average_is_spread_at_a_sale_and_again_at_the_next() -> None:
    entries = numbered(
        buy(on(0), "USD", 100, units=10),
        buy(on(1), "USD", 300, units=10),
        sell(on(2), "USD", 0, units=5),  # 20 a unit: 100
        buy(on(3), "USD", 600, units=15),  # 300 + 600 for 30: 30 a unit
    )
    open_lots = [Lot(on(0), 1, 0, 5, 100), Lot(on(1), 2, 0, 10, 200), Lot(on(3), 4, 0, 15, 600)]
    assert list(position(entries, "average").lots) == open_lots
    sold = [*entries, (5, sell(on(4), "USD", 0, units=10))]
    found = position(sold, "average")
    assert [(match.units, match.cost) for match in found.matches] == [(5, 100), (5, 150), (5, 150)]
    assert [(lot.units, lot.cost) for lot in found.lots] == [(5, 150), (15, 450)]


@pytest.mark.parametrize("method", METHODS)
def test_many_small_sales_dont_drift(method: Method) -> None:
    bought = buy(on(0), "USD", 400, units=1000)  # 0.4 of a cent each
    sales = [sell(on(1), "USD", 0, units=1) for _ in range(1000)]
    costs = [match.cost for match in position(numbered(bought, *sales), method).matches]
    so_far = [sum(costs[:sold]) for sold in range(1001)]
    assert so_far == [(4 * sold + 5) // 10 for sold in range(1001)]


@pytest.mark.parametrize("method", METHODS)
def test_split_leaves_the_cost_of_each_lot(method: Method) -> None:
    entries = numbered(
        buy(on(0), "USD", 100, units=10),
        buy(on(1), "USD", 500, units=10),
        split(on(2), units=split_units(20, 3, 2), ratio=(3, 2)),
    )
    assert position(entries, method).lots == (Lot(on(0), 1, 0, 15, 100), Lot(on(1), 2, 0, 15, 500))


def test_units_of_a_split_are_shared_to_the_last() -> None:
    bought = [buy(on(day), "USD", 10 + day, units=1) for day in range(4)]
    halved = split(on(5), units=-2, ratio=(1, 2))  # 4 → 2: 0.5, 1, 1.5, 2 rounded up
    lots = position(numbered(*bought, halved)).lots
    assert [(lot.opened_by, lot.units, lot.cost) for lot in lots] == [
        (1, 1, 10 + 11 + 13),
        (3, 1, 12),
    ]


def test_split_that_leaves_nothing_closes_for_nothing() -> None:
    entries = numbered(buy(on(0), "USD", 9, units=3), split(on(1), units=-3, ratio=(1, 10)))
    found = position(entries)
    assert (found.lots, found.realised) == ((), -9)
    assert found.matches == (Match(on(0), 1, 0, 2, on(1), 3, 9, 0),)


def test_split_after_all_was_sold() -> None:
    entries = numbered(buy(on(0), "USD", 9, units=3), sell(on(1), "USD", 12, units=3))
    nothing = split(on(2), units=split_units(0, 2, 1), ratio=(2, 1))
    assert replay([*entries, (3, nothing)], "fifo") == replay(entries, "fifo")
    with pytest.raises(InsufficientUnits, match="split asks for"):
        replay([*entries, (3, split(on(2), units=3, ratio=(2, 1)))], "fifo")


@pytest.mark.parametrize(
    ("held", "ratio", "change"),
    [
        (10 * UNIT, (4, 1), 30 * UNIT),
        (10 * UNIT, (1, 10), -9 * UNIT),
        (3, (3, 2), 1),  # 4.5 → 4
        (7, (1, 2), -4),  # 3.5 → 3
        (0, (2, 1), 0),
        (5, (7, 7), 0),
    ],
)
def test_split_units(held: int, ratio: tuple[int, int], change: int) -> None:
    assert split_units(held, *ratio) == change


@pytest.mark.parametrize("ratio", [(0, 1), (1, 0), (-2, 1)])
def test_no_split(ratio: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="give new and old units above zero"):
        split_units(5, *ratio)


@pytest.mark.parametrize("method", METHODS)
def test_spin_off_takes_its_part_of_each_cost(method: Method) -> None:
    spun = Entry(
        EntryType.SPIN_OFF, on(5), symbol="AAA", units=5, ratio=(1, 4), child="BBB", basis=(1, 5)
    )
    entries = numbered(
        buy(on(0), "USD", 1000, units=8), buy(on(1), "EUR", 777, units=4),
        buy(on(2), "USD", 3, units=8), spun,
    )  # fmt: skip
    positions = replay(entries, method).positions
    # By currency: 4 of 20 units are in EUR (1 of 5 new ones), 16 in USD.
    assert positions["AAA", "EUR"].lots == (Lot(on(1), 2, 0, 4, 622),)
    assert positions["BBB", "EUR"].lots == (Lot(on(1), 4, 0, 1, 155),)
    assert positions["AAA", "USD"].lots == (Lot(on(0), 1, 0, 8, 800), Lot(on(2), 3, 0, 8, 2))
    assert positions["BBB", "USD"].lots == (Lot(on(0), 4, 1, 2, 200), Lot(on(2), 4, 2, 2, 1))


def test_lots_that_get_no_unit_of_the_child_keep_their_cost() -> None:
    spun = Entry(EntryType.SPIN_OFF, on(5), symbol="AAA", units=1, child="BBB", basis=(1, 2))
    entries = numbered(
        buy(on(0), "USD", 40, units=1), buy(on(1), "USD", 60, units=9), spun
    )  # a tenth and nine tenths of a unit
    positions = replay(entries, "fifo").positions
    assert [lot.cost for lot in positions["AAA", "USD"].lots] == [40, 30]
    assert positions["BBB", "USD"].lots == (Lot(on(1), 3, 0, 1, 30),)


def test_spin_off_of_what_cost_nothing() -> None:
    spun = Entry(EntryType.SPIN_OFF, on(5), symbol="AAA", units=3, child="BBB", basis=(1, 2))
    positions = replay(numbered(buy(on(0), "USD", 0, units=9), spun), "fifo").positions
    assert positions["AAA", "USD"].lots == (Lot(on(0), 1, 0, 9, 0),)
    assert positions["BBB", "USD"].lots == (Lot(on(0), 2, 0, 3, 0),)


def test_moved_lots_keep_their_age_and_leave_at_cost() -> None:
    brought = (MovedLot(on(-90), 4, 44), MovedLot(on(-10), 6, 90))
    entries = numbered(
        buy(on(-50), "USD", 70, units=10),
        Entry(EntryType.TRANSFER_IN, on(0), "USD", symbol="AAA", units=10, lots=brought),
        Entry(EntryType.TRANSFER_OUT, on(1), "USD", symbol="AAA", units=9),
    )
    found = position(entries)
    assert found.matches == (
        Match(on(-90), 2, 0, 3, on(1), 4, 44, 44),
        Match(on(-50), 1, 0, 3, on(1), 5, 35, 35),
    )
    assert found.lots == (Lot(on(-50), 1, 0, 5, 35), Lot(on(-10), 2, 1, 6, 90))
    assert found.realised == 0


def test_moved_lots_must_add_up() -> None:
    moved = Entry(
        EntryType.TRANSFER_IN, on(0), "USD", symbol="AAA", units=5, lots=(MovedLot(DAY, 4, 1),)
    )
    with pytest.raises(InputError, match="add up to those of AAA"):
        replay(numbered(moved), "fifo")


def test_currencies_are_kept_apart() -> None:
    entries = numbered(
        buy(on(0), "USD", 100, units=10),
        buy(on(1), "EUR", 500, units=10),
        sell(on(2), "EUR", 600, units=4),
    )
    positions = replay(entries, "fifo").positions
    assert positions["AAA", "USD"].lots == (Lot(on(0), 1, 0, 10, 100),)
    assert positions["AAA", "EUR"].realised == 400
    with pytest.raises(InsufficientUnits, match=r"0\.00000006 bought in EUR"):
        replay([*entries, (4, sell(on(3), "EUR", 9, units=7))], "fifo")


def test_income_fees_and_taxes() -> None:
    entries = numbered(
        Entry(EntryType.DEPOSIT, on(0), "USD", 10_000),
        buy(on(0), "USD", 1_000, 7, units=10),
        Entry(EntryType.DIVIDEND, on(1), "USD", 100, fee=2, tax=15, symbol="AAA"),
        Entry(EntryType.FEE, on(2), "USD", 3, symbol="AAA"),
        Entry(EntryType.INTEREST, on(2), "USD", 50, tax=5),
        Entry(EntryType.TAX, on(3), "USD", 11),
        Entry(EntryType.EXCHANGE, on(3), "USD", 110, fee=1, child="EUR", child_amount=100),
        Entry(EntryType.TRANSFER_OUT, on(4), "USD", 20),
    )
    held = (Lot(on(0), 2, 0, 10, 1_007),)
    assert replay(entries, "fifo") == Book(
        {
            ("AAA", "USD"): Position(held, (), income=83, commissions=9, fees=3, taxes=0),
            ("", "USD"): Position((), (), income=45, commissions=0, fees=1, taxes=11),
        }
    )


def test_a_fee_above_the_price_makes_proceeds_negative() -> None:
    entries = numbered(buy(on(0), "USD", 10, units=2), sell(on(1), "USD", 1, 6, units=2))
    assert position(entries).realised == -15


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        (
            sell(on(2), "USD", 1, units=5 * UNIT // 2),
            "AAA on 2024-01-03: sell asks for 2.5 units, 2 bought in USD are held on that date; ",
        ),
        (
            Entry(EntryType.TRANSFER_OUT, on(2), "USD", symbol="BBB", units=1000 * UNIT),
            "BBB on 2024-01-03: transfer_out asks for 1000 units, 0 bought in USD are held on that",
        ),
        (
            split(on(2), units=-2 * UNIT - 1),
            "AAA on 2024-01-03: split asks for 2.00000001 units, 2 are held on that date; ",
        ),
        (
            Entry(EntryType.SPIN_OFF, on(2), symbol="BBB", units=1, child="CCC"),
            "BBB on 2024-01-03: spin_off asks for 0.00000001 units, 0 are held on that date; ",
        ),
    ],
    ids=["sale", "transfer", "split", "spin-off"],
)
def test_more_than_is_held(taken: Entry, message: str) -> None:
    entries = numbered(
        buy(on(0), "USD", 1, units=2 * UNIT), buy(on(3), "USD", 1, units=9 * UNIT), taken
    )
    with pytest.raises(InsufficientUnits) as refused:
        replay(entries, "fifo")
    assert str(refused.value).startswith(message)


def test_unknown_method() -> None:
    with pytest.raises(InputError, match="method 'hifo': give one of fifo, lifo, average"):
        replay([], "hifo")  # type: ignore[arg-type]  # what a stored text may hold


def test_holdings_before_an_ex_date() -> None:
    entries = numbered(
        buy(on(0), "USD", 1, units=10),
        sell(on(1), "USD", 1, units=4),
        split(on(2), units=6),
        Entry(EntryType.SPIN_OFF, on(3), symbol="AAA", units=3, child="BBB"),
        Entry(EntryType.TRANSFER_OUT, on(4), "USD", symbol="AAA", units=12),
        Entry(EntryType.DIVIDEND, on(1), "USD", 5, symbol="AAA"),
    )
    assert [holdings_on(entries, "AAA", on(day)) for day in range(6)] == [0, 10, 6, 12, 12, 0]
    assert [holdings_on(entries, "BBB", on(day)) for day in (3, 4)] == [0, 3]
    taken_back = [*entries, (7, Entry(EntryType.REVERSAL, on(9), reverses=2))]
    assert holdings_on(taken_back, "AAA", on(2)) == 10


def test_taking_back_a_reversal_restores() -> None:
    entries = numbered(
        buy(on(0), "USD", 5, units=10),
        Entry(EntryType.REVERSAL, on(0), reverses=1),
        Entry(EntryType.REVERSAL, on(0), reverses=2),
    )
    assert replay(entries[:2], "fifo") == Book({})
    assert replay(entries, "fifo") == replay(entries[:1], "fifo")


# What must always hold ----------------------------------------------------------------------------

Step = tuple[int, int, int, int]
steps = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 50), st.integers(0, 500), st.integers(0, 9)),
    max_size=30,
)
"""What kind of entry, of how many units, for how much, and the fee."""
methods = st.sampled_from(METHODS)


def journal(taken: list[Step], *, kinds: Container[int] = range(10)) -> list[tuple[int, Entry]]:
    """A valid journal, an entry a day; purchases in place of kinds that aren't wanted."""
    held = {"AAA": 0, "BBB": 0}
    entries: list[Entry] = []
    for kind, units, amount, fee in taken:
        entry = _entry(kind if kind in kinds else 0, units, amount, fee)(held, on(len(entries)))
        held["AAA"] += holdings_on([(1, entry)], "AAA", date.max)
        held["BBB"] += holdings_on([(1, entry)], "BBB", date.max)
        entries.append(entry)
    return numbered(*entries)


def _entry(kind: int, units: int, amount: int, fee: int) -> Callable[[dict[str, int], date], Entry]:
    def make(held: dict[str, int], day: date) -> Entry:
        symbol = "BBB" if kind in {4, 8} else "AAA"
        given_away = min(units, held[symbol])
        if not given_away or kind in {0, 5, 8}:
            return Entry(EntryType.BUY, day, "USD", amount, fee, symbol=symbol, units=units)
        if kind in {1, 2, 4}:
            return Entry(EntryType.SELL, day, "USD", amount, fee, symbol=symbol, units=given_away)
        if kind == 3:
            change = split_units(held[symbol], 1 + units % 4, 1 + amount % 4)
            return Entry(EntryType.SPLIT, day, symbol=symbol, units=change)
        if kind == 6:
            return Entry(EntryType.TRANSFER_OUT, day, "USD", symbol=symbol, units=given_away)
        if kind == 7:
            basis = (fee, 9)
            return Entry(
                EntryType.SPIN_OFF, day, symbol="AAA", units=units, child="BBB", basis=basis
            )
        lots = (MovedLot(day - timedelta(days=9), units, amount), MovedLot(day, 1, fee))
        return Entry(EntryType.TRANSFER_IN, day, "USD", symbol=symbol, units=units + 1, lots=lots)

    return make


def closing(entries: list[tuple[int, Entry]]) -> list[tuple[int, Entry]]:
    """Sales of all that is held, after the rest."""
    day = on(len(entries))
    held = {symbol: holdings_on(entries, symbol, day) for symbol in ("AAA", "BBB")}
    return [
        (len(entries) + place, Entry(EntryType.SELL, day, "USD", 777, symbol=symbol, units=units))
        for place, (symbol, units) in enumerate(held.items(), start=1)
        if units
    ]


def cost_in(entries: list[tuple[int, Entry]]) -> int:
    brought = sum(lot.cost for _, entry in entries for lot in entry.lots)
    bought = [entry for _, entry in entries if entry.type is EntryType.BUY]
    return brought + sum(entry.amount + entry.fee for entry in bought)


def everything(book: Book) -> tuple[list[Lot], list[Match]]:
    positions = book.positions.values()
    return [lot for each in positions for lot in each.lots], [
        match for each in positions for match in each.matches
    ]


@given(steps, methods)
def test_cost_and_units_are_somewhere(taken: list[Step], method: Method) -> None:
    entries = journal(taken)
    book = replay(entries, method)
    lots, matches = everything(book)
    assert sum(lot.cost for lot in lots) + sum(match.cost for match in matches) == cost_in(entries)
    assert all(lot.units > 0 and lot.cost >= 0 for lot in lots)
    assert all(match.units > 0 and match.cost >= 0 for match in matches)
    for (symbol, _), found in book.positions.items():
        assert found.units == holdings_on(entries, symbol, date.max)
        assert list(found.lots) == sorted(found.lots)
    assert len({(lot.opened_by, lot.part) for lot in lots}) == len(lots)


@given(steps, methods)
def test_each_sale_gives_its_units_and_all_its_proceeds(taken: list[Step], method: Method) -> None:
    entries = journal(taken)
    _, matches = everything(replay(entries, method))
    for number, entry in entries:
        closed = [match for match in matches if match.closed_by == number]
        if entry.type is EntryType.SELL:
            assert sum(match.units for match in closed) == entry.units
            assert sum(match.proceeds for match in closed) == entry.amount - entry.fee
        if entry.type is EntryType.TRANSFER_OUT:
            assert all(match.proceeds == match.cost for match in closed)


@given(steps)
def test_sold_out_is_exactly_nothing_and_the_same_by_every_method(taken: list[Step]) -> None:
    entries = journal(taken, kinds={1, 2, 3, 4, 5, 7, 8, 9})  # nothing leaves unsold
    whole = [*entries, *closing(entries)]
    gains = set()
    for method in METHODS:
        book = replay(whole, method)
        lots, matches = everything(book)
        assert lots == []
        gains.add(sum(match.proceeds - match.cost for match in matches))
    assert len(gains) == 1


@given(steps, methods, st.randoms(use_true_random=False))
def test_posting_order_is_of_no_account(taken: list[Step], method: Method, random: Any) -> None:
    entries = journal(taken, kinds=range(4))  # lots of purchases only: no two of one age
    book = replay(entries, method)
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert replay(shuffled, method) == book
    numbers = random.sample(range(1, 999), len(entries))
    renumbered = [(new, entry) for new, (_, entry) in zip(numbers, entries, strict=True)]
    names = dict(zip(numbers, range(1, 999), strict=False))
    lots, matches = everything(replay(renumbered, method))
    old_lots = [lot._replace(opened_by=names[lot.opened_by]) for lot in lots]
    old_matches = [
        match._replace(opened_by=names[match.opened_by], closed_by=names[match.closed_by])
        for match in matches
    ]
    assert (old_lots, old_matches) == everything(book)


@given(steps, methods, st.integers(0, 50))
def test_a_reversal_leaves_the_book_without_it(
    taken: list[Step], method: Method, place: int
) -> None:
    entries = journal([(0, 1, 1, 0), *taken], kinds=())
    spent = sum(entry.units for _, entry in entries)
    more = (100, buy(on(place), "USD", 12, units=5))
    last = (101, sell(on(99), "USD", 50, units=spent))
    back = (102, Entry(EntryType.REVERSAL, on(place), reverses=100))
    assert replay([*entries, more, last, back], method) == replay([*entries, last], method)


@given(steps)
def test_average_is_near_the_exact_one(taken: list[Step]) -> None:
    entries = journal([(0, 1, 1, 0), *taken], kinds=range(3))
    units, cost = 0, Fraction(0)
    for _, entry in entries:
        if entry.type is EntryType.BUY:
            units, cost = units + entry.units, cost + entry.amount + entry.fee
        else:
            units, cost = units - entry.units, cost * (units - entry.units) / units
    # Half a cent each time that what is left is spread anew.
    assert abs(position(entries, "average").cost - cost) <= Fraction(len(entries), 2)
