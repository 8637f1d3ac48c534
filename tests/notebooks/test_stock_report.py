"""What a notebook of this project looks like; that it runs is nbval's part."""

import ast
import inspect
import json
import tokenize
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stockanalyst.api import analyze
from stockanalyst.forecasting.base import DEFAULT_LEVELS
from stockanalyst.forecasting.registry import DEFAULT_MODELS
from stockanalyst.reporting.parameters import declared_parameters
from stockanalyst.services.requests import HORIZON

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


@pytest.fixture(params=NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def notebook(request: pytest.FixtureRequest) -> Any:
    return read(request.param)


@pytest.fixture
def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tagged(notebook: Any, tag: str) -> list[Any]:
    return [cell for cell in notebook["cells"] if tag in cell["metadata"].get("tags", [])]


def test_nothing_is_stored_of_a_run(code: list[Any]) -> None:
    for cell in code:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert cell["metadata"].keys() <= {"tags"}


def test_cells_are_short_and_define_nothing(code: list[Any]) -> None:
    for cell in code:
        assert len(cell["source"].splitlines()) <= 12
        for node in ast.walk(ast.parse(cell["source"])):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def test_every_step_is_spoken_of_first(notebook: Any) -> None:
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds[0] == "markdown"
    for before, kind in pairwise(kinds):
        assert before == "markdown" or kind == "markdown"


def test_one_cell_holds_the_parameters(notebook: Any) -> None:
    (cell,) = tagged(notebook, "parameters")
    statements = ast.parse(cell["source"]).body
    assert all(isinstance(statement, ast.AnnAssign) for statement in statements)
    comments = [
        token.start[0]
        for token in tokenize.generate_tokens(StringIO(cell["source"]).readline)
        if token.type == tokenize.COMMENT
    ]
    assert comments == [statement.end_lineno for statement in statements]


def test_any_python_runs_it(notebook: Any) -> None:
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"].keys() == {"kernelspec", "language_info"}


def test_the_report_takes_what_analyze_takes_and_defaults_to_the_sample() -> None:
    declared = declared_parameters(read(FOLDER / "stock_report.ipynb"), name="stock_report.ipynb")
    assert set(declared) == set(inspect.signature(analyze).parameters)
    assert declared == {
        "symbol": "AAPL",
        "horizon": HORIZON,
        "cutoff": None,
        "models": list(DEFAULT_MODELS),
        "levels": list(DEFAULT_LEVELS),
        "provider": "sample",
        "train": True,
    }
