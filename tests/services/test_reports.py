"""The report as a whole: on the sample, in its own process; and what is refused before."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from inspect import unwrap
from pathlib import Path
from typing import Any

import nbformat
import pytest

import stockanalyst as sa
from stockanalyst.bootstrap import build_services
from stockanalyst.exceptions import InputError, ReportError
from stockanalyst.infra.settings import LSTMSettings, PolicySettings, Settings, load_settings
from stockanalyst.market.prices import PriceHistory
from stockanalyst.reporting.figures import fan_chart
from stockanalyst.reporting.manifest import Environment
from stockanalyst.reporting.renderers.html_page import html_page
from stockanalyst.reporting.renderers.papermill_notebook import PapermillNotebooks
from stockanalyst.services.protocols import Progress
from stockanalyst.services.reports import NOTEBOOK, Report, ReportService, folder_name
from stockanalyst.services.requests import Options, options
from tests.reporting.conftest import Page
from tests.services.conftest import Build, MemoryProvider, autoregressive

MIME = "application/vnd.stockanalyst.analysis+json"
QUICK = options(provider="sample", models=["drift", "linear"], horizon=3)


def service(tmp_path: Path) -> ReportService:
    settings = Settings(cache_dir=tmp_path / "cache", reports_dir=tmp_path / "reports")
    return build_services(settings).reports


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return service(tmp_path_factory.mktemp("one")).render("aapl ", QUICK)


@pytest.fixture(scope="module")
def page(made: Report) -> Page:
    return Page(made.html.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest(made: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made.manifest.read_text(encoding="utf-8"))
    return found


def test_three_files_in_a_folder_named_by_symbol_and_cutoff(made: Report) -> None:
    assert made.folder.parts[-2:] == ("reports", "AAPL-2013-03-01")
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "manifest.json",
        "report.html",
        "report.ipynb",
    ]
    assert [path.name for path in made.folder.parent.iterdir()] == ["AAPL-2013-03-01"]


def test_the_page_shows_the_analysis_and_its_reading(page: Page) -> None:
    assert page.all("h1")[0].text == "AAPL after the close of 2013-03-01"
    assert [heading.text for heading in page.all("h2")] == [
        "The answer",
        "How to read it",
        "The last forecasts that can be checked",
        "What it can't tell",
        "What this report was made from",
    ]
    # The last close in the sample, as published: 430.47.
    assert "430.47" in page.all("main")[0].text
    assert len(page.all("svg")) == 2


def test_the_page_refers_to_nothing_outside_itself(page: Page) -> None:
    assert {"script", "link", "iframe", "object", "embed"}.isdisjoint(
        element.tag for element in page.elements
    )
    for element in page.elements:
        for name in ("src", "srcset", "href", "xlink:href", "action", "poster", "data"):
            assert element.attributes.get(name, "#").startswith("#")
    assert "@import" not in page.source
    assert "http" not in page.source
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", page.source))


def test_links_inside_the_page_arrive(page: Page) -> None:
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    wanted = {
        element.attributes["href"].removeprefix("#")
        for element in page.elements
        if "href" in element.attributes
    }
    assert wanted <= set(ids)


def test_the_notebook_ran_to_its_end_and_shows_the_same(
    made: Report, manifest: dict[str, Any]
) -> None:
    notebook = nbformat.read(made.notebook, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    (shown,) = (output.data[MIME] for output in outputs if MIME in output.get("data", {}))
    assert shown["symbol"] == "AAPL"
    assert [row["model"] for row in shown["forecast"][::3]] == ["random_walk", "drift", "linear"]
    assert shown["recommendation"]["action"] == manifest["recommendation"]


def test_the_manifest_tells_what_was_asked_and_what_was_used(manifest: dict[str, Any]) -> None:
    parameters = manifest["parameters"]
    assert parameters["given"]["symbol"] == "aapl "
    assert parameters["given"]["cutoff"] is None
    assert parameters["resolved"] == {
        "symbol": "AAPL",
        "horizon": 3,
        "cutoff": "2013-03-01",
        "models": ["random_walk", "drift", "linear"],
        "levels": [0.8, 0.95],
        "provider": "sample",
        "train": True,
    }
    assert parameters["default"].keys() == parameters["resolved"].keys()
    data = manifest["data"]
    # The sample's AAPL: 3,270 sessions from 2000-03-01.
    assert (data["provider"], data["n_sessions"]) == ("sample", 3270)
    assert (data["first_session"], data["last_session"]) == ("2000-03-01", "2013-03-01")
    assert re.fullmatch("[0-9a-f]{64}", data["digest"])
    assert manifest["seed"] is None


def test_another_run_elsewhere_gives_the_same_bytes(
    made: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    again = service(tmp_path).render("aapl ", QUICK, folder=Path("elsewhere"))
    for first, second in (
        (made.manifest, again.manifest),
        (made.html, again.html),
        (made.notebook, again.notebook),
    ):
        assert first.read_bytes() == second.read_bytes()


def test_no_path_of_the_machine_is_in_it(made: Report) -> None:
    for path in made.folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert str(Path.home()) + "/" not in text
        assert "/tmp" not in text  # noqa: S108  looked for, not used
        assert str(Path(__file__).parents[2]) not in text


def test_a_failure_leaves_the_earlier_report_whole(tmp_path: Path) -> None:
    broken = tmp_path / "notebooks"
    broken.mkdir()
    working = service(tmp_path)
    source = nbformat.from_dict(working.notebooks.read(NOTEBOOK))
    source.cells.insert(3, nbformat.v4.new_code_cell("1 / 0", id="broken"))
    nbformat.write(source, broken / NOTEBOOK)
    failing = replace(working, notebooks=PapermillNotebooks(broken))
    target = tmp_path / "r"
    target.mkdir()
    (target / "report.html").write_text("earlier")
    with pytest.raises(ReportError, match="ZeroDivisionError: division by zero") as caught:
        failing.render("AAPL", QUICK, folder=target)
    assert caught.value.cell == 2
    assert [path.name for path in target.iterdir()] == ["report.html"]
    assert (target / "report.html").read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notebooks", "r"]


@dataclass
class Spy:
    """Stands for everything outside; notes what it was asked."""

    asked: list[Mapping[str, object]] = field(default_factory=list)
    targets: list[Path] = field(default_factory=list)
    parameters: str = ""
    executed: dict[str, Any] | None = None

    def read(self, _name: str) -> dict[str, Any]:
        tags = {"tags": ["parameters"]}
        return {"cells": [{"cell_type": "code", "source": self.parameters, "metadata": tags}]}

    def run(
        self, name: str, parameters: Mapping[str, object], *, progress: Progress
    ) -> dict[str, Any]:
        progress(name, 0.0)
        self.asked.append(parameters)
        if self.executed is not None:
            return self.executed
        raise ReportError(name, 1, "stopped here")

    def text(self, _notebook: object) -> str:
        return ""

    @contextmanager
    def publish(self, target: Path) -> Iterator[Path]:
        self.targets.append(target)
        yield target


NAMES = ("symbol", "horizon", "cutoff", "models", "levels", "provider", "train")
ALL = "\n".join(f"{name} = None" for name in NAMES)


class Noted(MemoryProvider):
    """As a chain whose first link didn't answer."""

    def history(self, symbol: str) -> PriceHistory:
        return replace(super().history(symbol), notes=("nobody answered", "memory is old"))


def spied(build: Build, spy: Spy, **build_options: Any) -> ReportService:
    prices = Noted({"^WALK": autoregressive(phi=0.0, seed=3)})
    return ReportService(
        analysis=build(prices, **build_options),
        notebooks=spy,
        page=html_page,
        publish=spy.publish,
        environment=lambda: Environment("3", {}, None),
        reports_dir=Path("reports"),
    )


@pytest.mark.parametrize(
    ("symbol", "chosen", "message"),
    [
        ("../../etc/passwd", options(), "isn't a ticker"),
        ("NOPE", options(), "memory doesn't know it"),
        ("^WALK", options(cutoff="2031-01-01"), "is in the future"),
        ("^WALK", options(cutoff="2016-01-01"), "are needed"),
    ],
)
def test_bad_input_is_refused_before_anything_runs_or_is_written(
    build: Build, *, symbol: str, chosen: Options, message: str
) -> None:
    spy = Spy(parameters=ALL)
    with pytest.raises(InputError, match=message):
        spied(build, spy).render(symbol, chosen)
    assert (spy.asked, spy.targets) == ([], [])


def test_the_notebook_is_given_what_was_found(build: Build) -> None:
    spy = Spy(parameters=ALL)
    with pytest.raises(ReportError, match="stopped here"):
        spied(build, spy).render(" ^walk", options(provider="auto", models=["drift"]))
    (asked,) = spy.asked
    # 1,400 weekdays from 2015-01-01 end on 2020-05-13.
    assert (asked["symbol"], asked["provider"]) == ("^WALK", "memory")
    assert asked["cutoff"] == "2020-05-13"
    assert spy.targets == [Path("reports/_WALK-2020-05-13")]


def test_what_only_the_first_look_learnt_stands_on_the_page(build: Build, tmp_path: Path) -> None:
    shown = {
        "data": {},
        "provider": "memory",
        "notes": ["memory is old"],
        "recommendation": {"action": "NO CALL"},
        "lstm": None,
    }
    output = {"output_type": "display_data", "data": {MIME: shown}}
    cell = {"cell_type": "code", "source": "", "metadata": {}, "outputs": [output]}
    spy = Spy(parameters=ALL, executed={"cells": [cell]})

    def page(_notebook: object, _manifest: object, *, title: str, notes: Sequence[str]) -> str:
        return f"{title}: {', '.join(notes)}"

    reports = replace(spied(build, spy), page=page)
    made = reports.render("^WALK", options(models=["drift"]), folder=tmp_path)
    assert made.html.read_text() == "^WALK after the close of 2020-05-13: nobody answered"


def test_a_notebook_that_takes_other_parameters_is_not_run(build: Build) -> None:
    spy = Spy(parameters=ALL.replace("horizon", "horizn"))
    with pytest.raises(InputError, match=r"did you mean horizn\?"):
        spied(build, spy).render("^WALK", options(models=["drift"]))
    assert (spy.asked, spy.targets) == ([], [])


def test_a_network_is_trained_before_the_notebook_runs_and_told(build: Build) -> None:
    spy, trained, told = Spy(parameters=ALL), [], []

    def train(prices: Mapping[str, Any], **_: Any) -> Any:
        trained.append(list(prices))
        raise AssertionError("trained")

    with pytest.raises(AssertionError, match="trained"):
        spied(build, spy, trainer=train).render(
            "^WALK", options(models=["lstm"]), progress=lambda task, _share: told.append(task)
        )
    assert trained == [["^WALK"]]
    assert spy.asked == []
    assert any(task.startswith("Training the LSTM of ^WALK") for task in told)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("AAPL", "AAPL-2013-03-01"),
        ("BRK.B", "BRK.B-2013-03-01"),
        ("^GSPC", "_GSPC-2013-03-01"),
        ("EURUSD=X", "EURUSD_X-2013-03-01"),
    ],
)
def test_folders_have_names_that_every_file_system_takes(symbol: str, name: str) -> None:
    assert folder_name(symbol, "2013-03-01") == name


def test_the_process_has_the_settings_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = Settings(
        cache_dir=Path("cache"),
        yahoo_timeout=1.5,
        policy=PolicySettings(cost=0.002),
        lstm=LSTMSettings(seed=5, dropout=0.1),
    )
    runner = build_services(given).reports.notebooks
    assert isinstance(runner, PapermillNotebooks)
    for name, value in runner.environment.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == given.model_copy(update={"cache_dir": tmp_path / "cache"})


def test_notebooks_have_the_verbs(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(InputError, match="is a file; give a folder"):
        sa.render_report(
            "AAPL", provider="sample", models=["drift"], folder=str(tmp_path / "taken")
        )
    assert unwrap(sa.fan_chart) is fan_chart
