"""Providers without I/O, and services over them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.backtesting.store.parquet import ParquetCubes
from stockanalyst.exceptions import InvalidSymbol
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import LSTMConfig
from stockanalyst.forecasting.protocols import Trainer
from stockanalyst.frames import price_frame
from stockanalyst.infra.cache import MemoryCache
from stockanalyst.market.prices import PriceHistory
from stockanalyst.recommendation.policy import Policy
from stockanalyst.sentiment.aggregation import Aggregation
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer
from stockanalyst.sentiment.monitoring import Thresholds
from stockanalyst.sentiment.protocols import SentimentSource
from stockanalyst.services.analysis import AnalysisService
from stockanalyst.services.backtests import BacktestService
from stockanalyst.services.gathering import Gatherer, Offer
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.sentiment import SentimentService
from tests.portfolio.store.conftest import ledger, postgres

__all__ = ["ledger", "postgres"]

SESSIONS = 1400
NOW = pd.Timestamp("2024-03-08 21:00", tz="UTC")
CONFIG = LSTMConfig(lookback=5, units=2, epochs=1, horizon=7)


@dataclass
class MemoryProvider:
    """Prices from a dict of closes; the index is every weekday from a start on."""

    closes: dict[str, np.ndarray]
    name: str = "memory"
    start: str = "2015-01-01"
    folder: str = ""
    asked: list[str] = field(default_factory=list)

    def history(self, symbol: str) -> PriceHistory:
        self.asked.append(symbol)
        if symbol not in self.closes:
            raise InvalidSymbol(symbol, "memory doesn't know it")
        closes = self.closes[symbol]
        index = pd.bdate_range(self.start, periods=len(closes))
        frame = price_frame(pd.DataFrame({"close": closes}, index=index), where="memory")
        return PriceHistory(symbol, frame, self.name, today=frame.index[-1], folder=self.folder)


def autoregressive(phi: float, seed: int, n: int = SESSIONS) -> np.ndarray:
    """Prices whose daily log returns are AR(1) with innovations of 1 %."""
    shocks = np.random.default_rng(seed).normal(0, 0.01, n)
    returns = np.zeros(n)
    for t in range(1, n):
        returns[t] = phi * returns[t - 1] + shocks[t]
    return np.asarray(100 * np.exp(np.cumsum(returns)))


@dataclass(frozen=True)
class Headlines:
    """The same headlines on every symbol, an hour apart, the last an hour before the end."""

    name: str
    titles: tuple[str, ...]

    def fetch(self, company: Company, window: Window) -> Findings:
        return Findings(
            [
                Article(self.name, f"{title} (NYSE: {company.symbol})", window.end - hours)
                for title, hours in zip(self.titles, map(_hours, count(1)), strict=False)
            ]
        )


def _hours(number: int) -> timedelta:
    return timedelta(hours=number)


def news_of(*sources: SentimentSource) -> SentimentService:
    """News of these sources alone."""
    cache = MemoryCache(lambda: NOW)
    offers = {source.name: Offer(source, reach=None) for source in sources}
    return SentimentService(
        gatherer=Gatherer(
            offers=offers,
            cache=lambda: cache,
            deadline=30.0,
            lifetime=timedelta(minutes=15),
            now=lambda: NOW,
            elapsed=time.monotonic,
        ),
        default=list(offers),
        offline=(),
        scorer=lambda _name: FinanceLexiconScorer(),
        rules=Aggregation(),
        thresholds=Thresholds(),
    )


Build = Callable[..., AnalysisService]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Make an AnalysisService over prices in memory."""

    def make(
        provider: MemoryProvider, *, trainer: Trainer | None = None, config: LSTMConfig = CONFIG
    ) -> AnalysisService:
        networks = NetworkService(
            provider=lambda _name: provider,
            artifacts=FolderArtifacts(own=tmp_path / "own", shipped=tmp_path / "shipped"),
            trainer=trainer,
            config=config,
            plan=WalkForward(),
        )
        return AnalysisService(
            provider=lambda _name: provider,
            networks=networks,
            backtests=BacktestService(networks=networks, store=ParquetCubes),
            sentiment=news_of(),
            plan=WalkForward(),
            policy=Policy(),
            now=lambda: NOW,
        )

    return make
