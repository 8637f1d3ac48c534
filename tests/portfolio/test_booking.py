"""From instructions to entries: by hand, what is refused, and that every entry balances."""

from collections import Counter
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError, InsufficientUnits
from stockanalyst.portfolio.booking import FIELDS, Instruction, entry, moved
from stockanalyst.portfolio.corporate import Holdings, check
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.ledger import Role, transfers
from stockanalyst.portfolio.lots import Method, replay

DAY, TODAY = date(2024, 5, 6), date(2024, 12, 31)
UNIT = 10**8
HELD = [(1, Entry(EntryType.BUY, date(2024, 1, 2), "USD", 900, symbol="AAPL", units=15 * UNIT))]
PERCENT = CommissionSchedule(rate=Decimal("0.001"), minimum=Decimal(1))

Journal = list[tuple[int, Entry]]


def said(kind: str, /, on: date | str = DAY, **rest: Any) -> Instruction:
    return Instruction(type=kind, on=on, **rest)


def booked(
    instruction: Instruction,
    journal: Journal | Holdings = HELD,
    schedule: CommissionSchedule | None = None,
) -> Entry:
    return entry(
        instruction,
        journal=journal,
        currency="USD",
        zone=ZoneInfo("America/Los_Angeles"),
        today=TODAY,
        schedule=schedule,
    )


# By hand ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        (said("deposit", amount="1000"), Entry(EntryType.DEPOSIT, DAY, "USD", 100_000)),
        (
            said("withdrawal", amount=Decimal("0.5"), currency="kwd", note=" to the  bank "),
            Entry(EntryType.WITHDRAWAL, DAY, "KWD", 500, note="to the bank"),
        ),
        (
            said(" Buy ", symbol=" aapl", units="1.5", price="10.01", tax="0.3"),
            # 15.015, half a cent up
            Entry(EntryType.BUY, DAY, "USD", 1502, tax=30, symbol="AAPL", units=15 * UNIT // 10),
        ),
        (
            said("sell", symbol="7203.T", units=3, amount=4000, price="1333.4", currency="JPY"),
            Entry(EntryType.SELL, DAY, "JPY", 4000, symbol="7203.T", units=3 * UNIT),
        ),
        (
            said("sell", symbol="AAPL", units="0.00000001", amount="0.01", fee=7),
            Entry(EntryType.SELL, DAY, "USD", 1, fee=700, symbol="AAPL", units=1),
        ),
        (
            said("dividend", symbol="AAPL", price="0.243", tax="0.55"),  # 15 × 0.243 = 3.645
            Entry(EntryType.DIVIDEND, DAY, "USD", 365, tax=55, symbol="AAPL"),
        ),
        (
            said("dividend", symbol="AAPL", amount="3.64", fee=0, currency="EUR"),
            Entry(EntryType.DIVIDEND, DAY, "EUR", 364, symbol="AAPL"),
        ),
        (
            said("interest", amount=5, tax=1, fee="0.01"),
            Entry(EntryType.INTEREST, DAY, "USD", 500, fee=1, tax=100),
        ),
        (said("fee", amount=5), Entry(EntryType.FEE, DAY, "USD", 500)),
        (said("tax", amount=5, symbol="X"), Entry(EntryType.TAX, DAY, "USD", 500, symbol="X")),
        (
            said("split", symbol="AAPL", ratio="4:2"),
            Entry(EntryType.SPLIT, DAY, symbol="AAPL", units=15 * UNIT, ratio=(2, 1)),
        ),
        (
            said("split", symbol="AAPL", ratio=(1, 10)),
            Entry(EntryType.SPLIT, DAY, symbol="AAPL", units=-135 * UNIT // 10, ratio=(1, 10)),
        ),
        (
            said("spin-off", symbol="AAPL", ratio="1:10", child="newco", basis="0.24"),
            Entry(
                EntryType.SPIN_OFF,
                DAY,
                symbol="AAPL",
                units=15 * UNIT // 10,
                ratio=(1, 10),
                child="NEWCO",
                basis=(6, 25),
            ),
        ),
        (
            said("transfer_in", symbol="SAP.DE", units=2, amount=0, acquired_on="2020-03-04"),
            Entry(
                EntryType.TRANSFER_IN,
                DAY,
                "USD",
                symbol="SAP.DE",
                units=2 * UNIT,
                lots=(MovedLot(date(2020, 3, 4), 2 * UNIT, 0),),
            ),
        ),
        (
            said("transfer out", symbol="AAPL", units=2),
            Entry(EntryType.TRANSFER_OUT, DAY, "USD", symbol="AAPL", units=2 * UNIT),
        ),
        (said("transfer_in", amount=7), Entry(EntryType.TRANSFER_IN, DAY, "USD", 700)),
        (said("transfer_out", amount=7), Entry(EntryType.TRANSFER_OUT, DAY, "USD", 700)),
        (
            said("exchange", amount=110, child="eur", child_amount="100.5", fee=1),
            Entry(EntryType.EXCHANGE, DAY, "USD", 11_000, 100, child="EUR", child_amount=10_050),
        ),
        (said("reversal", reverses="12"), Entry(EntryType.REVERSAL, DAY, reverses=12)),
    ],
    ids=lambda value: (
        f"{value.type} {value.amount} {value.units}" if isinstance(value, Entry) else ""
    ),
)
def test_entries(instruction: Instruction, expected: Entry) -> None:
    assert booked(instruction) == expected


def test_a_moment_counts_on_its_day_in_the_zone() -> None:
    # Recorded: wealthfolio, test_activity_buckets_to_user_local_day_boundary
    assert booked(said("deposit", "2024-05-06T06:30Z", amount=1)).on == date(2024, 5, 5)


def test_the_broker_charges_trades_of_which_no_fee_is_said() -> None:
    trade = said("buy", symbol="AAPL", units=300, price=10)
    assert booked(trade, schedule=PERCENT).fee == 300
    assert booked(replace(trade, units=1), schedule=PERCENT).fee == 100
    assert booked(replace(trade, fee=0), schedule=PERCENT).fee == 0
    assert booked(said("dividend", symbol="AAPL", price=9), schedule=PERCENT).fee == 0


def test_stamp_duty_is_a_part_of_cost_and_proceeds() -> None:
    bought = booked(said("buy", symbol="AZN.L", units=10, price=100, fee=5, tax=5), [])
    sold = booked(said("sell", symbol="AZN.L", units=5, amount=600, fee=5, tax=1), [])
    found = replay([(1, bought), (2, sold)], "fifo").positions["AZN.L", "USD"]
    assert (found.cost, found.realised) == (505_00, 594_00 - 505_00)
    assert (found.commissions, found.taxes) == (10_00, 0)


def test_dividends_go_by_what_was_held_before_the_ex_date() -> None:
    journal = [
        *HELD,
        (2, Entry(EntryType.SPLIT, date(2024, 5, 2), symbol="AAPL", ratio=(2, 1), units=15 * UNIT)),
        (3, Entry(EntryType.SELL, DAY, "USD", 1, symbol="AAPL", units=30 * UNIT)),
    ]
    paid = said("dividend", symbol="AAPL", price=1)
    assert booked(paid, journal).amount == 30_00
    assert booked(replace(paid, on="2024-05-02"), journal).amount == 15_00
    assert booked(paid, Holdings(journal)).amount == 30_00
    for day in ("2024-01-02", "2024-05-07"):  # bought on it; sold before it
        with pytest.raises(InsufficientUnits, match=rf"^AAPL on {day}: dividend asks for units"):
            booked(replace(paid, on=day), journal)


@pytest.mark.parametrize("kind", ["split", "spin_off"])
def test_actions_need_units_held_before_their_day(kind: str) -> None:
    rest = {"child": "NEWCO", "basis": 0} if kind == "spin_off" else {}
    action = said(kind, "2024-01-02", symbol="AAPL", ratio="2:1", **rest)
    with pytest.raises(InsufficientUnits, match=r"^AAPL on 2024-01-02: .* none were; give its ex-"):
        booked(action)
    assert booked(replace(action, on="2024-01-03")).units > 0


# Refused ------------------------------------------------------------------------------------------

BUY = said("buy", symbol="AAPL", units=1, price=1)
SPIN_OFF = said("spin_off", symbol="AAPL", ratio="1:2", child="NEWCO", basis="0.5")
EXCHANGE = said("exchange", amount=1, child="EUR", child_amount=1)
MOVED_IN = said("transfer_in", symbol="AAPL", units=1, amount=1, acquired_on="2020-01-01")


def but(instruction: Instruction, **wrong: Any) -> Instruction:
    return replace(instruction, **wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (but(BUY, type="purchase"), "type 'purchase': give one of deposit, withdrawal, buy"),
        (but(BUY, type="byu"), "type 'byu': did you mean buy?"),
        (but(BUY, type=None), "type None: give one of deposit"),
        (
            replace(BUY, on="2025-01-01"),
            "give a day from 1900-01-01 to 2024-12-31",
        ),
        (but(BUY, units=None), "units None: is missing; buy needs symbol, units"),
        (but(BUY, price=None), "price None: buy needs a price or an amount"),
        (but(BUY, ratio="2:1"), "ratio '2:1': buy has no ratio; leave it out"),
        (said("deposit", amount=1, price=2), "price 2: deposit has no price; leave it out"),
        (said("deposit", amount=1, fee=0), "fee 0: deposit has no fee; leave it out"),
        (but(EXCHANGE, tax=1), "tax 1: exchange has no tax; leave it out"),
        (but(BUY, symbol="no ticker"), "symbol 'no ticker': isn't a ticker"),
        (but(BUY, currency="DOLLAR"), "currency 'DOLLAR': "),
        (but(BUY, units=1.5), "units 1.5: give a Decimal, a whole number or a text"),
        (but(BUY, units="-1"), "units '-1': give an amount above zero"),
        (but(BUY, units=0), "units 0: give an amount above zero"),
        (but(BUY, units="1e30"), "units '1e30': is too large"),
        (but(BUY, units="1e-9"), "units '1e-9': AAPL has 8 decimals; round it"),
        (but(BUY, price=Decimal("NaN")), "price Decimal('NaN'): give a finite number"),
        (but(BUY, price="inf"), "price 'inf': give a finite number"),
        (but(BUY, price="1." + "3" * 40), "give a finite number of at most 40 digits"),
        (but(BUY, price=-1), "price -1: times the units must be from 0.01 USD to"),
        (but(BUY, price=0), "price 0: times the units must be from 0.01 USD to"),
        (but(BUY, price="0.0049"), "price '0.0049': times the units must be from 0.01 USD to"),
        (but(BUY, price="1e30"), "price '1e30': times the units must be from 0.01 USD to what"),
        (but(BUY, price="ten"), "price 'ten': isn't a number such as 12.50"),
        (but(BUY, amount="1.01"), "amount '1.01': price times units is 1.00 USD; leave out"),
        (but(BUY, price=None, amount="1.001"), "amount '1.001': USD has 2 decimals; round it"),
        (but(BUY, price=None, amount=-1), "amount -1: give an amount above zero"),
        (but(BUY, fee="-0.01"), "fee '-0.01': give zero or more"),
        (but(BUY, tax=float("inf")), "tax inf: give a Decimal, a whole number or a text"),
        (but(BUY, note="x" * 501), "note "),
        (said("split", symbol="AAPL", ratio="3:3"), "ratio '3:3': changes nothing"),
        (
            said("split", symbol="AAPL", ratio="0:1"),
            "ratio '0:1': give two whole numbers above zero",
        ),
        (said("split", symbol="AAPL", ratio=f"{10**12}:1"), "gives more units than a journal hol"),
        (but(SPIN_OFF, child="AAPL"), "child 'AAPL': is the parent"),
        (but(SPIN_OFF, child="new co"), "child 'new co': isn't a ticker"),
        (but(SPIN_OFF, basis=1), "basis 1: give the child's share of the parent's cost"),
        (but(SPIN_OFF, basis="-0.1"), "basis '-0.1': give the child's share"),
        (but(EXCHANGE, child="usd"), "child 'usd': is the currency that is sold"),
        (but(EXCHANGE, child="EURO"), "child 'EURO': did you mean EUR"),
        (but(EXCHANGE, child_amount="0.001"), "child_amount '0.001': EUR has 2 decimals"),
        (said("transfer_in"), "amount None: is missing; money needs an amount, units their sym"),
        (said("transfer_out", amount=1, units=1), "units 1: is of units alone; give their symbol"),
        (said("transfer_out", symbol="AAPL"), "units None: is missing; say how many units"),
        (said("transfer_out", symbol="AAPL", units=1, amount=1), "amount 1: units move out at"),
        (but(MOVED_IN, amount=None), "amount None: is missing; units that move in need"),
        (but(MOVED_IN, acquired_on=None), "acquired_on None: is missing; units that move in"),
        (but(MOVED_IN, acquired_on="2024-05-07"), "acquired_on '2024-05-07': give a day from"),
        (but(MOVED_IN, amount="-1"), "amount '-1': give zero or more"),
        (said("reversal", reverses=0), "reverses 0: give a whole number above zero"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(wrong: Instruction, message: str) -> None:
    with pytest.raises(InputError) as refused:
        booked(wrong)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_type_has_its_fields() -> None:
    assert set(FIELDS) == set(EntryType)
    known = {each.name for each in fields(Instruction)} - {"type", "on", "note"}
    named = [{*each.required, *each.optional} for each in FIELDS.values()]
    assert set.union(*named) == known
    assert all(
        len(names) == len(each.required + each.optional)
        for names, each in zip(named, FIELDS.values(), strict=True)
    )


# Units that move between portfolios ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("fifo", (MovedLot(date(2024, 1, 1), 2, 20), MovedLot(date(2024, 2, 1), 1, 60))),
        ("lifo", (MovedLot(date(2024, 1, 1), 1, 10), MovedLot(date(2024, 2, 1), 2, 120))),
        ("average", (MovedLot(date(2024, 1, 1), 2, 70), MovedLot(date(2024, 2, 1), 1, 35))),
    ],
)
def test_moved_lots(method: Method, expected: tuple[MovedLot, ...]) -> None:
    out = Entry(EntryType.TRANSFER_OUT, DAY, "USD", symbol="AAPL", units=3)
    journal = [
        (1, Entry(EntryType.BUY, date(2024, 1, 1), "USD", 20, symbol="AAPL", units=2)),
        (2, Entry(EntryType.BUY, date(2024, 2, 1), "USD", 120, symbol="AAPL", units=2)),
        (3, out),
    ]
    lots = moved(journal, 3, method)
    assert lots == expected
    received = [(1, replace(out, type=EntryType.TRANSFER_IN, lots=lots))]
    check(received, method)
    rest = replay(journal, method).positions["AAPL", "USD"].cost
    assert replay(received, method).positions["AAPL", "USD"].cost + rest == 140
    with pytest.raises(InputError, match=r"^number 2: isn't that of a transfer of units out"):
        moved(journal, 2, method)
    back = Entry(EntryType.REVERSAL, DAY, reverses=3)
    with pytest.raises(InputError, match=r"^number 3"):
        moved([*journal, (4, back)], 3, method)


# What must always hold ----------------------------------------------------------------------------

money = st.decimals("0.01", "999999.99", places=2)
charges = st.none() | st.decimals(0, "99.99", places=2)
prices = st.decimals("0.01", "99999", places=6)
units = st.decimals("1", "9999", places=8)
traded = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["buy", "sell"]),
        "symbol": st.just("AAPL"),
        "units": units,
        "price": prices,
        "fee": charges,
        "tax": charges,
    }
)
paid = st.fixed_dictionaries(
    {"type": st.just("dividend"), "symbol": st.just("AAPL"), "price": prices, "tax": charges}
)
cash = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["deposit", "withdrawal", "fee", "tax", "transfer_in"]),
        "amount": money,
    }
)
exchanged = st.fixed_dictionaries(
    {
        "type": st.just("exchange"),
        "amount": money,
        "fee": charges,
        "child": st.just("JPY"),
        "child_amount": st.integers(1, 10**9),
    }
)
ratios = st.tuples(st.integers(1, 500), st.integers(501, 999))
actions = st.fixed_dictionaries(
    {"type": st.just("split"), "symbol": st.just("AAPL"), "ratio": ratios}
) | st.fixed_dictionaries(
    {
        "type": st.just("spin_off"),
        "symbol": st.just("AAPL"),
        "ratio": ratios,
        "child": st.just("NEWCO"),
        "basis": st.decimals(0, "0.999999", places=6),
    }
)


@given(traded | paid | cash | exchanged | actions)
def test_every_entry_balances_and_moves_what_was_said(fields_said: dict[str, Any]) -> None:
    made = booked(Instruction(on=DAY, **fields_said))
    assert Entry.of(made.payload()) == made
    accounts: Counter[tuple[str, Role]] = Counter()
    for leg in transfers(made):
        assert leg.amount > 0
        accounts[leg.commodity.code, leg.debit] += leg.amount
        accounts[leg.commodity.code, leg.credit] -= leg.amount
    for code in {code for code, _ in accounts}:
        assert sum(amount for (other, _), amount in accounts.items() if other == code) == 0
    assert accounts["USD", Role.CASH] == expected_cash(fields_said)
    assert accounts["AAPL", Role.HOLDING] == expected_units(fields_said)


def expected_cash(fields_said: dict[str, Any]) -> int:
    """Cents that come in, by another arithmetic."""
    gross = Fraction(fields_said.get("amount", 0))
    if "price" in fields_said:
        gross = Fraction(fields_said["price"]) * Fraction(fields_said.get("units", 15))
    cents = floor(gross * 100 + Fraction(1, 2))
    sign = 1 if fields_said["type"] in {"sell", "dividend", "deposit", "transfer_in"} else -1
    taken = sum(Fraction(fields_said.get(name) or 0) * 100 for name in ("fee", "tax"))
    return sign * cents - int(taken)


def expected_units(fields_said: dict[str, Any]) -> int:
    """Hundred-millionths that come in of what 15 units are held of."""
    traded_units = int(Fraction(fields_said.get("units", 0)) * UNIT)
    if fields_said["type"] == "split":
        new, old = fields_said["ratio"]
        return floor(Fraction(15 * UNIT * new, old)) - 15 * UNIT
    return -traded_units if fields_said["type"] == "sell" else traded_units
