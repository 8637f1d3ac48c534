"""Notebooks run in processes of their own, well and badly."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from stockanalyst.exceptions import ReportError
from stockanalyst.reporting.renderers.papermill_notebook import PapermillNotebooks
from stockanalyst.services.protocols import silent


def write(folder: Path, *sources: str) -> None:
    """``n.ipynb``: a title, the parameters ``x`` and ``day``, then `sources` as code cells."""
    parameters = "x: int = 1  # a number\nday: str | None = None  # a date"
    cells = [
        new_markdown_cell("# T", id="title"),
        new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]}),
        *(new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(sources)),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "n.ipynb")


def run(folder: Path, **options: Any) -> dict[str, Any]:
    runner = PapermillNotebooks(folder, **options)
    return runner.run("n.ipynb", {"x": 20, "day": "2013-03-01"}, progress=silent)


ASKS = """\
import builtins, colorsys, json, os, sys
print(json.dumps({
    "python": sys.executable, "path": sys.path, "read": getattr(builtins, "READ", None),
    "prices": os.environ["PRICES"], "seed": os.environ["PYTHONHASHSEED"], "x": x, "day": day,
}))"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and working directory whose files say so when they are read."""
    home = tmp_path / "home"
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    for path in (startup / "first.py", home / "start.py", home / "colorsys.py"):
        path.write_text(f"import builtins\nbuiltins.READ = {path.name!r}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHONSTARTUP", str(home / "start.py"))
    monkeypatch.setenv("JUPYTER_PATH", str(home))
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    monkeypatch.chdir(home)
    return home


def test_it_is_this_python_and_only_what_it_was_given(tmp_path: Path, hostile: Path) -> None:
    write(tmp_path, ASKS)
    executed = run(tmp_path, environment={"PRICES": "here"})
    (output,) = executed["cells"][-1]["outputs"]
    told = json.loads(output["text"])
    assert told["python"] == sys.executable
    assert told["seed"] == "0"
    assert told["prices"] == "here"
    assert (told["x"], told["day"]) == (20, "2013-03-01")
    assert told["read"] is None
    assert {"", str(hostile)}.isdisjoint(told["path"])


def test_two_runs_are_the_same_to_the_byte_and_hold_no_time_or_path(tmp_path: Path) -> None:
    write(tmp_path, "print(sorted({'a', 'b'}), {'a', 'b', 'c'})", "x + 1")
    runner = PapermillNotebooks(tmp_path)
    seen: list[float] = []
    texts = []
    for _ in range(2):
        executed = runner.run(
            "n.ipynb", {"x": 20}, progress=lambda _task, share: seen.append(share)
        )
        texts.append(runner.text(executed))
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]
    assert "papermill" not in texts[0]
    assert "execution_count" in texts[0]
    assert "duration" not in texts[0]
    assert seen[: len(seen) // 2] == sorted(seen[: len(seen) // 2])
    assert (seen[0], seen[-1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        ("raise ValueError('first line\\nsecond')", "ValueError: first line$"),
        ("import os; os._exit(3)", "Kernel died"),
        ("import sys; sys.exit(0)", "didn't run to its end"),
        ("1 +", "SyntaxError: "),
    ],
)
def test_a_failure_names_the_cell(tmp_path: Path, failing: str, reason: str) -> None:
    write(tmp_path, "1", failing, "2")
    with pytest.raises(ReportError, match=reason) as caught:
        run(tmp_path)
    # The parameters cell is the first; the one that is injected doesn't count.
    assert (caught.value.notebook, caught.value.cell) == ("n.ipynb", 3)
    assert "\n" not in str(caught.value)


def test_a_cell_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    write(tmp_path, "while True: pass")
    with pytest.raises(ReportError, match="cell 2: took too long"):
        run(tmp_path, timeout=1)


def test_it_runs_inside_a_running_loop_as_a_notebook_is(tmp_path: Path) -> None:
    write(tmp_path, "x + 1")

    async def inside() -> dict[str, Any]:
        return run(tmp_path)

    executed = asyncio.run(inside())
    assert executed["cells"][-1]["outputs"][0]["data"]["text/plain"] == "21"
