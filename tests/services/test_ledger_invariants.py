"""What others' ledgers had to learn, case by case, on both databases."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from stockanalyst.exceptions import Conflict, InsufficientFunds, InsufficientUnits, LedgerError
from stockanalyst.portfolio.ledger import Role, net, transfers
from stockanalyst.portfolio.lots import replay, standing
from stockanalyst.services.ledger import Ledger
from tests.portfolio.store.conftest import Ledger as Database
from tests.services.ledgers import ledgers_on

CASES = Path(__file__).parents[1] / "payloads" / "portfolio" / "ledger_invariants.json"
RECORDED = {case["id"] for case in json.loads(CASES.read_text(encoding="utf-8"))["cases"]}
# Asked of the databases themselves, in tests/portfolio/store/test_tables.py.
OF_THE_TABLES = {
    "transfer_immutable": "test_the_journal_is_append_only",
    "zero_or_negative_amount": "test_amounts_of_a_transfer",
    "cross_user_leg": "test_a_transfer_between_commodities_or_users",
    "mixed_commodity_leg": "test_a_transfer_between_commodities_or_users",
}


@pytest.fixture
def own(ledger: Database) -> Ledger:
    return ledgers_on(ledger).create(None, "own")


def side_by_side(work: Callable[[int], object]) -> list[object]:
    """What eight threads get, or the ledger's refusal."""

    def tried(number: int) -> object:
        try:
            return work(number)
        except LedgerError as refusal:
            return type(refusal)

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(tried, range(8)))


def replay_same_key_same_payload(own: Ledger) -> None:
    first, again = own.deposit(5, key="k"), own.deposit("5.00", key="k")
    assert (again.number, first.created, again.created) == (first.number, True, False)
    assert own.show().cash == {"USD": 5}


def replay_same_key_other_payload(own: Ledger) -> None:
    own.deposit(5, key="k")
    with pytest.raises(Conflict):
        own.deposit(6, key="k")
    assert len(own.entries()) == 1


def race_same_key(own: Ledger) -> None:
    side_by_side(lambda _: [own.deposit(1, key=f"k{number}") for number in range(20)])
    assert len(own.entries()) == 20
    assert own.show().cash == {"USD": 20}


def race_oversell(own: Ledger) -> None:
    own.deposit(1)
    own.buy("AAPL", 1, 1)
    fates = side_by_side(lambda _: own.sell("AAPL", 1, 1).created)
    assert Counter(fates) == {True: 1, InsufficientUnits: 7}


def oversell(own: Ledger) -> None:
    own.deposit(1)
    own.buy("AAPL", 1, 1)
    with pytest.raises(InsufficientUnits):
        own.sell("AAPL", "1.00000001", 1)
    assert len(own.entries()) == 2


def overdraft(own: Ledger) -> None:
    own.deposit(1)
    with pytest.raises(InsufficientFunds):
        own.buy("AAPL", 1, "1.01")
    assert len(own.entries()) == 1


def lived(own: Ledger) -> None:
    """A history with a bit of all."""
    own.deposit(1000, on="2024-01-02")
    own.deposit(100, currency="EUR", on="2024-01-02")
    own.buy("AAPL", 3, 100, fee=1, on="2024-01-03")
    own.buy("AAPL", 2, 120, on="2024-01-04")
    own.dividend("AAPL", price="0.25", tax="0.10", on="2024-01-08")
    own.split("AAPL", "2:1", on="2024-01-10")
    sold = own.sell("AAPL", 7, 70, fee="0.99", on="2024-01-11")
    own.reverse(sold.number)
    own.sell("AAPL", 4, 71, on="2024-01-12")


def sum_zero(own: Ledger) -> None:
    lived(own)
    sums: Counter[object] = Counter()
    for (_, commodity), amount in own.books.around.journal.balances(
        own.user, own.portfolio.id
    ).items():
        sums[commodity] += amount
    assert set(sums.values()) == {0}


def projection_equals_journal(own: Ledger) -> None:
    lived(own)
    entries = standing(own.entries())
    counted = net(leg for _, entry in entries for leg in transfers(entry))
    balances = own.books.around.journal.balances(own.user, own.portfolio.id)
    assert {key: amount for key, amount in balances.items() if amount} == counted
    position = replay(entries, "fifo").positions["AAPL", "USD"]
    holding = sum(amount for (role, _), amount in counted.items() if role is Role.HOLDING)
    assert position.units == holding == 6 * 10**8
    assert position.cost + sum(match.cost for match in position.matches) == 301_00 + 240_00


def identical_same_day_trades(own: Ledger) -> None:
    row = b"2024-01-02,deposit,5\r\n"
    assert own.import_csv(b"date,type,amount\r\n" + row + row).posted
    assert own.import_csv(b"date,type,amount\r\n" + row + row).counts == {"there": 2}
    assert own.show().cash == {"USD": 10}


def split_applied_once(own: Ledger) -> None:
    own.deposit(100, on="2024-01-02")
    own.buy("AAPL", 1, 100, on="2024-01-03")
    own.split("AAPL", "2:1", on="2024-01-10")
    own.split("AAPL", "2:1", on="2024-01-10")
    assert own.show().holdings[0].units == own.show().holdings[0].units == 2


def split_after_full_exit(own: Ledger) -> None:
    own.deposit(200, on="2024-01-02")
    own.buy("AAPL", 1, 100, on="2024-01-03")
    own.sell("AAPL", 1, 124, on="2024-01-09")
    assert own.show("2024-01-05").value == 100 + 118
    assert own.performance(until="2024-01-05").closing == 100 + 118
    assert own.performance().gain == 24


def backdated_insert(own: Ledger) -> None:
    own.deposit(1000, on="2024-01-02")
    own.buy("AAPL", 2, 120, on="2024-01-04")
    own.split("AAPL", "2:1", on="2024-01-10")
    own.sell("AAPL", 3, 70, on="2024-01-11")
    own.buy("AAPL", 1, 100, on="2024-01-03")
    # In the order of their dates: of 2 units for 100 and 4 for 240, 3 go that have cost 160.
    (apple,) = own.show().holdings
    assert (apple.units, apple.cost, apple.realised) == (
        Decimal(3), Decimal(180), Decimal(210 - 160),
    )  # fmt: skip


def decimal_roundtrip(own: Ledger) -> None:
    own.deposit("12345678901.12", currency="EUR")
    assert own.show().cash["EUR"] == Decimal("12345678901.12")
    own.deposit("12345678901", currency="USD")
    own.buy("TINY", "12345678901.12345678", amount="0.01")
    (tiny,) = (each for each in own.show().holdings if each.symbol == "TINY")
    assert tiny.units == Decimal("12345678901.12345678")


DONE: Mapping[str, Callable[[Ledger], None]] = {
    case.__name__: case
    for case in (
        replay_same_key_same_payload, replay_same_key_other_payload, race_same_key, race_oversell,
        oversell, overdraft, sum_zero, projection_equals_journal, identical_same_day_trades,
        split_applied_once, split_after_full_exit, backdated_insert, decimal_roundtrip,
    )
}  # fmt: skip


@pytest.mark.parametrize("case", DONE)
def test_recorded_invariants(own: Ledger, case: str) -> None:
    DONE[case](own)
    assert own.verify() == len(own.entries())


def test_tz_day_boundary(ledger: Database) -> None:
    own = ledgers_on(ledger, zone="America/Los_Angeles").create(None, "west")
    own.deposit(1, on="2024-01-01T07:30Z")
    assert own.entries()[0][1].on == date(2023, 12, 31)


def test_a_thousand_dimes(own: Ledger) -> None:
    head, row = b"date,type,amount\r\n", b"2024-01-02,deposit,0.1\r\n"
    assert own.import_csv(head + row * 1000).posted
    assert own.show().cash == {"USD": 100}


def test_no_case_is_left_out() -> None:
    tables = (Path(__file__).parents[1] / "portfolio" / "store" / "test_tables.py").read_text()
    assert all(f"def {name}(" in tables for name in OF_THE_TABLES.values())
    assert {*DONE, *OF_THE_TABLES, "tz_day_boundary"} == RECORDED
