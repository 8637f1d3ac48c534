"""One symbol in, a report out: a page, the notebook that made it, and what both were made from."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from stockanalyst._typing import Json
from stockanalyst.exceptions import ModelUnavailable
from stockanalyst.forecasting.registry import LSTM
from stockanalyst.market.prices import PriceHistory
from stockanalyst.reporting.manifest import (
    Parameters,
    analysis_output,
    make_manifest,
    manifest_text,
)
from stockanalyst.reporting.parameters import check_names, declared_parameters
from stockanalyst.services.analysis import AnalysisService
from stockanalyst.services.protocols import (
    EnvironmentReader,
    NotebookRunner,
    PageRenderer,
    Progress,
    Publisher,
    silent,
)
from stockanalyst.services.requests import Options

NOTEBOOK = "stock_report.ipynb"


@dataclass(frozen=True)
class Report:
    """A report on disk.

    Attributes
    ----------
    folder : Path
        Holds its three files and nothing else.
    """

    folder: Path

    @property
    def html(self) -> Path:
        """The page; it needs no other file and no network."""
        return self.folder / "report.html"

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / "report.ipynb"

    @property
    def manifest(self) -> Path:
        """What it was made from."""
        return self.folder / "manifest.json"


@dataclass(frozen=True)
class ReportService:
    """Makes reports by running a notebook.

    Parameters
    ----------
    analysis : AnalysisService
        Checks what is asked before a notebook is started.
    notebooks : NotebookRunner
    page : PageRenderer
    publish : Publisher
    environment : callable
    reports_dir : Path
        Where reports go that nobody gave a folder.
    """

    analysis: AnalysisService
    notebooks: NotebookRunner
    page: PageRenderer
    publish: Publisher
    environment: EnvironmentReader
    reports_dir: Path

    def render(
        self,
        symbol: str,
        options: Options,
        *,
        folder: Path | None = None,
        progress: Progress = silent,
    ) -> Report:
        """Make the report of a symbol; one that is already there is replaced at the very end.

        Parameters
        ----------
        symbol : str
        options : Options
        folder : Path, optional
            The report's own; without one, ``SYMBOL-CUTOFF`` among the others.
        progress : callable

        Raises
        ------
        InputError
            As :meth:`AnalysisService.analyze`, before anything is written; or the folder can't be
            written or holds other files.
        DataError, SourceError
            From the provider.
        ReportError
            The notebook failed; an earlier report stays as it was.
        """
        history, closes = self._checked(symbol, options, progress)
        cutoff = f"{closes.index[-1]:%Y-%m-%d}"
        source = self.notebooks.read(NOTEBOOK)
        given = _parameters(symbol, options)
        resolved = given | {
            "symbol": history.symbol,
            "cutoff": cutoff,
            "provider": history.provider,
        }
        default = declared_parameters(source, name=NOTEBOOK)
        check_names(resolved, default)
        target = folder or self.reports_dir / folder_name(history.symbol, cutoff)
        with self.publish(target) as draft:
            executed = self.notebooks.run(NOTEBOOK, resolved, progress=progress)
            manifest = make_manifest(
                name=NOTEBOOK,
                notebook=source,
                executed=executed,
                parameters=Parameters(given=given, default=default, resolved=resolved),
                environment=self.environment(),
            )
            page = self.page(
                executed,
                manifest,
                title=f"{history.symbol} after the close of {cutoff}",
                notes=_unsaid(history.notes, executed),
            )
            _write(Report(draft).html, page)
            _write(Report(draft).notebook, self.notebooks.text(executed))
            _write(Report(draft).manifest, manifest_text(manifest))
        return Report(target)

    def _checked(
        self, symbol: str, options: Options, progress: Progress
    ) -> tuple[PriceHistory, pd.Series]:
        """Prices, if an analysis of them can be made; a network is trained here, not unseen."""
        plan = self.analysis.plan
        history, closes = self.analysis.load(symbol, options, plan=plan, progress=progress)
        if LSTM in options.models:
            with suppress(ModelUnavailable):  # the report says so itself
                self.analysis.networks.forecaster(history, closes, options, progress)
        return history, closes


def folder_name(symbol: str, cutoff: str) -> str:
    """A folder's name that every file system takes: ``^GSPC`` is ``_GSPC-2013-03-01``."""
    return f"{re.sub('[^A-Za-z0-9.-]', '_', symbol)}-{cutoff}"


def _parameters(symbol: str, options: Options) -> dict[str, object]:
    """What was asked for, in the types that a notebook's cell can be given."""
    return {
        "symbol": symbol,
        "horizon": options.horizon,
        "cutoff": f"{options.cutoff:%Y-%m-%d}" if options.cutoff is not None else None,
        "models": list(options.models),
        "levels": list(options.levels),
        "provider": options.provider,
        "train": options.train,
    }


def _unsaid(notes: Sequence[str], executed: Json) -> list[str]:
    """What only the first look at the prices learnt: which provider hadn't answered then."""
    said = analysis_output(executed, name=NOTEBOOK)["notes"]
    return [note for note in notes if note not in said]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
