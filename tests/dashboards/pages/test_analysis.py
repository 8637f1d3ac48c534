"""The page file, served."""

import ast
import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import panel as pn
import pytest
import requests
from bokeh.client import ClientSession, pull_session
from panel.models.esm import DataEvent, ReactiveESM
from tornado.ioloop import IOLoop

from dashboards.analysis.state import Analyzer
from tests.dashboards.doubles import Answers, served

PAGES = Path(__file__).parents[3] / "dashboards" / "pages"


def serve(analyzer: Analyzer) -> Iterator[str]:
    """The page itself over another analyzer than its own."""
    pn.state.as_cached("analyses", lambda: analyzer)
    with served({"analysis": str(PAGES / "analysis.py")}) as address:
        yield f"{address}/analysis"


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def address(answers: Answers) -> Iterator[str]:
    yield from serve(answers)


@contextmanager
def visited(url: str, **arguments: str) -> Iterator[ClientSession]:
    """A session over a websocket, as a browser has one."""
    loop = IOLoop(make_current=False)
    asyncio.set_event_loop(loop.asyncio_loop)
    with pull_session(url=url, arguments=arguments, io_loop=loop) as session:
        yield session
    asyncio.set_event_loop(None)
    loop.close()


def form_of(session: ClientSession) -> ReactiveESM:
    models = session.document.select({"type": ReactiveESM})
    (form,) = (model for model in models if model.class_name == "SymbolForm")
    return form


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.py")), ids=lambda path: path.stem)
def test_a_page_only_wires(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 40
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    own = {name for name in imported if str(name).startswith("dashboards.")}
    assert imported - own <= {"panel", "stockanalyst.bootstrap"}


def test_the_document_comes_without_an_analysis(address: str, answers: Answers) -> None:
    response = requests.get(address, timeout=30)
    assert response.status_code == 200
    assert "<title>Stock analysis</title>" in response.text
    assert answers.asked == []  # that begins when a browser is there to be told


def test_everything_that_the_document_names_is_on_this_server(address: str) -> None:
    html = requests.get(address, timeout=30).text
    named = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert named
    for link in named:
        url = urljoin(address, link)
        assert url.startswith(address.removesuffix("analysis")), url
        assert requests.get(url, timeout=30).status_code == 200, url


def test_the_address_fills_the_form(address: str) -> None:
    with visited(address, symbol="MSFT", horizon="3") as session:
        form = form_of(session).data
        assert (form.symbol, form.horizon, form.busy) == ("MSFT", "3", False)


# Bokeh's Python client sends the whole model with an event; a browser sends its name.
@pytest.mark.filterwarnings("ignore:reference already known:bokeh.util.warnings.BokehUserWarning")
def test_a_submission_over_the_websocket_reaches_the_analyzer(
    address: str, answers: Answers
) -> None:
    answers.gate.clear()
    with visited(address) as session:
        message = {"symbol": "msft", "horizon": "3"}
        session.document.callbacks.send_event(DataEvent(form_of(session), data=message))
        session.force_roundtrip()
        assert answers.called.wait(timeout=30)
    answers.gate.set()
    ((symbol, asked),) = answers.asked
    assert (symbol, asked.horizon, asked.train) == ("msft", 3, False)


def test_without_one_the_form_names_the_default(address: str) -> None:
    with visited(address) as session:
        assert (form_of(session).data.symbol, form_of(session).data.horizon) == ("AAPL", "7")


def test_a_server_that_cant_be_set_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_YAHOO_TIMEOUT", "soon")
    with (
        served({"analysis": str(PAGES / "analysis.py")}) as address,
        visited(f"{address}/analysis") as session,
    ):
        texts = [getattr(model, "text", "") for model in session.document.models]
    assert any("STOCKANALYST_YAHOO_TIMEOUT" in str(text) for text in texts)
