"""``analyze``, ``report``, ``backtest`` and ``train``."""

import argparse
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from warnings import filterwarnings

from stockanalyst.cli.commands import Commands, number
from stockanalyst.cli.terminal import progress, show
from stockanalyst.exceptions import InputError, SourceError

if TYPE_CHECKING:
    from stockanalyst.services.requests import Options

_MODELS = (
    "random_walk, drift, seasonal_naive, linear, ridge, arima, auto_arima, theta, lstm, ensemble, "
    "ensemble_inverse, ensemble_stacked"
)


def add_commands(commands: Commands) -> None:
    """Add them to the parser."""
    analyze = _command(commands, "analyze", _analyze, "analyse one symbol and print it")
    analyze.add_argument("symbol", help="a ticker, such as AAPL")
    analyze.add_argument("--json", action="store_true", help="print JSON instead of tables")

    report = _command(commands, "report", _report, "write the report of one symbol")
    report.add_argument("symbol", help="a ticker, such as AAPL")
    report.add_argument("--output", metavar="DIR", help="folder of the report")

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
        "--folder", metavar="DIR", help="keep forecasts there, and go on from them"
    )
    backtest.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes; -1 for all cores (default: 1)"
    )
    backtest.add_argument(
        "--cluster", metavar="URL", help="walk on a Dask cluster, such as tcp://host:8786"
    )

    train = _command(commands, "train", _train, "train one LSTM for the symbols together")
    train.add_argument("symbols", nargs="+", metavar="symbol", help="tickers")
    train.add_argument("--output", metavar="DIR", help="folder, instead of the cache")


def _analyze(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap import build_services

    chosen = _options(asked)
    with progress() as tell:
        analysis = build_services().analysis.analyze(asked.symbol, chosen, progress=tell)
    if asked.json:
        import json

        facts = {**analysis.to_dict(), "as_of": analysis.freshness}
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        return
    from stockanalyst.reporting.text import analysis_text

    show(analysis_text(analysis))


def _backtest(asked: argparse.Namespace) -> None:
    from dataclasses import replace

    from stockanalyst.bootstrap import build_services
    from stockanalyst.services.requests import check_folder

    chosen = _options(asked)
    service = build_services().analysis
    own = {"n_cutoffs": asked.cutoffs, "refit": asked.refit}
    plan = replace(service.plan, **{name: n for name, n in own.items() if n is not None})
    # What failed is told in one line; that others hadn't finished is no news.
    filterwarnings("ignore", r"\d+ tasks (which were|have been)", UserWarning)
    with progress() as tell, _cluster(asked.cluster):
        result = service.backtest(
            asked.symbols,
            chosen,
            plan=plan,
            folder=check_folder(asked.folder),
            n_jobs=-1 if asked.cluster else asked.jobs,
            progress=tell,
        )
    from stockanalyst.reporting.text import backtest_text

    show(backtest_text(result, chosen.levels))


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
    from stockanalyst.services.requests import check_folder

    chosen, folder = _options(asked), check_folder(asked.output)
    with progress() as tell:
        report = build_services().reports.render(asked.symbol, chosen, folder=folder, progress=tell)
    sys.stdout.write(f"{report.html}\n{report.notebook}\n{report.manifest}\n")


def _train(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap import build_services
    from stockanalyst.services.requests import check_folder

    chosen, folder = _options(asked), check_folder(asked.output)
    with progress() as tell:
        artifact, path = build_services(networks_dir=folder).networks.train(
            asked.symbols, chosen, progress=tell
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
        horizon=number(asked.horizon, int),
        cutoff=asked.cutoff,
        models=DEFAULT_MODELS if asked.models is None else asked.models.replace(" ", "").split(","),
        levels=[number(level, float) for level in asked.level or DEFAULT_LEVELS],
        provider=asked.provider,
    )


def _command(
    commands: Commands,
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
