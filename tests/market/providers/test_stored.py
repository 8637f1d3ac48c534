"""What is asked of a provider, what of the store, and what a reader is told of a past that changed.

The symbol is a coin, for which every day is a session that closes at midnight UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InvalidSymbol, MissingCredential, RateLimited, SourceTimeout
from stockanalyst.frames import price_frame
from stockanalyst.infra.db import sqlite_url
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.protocols import StoredPrices
from stockanalyst.market.providers.stored import StoredProvider, restatement
from stockanalyst.market.store.sql import SqlPriceStore

COIN = "BTC-USD"
DAYS = pd.date_range("2020-06-01", "2020-09-30", name="session")


def prices(**columns: object) -> pd.DataFrame:
    """Closes of 400, 401, …, a day each; `columns` are given as they are."""
    closes = np.arange(400.0, 400.0 + len(DAYS))
    return price_frame(pd.DataFrame({"close": closes} | columns, DAYS), where="test")


def after_split(frame: pd.DataFrame, day: str, ratio: float, *, raw: bool) -> pd.DataFrame:
    """The same history once `day` has come, on which `ratio` shares became of one."""
    new = frame.copy()
    columns = ["adj_close"] if raw else ["close", "adj_close", "dividend"]
    new.loc[new.index < day, columns] /= ratio
    new.loc[day, "split_ratio"] = ratio
    return new


def after_dividend(frame: pd.DataFrame, day: str, amount: float) -> pd.DataFrame:
    """The same history once `day` has come, on which `amount` was paid (Yahoo's arithmetic)."""
    new = frame.copy()
    before = frame["close"].shift(1)[day]
    new.loc[new.index < day, "adj_close"] *= 1 - amount / before
    new.loc[day, "dividend"] = amount
    return new


@dataclass
class World:
    """A vendor and a clock, both as a test turns them."""

    truth: pd.DataFrame
    noon: str
    hour: str = "12:00"
    name: str = "vendor"
    failure: Exception | None = None
    shortfall: str = ""
    notes: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def now(self) -> pd.Timestamp:
        return pd.Timestamp(f"{self.noon} {self.hour}", tz="UTC")

    def history(self, symbol: str) -> PriceHistory:
        self.asked.append("all")
        return self._answer(symbol, self.truth)

    def _answer(self, symbol: str, frame: pd.DataFrame) -> PriceHistory:
        if self.failure:
            raise self.failure
        closed = frame.loc[frame.index < self.noon]
        today = pd.Timestamp(self.noon)
        return PriceHistory(
            symbol, closed.copy(), self.name, today, self.notes, shortfall=self.shortfall
        )


class Incremental(World):
    """It can be asked for the latest alone."""

    def history_since(self, symbol: str, since: pd.Timestamp) -> PriceHistory:
        self.asked.append(f"since {since:%Y-%m-%d}")
        return self._answer(symbol, self.truth.loc[since:])


@pytest.fixture
def world() -> World:
    return Incremental(prices(), "2020-08-30")


@pytest.fixture
def store(tmp_path: Path) -> SqlPriceStore:
    return SqlPriceStore(sqlite_url(tmp_path / "prices.sqlite"))


@pytest.fixture
def ask(world: World, store: SqlPriceStore) -> Callable[[str], PriceHistory]:
    """The stored provider's answer at noon of a day."""

    def history(noon: str) -> PriceHistory:
        world.noon = noon
        return StoredProvider(world, store, world.now).history(COIN)

    return history


Ask = Callable[[str], PriceHistory]


def test_the_first_answer_is_kept_and_serves_until_the_next_close(world: World, ask: Ask) -> None:
    world.notes = ("Its own note.",)
    first, second = ask("2020-08-30"), ask("2020-08-30")
    assert world.asked == ["all"]
    for history in (first, second):
        pd.testing.assert_frame_equal(history.frame, world.truth.loc[:"2020-08-29"])
        assert history.provider == "vendor"
        assert history.notes == ("Its own note.",)
        assert history.as_of == pd.Timestamp("2020-08-30 12:00", tz="UTC")
        assert history.today == pd.Timestamp("2020-08-30")


def test_only_what_is_new_is_asked_for(world: World, ask: Ask) -> None:
    ask("2020-08-30")
    history = ask("2020-09-02")
    assert world.asked == ["all", "since 2020-07-31"]
    pd.testing.assert_frame_equal(history.frame, world.truth.loc[:"2020-09-01"])
    assert history.notes == ()
    assert history.as_of == pd.Timestamp("2020-09-02 12:00", tz="UTC")
    pd.testing.assert_frame_equal(ask("2020-09-02").frame, history.frame)
    assert len(world.asked) == 2


def test_a_session_that_is_not_published_yet_is_asked_for_once_an_hour(
    world: World, ask: Ask
) -> None:
    whole, world.truth = world.truth, world.truth.loc[:"2020-08-28"]
    world.hour = "23:50"
    ask("2020-08-29")
    world.hour = "00:10"  # another has closed since
    ask("2020-08-30")
    assert len(world.asked) == 2
    world.truth, world.hour = whole, "01:09"
    assert ask("2020-08-30").frame.index[-1] == pd.Timestamp("2020-08-28")
    assert len(world.asked) == 2
    world.hour = "01:10"
    assert ask("2020-08-30").frame.index[-1] == pd.Timestamp("2020-08-29")


def test_a_provider_that_cannot_is_asked_for_all(store: SqlPriceStore) -> None:
    world = World(prices(), "2020-08-30")
    StoredProvider(world, store, world.now).history(COIN)
    world.noon = "2020-09-02"
    history = StoredProvider(world, store, world.now).history(COIN)
    assert world.asked == ["all", "all"]
    pd.testing.assert_frame_equal(history.frame, world.truth.loc[:"2020-09-01"])
    assert history.notes == ()


@pytest.mark.parametrize(
    ("raw", "closes"), [(True, "adjusted closes"), (False, "closes and adjusted closes")]
)
def test_a_split_replaces_the_history_and_is_told(
    world: World, ask: Ask, *, raw: bool, closes: str
) -> None:
    ask("2020-08-30")
    world.truth = after_split(world.truth, "2020-08-31", 4.0, raw=raw)
    history = ask("2020-09-02")
    assert world.asked == ["all", "since 2020-07-31", "all"]
    assert history.frame["adj_close"].iloc[0] == 100.0
    pd.testing.assert_frame_equal(history.frame, world.truth.loc[:"2020-09-01"])
    note = (
        f"vendor restated the history of {COIN} on 2020-09-02: "
        f"{closes} before 2020-08-31 changed by ×0.25 (a split)."
    )
    assert history.notes == (note,)
    assert ask("2020-09-02").notes == (note,)
    assert ask("2020-09-03").notes == ()


def test_a_dividend_and_both(world: World, ask: Ask) -> None:
    ask("2020-08-30")
    world.truth = after_dividend(world.truth, "2020-08-31", 4.9)  # 1 % of 490, the close before
    (note,) = ask("2020-09-02").notes
    assert note.endswith(": adjusted closes before 2020-08-31 changed by ×0.99 (a dividend).")
    world.truth = after_dividend(world.truth, "2020-09-03", 4.93)
    world.truth = after_split(world.truth, "2020-09-04", 2.0, raw=True)
    (note,) = ask("2020-09-06").notes
    assert note.endswith(
        ": adjusted closes before 2020-09-03 changed by ×0.495 (a split and a dividend)."
    )


@pytest.mark.parametrize("day", ["2020-08-31", "2020-08-20"])
def test_dividends_that_a_split_rescales_are_not_new(day: str) -> None:
    """Nor is the one that was paid, and known, on the day of the split."""
    whole = prices()
    for paid in ("2020-06-10", "2020-07-10", "2020-08-20"):
        whole = after_dividend(whole, paid, 1.0)
    said = restatement(whole.loc[:"2020-08-29"], after_split(whole, day, 4.0, raw=False))
    assert said == f"closes and adjusted closes before {day} changed by ×0.25 (a split)"


def test_a_correction(world: World, ask: Ask) -> None:
    ask("2020-08-30")
    world.truth.loc["2020-08-20", "close"] = 504.0  # instead of 480
    history = ask("2020-09-02")
    assert history.notes == (
        (
            f"vendor restated the history of {COIN} on 2020-09-02: closes "
            "from 2020-08-20 to 2020-08-20 changed by up to 5 % (a correction)."
        ),
    )
    assert history.frame.loc["2020-08-20", "close"] == 504.0


def test_sessions_that_come_and_go(world: World, ask: Ask) -> None:
    whole = world.truth
    world.truth = whole.drop(index=pd.Timestamp("2020-08-11"))
    ask("2020-08-30")
    world.truth = whole.drop(index=list(pd.DatetimeIndex(["2020-08-20", "2020-08-21"])))
    (note,) = ask("2020-09-02").notes
    assert note.endswith(
        ": 1 session added, the last 2020-08-11; 2 sessions taken out, the last 2020-08-21."
    )


def test_rounding_is_no_restatement(world: World, ask: Ask) -> None:
    ask("2020-08-30")
    world.truth["adj_close"] = world.truth["adj_close"].astype(np.float32) * (1 - 1e-7)
    assert ask("2020-09-02").notes == ()
    assert world.asked == ["all", "since 2020-07-31"]


def test_a_gap_is_filled_by_all(world: World, ask: Ask) -> None:
    """A vendor with a window of its own: what it gives begins after what is stored."""
    ask("2020-07-02")
    world.truth = world.truth.loc["2020-08-01":]
    (note,) = ask("2020-09-02").notes
    assert note.endswith(": it begins on 2020-08-01, and what was stored ends before.")


def test_a_window_that_moves_on_leaves_the_old_sessions(world: World, ask: Ask) -> None:
    whole, world.shortfall = world.truth, "the past month"
    world.truth = whole.loc["2020-07-30":]
    ask("2020-08-30")
    world.truth = whole.loc["2020-08-02":]
    history = ask("2020-09-02")
    assert world.asked == ["all", "all"]
    assert history.shortfall == "the past month"
    pd.testing.assert_frame_equal(history.frame, whole.loc["2020-07-30":"2020-09-01"])
    world.truth, world.shortfall = whole, ""
    better = ask("2020-09-03")
    assert (better.shortfall, better.notes) == ("", ())
    assert better.frame.index[0] == DAYS[0]


def test_old_sessions_that_can_no_longer_be_adjusted_are_dropped(world: World, ask: Ask) -> None:
    ask("2020-08-30")
    split = after_split(world.truth, "2020-08-31", 4.0, raw=True)
    world.truth = split.loc["2020-08-02":]
    history = ask("2020-09-02")
    assert history.frame.index[0] == pd.Timestamp("2020-08-02")
    assert history.notes[0].endswith(
        "by ×0.25 (a split); sessions before 2020-08-02 aren't given any more."
    )


@pytest.mark.parametrize(
    ("noon", "age"),
    [("2020-08-31", "24 hours"), ("2020-09-01", "2 days"), ("2020-09-29", "30 days")],
)
def test_a_provider_that_fails_is_stood_in_for(world: World, ask: Ask, noon: str, age: str) -> None:
    before = ask("2020-08-30")
    world.failure = RateLimited("vendor", "HTTP 429")
    history = ask(noon)
    pd.testing.assert_frame_equal(history.frame, before.frame)
    assert history.provider == "vendor"
    assert history.as_of == before.as_of
    assert history.today == pd.Timestamp(noon)
    assert history.shortfall == "prices that were fetched on 2020-08-30"
    assert history.notes == (
        (
            "vendor didn't answer (HTTP 429): these prices are from the local store, fetched "
            f"2020-08-30 12:00 UTC, {age} ago, last session 2020-08-29."
        ),
    )


@pytest.mark.parametrize("kind", [World, Incremental])
@pytest.mark.parametrize("amount", [0.0, 4.6])  # 1 % of 460, the close before
def test_a_plan_that_has_lapsed_takes_nothing_away(
    store: SqlPriceStore, kind: type[World], amount: float
) -> None:
    """Neither what is adjusted nor what is old, whether or not the two plans' prices agree."""
    paid = after_dividend(prices(), "2020-08-01", amount)
    world = kind(paid, "2020-08-30", notes=("All of it.",))
    provider = StoredProvider(world, store, world.now)
    before = provider.history(COIN)
    world.truth = prices().loc["2020-07-20":]
    world.noon, world.notes, world.shortfall = "2020-09-02", ("Less.",), "the last sessions"
    for _ in range(2):
        history = provider.history(COIN)
        pd.testing.assert_frame_equal(history.frame, before.frame)
        assert history.as_of == before.as_of
        assert history.today == pd.Timestamp("2020-09-02")
        assert history.shortfall == "prices that were fetched on 2020-08-30"
        assert history.notes == (
            (
                "vendor gives only the last sessions: these prices are from the local store, "
                "fetched 2020-08-30 12:00 UTC, 3 days ago, last session 2020-08-29."
            ),
            "All of it.",
        )
    assert len(world.asked) == 3
    world.truth, world.notes, world.shortfall = paid, (), ""
    renewed = provider.history(COIN)
    pd.testing.assert_frame_equal(renewed.frame, paid.loc[:"2020-09-01"])
    assert (renewed.shortfall, renewed.notes) == ("", ())


def test_a_provider_that_fails_with_nothing_stored(world: World, ask: Ask) -> None:
    world.failure = SourceTimeout("vendor", "no connection")
    with pytest.raises(SourceTimeout):
        ask("2020-08-30")


@pytest.mark.parametrize(
    "failure", [MissingCredential("vendor", "KEY", "no key"), InvalidSymbol(COIN, "delisted")]
)
def test_no_key_and_no_such_symbol_are_answers(world: World, ask: Ask, failure: Exception) -> None:
    ask("2020-08-30")
    world.failure = failure
    with pytest.raises(type(failure)):
        ask("2020-09-02")


def test_a_store_that_cannot_be_used_costs_a_note(tmp_path: Path, world: World) -> None:
    (tmp_path / "file").touch()
    unusable = SqlPriceStore(sqlite_url(tmp_path / "file" / "prices.sqlite"))
    history = StoredProvider(world, unusable, world.now).history(COIN)
    assert len(history.frame) == 90
    assert history.as_of == world.now()
    (note,) = history.notes
    assert note.startswith("The local price store can't be used (")
    assert note.endswith("): these prices aren't kept.")
    assert world.asked == ["all"]


class Contended:
    """A store into which somebody else writes between every load and save."""

    def __init__(self, theirs: pd.DataFrame, moment: pd.Timestamp, *, full: bool = False) -> None:
        self.theirs = StoredPrices(theirs, moment)
        self.current: StoredPrices | None = None
        self.full = full

    def load(self, *_: object, **__: object) -> StoredPrices | None:
        return self.current

    def save(self, *_: object, **__: object) -> bool:
        if self.full:
            raise OSError("disk full")
        self.current = self.theirs
        return False


def test_who_comes_second_takes_what_the_first_has_stored(world: World) -> None:
    theirs = world.truth.loc[:"2020-08-29"]
    history = StoredProvider(world, Contended(theirs, world.now()), world.now).history(COIN)
    assert world.asked == ["all"]
    assert history.frame is theirs


def test_who_comes_second_again_and_again_has_its_own_answer(world: World) -> None:
    theirs, earlier = world.truth.loc[:"2020-08-20"], world.now() - pd.Timedelta(hours=1)
    history = StoredProvider(world, Contended(theirs, earlier), world.now).history(COIN)
    assert len(world.asked) == 3
    assert len(history.frame) == 90


def test_an_answer_that_cannot_be_kept_is_given(world: World) -> None:
    contended = Contended(world.truth, world.now(), full=True)
    history = StoredProvider(world, contended, world.now).history(COIN)
    assert history.notes == (
        "The local price store can't be used (disk full): these prices aren't kept.",
    )
    assert world.asked == ["all"]


@given(
    st.integers(1, len(DAYS) - 1),
    st.integers(0, len(DAYS) - 2),
    st.sampled_from([1.01, 1.5, 2.0, 0.1, 1 / 3]),
)
def test_a_split_is_found_and_more_of_the_same_is_not(n: int, first: int, ratio: float) -> None:
    """Whatever window of the new history is held against whatever start of the old."""
    whole = prices()
    old = whole.iloc[:n]
    if first >= n:
        return
    assert restatement(old, whole.iloc[first:]) == ""
    day = f"{DAYS[n]:%Y-%m-%d}"
    said = restatement(old, after_split(whole, day, ratio, raw=True).iloc[first:])
    expected = f"adjusted closes before {day} changed by ×{1 / ratio:.4g} (a split)"
    assert said.split(";")[0] == expected
