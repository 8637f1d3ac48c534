"""The parameters cell, read and not run."""

from typing import Any

import pytest

from stockanalyst.exceptions import InputError, ReportError
from stockanalyst.reporting.parameters import check_names, declared_parameters


def notebook(*sources: str, tagged: int | None = 0) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": "# T", "metadata": {}}]
    for place, source in enumerate(sources):
        tags = ["parameters"] if place == tagged else []
        cells.append({"cell_type": "code", "source": source, "metadata": {"tags": tags}})
    return {"cells": cells}


def test_defaults_of_every_plain_type() -> None:
    source = """\
symbol: str = "AA#PL"  # a ticker
cutoff: str | None = None
kind: "str | None" = "a"
levels: list[float] = [
    0.8,  # inner
    0.95,
]
edge = -0.5
train = True
"""
    assert declared_parameters(notebook(source), name="n.ipynb") == {
        "symbol": "AA#PL",
        "cutoff": None,
        "kind": "a",
        "levels": [0.8, 0.95],
        "edge": -0.5,
        "train": True,
    }


def test_order_is_that_of_the_cell() -> None:
    found = declared_parameters(notebook("b = 1\na = 2"), name="n.ipynb")
    assert list(found) == ["b", "a"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import os", "line 1 is no assignment"),
        ("a = 1\nopen('x', 'w')", "line 2 is no assignment"),
        ("a: int", "line 1 is no assignment"),
        ("a = b = 1", "line 1 is no assignment"),
        ("a = __import__('os').getcwd()", "malformed node"),
        ("a = (", "was never closed"),
    ],
)
def test_anything_else_is_refused_and_not_run(source: str, problem: str) -> None:
    with pytest.raises(ReportError, match=problem) as caught:
        declared_parameters(notebook("1 + 1", source, tagged=1), name="n.ipynb")
    assert caught.value.notebook == "n.ipynb"
    assert caught.value.cell == 2


def test_a_notebook_without_the_tag_is_refused() -> None:
    with pytest.raises(ReportError, match="no cell is tagged 'parameters'"):
        declared_parameters(notebook("a = 1", tagged=None), name="n.ipynb")


def test_unknown_names_are_refused_with_the_near_one() -> None:
    check_names(["horizon"], {"symbol": "A", "horizon": 7})
    with pytest.raises(InputError, match=r"parameter 'horizn': did you mean horizon\?"):
        check_names(["symbol", "horizn"], {"symbol": "A", "horizon": 7})
    with pytest.raises(InputError, match="parameter 'zzz': the notebook takes symbol, horizon"):
        check_names(["zzz"], {"symbol": "A", "horizon": 7})
