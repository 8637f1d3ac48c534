"""What every provider of prices promises. A new one adds itself to `provider` below."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stockanalyst.exceptions import InvalidSymbol
from stockanalyst.frames import PRICE_COLUMNS, price_frame
from stockanalyst.infra.db import sqlite_url
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.protocols import IncrementalProvider, PriceProvider
from stockanalyst.market.providers.chain import ChainProvider
from stockanalyst.market.providers.files import FilesProvider
from stockanalyst.market.providers.sample import SampleProvider
from stockanalyst.market.providers.stored import StoredProvider
from stockanalyst.market.providers.yahoo import YahooProvider
from stockanalyst.market.store.sql import SqlPriceStore
from tests.infra.loopback_vendor import loopback_vendor
from tests.market.providers.keyed import (
    alpha_vantage,
    eodhd,
    eodhd_plan,
    free_plan,
    premium_plan,
)
from tests.market.providers.loopback import PAYLOADS, loopback_yahoo

NAMES = (
    "sample",
    "files",
    "yahoo",
    "eodhd",
    "alpha_vantage",
    "alpha_vantage for free",
    "stored",
    "chain",
    "chain in need",
)


def unreachable(seconds: float) -> None:
    raise ConnectionRefusedError


@pytest.fixture(params=NAMES)
def provider(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PriceProvider]:
    (tmp_path / "AAPL.csv").write_text("Date,Close\n2024-01-02,10\n2024-01-03,11\n")
    files = FilesProvider(tmp_path)
    with (
        loopback_yahoo(monkeypatch) as server,
        loopback_vendor() as eodhd_server,
        loopback_vendor() as paid,
        loopback_vendor() as unpaid,
    ):
        eodhd_server.answer, paid.answer, unpaid.answer = eodhd_plan, premium_plan, free_plan
        server.body = (PAYLOADS / "chart_200.json").read_text()
        now = pd.Timestamp("2026-01-20 12:00", tz="UTC")
        yahoo = YahooProvider(lambda: now, 10.0, tmp_path / "cache", probe=lambda _: None)
        offline = YahooProvider(lambda: now, 10.0, tmp_path / "cache", probe=unreachable)
        providers: dict[str, PriceProvider] = {
            "sample": SampleProvider(),
            "files": files,
            "yahoo": yahoo,
            "eodhd": eodhd(eodhd_server),
            "alpha_vantage": alpha_vantage(paid),
            "alpha_vantage for free": alpha_vantage(unpaid),
            "stored": StoredProvider(
                eodhd(eodhd_server),
                SqlPriceStore(sqlite_url(tmp_path / "prices.sqlite")),
                lambda: now,
            ),
            "chain": ChainProvider((yahoo, SampleProvider())),
            "chain in need": ChainProvider((offline, files)),
        }
        yield providers[request.param]


@pytest.fixture
def history(provider: PriceProvider) -> PriceHistory:
    return provider.history("AAPL")


def test_sessions_are_plain_ascending_dates(history: PriceHistory) -> None:
    sessions = history.frame.index
    assert isinstance(sessions, pd.DatetimeIndex)
    assert sessions.name == "session"
    assert sessions.tz is None
    assert sessions.is_unique
    assert sessions.is_monotonic_increasing
    assert (sessions == sessions.normalize()).all()


def test_columns_and_values(history: PriceHistory) -> None:
    frame = history.frame
    assert list(frame.columns) == list(PRICE_COLUMNS)
    assert (frame.dtypes == np.float64).all()
    assert (frame[["close", "adj_close", "split_ratio"]] > 0).all(axis=None)
    assert np.isfinite(frame[["close", "adj_close", "split_ratio", "dividend"]]).all(axis=None)
    pd.testing.assert_frame_equal(price_frame(frame, where="again"), frame)


def test_it_says_whose_prices_and_of_what(provider: PriceProvider, history: PriceHistory) -> None:
    assert history.symbol == "AAPL"
    assert provider.name
    if isinstance(provider, ChainProvider):
        assert provider.name == "auto"
        assert history.provider in {link.name for link in provider.providers}
    else:
        assert history.provider == provider.name


def test_today_is_a_date_not_before_the_last_session(history: PriceHistory) -> None:
    assert history.today.tz is None
    assert history.today == history.today.normalize()
    assert history.today >= history.frame.index[-1]


def test_it_says_of_when_they_are(history: PriceHistory) -> None:
    moment = pd.Timestamp(history.as_of)
    assert moment.tz_localize(None).normalize() == history.today
    assert history.fetched_at is None or history.fetched_at.tz is not None


def test_the_latest_alone(provider: PriceProvider, history: PriceHistory) -> None:
    if not isinstance(provider, IncrementalProvider):
        return
    since = history.frame.index[-1]
    latest = provider.history_since("AAPL", since)
    pd.testing.assert_frame_equal(latest.frame.loc[since:], history.frame.loc[since:])
    assert (latest.provider, latest.today) == (history.provider, history.today)


def test_notes_are_sentences(history: PriceHistory) -> None:
    assert all(note.endswith(".") and "\n" not in note for note in history.notes)


def test_unknown_symbol(provider: PriceProvider) -> None:
    with pytest.raises(InvalidSymbol) as caught:
        provider.history("ZZZZ")
    assert str(caught.value).startswith("symbol 'ZZZZ': ")
    assert "\n" not in str(caught.value)


def test_answers_are_independent(provider: PriceProvider, history: PriceHistory) -> None:
    before = history.frame.copy(deep=True)
    history.frame.loc[:, "close"] = 1.0
    del history.frame["open"]
    pd.testing.assert_frame_equal(provider.history("AAPL").frame, before)
