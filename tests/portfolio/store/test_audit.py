"""Whatever is changed behind the journal's back is found, and the first place is named."""

import pytest

from stockanalyst.exceptions import BrokenJournal, InputError
from stockanalyst.portfolio.entries import digest
from tests.portfolio.store.conftest import Ledger, Owned, post, tampered
from tests.portfolio.store.made import buy, deposit, reversal, withdrawal

_FORGED = deposit(999_00).payload()
OTHER_PAYLOAD = f"UPDATE ledger_event SET payload = '{_FORGED}'"  # noqa: S608  no input
OTHER_PAYLOAD_AND_HASH = f"{OTHER_PAYLOAD}, payload_hash = '{digest(_FORGED)}'"


@pytest.fixture
def filled(ledger: Ledger, mine: Owned) -> Owned:
    """Four entries, the last of which takes back the third."""
    post(ledger, mine, deposit(100_00), buy(2, 30_00, fee=1), deposit(5), reversal(3))
    return mine


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"{OTHER_PAYLOAD} WHERE seq = 3", "entry 3: its content"),
        (f"{OTHER_PAYLOAD_AND_HASH} WHERE seq = 1", "entry 1: its hash isn't that of its row"),
        ("UPDATE ledger_event SET effective_date = '2020-01-01' WHERE seq = 2",
         "entry 2: its hash"),
        ("UPDATE ledger_event SET recorded_at = '2020-01-01 00:00:00.000000' WHERE seq = 2",
         "entry 2: its hash"),
        ("UPDATE ledger_event SET idempotency_key = 'other' WHERE seq = 4", "entry 4: its hash"),
        ("DELETE FROM ledger_event WHERE seq = 2", "entry 2: isn't there"),
        ("UPDATE transfer SET amount = amount + 1 WHERE seq = 2 AND leg = 0", "entry 2: its tran"),
        ("UPDATE transfer SET debit_id = credit_id, credit_id = debit_id WHERE seq = 4",
         "entry 4: its transfers"),
        ("DELETE FROM transfer WHERE seq = 3", "entry 3: its transfers aren't those"),
        ("DELETE FROM ledger_event WHERE seq = 4", "transfers without an entry"),
        ("UPDATE balance SET amount = 7 WHERE role = 'fees'", "balance of fees USD isn't what"),
        ("DELETE FROM balance WHERE role = 'fees'", "balance of fees USD isn't what"),
    ],
)  # fmt: skip
def test_the_first_broken_row_is_named(
    ledger: Ledger, filled: Owned, statement: str, words: str
) -> None:
    assert ledger.journal.verify(filled.user, filled.portfolio) == 4
    tampered(ledger, statement)
    with pytest.raises(BrokenJournal, match=words):
        ledger.journal.verify(filled.user, filled.portfolio)


def test_an_entry_that_was_forged_with_its_hashes_breaks_the_chain(
    ledger: Ledger, filled: Owned
) -> None:
    tampered(ledger, "UPDATE ledger_event SET row_hash = 'ab' WHERE seq = 2")
    with pytest.raises(BrokenJournal, match="entry 2: its hash"):
        ledger.journal.verify(filled.user, filled.portfolio)
    tampered(ledger, "UPDATE ledger_event SET prev_hash = 'ab' WHERE seq = 1")
    with pytest.raises(BrokenJournal, match="entry 1: doesn't follow"):
        ledger.journal.verify(filled.user, filled.portfolio)


def test_balances_are_made_anew_from_the_journal(ledger: Ledger, filled: Owned) -> None:
    before = ledger.journal.balances(filled.user, filled.portfolio)
    tampered(ledger, "UPDATE balance SET amount = 7")
    tampered(ledger, "DELETE FROM balance WHERE role IN ('fees', 'cash')")
    with pytest.raises(BrokenJournal, match=r"the balance of .* is lost; rebuild"):
        post(ledger, filled, withdrawal(1), key="w")
    ledger.journal.rebuild_balances(filled.user, filled.portfolio)
    assert ledger.journal.balances(filled.user, filled.portfolio) == before
    assert ledger.journal.verify(filled.user, filled.portfolio) == 4


def test_a_journal_that_overdraws_gives_no_balances(ledger: Ledger, filled: Owned) -> None:
    tampered(ledger, "DELETE FROM transfer WHERE seq = 1")
    with pytest.raises(BrokenJournal, match="cash USD: -3001 minor units by the journal"):
        ledger.journal.rebuild_balances(filled.user, filled.portfolio)


def test_of_a_portfolio_that_is_not_there(ledger: Ledger, filled: Owned) -> None:
    for ask in (ledger.journal.verify, ledger.journal.rebuild_balances):
        with pytest.raises(InputError, match="portfolio 99"):
            ask(filled.user, 99)


def test_a_journal_of_many_pages(ledger: Ledger, mine: Owned) -> None:
    post(ledger, mine, *[deposit(1)] * 2001)
    assert ledger.journal.verify(mine.user, mine.portfolio) == 2001
    tampered(ledger, "UPDATE transfer SET amount = 2 WHERE seq = 1999")
    with pytest.raises(BrokenJournal, match="entry 1999: its transfers"):
        ledger.journal.verify(mine.user, mine.portfolio)
