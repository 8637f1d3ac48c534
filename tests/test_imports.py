"""What an import costs is what it imports."""

import json
import subprocess
import sys

import pytest

HEAVY = {"pandas", "numpy", "scipy", "sklearn", "statsmodels", "onnxruntime", "rich", "pydantic"}


def modules_after(statement: str) -> set[str]:
    """Top-level modules that are loaded in a new process after a statement."""
    code = f"{statement}\nimport sys, json\nsys.stdout.write(json.dumps(list(sys.modules)))"
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    return {name.partition(".")[0] for name in json.loads(printed[printed.rindex("[") :])}


@pytest.mark.parametrize(
    "statement",
    ["import stockanalyst", "import stockanalyst.cli", "import stockanalyst; dir(stockanalyst)"],
)
def test_the_package_and_the_command_import_nothing_heavy(statement: str) -> None:
    assert modules_after(statement) & HEAVY == set()


def test_the_help_imports_nothing_heavy() -> None:
    statement = (
        "from stockanalyst.cli import main\n"
        "try: main(['analyze', '--help'])\n"
        "except SystemExit: pass"
    )
    assert modules_after(statement) & HEAVY == set()


def test_an_analysis_imports_no_tensorflow_no_panel_and_no_notebook() -> None:
    statement = (
        "import stockanalyst as sa\n"
        "analysis = sa.analyze('AAPL', provider='sample')\n"
        "assert 'lstm' in analysis.models"
    )
    unwanted = {
        "tensorflow",
        "numba",
        "keras",
        "torch",
        "panel",
        "papermill",
        "IPython",
        "yfinance",
        "bokeh",
    }
    assert modules_after(statement) & unwanted == set()
