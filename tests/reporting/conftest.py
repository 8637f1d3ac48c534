"""An analysis to show, and a reader of what is shown."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.backtesting.store.parquet import ParquetCubes
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import LSTMConfig
from stockanalyst.recommendation.policy import Policy
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.analysis import AnalysisService
from stockanalyst.services.backtests import BacktestService
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.requests import options
from tests.services.conftest import NOW, Headlines, MemoryProvider, autoregressive, news_of

_VOID = {"meta", "link", "br", "hr", "img", "input"}


@dataclass
class Element:
    """A tag with its attributes, the tags around it, and the text inside."""

    tag: str
    attributes: dict[str, str]
    around: tuple[str, ...]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A page as a browser takes it; every tag that opens must close."""

    source: str
    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        around = tuple(element.tag for element in self.open)
        element = Element(tag, {name: value or "" for name, value in attrs}, around)
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]


@pytest.fixture(scope="session")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """A random walk, two models, and an LSTM that nobody has trained."""
    nowhere = tmp_path_factory.mktemp("networks")
    provider, plan = MemoryProvider({"WALK": autoregressive(phi=0.0, seed=3)}), WalkForward()
    networks = NetworkService(
        provider=lambda _name: provider,
        artifacts=FolderArtifacts(own=nowhere, shipped=nowhere),
        trainer=None,
        config=LSTMConfig(),
        plan=plan,
    )
    service = AnalysisService(
        provider=lambda _name: provider,
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
    return service.analyze("WALK", options(models=["drift", "linear", "lstm"], horizon=5))
