"""What the analysis page knows: what was asked, what is being done, what came of it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import param

from dashboards.errors import sentence
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.protocols import Progress
from stockanalyst.services.requests import HORIZON, Options, options

SYMBOL = "AAPL"
PROMPT = "Choose a symbol and a horizon, then press Analyse."

Run = Callable[[Callable[[], None]], object]
"""Runs a call: at once or later, here or elsewhere."""


class Analyzer(Protocol):
    """Whoever makes an analysis: the service, or something in front of it."""

    def analyze(self, symbol: str, options: Options, *, progress: Progress) -> Analysis:
        """See :meth:`stockanalyst.services.analysis.AnalysisService.analyze`."""


def at_once(call: Callable[[], None]) -> None:
    """The :data:`Run` that waits for nothing."""
    call()


class AnalysisState(param.Parameterized):  # type: ignore[misc]  # param is untyped
    """Inputs and outputs of the page, without a widget.

    Parameters
    ----------
    services : Analyzer
        Makes the analyses.
    work : Run
        Where it does so; a thread, so that it holds up nobody.
    apply : Run
        How a change of an attribute reaches the page; called from any thread, it keeps the order.
    **params
        Values for the inputs.

    Attributes
    ----------
    symbol, horizon, provider : str
        Inputs, as a person wrote them; :meth:`submit` checks them.
    analysis : Analysis or None
        The last one that succeeded.
    query : dict
        Symbol and horizon of it for the page's address; empty while nothing was asked.
    status, share : str, float
        What is being done or has been done, and how much of it in [0, 1].
    error : str
        Why the last submission came to nothing, and what to do; empty when it didn't.
    busy : bool
        Whether an analysis is under way.
    """

    symbol = param.String(SYMBOL)
    horizon = param.String(str(HORIZON))
    provider = param.String("auto")

    analysis = param.Parameter()
    query = param.Dict({})
    status = param.String(PROMPT)
    share = param.Number(0.0)
    error = param.String()
    busy = param.Boolean(default=False)

    def __init__(
        self, services: Analyzer, *, work: Run = at_once, apply: Run = at_once, **params: object
    ) -> None:
        super().__init__(**params)
        self._services, self._work, self._apply = services, work, apply

    def restore(self, query: Mapping[str, str]) -> bool:
        """Take the inputs from the page's address; whether it asks for an analysis."""
        self.param.update({name: query[name] for name in ("symbol", "horizon") if name in query})
        if "symbol" not in query:
            return False
        self.query = {"symbol": self.symbol.strip().upper(), "horizon": self.horizon}
        return True

    def submit(self) -> None:
        """Analyse what the inputs say; without effect while an analysis is under way."""
        self.ask(self.symbol, self.horizon)

    def ask(self, symbol: str, horizon: str) -> None:
        """Take the inputs from a person, and analyse; no effect while one is under way."""
        self._apply(partial(self._begin, symbol, horizon))

    def _begin(self, symbol: str, horizon: str) -> None:
        if self.busy:
            return
        self.param.update(symbol=symbol, horizon=horizon, error="", status="Starting", share=0.0)
        self.busy = True
        self._work(partial(self._analyze, symbol, horizon))

    def _analyze(self, symbol: str, horizon: str) -> None:
        try:
            asked = options(horizon=_number(horizon), provider=self.provider, train=False)
            analysis = self._services.analyze(symbol, asked, progress=self._progress)
        except Exception as error:  # noqa: BLE001  the page's edge: a person reads it
            self._apply(partial(self._fail, error))
        else:
            self._apply(partial(self._show, analysis))

    def _progress(self, task: str, share: float) -> None:
        self._apply(partial(self.param.update, status=task, share=share))

    def _fail(self, error: Exception) -> None:
        self.param.update(error=sentence(error), status="", busy=False)

    def _show(self, analysis: Analysis) -> None:
        shown = {"symbol": analysis.symbol, "horizon": str(analysis.horizon)}
        try:
            self.param.update(**shown, query=shown, analysis=analysis)
        except Exception as error:  # noqa: BLE001  a view that fails to draw must not lock the page
            self._fail(error)
        else:
            status = f"{analysis.symbol} is analysed: {analysis.recommendation.action}"
            self.param.update(status=status, busy=False)


def _number(text: str) -> object:
    """The whole number that a text means; the text itself where it means none."""
    try:
        return int(text)
    except ValueError:
        return text
