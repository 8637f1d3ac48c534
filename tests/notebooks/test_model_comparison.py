"""The comparison of models, run with other parameters than its own."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stockanalyst.api import load_prices
from stockanalyst.forecasting.registry import MODELS
from stockanalyst.market.prices import rebased_close
from stockanalyst.reporting.parameters import declared_parameters
from stockanalyst.reporting.renderers.papermill_notebook import PapermillNotebooks
from stockanalyst.services.protocols import silent

NAME = "model_comparison.ipynb"
FOLDER = Path(__file__).parents[2] / "notebooks"
PARAMETERS: dict[str, object] = {
    "symbols": ["GOOG", "IBM", "MSFT"],
    "first": "2008-01-02",
    "n_cutoffs": 65,
    "models": ["drift", "ridge"],
    "model": "ridge",
    "horizon": 3,
    "levels": [0.9],
}


def run(cache: Path, **parameters: object) -> list[Any]:
    """Its code cells after a run, without that of the parameters."""
    notebooks = PapermillNotebooks(FOLDER, {"STOCKANALYST_CACHE_DIR": str(cache)})
    executed = notebooks.run(NAME, PARAMETERS | parameters, progress=silent)
    cells = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
    return [cell for cell in cells if not cell["metadata"].get("tags")]


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return run(tmp_path_factory.mktemp("cache"))


def test_its_own_parameters_ask_for_the_sample() -> None:
    declared = declared_parameters(PapermillNotebooks(FOLDER).read(NAME), name=NAME)
    assert declared["provider"] == "sample"
    assert declared["symbols"] == ["AAPL", "GOOG", "IBM", "MSFT", "^GSPC"]
    models = declared["models"]
    assert isinstance(models, list)
    assert set(models) < set(MODELS)
    assert declared["model"] in models
    assert PARAMETERS.keys() < declared.keys()


def test_every_step_shows_one_thing_and_warns_of_nothing(cells: list[Any]) -> None:
    for cell in cells:
        (output,) = cell["outputs"]
        assert output["output_type"] == "execute_result", cell["source"]
        assert "text/html" in output["data"], cell["source"]


def test_parameters_reach_tables_and_pictures(cells: list[Any]) -> None:
    shown = "".join(cell["outputs"][0]["data"]["text/html"] for cell in cells)
    assert "AAPL" not in shown
    for words in (
        "Skill of 2 models on 3 symbols at horizon 3: ",
        "Skill at horizon 3 by year of the cutoff, 2012 to 2013",
        "At 3 sessions the lowest is that of the ",
        "Changes of GOOG over 3 sessions from 65 cutoffs: the ridge regression forecast",
        "Coverage of 90 % intervals at horizon 1 over 60 sessions in a row",
        "random walk, constant σ",
        "Kupiec p",
        "expected shortfall",
        "equal chances",
        "buy_and_hold",
        "cost_bp",
    ):
        assert words in shown


def test_a_table_of_the_same_closes_gives_the_same_bytes(cells: list[Any], tmp_path: Path) -> None:
    """But for the note on where the sample ends, which a table can't know."""
    frames = {name: load_prices(name, provider="sample") for name in ("GOOG", "IBM", "MSFT")}
    closes = {name: rebased_close(frame) for name, frame in frames.items()}
    pd.concat(closes, axis=1, sort=True).to_csv(tmp_path / "closes.csv")
    again = run(tmp_path, symbols=[], table=str(tmp_path / "closes.csv"))
    note = re.compile(r'<p class=\\"sa-note\\">These are embedded.*?</p>')
    first, second = (
        note.sub("", json.dumps([cell["outputs"] for cell in run_])) for run_ in (cells, again)
    )
    assert first == second
