"""Work in daemon threads: waited for as long as one likes, never at the end of the process."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def started(work: Callable[[], T]) -> "Future[T]":
    """What `work` will give or raise, in a thread of its own with the caller's context."""
    outcome: Future[T] = Future()
    context = copy_context()

    def run() -> None:
        try:
            outcome.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001  raised again by the thread that waits
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives, if it does so in time.

    The timeouts of an HTTP client bound neither the look-up of a name nor a library that sends
    several requests. Work that is late goes on, and nobody hears of its end.

    Raises
    ------
    TimeoutError
        `seconds` have passed.
    Exception
        Whatever `work` raises.
    """
    return started(work).result(timeout=seconds)
