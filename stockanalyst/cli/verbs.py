"""What commands with verbs of their own share, such as ``portfolio show``."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from stockanalyst.cli.commands import Commands, Parser, add_command
from stockanalyst.cli.terminal import show

if TYPE_CHECKING:
    from rich.console import RenderableType

    from stockanalyst.services.ledger import Ledger
    from stockanalyst.services.ledgers import LedgerService


def add_group(commands: Commands, name: str, summary: str, *, epilog: str = "") -> Commands:
    """A command whose first word is a verb; each verb has its own ``--help``."""
    command = commands.add_parser(
        name,
        help=summary,
        description=summary.capitalize() + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return command.add_subparsers(title="verbs", metavar="VERB", required=True)


def add_verb(
    verbs: Commands, name: str, run: Callable[[argparse.Namespace], None], summary: str
) -> Parser:
    """A verb about one portfolio."""
    verb = add_command(verbs, name, run, summary)
    verb.add_argument("name", metavar="NAME", help="of the portfolio")
    add_user(verb)
    return verb


def add_user(verb: Parser) -> None:
    """Whose it is."""
    verb.add_argument("--user", metavar="NAME", help="whose it is (default: the settings' user)")


def add_json(verb: Parser) -> None:
    """To be read by programs."""
    verb.add_argument("--json", action="store_true", help="print JSON instead of tables")


def add_provider(verb: Parser) -> None:
    """Of prices and exchange rates."""
    verb.add_argument(
        "--provider",
        default="auto",
        help="of prices: auto, yahoo, eodhd, alpha_vantage, sample, or files:FOLDER "
        "(default: %(default)s)",
    )


def add_day(verb: Parser, meaning: str) -> None:
    """A day; without it today."""
    verb.add_argument("--on", metavar="DATE", help=f"{meaning}, YYYY-MM-DD (default: today)")


def ledgers() -> "LedgerService":
    """Everybody's."""
    from stockanalyst.bootstrap import build_ledgers

    return build_ledgers()


def ledger_of(asked: argparse.Namespace) -> "Ledger":
    """The portfolio that a verb is about."""
    return ledgers().portfolio(asked.user, asked.name)


def tell(
    asked: argparse.Namespace,
    facts: Callable[[], object],
    text: "Callable[[], Iterable[RenderableType]]",
) -> None:
    """Print JSON where it is asked for, else tables."""
    if asked.json:
        sys.stdout.write(json.dumps(facts(), indent=2) + "\n")
    else:
        show(text())
