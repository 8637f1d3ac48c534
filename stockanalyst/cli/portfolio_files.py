"""``portfolio import`` and ``portfolio export``."""

import argparse
import os
import sys
from pathlib import Path
from secrets import token_hex

from stockanalyst.cli.commands import Commands
from stockanalyst.cli.verbs import add_json, add_provider, add_verb, ledger_of, tell
from stockanalyst.exceptions import InputError

_MOST = 10_000_000  # bytes


def add_commands(verbs: Commands) -> None:
    """Add them to ``portfolio``."""
    summary = "book the rows of a file: all that are new or, where one is refused, none"
    take = add_verb(verbs, "import", _import, summary)
    take.add_argument("file", metavar="FILE", help="CSV in UTF-8, such as export writes")
    take.add_argument("--dry-run", action="store_true", help="say only what would become of it")
    add_json(take)

    give = add_verb(verbs, "export", _export, "write a file for other programs")
    give.add_argument(
        "what", metavar="WHAT", help="transactions, holdings or lots, as CSV; or beancount"
    )
    give.add_argument("--output", metavar="FILE", help="instead of standard output")
    add_provider(give)


def _import(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import import_dict
    from stockanalyst.reporting.portfolio_text import import_text

    content = _read(asked.file)
    found = ledger_of(asked).import_csv(content, dry_run=asked.dry_run)
    tell(asked, lambda: import_dict(found), lambda: import_text(found))
    if found.refused:
        rows = "a row is" if len(found.refused) == 1 else f"{len(found.refused):,} rows are"
        mend = f"{rows} refused, so nothing was posted; mend the file and import it again"
        raise InputError("file", asked.file, mend)


def _export(asked: argparse.Namespace) -> None:
    text = ledger_of(asked).export(asked.what, provider=asked.provider)
    if asked.output is None:
        sys.stdout.write(text)
        return
    _write(asked.output, text)
    sys.stdout.write(f"{asked.output}\n")


def _read(name: str) -> bytes:
    """A file's content; one that is too large isn't read at all."""
    path = Path(name)
    try:
        if path.exists() and not path.is_file():
            raise InputError("file", name, "isn't a file; give a CSV file's path")
        size = path.stat().st_size
        if size > _MOST:
            mend = f"has {size:,} bytes, at most {_MOST:,} are read; split it"
            raise InputError("file", name, mend)
        with path.open("rb") as file:
            return file.read(_MOST)
    except OSError as error:
        raise InputError("file", name, f"can't be read ({error.strerror})") from error


def _write(name: str, text: str) -> None:
    """A file as a whole, or none: what was there stays until all is written."""
    target = Path(name).resolve()
    part = target.with_name(f".{token_hex(8)}.part")
    try:
        if target.exists() and not target.is_file():
            raise InputError("output", name, "isn't a file; give a file's path")
        with part.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        mend = f"can't be written ({error.strerror}); give another path"
        raise InputError("output", name, mend) from error
    finally:
        part.unlink(missing_ok=True)
