"""Processes that post at the same time."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from stockanalyst.portfolio.entries import Entry

Batch = Sequence[tuple[str, Entry]]
_POSTER = Path(__file__).with_name("poster.py")
_PATIENCE = 600  # seconds, also on a machine that has much else to do


class Poster:
    """One process, ready to post its batches to one portfolio.

    With `dies_at` it ends as by ``kill -9`` at that of the moments that
    :func:`tests.portfolio.store.poster.at_each_moment` counts.
    """

    def __init__(
        self,
        url: URL,
        owner: tuple[int, int],
        batches: Sequence[Batch],
        *,
        seed: int = 0,
        dies_at: int = 0,
    ) -> None:
        command = [sys.executable, "-W", "error", str(_POSTER)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        told = {
            "url": url.render_as_string(hide_password=False),
            "user": owner[0],
            "portfolio": owner[1],
            "batches": [[(key, entry.payload()) for key, entry in batch] for batch in batches],
            "seed": seed,
            "dies_at": dies_at,
        }
        self._write(json.dumps(told))

    def wait_until_ready(self) -> None:
        """It is connected."""
        assert self.said() == "ready"

    def go(self) -> None:
        """Begin, or try again."""
        self._write("go")

    def said(self) -> Any:
        """What became of one batch."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def answers(self) -> list[Any]:
        """What became of every batch, after its end."""
        printed, _ = self.process.communicate(timeout=_PATIENCE)
        assert self.process.returncode == 0
        return [json.loads(line) for line in printed.splitlines()]

    def kill(self) -> None:
        """As by ``kill -9``."""
        self.process.kill()
        self.last_words()

    def last_words(self) -> str:
        """What it said before it was killed, and nobody has heard."""
        printed, _ = self.process.communicate(timeout=_PATIENCE)
        assert self.process.returncode == -signal.SIGKILL
        return printed

    def _write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()


def together(posters: Sequence[Poster]) -> list[list[Any]]:
    """The answers of posters that begin at the same time."""
    for poster in posters:
        poster.wait_until_ready()
    for poster in posters:
        poster.go()
    return [poster.answers() for poster in posters]
