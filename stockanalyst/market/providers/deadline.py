"""A bound on a vendor's answer."""

from collections.abc import Callable
from typing import TypeVar

from stockanalyst.exceptions import SourceTimeout
from stockanalyst.infra.background import within

T = TypeVar("T")


def answer_within(source: str, seconds: float, work: Callable[[], T]) -> T:
    """:func:`~stockanalyst.infra.background.within`, of a vendor's answer.

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
