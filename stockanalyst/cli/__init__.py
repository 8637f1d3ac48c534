"""The command line: the verbs of :mod:`stockanalyst.api`, ``stockanalyst …``.

What a verb needs is imported when it runs, so that ``--help`` answers at once.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper

from stockanalyst import __version__
from stockanalyst.cli import database, forecasting, portfolio, sentiment
from stockanalyst.cli.commands import Parser
from stockanalyst.exceptions import DataError, InputError, StockAnalystError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0; 2 for input that can't be used; 1 when a source, a ledger, the database, a report or the
        output failed; 130 when interrupted.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # "−" and "–" for every terminal that knows them
        sys.stdout.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if " ".join(given[:2]) == sentiment.TRAIN:
        given[:2] = [sentiment.TRAIN]
    asked = _parser().parse_args(given)
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
        return _tell_of(error)
    return 0


def _tell_of(error: OSError) -> int:
    """Stores say in words what a database did, and files are named; all else is the output."""
    if error.strerror is None:
        return _fail(f"database: {error}", 1)
    if error.filename is not None:
        return _fail(f"{error.filename}: {error.strerror}", 1)
    # Python would try to write the rest once more at its end, and tell of that failure too.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if isinstance(error, BrokenPipeError) else _fail(f"output: {error.strerror}", 1)


def _fail(reason: object, status: int) -> int:
    sys.stderr.write(f"stockanalyst: {reason}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="stockanalyst",
        description="Forecasts of a stock, how good such forecasts have been against the random "
        "walk, and what follows from that.",
        epilog="stockanalyst COMMAND --help tells the options of a command; those with verbs, such "
        "as portfolio, have a --help for each.",
    )
    parser.add_argument("--version", action="version", version=f"stockanalyst {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    forecasting.add_commands(commands)
    sentiment.add_commands(commands)
    portfolio.add_commands(commands)
    database.add_commands(commands)
    return parser
