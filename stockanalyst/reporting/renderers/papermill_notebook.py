"""Notebooks, run by papermill in a fresh process of this same Python."""

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from stockanalyst._typing import Json
from stockanalyst.exceptions import ReportError

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

# What it tells before it raises is in the error; without a handler it would go to the terminal.
logging.getLogger("papermill").addHandler(logging.NullHandler())

_INJECTED = "injected-parameters"
_START_SECONDS = 120


@dataclass(frozen=True)
class PapermillNotebooks:
    """A :class:`~stockanalyst.services.protocols.NotebookRunner`.

    Parameters
    ----------
    folder : Path
        Where the notebooks are.
    environment : mapping of str to str
        Variables that the process is given besides those of this one.
    timeout : int
        Seconds that a cell may take.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 900

    def read(self, name: str) -> Json:
        """See the protocol."""
        import nbformat

        notebook: Json = nbformat.read(self.folder / name, as_version=4)
        return notebook

    def text(self, notebook: Json) -> str:
        """See the protocol."""
        import nbformat

        return f"{nbformat.writes(notebook)}\n"

    def run(
        self,
        name: str,
        parameters: Mapping[str, object],
        *,
        progress: Callable[[str, float], None],
    ) -> Json:
        """See the protocol.

        The process reads no start-up file of its user and imports nothing from the working
        directory.
        """
        import papermill
        from papermill.iorw import load_notebook_node
        from papermill.parameterize import parameterize_notebook

        python = {"kernel_name": "python3", "language": "python"}
        # Not by execute_notebook: it reads the parameters cell by pattern, and warns of what it
        # doesn't understand.
        prepared = load_notebook_node(self.read(name))
        notebook = parameterize_notebook(prepared, dict(parameters), **python)
        task, running = f"Running {name}", _Running(name, notebook)
        progress(task, 0.0)
        with running.failures_told(), TemporaryDirectory() as ipython_dir:
            executed: Json = papermill.execute_notebook(
                notebook,
                None,
                **python,
                progress_bar=False,
                request_save_on_cell_execute=False,
                start_timeout=_START_SECONDS,
                execution_timeout=self.timeout,
                kernel_manager_class=_kernel_of_this_python(ipython_dir, self.environment),
                on_cell_start=running.start,
                on_cell_executed=lambda **_: progress(task, running.share),
            )
        running.require_complete(executed)
        return _normalised(executed)


class _Running:
    """Which cell is running, and what became of those before."""

    def __init__(self, name: str, notebook: Json) -> None:
        self.name = name
        self.cells = notebook["cells"]
        self.index: int | None = None

    def start(self, *, cell_index: int, **_: object) -> None:
        self.index = cell_index

    @property
    def share(self) -> float:
        return ((self.index or 0) + 1) / len(self.cells)

    @contextmanager
    def failures_told(self) -> Iterator[None]:
        """Turn what papermill, nbclient and jupyter_client raise into a ReportError."""
        from nbclient.exceptions import CellTimeoutError
        from papermill.exceptions import PapermillExecutionError

        try:
            yield
        except PapermillExecutionError as error:
            raise self._error(error.cell_index, f"{error.ename}: {error.evalue}") from error
        except CellTimeoutError as error:
            raise self._error(self.index, "took too long and was stopped") from error
        except RuntimeError as error:  # a process that died or never came up
            raise self._error(self.index, str(error)) from error

    def require_complete(self, executed: Json) -> None:
        """Every code cell ran, and none to an error: papermill lets ``sys.exit`` pass."""
        for index, cell in enumerate(executed["cells"]):
            if cell["cell_type"] == "code" and cell["source"].strip():
                kinds = {output["output_type"] for output in cell["outputs"]}
                if cell["execution_count"] is None or "error" in kinds:
                    raise self._error(index, "didn't run to its end")

    def _error(self, index: int | None, reason: str) -> ReportError:
        number = None if index is None else self._number(index)
        first, *_ = reason.strip().splitlines() or ["failed"]
        return ReportError(self.name, number, first)

    def _number(self, index: int) -> int:
        """Place among the code cells that the notebook came with, counted from 1."""
        came = [cell for cell in self.cells[: index + 1] if _INJECTED not in _tags(cell)]
        return sum(cell["cell_type"] == "code" for cell in came)


def _kernel_of_this_python(
    ipython_dir: str, environment: Mapping[str, str]
) -> "type[AsyncKernelManager]":
    """A kernel manager that looks for no installed kernel."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    spec = KernelSpec(
        argv=[
            *(sys.executable, "-P", "-Xfrozen_modules=off", "-m", "ipykernel_launcher"),
            *("-f", "{connection_file}"),
            "--IPKernelApp.ignore_cwd=True",
            "--IPKernelApp.exec_PYTHONSTARTUP=False",
            "--IPKernelApp.log_level=CRITICAL",  # what matters comes as an error of a cell
        ],
        display_name="Python 3",
        language="python",
        # As an option of IPython the folder would take the working directory, which may be the
        # checkout, off the search path.
        env={**environment, "PYTHONHASHSEED": "0", "IPYTHONDIR": ipython_dir},
    )

    class KernelOfThisPython(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

    return KernelOfThisPython


def _normalised(notebook: Any) -> Json:
    """Without what differs from run to run: times, paths, and the name of the injected cell."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if not _tags(cell):  # papermill gives every cell an empty list
            cell.metadata.pop("tags", None)
        if _INJECTED in _tags(cell):
            cell.id = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
    normalised: Json = notebook
    return normalised


def _tags(cell: Json) -> list[str]:
    tags: list[str] = cell["metadata"].get("tags", [])
    return tags
