"""What other people's native code says, kept off the terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Discard what native code writes to file descriptor 2; what Python writes still arrives."""
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    earlier = sys.stderr
    try:
        with os.fdopen(os.dup(terminal), "w", buffering=1, encoding="utf-8") as spoken:
            if _descriptor() == 2:
                sys.stderr = spoken
            os.dup2(nowhere, 2)
            yield
    finally:
        sys.stderr = earlier
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def _descriptor() -> int | None:
    """Where Python's standard error goes; None where it goes to no file, as in a notebook."""
    try:
        return sys.stderr.fileno()
    except (OSError, AttributeError):
        return None
