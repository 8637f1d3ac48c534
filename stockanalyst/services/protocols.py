"""What the use cases ask of their surroundings."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from stockanalyst._typing import Json
from stockanalyst.market.protocols import PriceProvider
from stockanalyst.reporting.manifest import Environment

ProviderByName = Callable[[str], PriceProvider]
"""The provider that a user named; InputError for a name that is none."""


class Progress(Protocol):
    """Told what is being done, and how much of it."""

    def __call__(self, task: str, share: float) -> None:
        """`share` of `task` is done, in [0, 1]."""


def silent(task: str, share: float) -> None:
    """A :class:`Progress` that tells nobody."""


class NotebookRunner(Protocol):
    """Notebooks by file name, and a fresh process to run one in."""

    def read(self, name: str) -> Json:
        """The notebook as it came, in nbformat 4."""

    def run(self, name: str, parameters: Mapping[str, object], *, progress: Progress) -> Json:
        """The notebook with its outputs; the same for the same inputs.

        Raises
        ------
        ReportError
            A cell or its process failed.
        """

    def text(self, notebook: Json) -> str:
        """The notebook as its file holds it."""


class PageRenderer(Protocol):
    """Makes one page of an executed notebook."""

    def __call__(
        self, notebook: Json, manifest: Json, /, *, title: str, notes: Sequence[str]
    ) -> str:
        """HTML that needs nothing beside itself; `notes` are what the notebook doesn't know."""


class Publisher(Protocol):
    """Publishes files together, or none of them."""

    def __call__(self, target: Path) -> AbstractContextManager[Path]:
        """A folder to write to, which becomes `target` when the block ends well.

        Raises
        ------
        InputError
            `target` can't be written, or holds what isn't a report.
        """


EnvironmentReader = Callable[[], Environment]
"""Versions and commit of the running code."""
