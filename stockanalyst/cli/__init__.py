"""The command line: the verbs of :mod:`stockanalyst.api`, ``stockanalyst …``.

What a verb needs is imported when it runs, so that ``--help`` answers at once.
"""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from stockanalyst import __version__
from stockanalyst.exceptions import DataError, InputError, SourceError, StockAnalystError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from stockanalyst.services.protocols import Progress
    from stockanalyst.services.requests import Options

_NO_LIMIT = 10_000
_MODELS = (
    "random_walk, drift, seasonal_naive, linear, ridge, arima, auto_arima, theta, lstm, ensemble, "
    "ensemble_inverse, ensemble_stacked"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0; 2 for input that can't be used; 1 when a source, a report or the output failed; 130 when
        interrupted.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # "−" and "–" for every terminal that knows them
        sys.stdout.reconfigure(errors="replace")
    asked = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = asked.run
    try:
        run(asked)
        sys.stdout.flush()
    except (InputError, DataError) as error:
        return _fail(error, 2)
    except StockAnalystError as error:
        return _fail(error, 1)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except OSError as error:
        # Python would try to write the rest once more at its end, and tell of that failure too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1 if isinstance(error, BrokenPipeError) else _fail(f"output: {error.strerror}", 1)
    return 0


def _fail(reason: object, status: int) -> int:
    sys.stderr.write(f"stockanalyst: {reason}\n")
    return status


def _analyze(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap import build_services

    chosen = _options(asked)
    with _progress() as progress:
        analysis = build_services().analysis.analyze(asked.symbol, chosen, progress=progress)
    if asked.json:
        import json

        facts = {**analysis.to_dict(), "as_of": analysis.freshness}
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        return
    from stockanalyst.reporting.text import analysis_text

    _print(analysis_text(analysis))


def _backtest(asked: argparse.Namespace) -> None:
    from dataclasses import replace

    from stockanalyst.bootstrap import build_services

    chosen = _options(asked)
    service = build_services().analysis
    own = {"n_cutoffs": asked.cutoffs, "refit": asked.refit}
    plan = replace(service.plan, **{name: n for name, n in own.items() if n is not None})
    with _progress() as progress, _cluster(asked.cluster):
        result = service.backtest(
            asked.symbols,
            chosen,
            plan=plan,
            folder=asked.folder,
            n_jobs=-1 if asked.cluster else asked.jobs,
            progress=progress,
        )
    from stockanalyst.reporting.text import backtest_text

    _print(backtest_text(result, chosen.levels))


@contextmanager
def _cluster(address: str | None) -> "Iterator[None]":
    """Let the workers of a Dask cluster walk, where one is named."""
    if address is None:
        yield
        return
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError as error:
        mend = "needs Dask; run: pip install 'stockanalyst[cluster]'"
        raise InputError("cluster", address, mend) from error
    from joblib import parallel_config

    try:
        # A client that finds nobody leaves a thread behind, so somebody else looks first.
        socket.create_connection(get_address_host_port(address), timeout=10).close()
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        mend = "no scheduler answers there; start one with: dask scheduler"
        raise InputError("cluster", address, mend) from error
    with client, parallel_config(backend="dask"):
        try:
            yield
        except OSError as error:
            raise SourceError(address, f"the cluster was lost ({error})") from error


def _report(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap import build_services

    chosen = _options(asked)
    with _progress() as progress:
        report = build_services().reports.render(
            asked.symbol, chosen, folder=asked.output, progress=progress
        )
    sys.stdout.write(f"{report.html}\n{report.notebook}\n{report.manifest}\n")


def _train(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap import build_services

    chosen = _options(asked)
    with _progress() as progress:
        artifact, path = build_services(networks_dir=asked.output).networks.train(
            asked.symbols, chosen, progress=progress
        )
    sys.stdout.write(
        f"Trained on {artifact.n_windows:,} windows of {', '.join(artifact.symbols)} up to "
        f"{artifact.training_cutoff:%Y-%m-%d}: {path}\n"
    )


def _options(asked: argparse.Namespace) -> "Options":
    from stockanalyst.forecasting.base import DEFAULT_LEVELS
    from stockanalyst.forecasting.registry import DEFAULT_MODELS
    from stockanalyst.services.requests import options

    return options(
        horizon=_number(asked.horizon, int),
        cutoff=asked.cutoff,
        models=DEFAULT_MODELS if asked.models is None else asked.models.replace(" ", "").split(","),
        levels=[_number(level, float) for level in asked.level or DEFAULT_LEVELS],
        provider=asked.provider,
    )


def _number(text: object, kind: Callable[[str], float]) -> object:
    """The number that a text writes, or the text itself for the check that will name it."""
    try:
        return kind(str(text))
    except ValueError:
        return text


class _Parser(argparse.ArgumentParser):
    """Errors in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"stockanalyst: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="stockanalyst",
        description="Forecasts of a stock, how good such forecasts have been against the random "
        "walk, and what follows from that.",
        epilog="stockanalyst COMMAND --help tells the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"stockanalyst {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    analyze = _command(commands, "analyze", _analyze, "analyse one symbol and print it")
    analyze.add_argument("symbol", help="a ticker, such as AAPL")
    analyze.add_argument("--json", action="store_true", help="print JSON instead of tables")

    report = _command(commands, "report", _report, "write the report of one symbol")
    report.add_argument("symbol", help="a ticker, such as AAPL")
    report.add_argument("--output", type=Path, metavar="DIR", help="folder of the report")

    backtest = _command(commands, "backtest", _backtest, "print the walk-forward scores alone")
    backtest.add_argument("symbols", nargs="+", metavar="symbol", help="tickers")
    backtest.add_argument(
        "--cutoffs", type=int, metavar="N", help="past cutoffs (default: 250, or the settings)"
    )
    backtest.add_argument(
        "--refit",
        type=int,
        metavar="N",
        help="estimate at every N-th (default: 1, or the settings)",
    )
    backtest.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep forecasts there, and go on from them"
    )
    backtest.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes; -1 for all cores (default: 1)"
    )
    backtest.add_argument(
        "--cluster", metavar="URL", help="walk on a Dask cluster, such as tcp://host:8786"
    )

    train = _command(commands, "train", _train, "train one LSTM for the symbols together")
    train.add_argument("symbols", nargs="+", metavar="symbol", help="tickers")
    train.add_argument("--output", type=Path, metavar="DIR", help="folder, instead of the cache")
    return parser


def _command(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    run: Callable[[argparse.Namespace], None],
    summary: str,
) -> argparse.ArgumentParser:
    """A command with the options that all of them share."""
    command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
    command.set_defaults(run=run)
    command.add_argument(
        "--provider",
        default="auto",
        help="auto (yahoo, vendors whose keys are set, then sample), yahoo, eodhd, alpha_vantage, "
        "sample, or files:FOLDER (default: %(default)s)",
    )
    command.add_argument(
        "--horizon", default="7", metavar="N", help="sessions ahead, 1 to 60 (default: %(default)s)"
    )
    command.add_argument(
        "--cutoff", metavar="DATE", help="last session that may be known, YYYY-MM-DD"
    )
    command.add_argument(
        "--models",
        metavar="A,B",
        help=f"some of {_MODELS} (default: random_walk, drift, linear, arima, lstm, ensemble)",
    )
    command.add_argument(
        "--level",
        action="append",
        metavar="P",
        help="coverage of an interval, such as 0.9; may be repeated (default: 0.8 and 0.95)",
    )
    return command


def _print(parts: "Iterable[RenderableType]") -> None:
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
def _progress() -> "Iterator[Progress]":
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


if __name__ == "__main__":
    sys.exit(main())
