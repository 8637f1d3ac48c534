"""A user's portfolio, from the first deposit to what it is worth, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from stockanalyst.exceptions import (
    Conflict,
    InputError,
    InsufficientFunds,
    InsufficientUnits,
    LedgerError,
)
from stockanalyst.portfolio.booking import Instruction
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.protocols import Broker
from stockanalyst.services.ledger import Ledger
from stockanalyst.services.ledgers import LedgerService
from tests.portfolio.store.conftest import Ledger as Database
from tests.services.ledgers import ledgers_on


@pytest.fixture
def ledgers(ledger: Database) -> LedgerService:
    return ledgers_on(ledger)


@pytest.fixture
def main(ledgers: LedgerService) -> Ledger:
    """10,000 dollars in it, of 2 January."""
    made = ledgers.create(None, "main")
    made.deposit("10000", on="2024-01-02")
    return made


def trade(main: Ledger) -> None:
    """Two purchases, a split, a sale and a dividend."""
    main.buy("AAPL", 10, 100, fee=1, on="2024-01-03")
    main.buy("AAPL", 10, 120, fee=1, on="2024-01-04")
    main.split("AAPL", "2:1", on="2024-01-10")
    main.sell("AAPL", 15, 70, fee=1, on="2024-01-11")
    main.dividend("AAPL", price="0.50", on="2024-01-12")


def cash(main: Ledger, currency: str = "USD") -> Decimal:
    return main.show().cash[currency]


def test_what_is_held_and_what_it_is_worth(main: Ledger) -> None:
    trade(main)
    shown = main.show()
    (apple,) = shown.holdings
    # Sold: 15 of the 20 units that have cost 1,001.
    assert apple.units == 25
    assert apple.cost == Decimal("1451.25")
    assert apple.realised == Decimal("298.25")
    assert apple.income == Decimal("12.50")
    assert apple.price is not None
    assert (apple.price.amount, apple.price.on) == (Decimal(65), date(2024, 1, 15))
    assert apple.value == 1625
    assert apple.unrealised == Decimal("173.75")
    assert dict(shown.cash) == {"USD": Decimal("8859.50")}
    assert shown.value == Decimal("10484.50")
    assert shown.invested == 10_000


def test_an_earlier_day_knows_nothing_of_what_came_later(main: Ledger) -> None:
    main.buy("AAPL", 10, 100, fee=1, on="2024-01-03")
    before = main.show("2024-01-09")
    main.split("AAPL", "2:1", on="2024-01-10")
    main.sell("AAPL", 15, 70, on="2024-01-11")
    assert main.show("2024-01-09") == before
    assert before.value == Decimal("10239.00")  # 8,999 and ten at 124


def test_a_purchase_that_is_told_late_makes_a_split_anew(main: Ledger) -> None:
    trade(main)
    posted = main.buy("AAPL", 2, 110, on="2024-01-05")
    assert posted.created
    shown = main.show()
    assert shown.holdings[0].units == 29
    assert shown.holdings[0].cost == Decimal("1671.25")
    assert cash(main) == Decimal("8639.50")
    assert main.verify() == len(main.entries())


def test_a_split_happens_once(main: Ledger) -> None:
    main.buy("AAPL", 10, 100, on="2024-01-03")
    first = main.split("AAPL", "2:1", on="2024-01-10")
    again = main.split("aapl", "2:1", on="2024-01-10", key="another")
    assert (again.number, again.created) == (first.number, False)
    with pytest.raises(Conflict, match="with another ratio"):
        main.split("AAPL", "3:1", on="2024-01-10")
    assert main.show().holdings[0].units == 20


def test_a_split_that_was_taken_back_can_be_posted_again(main: Ledger) -> None:
    main.buy("AAPL", 10, 100, on="2024-01-03")
    wrong = main.split("AAPL", "3:1", on="2024-01-10")
    main.reverse(wrong.number)
    assert main.split("AAPL", "2:1", on="2024-01-10").created
    assert main.show().holdings[0].units == 20


def test_the_same_key_posts_once(main: Ledger) -> None:
    first = main.buy("AAPL", 1, 100, on="2024-01-03", key="order 7")
    again = main.buy("AAPL", "1.0", "100.00", on="2024-01-03", key="order 7")
    assert (again.number, again.created) == (first.number, False)
    with pytest.raises(Conflict, match="order 7"):
        main.buy("AAPL", 2, 100, on="2024-01-03", key="order 7")
    assert cash(main) == 9900


def test_what_is_taken_back_never_was(main: Ledger) -> None:
    posted = main.buy("AAPL", 10, 100, on="2024-01-03")
    main.reverse(posted.number)
    assert cash(main) == 10_000
    assert main.show("2024-01-04").holdings == ()
    assert len(main.entries()) == 3
    assert not main.reverse(posted.number).created


def test_the_brokers_schedule_gives_the_fee(ledgers: LedgerService, main: Ledger) -> None:
    schedule = CommissionSchedule(rate=Decimal("0.001"), minimum=Decimal(5))
    ledgers.save_broker(None, Broker("cheap", schedule, "USD"))
    main.buy("AAPL", 10, 100, broker="cheap", on="2024-01-03")
    assert cash(main) == 8995  # a thousandth is 1, the least is 5
    main.buy("AAPL", 1, 100, fee=0, broker="cheap", on="2024-01-03")
    assert cash(main) == 8895
    with pytest.raises(InputError, match="cheap"):
        main.buy("AAPL", 1, 100, broker="cheep", on="2024-01-03")
    with pytest.raises(InputError, match="charges in USD"):
        main.buy("SAP.DE", 1, 100, currency="EUR", broker="cheap", on="2024-01-03")
    ledgers.save_broker(None, Broker("cheap", schedule, "USD", active=False))
    with pytest.raises(InputError, match="isn't active"):
        main.buy("AAPL", 1, 100, broker="cheap", on="2024-01-03")
    assert cash(main) == 8895


def test_a_split_that_nobody_booked_is_told(main: Ledger) -> None:
    main.buy("AAPL", 10, 100, on="2024-01-03")
    (note,) = main.show().notes
    assert note.startswith("AAPL was split 2 for 1 on 2024-01-10")
    assert main.show("2024-01-09").notes == ()
    main.split("AAPL", "2:1", on="2024-01-11")
    assert main.show().notes == ()


def test_currencies_stay_apart_and_meet_at_a_dated_rate(main: Ledger) -> None:
    main.post(
        Instruction(type="exchange", amount=1100, child="EUR", child_amount=1000, on="2024-01-04")
    )
    main.buy("SAP.DE", 5, 140, currency="EUR", on="2024-01-05")
    shown = main.show()
    assert dict(shown.cash) == {"USD": 8900, "EUR": 300}
    assert shown.rates["EUR"].amount == Decimal("1.2")
    assert shown.value == 8900 + 360 + 900  # 750 euros are 900 dollars


def test_units_move_with_their_lots(ledgers: LedgerService, main: Ledger) -> None:
    main.buy("AAPL", 10, 100, on="2024-01-03")
    main.buy("AAPL", 10, 120, on="2024-01-04")
    other = ledgers.create(None, "other")
    main.transfer(other, symbol="AAPL", units=15, on="2024-01-05", key="move")
    again = main.transfer(other, symbol="AAPL", units=15, on="2024-01-05", key="move")
    assert not again.created
    rows = other.lots()[["acquired_on", "units", "cost"]].to_numpy().tolist()
    assert rows == [[date(2024, 1, 3), 10, 1000], [date(2024, 1, 4), 5, 600]]
    assert main.show().holdings[0].cost == 600
    assert other.show().invested == 1600


def test_a_transfer_is_taken_back_at_both_ends(ledgers: LedgerService, main: Ledger) -> None:
    other = ledgers.create(None, "other")
    main.buy("AAPL", 10, 100, on="2024-01-03")
    units = main.transfer(other, symbol="AAPL", units=5, on="2024-01-04")
    money = main.transfer(other, amount=400)
    main.reverse(money.number)
    assert (cash(main), cash(other)) == (Decimal(9000), Decimal(0))
    other.reverse(1)
    assert main.show().holdings[0].units == 10
    assert other.show().holdings == ()
    assert not main.reverse(units.number).created
    assert ledgers.verify() == {"main": 6, "other": 4}


def test_what_was_sold_elsewhere_is_not_taken_back(ledgers: LedgerService, main: Ledger) -> None:
    other = ledgers.create(None, "other")
    main.buy("AAPL", 10, 100, on="2024-01-03")
    moved = main.transfer(other, symbol="AAPL", units=5, on="2024-01-04")
    other.sell("AAPL", 1, 100, on="2024-01-05")
    with pytest.raises(InsufficientUnits):
        main.reverse(moved.number)
    assert main.show().holdings[0].units == 5
    assert len(main.entries()) == 3


def test_lots_that_went_elsewhere_stay_what_they_were(ledgers: LedgerService, main: Ledger) -> None:
    other = ledgers.create(None, "other")
    main.buy("AAPL", 10, 100, on="2024-01-04")
    main.transfer(other, symbol="AAPL", units=10, on="2024-01-05")
    with pytest.raises(LedgerError, match="would come from other lots"):
        main.buy("AAPL", 10, 50, on="2024-01-03")
    with pytest.raises(LedgerError):
        main.split("AAPL", "2:1", on="2024-01-05")
    assert len(main.entries()) == 3


def test_units_that_move_before_a_split(ledgers: LedgerService, main: Ledger) -> None:
    other = ledgers.create(None, "other")
    main.buy("AAPL", 10, 100, on="2024-01-03")
    main.split("AAPL", "2:1", on="2024-01-10")
    main.transfer(other, symbol="AAPL", units=4, on="2024-01-05")
    assert main.show().holdings[0].units == 12
    assert other.show().holdings[0].units == 4
    (note,) = other.show().notes
    assert note.startswith("AAPL was split")


def test_a_key_of_another_transfer(ledgers: LedgerService, main: Ledger) -> None:
    other = ledgers.create(None, "other")
    main.transfer(other, amount=4000, key="move")
    with pytest.raises(Conflict, match="'move'"):
        main.transfer(other, amount=7000, key="move")


def test_money_is_there_on_every_day(main: Ledger) -> None:
    main.withdraw(9000, on="2024-01-08")
    main.deposit(5000, on="2024-01-10")
    with pytest.raises(InsufficientFunds, match=r"USD: -1,000.00 would be left when 2024-01-08"):
        main.buy("AAPL", 20, 100, on="2024-01-03")
    with pytest.raises(InsufficientFunds):
        main.reverse(1)
    assert main.buy("AAPL", 10, 100, on="2024-01-03").created


def test_the_same_key_is_the_same_day_after_midnight(ledger: Database) -> None:
    own = ledgers_on(ledger).create(None, "night")
    own.deposit(1, key="once", on="2024-01-12")
    assert not own.deposit(1, key="once").created


def test_a_dividend_a_unit_stays_what_it_was(main: Ledger) -> None:
    main.buy("AAPL", 1, 100, on="2024-01-03")
    main.dividend("AAPL", price=1, on="2024-01-08", key="d")
    main.buy("AAPL", 1, 100, on="2024-01-04")
    assert not main.dividend("AAPL", price=1, on="2024-01-08", key="d").created
    assert main.show().holdings[0].income == 1


def test_a_transfer_is_whole_or_not(ledgers: LedgerService, main: Ledger) -> None:
    other = ledgers.create(None, "other")
    with pytest.raises(InsufficientFunds):
        main.transfer(other, amount=10_001)
    with pytest.raises(InputError, match="another portfolio"):
        main.transfer(main, amount=1)
    with pytest.raises(InsufficientUnits):
        main.transfer(other, symbol="AAPL", units=1)
    assert len(main.entries()) == 1
    assert len(other.entries()) == 0
    main.transfer(other, amount=4000)
    assert (cash(main), cash(other)) == (Decimal(6000), Decimal(4000))


BAD: list[Callable[[Ledger], object]] = [
    lambda own: own.deposit(-1),
    lambda own: own.deposit(0),
    lambda own: own.deposit("NaN"),
    lambda own: own.deposit("1e30"),
    lambda own: own.deposit(1.5),  # type: ignore[arg-type]
    lambda own: own.deposit("0.001"),
    lambda own: own.deposit(f"1.{'0' * 39}1"),
    lambda own: own.deposit(1, currency="XXX"),
    lambda own: own.deposit(1, on="2024-01-16"),
    lambda own: own.deposit(1, on="16.1.2024"),
    lambda own: own.withdraw(10_001),
    lambda own: own.buy("AAPL", 101, 100),
    lambda own: own.buy("AAPL", "0.000000001", 100),
    lambda own: own.buy("AAPL", 1),
    lambda own: own.buy("A B", 1, 1),
    lambda own: own.sell("AAPL", 1, 100, on="2024-01-02"),
    lambda own: own.sell("AAPL", 6, 100, on="2024-01-05"),
    lambda own: own.dividend("MSFT", 10),
    lambda own: own.dividend("AAPL", 10, on="2024-01-03"),
    lambda own: own.split("MSFT", "2:1"),
    lambda own: own.split("AAPL", "0:1"),
    lambda own: own.reverse(99),
    lambda own: own.show("2024-01-16"),
    lambda own: own.export("holding"),
    lambda own: own.allocate("hpr"),  # type: ignore[arg-type]
    lambda own: own.performance(since="2024-01-15", until="2024-01-03"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_posts_nothing(main: Ledger, number: int) -> None:
    main.buy("AAPL", 5, 100, on="2024-01-03")
    with pytest.raises((InputError, LedgerError)) as caught:
        BAD[number](main)
    assert "\n" not in str(caught.value)
    assert len(main.entries()) == 2


def test_a_moment_is_a_day_of_the_users_zone(ledger: Database) -> None:
    own = ledgers_on(ledger, zone="America/Los_Angeles").create(None, "west")
    own.deposit(1, on="2024-01-01T07:30:00Z")
    assert own.entries()[0][1].on == date(2023, 12, 31)


def attempts(own: Ledger, other: Ledger) -> list[Callable[[], object]]:
    return [
        lambda: own.deposit(1),
        lambda: own.withdraw(1),
        lambda: own.buy("AAPL", 1, 1),
        lambda: own.sell("AAPL", 1, 1),
        lambda: own.dividend("AAPL", 1),
        lambda: own.split("AAPL", "2:1"),
        lambda: own.reverse(1),
        lambda: own.transfer(other, amount=1),
        lambda: other.transfer(own, amount=1),
        own.show,
        own.lots,
        own.gains,
        own.transactions,
        own.performance,
        own.allocate,
        own.export,
        own.verify,
        lambda: own.import_csv(b"date,type,amount\r\n2024-01-02,deposit,1\r\n"),
    ]


def test_somebody_else_who_knows_every_number(ledgers: LedgerService, main: Ledger) -> None:
    trade(main)
    before = main.entries()
    bens = ledgers.create("ben", "bens")
    bens.deposit(100)
    stolen = replace(main, user=bens.user)
    for attempt in attempts(stolen, bens):
        with pytest.raises(InputError, match="isn't one of this user"):
            attempt()
    assert ledgers.portfolios("ben") == [bens.portfolio]
    with pytest.raises(InputError, match="main"):
        ledgers.portfolio("ben", "main")
    ledgers.save_broker(None, Broker("mine", CommissionSchedule(), "USD"))
    assert ledgers.brokers("ben") == []
    with pytest.raises(InputError, match="broker"):
        bens.buy("AAPL", 1, 1, broker="mine")
    assert main.entries() == before
    assert len(bens.entries()) == 1
    assert ledgers.verify("ben") == {"bens": 1}


def table(frame: pd.DataFrame, *columns: str) -> list[list[Any]]:
    rows: list[list[Any]] = frame[list(columns)].to_numpy().tolist()
    return rows


def test_what_was_sold_lot_by_lot(main: Ledger) -> None:
    trade(main)
    assert table(main.gains(), "acquired_on", "units", "realised") == [
        [date(2024, 1, 3), 15, Decimal("298.25")]
    ]
    assert len(main.gains("2024-01-10")) == 0
    assert table(main.lots(), "units", "cost", "unrealised") == [
        [5, Decimal("250.25"), Decimal("74.75")],
        [20, Decimal(1201), Decimal(99)],
    ]


def test_the_journal_as_a_table(main: Ledger) -> None:
    trade(main)
    shown = main.transactions()
    assert table(shown, "number", "type", "units", "amount") == [
        [1, "deposit", None, 10_000],
        [2, "buy", 10, 1000],
        [3, "buy", 10, 1200],
        [4, "split", 20, None],
        [5, "sell", 15, 1050],
        [6, "dividend", None, Decimal("12.50")],
    ]
    assert shown["ratio"].tolist() == ["", "", "", "2:1", "", ""]


def test_both_returns(main: Ledger) -> None:
    main.buy("AAPL", 50, 100, on="2024-01-03")
    main.split("AAPL", "2:1", on="2024-01-10")
    main.deposit(10_000, on="2024-01-12")
    done = main.performance(benchmark="AAPL")
    # Half in cash, half up by 30 %, of which the last half day is earned by twice the money.
    worth = {"2024-01-11": 5000 + 100 * 70, "2024-01-15": 15_000 + 100 * 65}
    assert done.closing == worth["2024-01-15"]
    assert done.flows == 20_000
    assert done.gain == 1500
    expected = (worth["2024-01-11"] / 10_000) * (worth["2024-01-15"] / (12_000 + 10_000)) - 1
    assert done.returns.time_weighted == pytest.approx(expected, abs=1e-3)
    assert done.attribution["gain"].sum() == pytest.approx(1500)
    assert done.beside is not None
    assert done.beside.benchmark == pytest.approx(0.3)


def test_a_period_starts_with_what_was_there(main: Ledger) -> None:
    main.buy("AAPL", 50, 100, on="2024-01-03")
    main.split("AAPL", "2:1", on="2024-01-10")
    done = main.performance(since="2024-01-11", until="2024-01-12")
    assert (done.opening, done.flows, done.closing) == (12_000, 0, 11_600)
    assert done.returns.time_weighted == pytest.approx(-400 / 12_000)


def test_rows_are_judged_before_any_is_posted(main: Ledger) -> None:
    rows = [
        "date,type,symbol,units,price,amount,note",
        "2024-01-03,buy,AAPL,10,100,,first",
        "2024-01-04,sell,AAPL,11,100,,too many",
        "2024-01-04,deposit,,,,abc,",
        "2024-01-05,deposit,,,,50,",
    ]
    content = "\r\n".join(rows).encode()
    tried = main.import_csv(content)
    assert [(each.line, each.fate) for each in tried.verdicts] == [
        (2, "new"), (3, "refused"), (4, "refused"), (5, "new"),
    ]  # fmt: skip
    assert not tried.posted
    assert len(main.entries()) == 1
    good = "\r\n".join([rows[0], rows[1], rows[4], rows[4]]).encode()
    assert not main.import_csv(good, dry_run=True).posted
    assert len(main.entries()) == 1
    assert main.import_csv(good).counts == {"new": 3}
    assert main.import_csv(good).counts == {"there": 3}
    assert cash(main) == 9100


def test_a_sale_that_a_file_dates_before_its_purchase(main: Ledger) -> None:
    content = (
        b"date,type,symbol,units,price\r\n"
        b"2024-01-05,buy,AAPL,10,100\r\n2024-01-04,sell,AAPL,10,100\r\n"
    )
    tried = main.import_csv(content)
    assert tried.counts == {"refused": 1, "new": 1}
    assert "AAPL" in tried.refused[0].reason
    assert len(main.entries()) == 1


def test_an_id_is_one_row(main: Ledger) -> None:
    head = b"id,date,type,symbol,units,price\r\n"
    assert main.import_csv(head + b"t1,2024-01-03,buy,AAPL,10,100\r\n").posted
    tried = main.import_csv(head + b"t1,2024-01-03,buy,AAPL,20,100\r\n")
    assert "other content" in tried.refused[0].reason
    assert cash(main) == 9000


def test_a_file_takes_nothing_back(main: Ledger) -> None:
    tried = main.import_csv(b"date,type,reverses\r\n2024-01-04,reversal,1\r\n")
    assert "reverse it there" in tried.refused[0].reason


def test_the_row_that_does_not_fit_is_named(main: Ledger) -> None:
    rows = [
        b"date,type,symbol,units,price,ratio,amount",
        b"2024-01-03,buy,AAPL,10,100,,",
        b"2024-01-04,split,AAPL,,,2:1,",
        b"2024-01-04,split,AAPL,,,3:1,",
        b"2024-01-05,deposit,,,,,5",
    ]
    tried = main.import_csv(b"\r\n".join(rows))
    assert [each.line for each in tried.refused] == [4]


def test_what_was_exported_is_there_already(ledgers: LedgerService, main: Ledger) -> None:
    trade(main)
    other = ledgers.create(None, "other")
    main.buy("IBM", 2, 10, on="2024-01-12")
    main.transfer(other, symbol="AAPL", units=22)
    for own in (main, other):
        before = own.entries()
        again = own.import_csv(own.export().encode())
        assert again.counts == {"there": len(again.verdicts)}
        assert own.entries() == before


def test_who_only_asks_makes_no_user(ledgers: LedgerService) -> None:
    assert ledgers.portfolios("bobb") == []
    assert ledgers.brokers("bobb") == []
    assert ledgers.verify("bobb") == {}
    with pytest.raises(InputError, match="isn't there: user bobb has none; create it"):
        ledgers.portfolio("bobb", "main")
    assert ledgers.around.journal.find_user("bobb") is None


def test_what_is_exported_makes_the_same_books(ledgers: LedgerService, main: Ledger) -> None:
    trade(main)
    main.buy("AAPL", 2, 110, on="2024-01-05")
    copy = ledgers.create(None, "copy")
    assert copy.import_csv(main.export().encode()).posted
    assert copy.show().holdings == main.show().holdings
    assert copy.show().cash == main.show().cash
    assert copy.lots().equals(main.lots())


def test_names_are_told_apart(ledgers: LedgerService, main: Ledger) -> None:
    assert ledgers.portfolio(None, "main") == main
    with pytest.raises(InputError, match="main"):
        ledgers.portfolio(None, "mian")
    with pytest.raises(Conflict):
        ledgers.create(None, "main")
    assert [own.name for own in ledgers.portfolios(None)] == ["main"]
    balances = main._around.journal.balances(main.user, main.portfolio.id)
    assert {role for role, _ in balances} == {Role.CASH, Role.EXTERNAL}
