"""Parts of a gain by hand, a recorded currency gain, and what must always hold."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.attribution import attribution
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.protocols import Numbered
from stockanalyst.portfolio.value_history import value_history
from tests.portfolio.made_journals import FIRST, SYMBOLS, journals

UNIT = 10**8
START = date(2024, 6, 3)
PAYLOAD = Path(__file__).parents[1] / "payloads" / "portfolio" / "lots_and_gains.json"
COLUMNS = ["opening", "bought", "sold", "income", "closing", "gain"]


def on(days: int) -> date:
    return START + timedelta(days)


def table(values: dict[str, list[float]]) -> pd.DataFrame:
    """By days from the start on."""
    return pd.DataFrame(values, pd.date_range(START, periods=len(next(iter(values.values())))))


def parts(
    *entries: Entry,
    closes: pd.DataFrame,
    rates: pd.DataFrame | None = None,
    since: int = -1,
    until: int = 2,
) -> pd.DataFrame:
    """In euros, all symbols quoted in dollars where there are rates."""
    quoted = dict.fromkeys(SYMBOLS, "EUR" if rates is None else "USD")
    return attribution(
        list(enumerate(entries, start=1)),
        closes,
        currencies=quoted,
        rates=pd.DataFrame() if rates is None else rates,
        base="EUR",
        since=on(since),
        until=on(until),
    )


def row(found: pd.DataFrame, kind: str, name: str) -> list[float]:
    at = found.index.get_loc((kind, name))
    return [round(value, 9) for value in found[COLUMNS].to_numpy()[at].tolist()]


deposit = Entry(EntryType.DEPOSIT, on(0), "EUR", 100_000)
bought = Entry(EntryType.BUY, on(0), "EUR", 40_000, 100, symbol="F", units=4 * UNIT)


def test_a_whole_life_by_hand() -> None:
    entries = [
        deposit,
        bought,
        Entry(EntryType.BUY, on(0), "EUR", 20_000, symbol="ALL", units=2 * UNIT),
        Entry(EntryType.DIVIDEND, on(1), "EUR", 400, tax=100, symbol="F"),
        Entry(EntryType.FEE, on(1), "EUR", 30, symbol="F"),
        Entry(EntryType.SELL, on(2), "EUR", 12_000, 50, symbol="F", units=UNIT),
        Entry(EntryType.INTEREST, on(2), "EUR", 500, tax=100),
        Entry(EntryType.FEE, on(2), "EUR", 250),
        Entry(EntryType.TAX, on(2), "EUR", 150),
    ]
    found = parts(*entries, closes=table({"F": [100.0, 101.0, 120.0], "ALL": [100.0, 90.0, 80.0]}))
    assert row(found, "position", "ALL") == [0, 200, 0, 0, 160, -40]
    assert row(found, "position", "F") == [0, 401, 119.5, 2.7, 360, 81.2]
    assert row(found, "cash", "interest") == [0, 0, 0, 4, 0, 4]
    assert row(found, "cash", "fees") == [0, 0, 0, -2.5, 0, -2.5]
    assert row(found, "cash", "taxes") == [0, 0, 0, -1.5, 0, -1.5]
    assert row(found, "currency", "EUR") == [0, 1126.5, 605.3, 0, 521.2, 0]
    assert found["gain"].sum() == pytest.approx(360 + 160 + 521.2 - 1000)
    assert found["contribution"].sum() == pytest.approx(0.0412)
    assert found["currency_gain"].abs().sum() == 0


def test_what_opened_is_capital() -> None:
    """From the second close on: 404 of shares, 599 of cash, and a withdrawal until its evening."""
    sold = Entry(EntryType.SELL, on(2), "EUR", 22_000, symbol="F", units=2 * UNIT)
    spent = Entry(EntryType.WITHDRAWAL, on(3), "EUR", 30_000)
    closes = table({"F": [100.0, 101.0, 110.0, 90.0]})
    found = parts(deposit, bought, sold, spent, closes=closes, since=1, until=3)
    assert row(found, "position", "F") == [404, 0, 220, 0, 180, -4]
    assert row(found, "currency", "EUR") == [599, 220, 300, 0, 519, 0]
    assert found.loc[("position", "F"), "contribution"] == pytest.approx(-4 / 1003)
    assert list(found.index) == [("position", "F"), ("currency", "EUR")]


def test_units_that_move() -> None:
    """In at 50 and 0 days before the end of two; out at 60; a deposit for half of the time."""
    lots = (MovedLot(on(-400), 3 * UNIT, 10_000),)
    come = Entry(EntryType.TRANSFER_IN, on(1), "EUR", symbol="F", units=3 * UNIT, lots=lots)
    go = Entry(EntryType.TRANSFER_OUT, on(2), "EUR", symbol="F", units=2 * UNIT)
    more = Entry(EntryType.TRANSFER_IN, on(2), "EUR", 10_000)
    closes = table({"F": [40.0, 50.0, 60.0]})
    found = parts(come, go, more, closes=closes, since=0)
    assert row(found, "position", "F") == [0, 150, 120, 0, 60, 30]
    assert found["contribution"].sum() == pytest.approx(30 / (150 + 0 * 120 + 100 / 2))


def test_a_child_takes_its_part_of_the_capital() -> None:
    """A quarter of 401; both are worth less and more than that in the end."""
    of_it = Entry(EntryType.SPIN_OFF, on(1), symbol="F", basis=(1, 4))
    spun = replace(of_it, units=2 * UNIT, ratio=(1, 2), child="ALL")
    empty = replace(of_it, ratio=(1, 10**12), child="TRUE")
    closes = table({"F": [100.0, 80.0, 70.0], "ALL": [np.nan, np.nan, 60.0]})
    found = parts(deposit, bought, spun, empty, closes=closes)
    assert row(found, "position", "ALL") == [0, 100.25, 0, 0, 120, 19.75]
    assert row(found, "position", "F") == [0, 401, 100.25, 0, 280, -20.75]
    assert ("position", "TRUE") not in found.index


def test_a_split_is_no_gain() -> None:
    halved = Entry(EntryType.SPLIT, on(1), symbol="F", units=-2 * UNIT, ratio=(1, 2))
    sold = Entry(EntryType.SELL, on(2), "EUR", 21_000, symbol="F", units=UNIT)
    closes = table({"F": [100.0, 200.0, 210.0]})
    found = parts(deposit, bought, halved, sold, closes=closes)
    assert row(found, "position", "F") == [0, 401, 210, 0, 210, 19]


def test_a_split_of_nothing_is_no_position() -> None:
    split = Entry(EntryType.SPLIT, on(1), symbol="F", ratio=(4, 1))
    found = parts(deposit, split, closes=table({"F": [100.0, 25.0, 25.0]}))
    assert list(found.index) == [("currency", "EUR")]


def test_money_in_another_currency() -> None:
    """500 dollars for 460 euros at 0.90, of which 100 are spent at 0.95; in the end at 0.80."""
    entries = [
        deposit,
        Entry(EntryType.EXCHANGE, on(0), "EUR", 46_000, 200, child="USD", child_amount=50_000),
        Entry(EntryType.INTEREST, on(1), "USD", 1_000),
        Entry(EntryType.WITHDRAWAL, on(1), "USD", 10_000),
    ]
    rates = table({"USD": [0.90, 0.95, 0.80]})
    found = parts(*entries, closes=pd.DataFrame(), rates=rates)
    assert row(found, "cash", "exchange") == [0, 0, 0, -10, 0, -10]
    assert row(found, "cash", "fees") == [0, 0, 0, -2, 0, -2]
    assert row(found, "cash", "interest") == [0, 0, 0, 9.5, 0, 9.5]
    assert row(found, "currency", "USD") == [0, 459.5, 95, 0, 328, -36.5]
    assert row(found, "currency", "EUR") == [0, 1000, 462, 0, 538, 0]
    assert found.loc[("currency", "USD"), "price_gain"] == 0


def test_recorded_currency_gain() -> None:
    """What is left stands at its cost in dollars and in euros, so that the sale alone counts."""
    cases = json.loads(PAYLOAD.read_text(encoding="utf-8"))["cases"]
    (case,) = (case for case in cases if case["id"] == "pp_fx_avg_eur")
    abroad, home = case["usd"], [event[3] for event in case["events"]]
    kinds = [EntryType.BUY, EntryType.BUY, EntryType.SELL]
    amounts = [*abroad["buys"], abroad["sell"]]
    entries = [
        Entry(kind, date.fromisoformat(day), "USD", amount * 100, symbol="F", units=count * UNIT)
        for kind, amount, (_, day, count, _) in zip(kinds, amounts, case["events"], strict=True)
    ]
    days = pd.DatetimeIndex([*(event[1] for event in case["events"]), "2024-03-02"])
    left = [sum(abroad["buys"]) * 2 / 3, sum(home[:2]) * 2 / 3]
    rates = [paid / amount for paid, amount in zip(home, amounts, strict=True)]
    found = attribution(
        list(enumerate(entries, start=1)),
        pd.DataFrame({"F": [50.0, 60.0, 70.0, left[0] / 100]}, days),
        currencies={"F": "USD"},
        rates=pd.DataFrame({"USD": [*rates, left[1] / left[0]]}, days),
        base="EUR",
        since=date(2023, 12, 31),
        until=date(2024, 3, 2),
    ).xs(("position", "F"))
    assert rates[2] == abroad["sell_rate"]
    assert found["gain"] == pytest.approx(case["expected"]["realised"][0], abs=case["tol"])
    assert found["currency_gain"] == pytest.approx(case["expected_fx_part"], abs=case["tol"])


def test_what_is_unknown_is_nan_in_its_row() -> None:
    other = Entry(EntryType.BUY, on(0), "EUR", 20_000, symbol="ALL", units=2 * UNIT)
    found = parts(deposit, bought, other, closes=table({"F": [100.0, 101.0, 120.0]}))
    assert row(found, "position", "F")[-1] == 79
    assert np.isnan(row(found, "position", "ALL")[-1])
    assert np.isnan(found["gain"].sum(skipna=False))


def test_a_fee_for_what_was_never_held() -> None:
    fee = Entry(EntryType.FEE, on(1), "EUR", 300, symbol="F")
    rates = table({"USD": [0.90, 0.95, 0.80]})
    found = parts(deposit, fee, closes=table({"F": [100.0, 101.0, 120.0]}), rates=rates)
    assert row(found, "position", "F") == [0, 0, 0, -3, 0, -3]


def test_nothing_and_refusals() -> None:
    found = parts(closes=pd.DataFrame())
    assert found.empty
    assert found.index.names == ["kind", "name"]
    assert found["gain"].sum() == 0
    with pytest.raises(InputError, match="since '2024-06-03': give a day before 2024-06-03"):
        parts(deposit, closes=pd.DataFrame(), since=0, until=0)


@given(
    entries=journals("fifo"),
    seed=st.integers(0, 2**32),
    ends=st.tuples(st.integers(0, 79), st.integers(0, 79)).filter(lambda both: both[0] != both[1]),
)
def test_all_rows_together_are_the_portfolio(
    entries: Numbered, seed: int, ends: tuple[int, int]
) -> None:
    rng, days = np.random.default_rng(seed), pd.date_range(FIRST - timedelta(1), periods=80)
    moves = np.exp(rng.normal(0, 0.03, (80, len(SYMBOLS) + 2)).cumsum(axis=0))
    closes = pd.DataFrame(100 * moves[:, 2:], days, list(SYMBOLS))
    rates = pd.DataFrame(moves[:, :2] * [0.4, 0.003], days, ["USD", "JPY"])
    quoted = dict(zip(SYMBOLS, ["USD", "JPY", "BHD"] * 3, strict=False))
    since, until = sorted(days[end].date() for end in ends)
    found = attribution(
        entries, closes, currencies=quoted, rates=rates, base="BHD", since=since, until=until
    )
    history = value_history(
        entries,
        closes,
        currencies=quoted,
        rates=rates,
        base="BHD",
        days=pd.DatetimeIndex([since, until]),
    ).loc[str(since) :]
    size = 1 + found[["opening", "closing", "bought", "sold"]].abs().to_numpy().sum()
    gains = found["closing"] - found["opening"] - found["bought"] + found["sold"] + found["income"]
    assert found["gain"].to_list() == pytest.approx(gains.to_list(), abs=1e-9 * size)
    if history.empty:
        assert found.empty
        return
    value, flow = history["value"], history["flow"]
    assert found["opening"].sum() == pytest.approx(value.iloc[0], abs=1e-9 * size)
    assert found["closing"].sum() == pytest.approx(value.iloc[-1], abs=1e-9 * size)
    gain = value.iloc[-1] - value.iloc[0] - flow.iloc[1:].sum()
    assert found["gain"].sum() == pytest.approx(gain, abs=1e-9 * size)
