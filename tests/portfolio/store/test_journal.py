"""What a journal takes, what it refuses, and what it then shows, on both databases."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from stockanalyst.exceptions import (
    Conflict,
    InputError,
    InsufficientFunds,
    InsufficientUnits,
    LedgerError,
)
from stockanalyst.portfolio import lots
from stockanalyst.portfolio.commodities import currency, security
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot, digest
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.protocols import Batch, Numbered, Portfolio, Posted
from stockanalyst.portfolio.store.transactions import Retries
from tests.portfolio.store.conftest import Ledger, Owned, journal_on, post
from tests.portfolio.store.made import (
    UNIT,
    accept,
    buy,
    day,
    deposit,
    reversal,
    sell,
    withdrawal,
)

USD, AAPL = currency("USD"), security("AAPL")


def cash(ledger: Ledger, owned: Owned) -> int:
    return ledger.journal.balances(owned.user, owned.portfolio)[Role.CASH, USD]


def seen_by_check(ledger: Ledger, owned: Owned, entry: Entry) -> Numbered | None:
    """The journal that a check is given; None where it isn't asked."""
    seen: list[Numbered] = []
    items = [(digest(entry.payload()), entry)]
    ledger.journal.post(owned.user, owned.portfolio, items, check=seen.append)
    return seen[0] if seen else None


def test_a_user_is_made_once_and_has_portfolios_of_his_own(ledger: Ledger) -> None:
    journal = ledger.journal
    alice, bob = journal.user("alice"), journal.user("bob")
    assert alice != bob
    assert journal.user(" alice ") == alice
    zloty = journal.create_portfolio(alice, "zloty", currency="pln", method="average")
    main = journal.create_portfolio(alice, "main", currency="USD", method="fifo")
    assert journal.portfolios(alice) == [main, zloty]
    assert zloty == Portfolio(zloty.id, "zloty", "PLN", "average")
    assert journal.portfolios(bob) == []
    with pytest.raises(Conflict, match="portfolio 'main': is there already"):
        journal.create_portfolio(alice, "main", currency="EUR", method="fifo")
    assert journal.create_portfolio(bob, "main", currency="EUR", method="fifo").id != main.id


def test_bad_names_and_methods(ledger: Ledger) -> None:
    alice = ledger.journal.user("alice")
    for name in ("", " ", "x" * 81, "a\x00b", "a\nb"):
        with pytest.raises(InputError, match="1 to 80 printable"):
            ledger.journal.user(name)
    with pytest.raises(InputError, match="method 'hifo'"):
        ledger.journal.create_portfolio(alice, "main", currency="USD", method="hifo")
    with pytest.raises(InputError, match="user 4711"):
        ledger.journal.create_portfolio(4711, "main", currency="USD", method="fifo")
    for key in ("", "x" * 201, "a\x00b"):
        with pytest.raises(InputError, match="1 to 200 printable"):
            ledger.journal.post(alice, 1, [(key, deposit(1))], check=accept)


def test_a_purchase_moves_money_and_units(ledger: Ledger, mine: Owned) -> None:
    posted = post(ledger, mine, deposit(1000_00), buy(3, 299_97, fee=1_00))
    assert posted == [Posted(1, created=True), Posted(2, created=True)]
    assert ledger.journal.balances(mine.user, mine.portfolio) == {
        (Role.CASH, USD): 699_03,
        (Role.EXTERNAL, USD): -1000_00,
        (Role.MARKET, USD): 299_97,
        (Role.FEES, USD): 1_00,
        (Role.HOLDING, AAPL): 3 * UNIT,
        (Role.MARKET, AAPL): -3 * UNIT,
    }


def test_entries_come_back_as_they_were(ledger: Ledger, mine: Owned) -> None:
    moved = Entry(
        EntryType.TRANSFER_IN, day(2), "USD", symbol="AAPL", units=5,
        lots=(MovedLot(day(-400), 5, 123),), note="ž – 'quoted' \\ \x00",
    )  # fmt: skip
    split = Entry(EntryType.SPLIT, day(3), symbol="AAPL", units=15, ratio=(4, 1))
    post(ledger, mine, deposit(10), moved, split)
    expected = [(1, deposit(10)), (2, moved), (3, split)]
    assert ledger.journal.entries(mine.user, mine.portfolio) == expected
    assert ledger.journal.verify(mine.user, mine.portfolio) == 3


def test_the_same_key_and_content_is_there_once(ledger: Ledger, mine: Owned) -> None:
    assert post(ledger, mine, deposit(10)) == [Posted(1, created=True)]
    again = [("k0", deposit(10)), ("new", deposit(5)), ("new", deposit(5))]
    assert ledger.journal.post(mine.user, mine.portfolio, again, check=accept) == [
        Posted(1, created=False),
        Posted(2, created=True),
        Posted(2, created=False),
    ]
    assert cash(ledger, mine) == 15


def test_the_same_key_with_other_content_is_a_conflict(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(10))
    items = [("new", deposit(7)), ("k0", deposit(11))]
    with pytest.raises(Conflict, match=r"^key 'k0': is there as entry 1 with other content"):
        ledger.journal.post(mine.user, mine.portfolio, items, check=accept)
    assert len(ledger.journal.entries(mine.user, mine.portfolio)) == 1
    assert cash(ledger, mine) == 10


@pytest.mark.parametrize(
    ("entries", "error", "words"),
    [
        ([withdrawal(100_01)], InsufficientFunds, "USD: 100.01 asked, 100.00 available"),
        ([buy(1, 99_50, fee=51)], InsufficientFunds, "USD: 100.01 asked, 100.00 available"),
        ([deposit(1), withdrawal(101_00)], InsufficientFunds, "101.00 asked, 100.01 available"),
        ([withdrawal(101_00), deposit(5_00)], InsufficientFunds, "101.00 asked, 100.00"),
        ([sell(1, 5)], InsufficientUnits, r"AAPL: 1.00000000 asked, 0.00000000 available"),
        ([buy(2, 5), sell(3, 5)], InsufficientUnits, r"3.00000000 asked, 2.00000000 available"),
    ],
)
def test_more_than_there_is_is_refused_as_a_whole(
    ledger: Ledger, mine: Owned, entries: Sequence[Entry], error: type[Exception], words: str
) -> None:
    post(ledger, mine, deposit(100_00), key="first")
    with pytest.raises(error, match=words):
        post(ledger, mine, *entries)
    assert len(ledger.journal.entries(mine.user, mine.portfolio)) == 1
    assert ledger.journal.verify(mine.user, mine.portfolio) == 1


def test_the_last_cent_and_the_last_unit(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(100), buy(1, 99, fee=1), sell(1, 5, fee=5))
    found = ledger.journal.balances(mine.user, mine.portfolio)
    assert (found[Role.CASH, USD], found[Role.HOLDING, AAPL]) == (0, 0)


@pytest.mark.parametrize("cents", [-5, 2**62, 10**30])
def test_amounts_that_no_account_holds(ledger: Ledger, mine: Owned, cents: int) -> None:
    with pytest.raises(InputError, match=r"^amount "):
        post(ledger, mine, deposit(cents))
    assert ledger.journal.entries(mine.user, mine.portfolio) == []


def test_a_balance_stays_a_whole_number_however_large(ledger: Ledger, mine: Owned) -> None:
    most = 2**62 - 1
    post(ledger, mine, deposit(most))
    with pytest.raises(LedgerError, match=r"would exceed 46116860184273879.04"):
        post(ledger, mine, deposit(2), key="over")
    assert cash(ledger, mine) == most
    assert ledger.journal.verify(mine.user, mine.portfolio) == 1


def test_a_reversal_takes_back_once(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(100), buy(1, 60, fee=1), deposit(7))
    assert post(ledger, mine, reversal(2, on=4), key="r") == [Posted(4, created=True)]
    found = ledger.journal.balances(mine.user, mine.portfolio)
    assert found[Role.CASH, USD] == 107
    assert found[Role.HOLDING, AAPL] == found[Role.FEES, USD] == 0
    assert post(ledger, mine, reversal(2, on=4), key="r") == [Posted(4, created=False)]
    with pytest.raises(Conflict, match="entry 2: was reversed before, by entry 4"):
        post(ledger, mine, reversal(2, on=4), key="again")
    with pytest.raises(Conflict, match="entry 3: was reversed before, by entry 5"):
        post(ledger, mine, reversal(3), reversal(3), key="both")
    for number, words in ((4, "is a reversal itself"), (99, "isn't the number"), (0, "isn't the")):
        with pytest.raises(InputError, match=f"reverses {number}: {words}"):
            post(ledger, mine, reversal(number), key="none")
    with pytest.raises(InputError, match="is for a reversal, not a deposit"):
        post(ledger, mine, replace(deposit(1), reverses=1), key="none")
    assert ledger.journal.verify(mine.user, mine.portfolio) == 4


def test_what_was_spent_is_not_taken_back(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(100), buy(1, 100))
    with pytest.raises(InsufficientFunds, match=r"USD: 1.00 asked, 0.00 available"):
        post(ledger, mine, reversal(1), key="r")
    post(ledger, mine, sell(1, 40), key="s")
    with pytest.raises(InsufficientUnits):
        post(ledger, mine, reversal(2), key="r")


def test_the_check_is_asked_where_lots_could_lack_units(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(1000), buy(4, 40, on=10), buy(1, 5, on=10, symbol="IBM"))
    split = Entry(EntryType.SPLIT, day(12), symbol="AAPL", units=4 * UNIT, ratio=(2, 1))
    moved = Entry(
        EntryType.TRANSFER_IN,
        day(12),
        "USD",
        symbol="AAPL",
        units=1,
        lots=(MovedLot(day(0), 1, 1),),
    )
    today = 15  # when the journal's clock stands still
    bought = buy(1, 5, on=today, symbol="MSFT")
    cheap = [deposit(5), withdrawal(1, on=today), bought, deposit(9, on=3)]
    assert [seen_by_check(ledger, mine, entry) for entry in cheap] == [None] * 4
    risky = [
        sell(1, 9, on=11), split, moved, buy(1, 5, on=9), reversal(8, on=12),
        withdrawal(1, on=14), buy(1, 5, on=14, symbol="NEW"), reversal(4, on=today),
    ]  # fmt: skip
    for count, entry in enumerate(risky, start=8):
        seen = seen_by_check(ledger, mine, entry)
        assert seen is not None
        assert [number for number, _ in seen] == list(range(1, count + 1))
        assert seen[-1] == (count, entry)


def test_yesterday_is_past_where_it_is_tomorrow_already(ledger: Ledger, mine: Owned) -> None:
    """The clock says the 15th day, in UTC."""
    post(ledger, mine, deposit(1000), withdrawal(1, on=16))
    assert seen_by_check(ledger, mine, withdrawal(1, on=16)) is None
    assert seen_by_check(ledger, mine, withdrawal(1, on=15)) is not None


def test_what_the_check_refuses_is_not_there(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, deposit(1000), buy(4, 40, on=10))
    items = [("s", sell(1, 9, on=9))]
    with pytest.raises(InsufficientUnits):
        ledger.journal.post(
            mine.user, mine.portfolio, items, check=lambda seen: lots.replay(seen, "fifo")
        )
    assert len(ledger.journal.entries(mine.user, mine.portfolio)) == 2
    assert ledger.journal.verify(mine.user, mine.portfolio) == 2


def test_a_portfolio_by_its_name(ledger: Ledger, mine: Owned) -> None:
    journal, bob = ledger.journal, ledger.journal.user("bob")
    found = journal.portfolio(mine.user, " main ")
    assert found == Portfolio(mine.portfolio, "main", "USD", "fifo")
    with pytest.raises(InputError, match=r"^portfolio 'mian': isn't there; did you mean main"):
        journal.portfolio(mine.user, "mian")
    for user, name in ((bob, "main"), (mine.user, "pension"), (4711, "main")):
        with pytest.raises(InputError, match=f"^portfolio '{name}': isn't there; create it, or "):
            journal.portfolio(user, name)


def test_which_keys_are_there(ledger: Ledger, mine: Owned) -> None:
    journal, bob = ledger.journal, ledger.journal.user("bob")
    post(ledger, mine, deposit(10), buy(1, 5))
    missing = [f"n{place}" for place in range(1200)]  # more than are asked for at once
    keys = ["k1", *missing[:600], "k0", *missing[600:], "k1"]
    found = journal.present(mine.user, mine.portfolio, keys)
    assert found == {"k0": (1, deposit(10)), "k1": (2, buy(1, 5))}
    assert journal.present(mine.user, mine.portfolio, []) == {}
    with pytest.raises(InputError, match=f"^portfolio {mine.portfolio}: isn't one of this user"):
        journal.present(bob, mine.portfolio, ["k0"])
    with pytest.raises(InputError, match=r"^key .*: give 1 to 200 printable"):
        journal.present(mine.user, mine.portfolio, ["a\x00b"])


@pytest.fixture
def second(ledger: Ledger, mine: Owned) -> Owned:
    """Another portfolio of the first user."""
    made = ledger.journal.create_portfolio(mine.user, "second", currency="USD", method="fifo")
    return Owned(mine.user, made.id)


def moved(source: Owned, target: Owned, key: str) -> list[Batch]:
    """A cent from one portfolio to another."""
    return [
        Batch(source.portfolio, [(key, withdrawal(1))], accept),
        Batch(target.portfolio, [(key, deposit(1))], accept),
    ]


def test_two_portfolios_get_their_part_or_neither(
    ledger: Ledger, mine: Owned, second: Owned
) -> None:
    journal = ledger.journal
    post(ledger, second, deposit(1))
    done = journal.post_together(mine.user, moved(second, mine, "a"))
    assert done == [[Posted(2, created=True)], [Posted(1, created=True)]]
    again = journal.post_together(mine.user, moved(second, mine, "a"))
    assert again == [[Posted(2, created=False)], [Posted(1, created=False)]]
    for source, target in ((second, mine), (mine, Owned(mine.user, 4711))):
        with pytest.raises((InsufficientFunds, InputError)):
            journal.post_together(mine.user, moved(source, target, "b"))
        with pytest.raises((InsufficientFunds, InputError)):
            journal.post_together(mine.user, moved(source, target, "b")[::-1])
    assert (cash(ledger, mine), cash(ledger, second)) == (1, 0)
    assert journal.verify(mine.user, mine.portfolio) == 1
    assert journal.verify(mine.user, second.portfolio) == 2
    assert journal.post_together(mine.user, []) == []


def test_nobody_takes_part_of_another_users_portfolio(ledger: Ledger, mine: Owned) -> None:
    bob = ledger.journal.user("bob")
    made = ledger.journal.create_portfolio(bob, "main", currency="USD", method="fifo")
    post(ledger, mine, deposit(5))
    with pytest.raises(InputError, match=f"^portfolio {mine.portfolio}: isn't one of this user"):
        ledger.journal.post_together(bob, moved(mine, Owned(bob, made.id), "steal"))
    assert cash(ledger, mine) == 5
    assert ledger.journal.entries(bob, made.id) == []


def test_opposite_transfers_at_the_same_time_never_wait_for_each_other(
    ledger: Ledger, mine: Owned, second: Owned
) -> None:
    n_transfers, slept = 40, list[float]()
    for each in (mine, second):
        post(ledger, each, deposit(n_transfers), key="first")
    start = Barrier(2)

    def transfer(source: Owned, target: Owned) -> None:
        made = journal_on(ledger.url)
        hurried = replace(made, retries=Retries(lambda: 0.0, slept.append))
        hurried.portfolios(mine.user)  # connected
        start.wait(10)
        for place in range(n_transfers):
            key = f"{source.portfolio}.{place}"
            hurried.post_together(mine.user, moved(source, target, key))
        made.engine.dispose()

    with ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(transfer, *way) for way in ((mine, second), (second, mine))]
    for end in ends:
        end.result()
    assert slept == []  # no deadlock that one of them was sacrificed to
    assert (cash(ledger, mine), cash(ledger, second)) == (n_transfers, n_transfers)
    for each in (mine, second):
        assert ledger.journal.verify(each.user, each.portfolio) == 2 * n_transfers + 1


def test_currencies_are_kept_apart_and_every_commodity_sums_to_zero(
    ledger: Ledger, mine: Owned
) -> None:
    yen = Entry(EntryType.EXCHANGE, day(1), "USD", 10_00, 5, child="JPY", child_amount=1500)
    post(ledger, mine, deposit(100_00), yen, buy(1, 20_00, on=2), sell(1, 30_00, on=3))
    found = ledger.journal.balances(mine.user, mine.portfolio)
    assert found[Role.CASH, currency("JPY")] == 1500
    assert found[Role.CASH, USD] == 99_95
    sums: Counter[object] = Counter()
    for (_, commodity), amount in found.items():
        sums[commodity] += amount
    assert set(sums.values()) == {0}


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_a_server_that_is_not_there(ledger: Ledger, mine: Owned) -> None:
    away = journal_on(ledger.url.set(port=9))
    with pytest.raises(OSError, match="refused") as caught:
        away.entries(mine.user, mine.portfolio)
    assert "PLANTED0" not in str(caught.value)
