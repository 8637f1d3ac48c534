"""What the modules of commands share."""

import argparse
from collections.abc import Callable
from typing import NoReturn, TypeAlias


class Parser(argparse.ArgumentParser):
    """Errors in one line."""

    def error(self, message: str) -> NoReturn:
        """Tell it, and end with status 2."""
        self.exit(2, f"stockanalyst: {message}; see {self.prog} --help\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001  its only name


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None], summary: str
) -> Parser:
    """A command without options."""
    command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
    command.set_defaults(run=run)
    return command


def number(text: object, kind: Callable[[str], float]) -> object:
    """The number that a text writes, or the text itself for the check that will name it."""
    try:
        return kind(str(text))
    except ValueError:
        return text
