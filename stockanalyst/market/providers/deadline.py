"""A bound on work that has no bound of its own."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from stockanalyst.exceptions import SourceTimeout

T = TypeVar("T")


def answer_within(source: str, seconds: float, work: Callable[[], T]) -> T:
    """:func:`within`, of a vendor's answer.

    Raises
    ------
    SourceTimeout
        `seconds` have passed.
    Exception
        Whatever `work` raises.
    """
    try:
        return within(seconds, work)
    except TimeoutError:
        raise SourceTimeout(source, f"no answer within {seconds:g} s") from None


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
