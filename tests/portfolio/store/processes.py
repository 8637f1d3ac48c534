"""Processes that post at the same time."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from stockanalyst.portfolio.entries import Entry

Batch = Sequence[tuple[str, Entry]]
_POSTER = Path(__file__).with_name("poster.py")


class Poster:
    """One process, ready to post its batches to one portfolio."""

    def __init__(
        self, url: URL, owner: tuple[int, int], batches: Sequence[Batch], *, seed: int
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
        }
        self._write(json.dumps(told))

    def wait_until_ready(self) -> None:
        """It is connected."""
        assert self.said() == "ready"

    def go(self) -> None:
        """Begin."""
        self._write("go")

    def said(self) -> Any:
        """What became of one batch."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def answers(self) -> list[Any]:
        """What became of every batch, after its end."""
        printed, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        return [json.loads(line) for line in printed.splitlines()]

    def kill(self) -> None:
        """As by ``kill -9``."""
        self.process.kill()
        self.process.communicate(timeout=60)

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
