"""A bound on work that has no bound of its own."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives, if it does so in time.

    The timeouts of an HTTP client bound neither the look-up of a name nor a library that sends
    several requests. Work that is late goes on in a daemon thread, and nobody hears of its end.

    Raises
    ------
    TimeoutError
        `seconds` have passed.
    Exception
        Whatever `work` raises.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except Exception as error:  # noqa: BLE001  raised again by the thread that waits
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result(timeout=seconds)
