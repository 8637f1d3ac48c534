"""Analyses that the sessions of one process share."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from dashboards.analysis.state import Analyzer
from stockanalyst.market.symbols import parse_symbol
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.protocols import Progress
from stockanalyst.services.requests import Options

_Key = tuple[str, Options]


class SharedAnalyses:
    """Keeps analyses for a while, so that what many people ask is computed once.

    An analysis costs seconds of a processor and is never changed. Whoever asks for one that is
    being made waits for it; errors reach those who wait and aren't kept.

    Parameters
    ----------
    analyzer : Analyzer
    seconds : float
        How long an analysis is good.
    size : int
        How many are kept; the oldest goes first.
    clock : callable
        Seconds that only grow.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        *,
        seconds: float = 600.0,
        size: int = 64,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._analyzer, self._seconds, self._size, self._clock = analyzer, seconds, size, clock
        self._lock = threading.Lock()
        self._kept: dict[_Key, tuple[float, Future[Analysis]]] = {}

    def analyze(self, symbol: str, options: Options, *, progress: Progress) -> Analysis:
        """As :meth:`stockanalyst.services.analysis.AnalysisService.analyze`."""
        key = (parse_symbol(symbol), options)
        future, is_mine = self._reserve(key)
        if is_mine:
            self._fill(key, future, progress)
        elif not future.done():
            progress(f"Waiting for the analysis of {key[0]} that is under way", 0.0)
        return future.result()

    def _reserve(self, key: _Key) -> tuple[Future[Analysis], bool]:
        """The future of a key, and whether the caller has to fill it."""
        now = self._clock()
        with self._lock:
            made, future = self._kept.get(key, (now, None))
            if future is not None and now - made < self._seconds:
                return future, False
            self._kept.pop(key, None)
            while len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
            future = Future()
            self._kept[key] = now, future
            return future, True

    def _fill(self, key: _Key, future: Future[Analysis], progress: Progress) -> None:
        try:
            future.set_result(self._analyzer.analyze(*key, progress=progress))
        except Exception as error:  # noqa: BLE001  handed on to everyone who waits
            with self._lock:
                self._kept.pop(key, None)
            future.set_exception(error)
