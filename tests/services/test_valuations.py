"""Days on which nobody trades, currencies that meet, and what two verbs must both say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError, InvalidSymbol
from stockanalyst.frames import price_frame
from stockanalyst.market.prices import PriceHistory
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.protocols import Numbered, Portfolio
from stockanalyst.reporting.portfolio_html import ShownPerformance, ShownStatement
from stockanalyst.services.quotes import Quotes
from stockanalyst.services.valuations import (
    Proposal,
    Wanted,
    lots_on,
    performance_between,
    proposal_on,
    statement_on,
    transactions_frame,
)
from tests.portfolio.made_journals import FIRST, SYMBOLS, journals

UNIT = 10**8
DOLLARS = Portfolio(1, "main", "USD", "fifo")


@dataclass(frozen=True)
class Market:
    """A provider of closes by session and symbol."""

    closes: pd.DataFrame
    name: str = "market"

    def history(self, symbol: str) -> PriceHistory:
        if symbol not in self.closes:
            raise InvalidSymbol(symbol, "market doesn't know it")
        table = self.closes[[symbol]].set_axis(["close"], axis=1).dropna()
        frame = price_frame(table, where=self.name)
        return PriceHistory(symbol, frame, self.name, today=frame.index[-1])


WEEKS = pd.bdate_range("2024-01-02", "2024-01-15", name="session")  # from a Tuesday to a Monday
MARKET = Market(
    pd.DataFrame(
        {
            "AAPL": [100.0, 100, 100, 110, 110, 110, 120, 120, 120, 130],
            "SAP.DE": 140.0,
            "EURUSD=X": [1.10] * 9 + [1.20],
        },
        WEEKS,
    )
)


def quotes_of(market: Market = MARKET) -> Quotes:
    return Quotes(lambda _name: market, "market")


def numbered(entries: Sequence[Entry]) -> Numbered:
    return list(enumerate(entries, start=1))


def jan(day: int) -> date:
    return date(2024, 1, day)


def deposit(day: int, amount: int = 100_000, money: str = "USD") -> Entry:
    return Entry(EntryType.DEPOSIT, jan(day), money, amount)


def buy(day: int, symbol: str, amount: int, units: int, money: str = "USD") -> Entry:
    return Entry(EntryType.BUY, jan(day), money, amount, symbol=symbol, units=units * UNIT)


def done(
    *entries: Entry, since: int | None = None, until: int = 15, benchmark: str | None = None
) -> ShownPerformance:
    period = None if since is None else jan(since), jan(until)
    return performance_between(DOLLARS, numbered(entries), period, benchmark, quotes_of())


def stated(*entries: Entry, on: int = 15) -> ShownStatement:
    return statement_on(DOLLARS, numbered(entries), jan(on), quotes_of())


def test_a_fee_after_the_last_close_counts() -> None:
    fee = Entry(EntryType.FEE, jan(13), "USD", 500)  # a Saturday
    found = done(deposit(2), buy(3, "AAPL", 50_000, 5), fee, until=14)
    assert (found.closing, found.gain) == (1095, 95)  # 5 × 120 and 495
    assert found.attribution["gain"].sum() == pytest.approx(95)
    assert found.returns.last == jan(14)


def test_a_weekend_on_which_nothing_happens_is_no_day() -> None:
    assert done(deposit(2), buy(3, "AAPL", 50_000, 5), until=14).returns.last == jan(12)


def test_a_first_entry_after_the_last_close() -> None:
    """Bought on a Saturday with a fee of 1 dollar, at Friday's close of 110."""
    bought = Entry(EntryType.BUY, jan(6), "USD", 55_000, 100, symbol="AAPL", units=5 * UNIT)
    found = done(deposit(6), bought, until=7)
    assert (found.opening, found.flows, found.closing, found.gain) == (0, 1000, 999, -1)
    assert found.attribution["gain"].sum() == pytest.approx(-1)


def test_a_first_day() -> None:
    for day in (2, 15):
        found = done(deposit(day), until=day)
        assert (found.closing, found.gain) == (1000, 0)


def test_a_close_is_not_carried_for_weeks() -> None:
    later = Entry(EntryType.FEE, date(2024, 2, 10), "USD", 500)
    entries = numbered([deposit(2), buy(3, "AAPL", 50_000, 5), later])
    with pytest.raises(InputError, match="value on 2024-02-12': isn't known"):
        performance_between(DOLLARS, entries, (None, date(2024, 2, 12)), None, quotes_of())


def test_what_was_there_at_the_close_is_no_flow() -> None:
    """Deposits of a Saturday, and of the first day of all."""
    entries = [deposit(2), deposit(6), deposit(9, 30_000)]
    for since, there in ((6, 2000), (2, 1000)):
        found = done(*entries, since=since)
        assert (found.opening, found.flows) == (there, 2300 - there)
        assert found.returns.first == jan(since)
        assert found.attribution["gain"].sum() == pytest.approx(0)


def test_a_period_that_ends_before_it_starts() -> None:
    for since in (15, 14):
        with pytest.raises(InputError, match=f"since '{jan(since)}': give a day before 2024-01-14"):
            done(deposit(2), since=since, until=14)


def test_nothing_that_moved_anything() -> None:
    """A split of what was bought and then taken back."""
    split = Entry(EntryType.SPLIT, jan(5), symbol="AAPL", ratio=(2, 1))
    for entries in ([], [split]):
        with pytest.raises(InputError, match="main': has no entry up to 2024-01-15"):
            done(*entries)
    assert done(deposit(2), split).closing == 1000


def test_a_dividend_in_another_currency_says_nothing_of_the_price() -> None:
    """Bought in euros; dividend, fee and tax in dollars."""
    entries = [
        deposit(2, money="EUR"),
        deposit(2),
        buy(3, "SAP.DE", 70_000, 5, "EUR"),
        *(
            Entry(kind, jan(5), "USD", 700, symbol="SAP.DE")
            for kind in (EntryType.DIVIDEND, EntryType.FEE, EntryType.TAX)
        ),
    ]
    # 700 and 300 euros at 1.20, and 993 dollars.
    assert stated(*entries).value == 2193
    assert done(*entries).closing == pytest.approx(2193)


def test_lots_in_two_currencies_have_one_price() -> None:
    """SAP at 140 euros, or 168 dollars."""
    entries = [
        deposit(2, money="EUR"),
        deposit(2),
        buy(3, "SAP.DE", 15_000, 1),
        buy(4, "SAP.DE", 28_000, 2, "EUR"),
    ]
    shown, found = stated(*entries), done(*entries)
    assert [each.value for each in shown.holdings] == [280, 168]
    assert shown.value == 850 + 720 * Decimal("1.2") + 3 * 168
    assert found.closing == pytest.approx(float(shown.value))
    note = (
        "SAP.DE was bought in USD and in EUR: its prices are taken to be in EUR, as last paid.",
    )
    assert shown.notes == found.notes == note
    lots = lots_on(DOLLARS, numbered(entries), jan(15), quotes_of())
    assert lots["value"].tolist() == [280, 168]


def test_a_child_is_quoted_as_its_parent() -> None:
    spun = Entry(
        EntryType.SPIN_OFF, jan(5), symbol="OLD.DE", units=UNIT, child="SAP.DE", basis=(1, 4)
    )
    entries = [deposit(2, money="EUR"), buy(3, "OLD.DE", 10_000, 1, "EUR"), spun]
    (_, child) = stated(*entries).holdings
    assert child.currency == "EUR"
    assert child.value == 140


def test_a_benchmark_starts_at_the_close_before_a_weekend() -> None:
    """110 on Friday, 130 in the end; and euros aren't made dollars."""
    found = done(deposit(2), since=6, benchmark="aapl").beside
    assert found is not None
    assert found.benchmark == pytest.approx(130 / 110 - 1)
    abroad = done(deposit(2), benchmark="SAP.DE")
    assert abroad.beside is not None
    assert abroad.beside.benchmark == 0
    (note,) = abroad.notes
    assert note.startswith("SAP.DE is in EUR and the portfolio in USD: its returns are not conv")


def test_a_benchmark_that_ended_long_ago() -> None:
    old = MARKET.closes[["AAPL"]].set_axis(WEEKS - pd.Timedelta(days=364))
    both = Market(pd.concat([old.set_axis(["OLD"], axis=1), MARKET.closes]))
    with pytest.raises(InputError, match="days in common"):
        performance_between(
            DOLLARS, numbered([deposit(2)]), (None, jan(15)), "OLD", quotes_of(both)
        )


def test_few_digits_of_a_caller_spoil_no_table() -> None:
    spun = Entry(EntryType.SPIN_OFF, jan(5), symbol="AAPL", child="SAP.DE", basis=(6172, 12343))
    with localcontext(Context(prec=3)):
        shown = transactions_frame(numbered([deposit(2, 123_456_789), spun]))
    assert shown["amount"][0] == Decimal("1234567.89")
    assert round(shown["basis"][1] * 12343, 9) == 6172


# Proposals ----------------------------------------------------------------------------------------

YEAR = pd.bdate_range("2023-06-01", "2024-01-15", name="session")


def proposed(*entries: Entry, symbols: tuple[str, ...] | None) -> Proposal:
    """From random walks that end at 100, but for 70 pence and 0.80 euros a pound."""
    moves = np.random.default_rng(1).normal(0, 0.01, (len(YEAR), 6)).cumsum(axis=0)
    names = ["AAPL", "SAP.DE", "VOD.L", "7203.T", "EURUSD=X", "GBPUSD=X"]
    ends = [100, 100, 70, 100, 1.2, 1.5]
    closes = pd.DataFrame((np.exp(moves - moves[-1]) * ends).round(9), YEAR, names)
    wanted = Wanted("equal_weight", symbols, 100, 1.0, None, 0.001)
    return proposal_on(DOLLARS, numbered(entries), jan(15), wanted, quotes_of(Market(closes)))


def test_what_was_sold_has_its_price_still() -> None:
    """Its currency is in no total any more."""
    sold = Entry(EntryType.SELL, jan(4), "EUR", 40_000, symbol="SAP.DE", units=4 * UNIT)
    gone = Entry(EntryType.WITHDRAWAL, jan(5), "EUR", 100_000)
    entries = [deposit(2, money="EUR"), buy(3, "SAP.DE", 40_000, 4, "EUR"), sold, gone]
    found = proposed(deposit(2), *entries, symbols=("AAPL", "SAP.DE"))
    assert found.table["price"].tolist() == [100, 120]
    # A thousandth of the 1,000 is what the trades cost.
    assert found.table["trade"].tolist() == pytest.approx([499.5, 499.5])
    assert found.table["units"].tolist() == pytest.approx([4.995, 499.5 / 120])
    assert found.notes == ()


def test_what_was_never_bought_is_in_the_currency_of_its_exchange() -> None:
    found = proposed(deposit(2), symbols=("AAPL", "SAP.DE", "VOD.L"))
    assert found.table["price"].tolist() == pytest.approx([100, 120, 0.70 * 1.5])
    assert found.notes == (
        "SAP.DE was never bought: its price is taken to be in EUR.",
        "VOD.L was never bought: its price is taken to be in GBP.",
        "VOD.L is quoted in hundredths of its currency: its prices are divided by 100.",
    )


def test_a_rate_that_lacks_leaves_the_units_open() -> None:
    found = proposed(deposit(2), symbols=("AAPL", "7203.T"))
    assert found.table["units"].isna().tolist() == [False, True]
    assert any(note.startswith("JPYUSD=X has no price") for note in found.notes)


# What must always hold ----------------------------------------------------------------------------


@given(
    entries=journals("fifo"),
    seed=st.integers(0, 2**32),
    since=st.none() | st.integers(0, 40),
    length=st.integers(1, 40),
)
def test_verbs_agree(entries: Numbered, seed: int, since: int | None, length: int) -> None:
    """Gain and its parts on any two days, and the value with what is shown on the second."""
    money = [Entry(EntryType.DEPOSIT, FIRST, code, 10**10) for code in ("USD", "JPY", "BHD")]
    own = [*entries, *enumerate(money, start=len(entries) + 1)]
    rng, sessions = np.random.default_rng(seed), pd.bdate_range("2023-12-20", "2024-04-01")
    moves = np.exp(rng.normal(0, 0.03, (len(sessions), len(SYMBOLS) + 2)).cumsum(axis=0))
    names = [*SYMBOLS, "USDBHD=X", "JPYBHD=X"]
    closes = pd.DataFrame(moves * [*[100.0] * len(SYMBOLS), 0.4, 0.003], sessions, names)
    start = None if since is None else FIRST + timedelta(since)
    until, portfolio = FIRST + timedelta((since or 0) + length), Portfolio(1, "main", "BHD", "fifo")
    quotes = quotes_of(Market(closes))
    found = performance_between(portfolio, own, (start, until), None, quotes)
    parts, size = found.attribution, 1e-9 * 10**8
    assert parts["gain"].sum() == pytest.approx(found.gain, abs=size)
    assert parts["opening"].sum() == pytest.approx(found.opening, abs=size)
    shown = statement_on(portfolio, own, until, quotes)
    assert shown.value is not None
    assert found.closing == pytest.approx(float(shown.value), abs=1)
