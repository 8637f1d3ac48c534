"""What was booked, and what is left of money and units."""

from datetime import date

import pytest

from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.protocols import Posted
from stockanalyst.reporting.portfolio_words import booked, posted

DAY = date(2024, 1, 3)
UNIT = 10**8


def entry(kind: str, **said: object) -> Entry:
    return Entry(**{"type": EntryType(kind), "on": DAY, **said})  # type: ignore[arg-type]


DEPOSIT = entry("deposit", currency="USD", amount=1_000_000)
BUY = entry("buy", currency="USD", amount=187_330, fee=100, symbol="AAPL", units=10 * UNIT)
SALE = entry("sell", currency="USD", amount=84_000, fee=100, tax=200, symbol="AAPL", units=4 * UNIT)
SPLIT = entry("split", symbol="AAPL", units=18 * UNIT, ratio=(4, 1))
JOURNAL = [(1, DEPOSIT), (2, BUY), (3, SALE), (4, SPLIT)]


def test_each_line_tells_what_was_booked_and_what_is_left() -> None:
    lines = [posted(JOURNAL[:n], Posted(n, created=True)) for n in (1, 2, 3, 4)]
    sold = "sold 4 AAPL for 840.00 USD − 1.00 fee − 2.00 tax"
    assert lines == [
        "deposited 10,000.00 USD (entry 1); cash 10,000.00 USD",
        "bought 10 AAPL for 1,873.30 USD + 1.00 fee (entry 2); cash 8,125.70 USD",
        f"{sold} (entry 3); 6 AAPL left, cash 8,962.70 USD",
        "split AAPL 4:1, 18 more (entry 4); 24 AAPL left",
    ]


def test_what_was_there_is_told_by_its_number() -> None:
    assert posted(JOURNAL, Posted(2, created=False)) == "was there already as entry 2"


def test_a_reversal_tells_of_what_it_gave_back() -> None:
    journal = [*JOURNAL[:3], (4, entry("reversal", reverses=3))]
    assert posted(journal, Posted(4, created=True)) == (
        "took entry 3 back (entry 4); 10 AAPL left, cash 8,125.70 USD"
    )


def test_an_exchange_tells_of_both_currencies() -> None:
    swap = entry(
        "exchange", currency="USD", amount=100_000, fee=150, child="EUR", child_amount=92_000
    )
    assert posted([(1, DEPOSIT), (2, swap)], Posted(2, created=True)) == (
        "exchanged 1,000.00 USD for 920.00 EUR + 1.50 USD fee (entry 2); "
        "cash 8,998.50 USD, 920.00 EUR"
    )


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (entry("withdrawal", currency="JPY", amount=5000), "withdrew 5,000 JPY"),
        (
            entry("dividend", currency="USD", amount=1200, tax=180, symbol="T"),
            "dividend of T, 12.00 USD − 1.80 tax",
        ),
        (entry("interest", currency="EUR", amount=300), "interest, 3.00 EUR"),
        (entry("fee", currency="USD", amount=1000, symbol="T"), "fee of T, 10.00 USD"),
        (entry("tax", currency="USD", amount=1000), "tax, 10.00 USD"),
        (entry("split", symbol="T", units=-9 * UNIT, ratio=(1, 10)), "split T 1:10, 9 less"),
        (
            entry("spin_off", symbol="T", child="WBD", units=25 * UNIT // 10, ratio=(1, 4),
                  basis=(23, 100)),
            "spun 2.5 WBD off T 1:4, 23.0 % of its cost",
        ),
        (entry("transfer_in", symbol="T", units=UNIT // 2, currency="USD"), "moved 0.5 T in"),
        (entry("transfer_out", currency="USD", amount=500), "moved 5.00 USD out"),
    ],
    ids=lambda value: str(value.type) if isinstance(value, Entry) else "",
)  # fmt: skip
def test_every_type_has_its_words(happened: Entry, words: str) -> None:
    assert booked(happened) == words
