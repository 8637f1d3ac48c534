"""What the command line writes: results on standard output, progress on standard error."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from stockanalyst.services.protocols import Progress

_NO_LIMIT = 10_000


def show(parts: "Iterable[RenderableType]") -> None:
    """Print text as wide as the terminal is, and tables as wide as they are: no cell is cut."""
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    screen, anyhow = console.width, console.options.update(max_width=_NO_LIMIT)
    for part in parts:
        natural = Measurement.get(console, anyhow, part).maximum
        whole = isinstance(part, Table) or not console.is_terminal
        console.width = max(screen, natural) if whole else screen
        console.print(part)


@contextmanager
def progress() -> "Iterator[Progress]":
    """Tell on standard error what is being done: bars on a terminal, else a line a task."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True, highlight=False, markup=False)
    with Progress(*columns, console=console, transient=True) as shown:
        bars: dict[str, TaskID] = {}

        def tell(task: str, share: float) -> None:
            if task not in bars:
                bars[task] = shown.add_task(task, total=1.0)
            shown.update(bars[task], completed=share)

        yield tell


def _lines() -> "Progress":
    told = set()

    def tell(task: str, share: float) -> None:  # noqa: ARG001  a line has no bar
        if task not in told:
            told.add(task)
            sys.stderr.write(f"{task} …\n")

    return tell
