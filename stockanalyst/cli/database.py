"""``db``: the database's tables made, changed, checked and copied."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from stockanalyst.cli.commands import Commands, Parser, add_command
from stockanalyst.cli.verbs import add_group
from stockanalyst.exceptions import InputError, StockAnalystError

if TYPE_CHECKING:
    from stockanalyst.bootstrap.database import Database

_URLS = """URLs are such as sqlite:////folder/file.sqlite or postgresql://user:password@host/name;
a password on a command line can be seen by others on the machine:
STOCKANALYST_DATABASE_URL keeps it to yourself.
"""


def add_commands(commands: Commands) -> None:
    """Add them to the parser."""
    summary = "look after the database that portfolios and prices are in"
    verbs = add_group(commands, "db", summary, epilog=_URLS)
    upgrade = _add(verbs, "upgrade", _upgrade, "make the tables, or bring them to this version")
    upgrade.add_argument(
        "--application-role",
        metavar="ROLE",
        help="of PostgreSQL, which may then add to journals, and change nothing in them",
    )
    downgrade = _add(verbs, "downgrade", _downgrade, "undo the steps after a revision")
    downgrade.add_argument("revision", metavar="REVISION", help="such as 0001; base undoes all")
    downgrade.add_argument("--yes", action="store_true", help="lose what the undone steps hold")
    _add(verbs, "check", _check, "say what is otherwise than this version needs it")
    summary = "copy all into an empty database, and compare counts and digests at the end"
    copy = add_command(verbs, "copy", _copy, summary)
    copy.add_argument("--from", dest="source", metavar="URL", help="default: the settings'")
    copy.add_argument("--to", dest="target", metavar="URL", required=True, help="empty, or new")


def _add(
    verbs: Commands, name: str, run: Callable[[argparse.Namespace], None], summary: str
) -> Parser:
    verb = add_command(verbs, name, run, summary)
    verb.add_argument("--database", metavar="URL", help="default: the settings'")
    return verb


def _upgrade(asked: argparse.Namespace) -> None:
    chosen = _database(asked.database)
    chosen.upgrade(asked.application_role)
    sys.stdout.write(f"{chosen} is at revision {chosen.newest}\n")


def _downgrade(asked: argparse.Namespace) -> None:
    chosen = _database(asked.database)
    undone = chosen.undone(asked.revision)
    if not undone:
        sys.stdout.write(f"{chosen} has nothing after revision {asked.revision}, nothing to do\n")
        return
    if not asked.yes:
        for revision, made in undone:
            sys.stdout.write(f"would undo {revision}: {made}\n")
        mend = "all that is in these tables would be lost; copy the database, then say --yes"
        raise InputError("revision", asked.revision, mend)
    chosen.downgrade(asked.revision)
    sys.stdout.write(f"{chosen} is at revision {asked.revision}\n")


def _check(asked: argparse.Namespace) -> None:
    chosen = _database(asked.database)
    found = chosen.differences()
    for difference in found:
        sys.stdout.write(f"{difference}\n")
    if found:
        raise StockAnalystError(f"{chosen} isn't as this version needs it")
    sys.stdout.write(f"{chosen} is at revision {chosen.newest}, nothing to do\n")


def _copy(asked: argparse.Namespace) -> None:
    from stockanalyst.cli.terminal import show
    from stockanalyst.reporting.portfolio_text import copied_text

    source, target = _database(asked.source, "--from"), _database(asked.target, "--to")
    copied = source.copy_to(target)
    rows = [(each.table, each.rows, each.digest) for each in copied]
    show(copied_text(rows, source=str(source), target=str(target)))


def _database(url: str | None, option: str = "--database") -> "Database":
    from stockanalyst.bootstrap.database import database, own_database

    return own_database() if url is None else database(url, said_in=option)
