"""What stands behind the pages in tests: prepared answers, and a server on loopback."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
from tornado.ioloop import IOLoop

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.backtesting.store.parquet import ParquetCubes
from stockanalyst.exceptions import InvalidSymbol
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import LSTMConfig
from stockanalyst.frames import price_frame
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.symbols import parse_symbol
from stockanalyst.recommendation.policy import Policy
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.analysis import AnalysisService
from stockanalyst.services.backtests import BacktestService
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.protocols import Progress
from stockanalyst.services.requests import Options, options
from tests.services.conftest import NOW, Headlines, news_of

LAST = pd.Timestamp("2013-03-01")
NOTE = "yahoo can't be reached; <these> are embedded prices"


class _Walk:
    """A provider of one random walk, whatever the symbol."""

    name = "memory"

    def history(self, symbol: str) -> PriceHistory:
        returns = np.random.default_rng(7).normal(0, 0.01, 900)
        sessions = pd.bdate_range(end=LAST, periods=returns.size)
        closes = pd.DataFrame({"close": 400 * np.exp(np.cumsum(returns))}, index=sessions)
        frame = price_frame(closes, where=self.name)
        return PriceHistory(symbol, frame, self.name, LAST, (NOTE,))


@cache
def example(horizon: int = 7) -> Analysis:
    """An analysis of AAPL by two quick models, the LSTM missing."""

    def provider(_name: str) -> _Walk:
        return _Walk()

    plan, nowhere = WalkForward(), Path("/nonexistent")
    networks = NetworkService(
        provider=provider,
        artifacts=FolderArtifacts(own=nowhere, shipped=nowhere),
        trainer=None,
        config=LSTMConfig(),
        plan=plan,
    )
    service = AnalysisService(
        provider=provider,
        networks=networks,
        backtests=BacktestService(networks=networks, store=ParquetCubes),
        sentiment=news_of(
            Headlines("wire", ("Profit rises at <b>all</b> plants", "Shares fall 3 %")),
            Headlines(
                "news", ("Profit rises at <b>all</b> plants", "Dividend raised", "A calm day")
            ),
        ),
        plan=plan,
        policy=Policy(),
        now=lambda: NOW,
    )
    return service.analyze("AAPL", options(models=["linear", "lstm"], horizon=horizon))


@dataclass
class Answers:
    """An analyzer that knows AAPL and MSFT, and holds its answers while `gate` is closed."""

    asked: list[tuple[str, Options]] = field(default_factory=list)
    failure: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    threads: set[int] = field(default_factory=set)
    called: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def analyze(self, symbol: str, options: Options, *, progress: Progress) -> Analysis:
        self.asked.append((symbol, options))
        self.threads.add(threading.get_ident())
        self.called.set()
        progress("Loading prices", 0.0)
        progress("Walking forward", 0.5)
        if not self.gate.wait(timeout=30):
            raise TimeoutError
        if self.failure is not None:
            raise self.failure
        name = parse_symbol(symbol)
        if name not in {"AAPL", "MSFT"}:
            raise InvalidSymbol(symbol, "nobody knows it; did you mean AAPL?")
        return replace(example(options.horizon), symbol=name)


async def _cancel_the_rest() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def served(apps: dict[str, Any]) -> Iterator[str]:
    """A server of these apps in a thread of this process; its address without a path."""
    ready: queue.Queue[tuple[int, Callable[[], None]]] = queue.Queue()

    def run() -> None:
        loop = IOLoop(make_current=False)
        server = pn.io.server.get_server(apps, address="127.0.0.1", loop=loop)
        server.start()
        ready.put((server.port, lambda: loop.add_callback(loop.stop)))
        loop.start()
        server.stop()
        loop.asyncio_loop.run_until_complete(_cancel_the_rest())
        loop.close(all_fds=True)

    thread = threading.Thread(target=run)
    thread.start()
    port, stop = ready.get(timeout=30)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop()
        thread.join(timeout=30)
        pn.state.cache.clear()
