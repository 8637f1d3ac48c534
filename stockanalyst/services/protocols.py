"""What the use cases ask of their surroundings."""

from collections.abc import Callable
from typing import Protocol

from stockanalyst.market.protocols import PriceProvider

ProviderByName = Callable[[str], PriceProvider]
"""The provider that a user named; InputError for a name that is none."""


class Progress(Protocol):
    """Told what is being done, and how much of it."""

    def __call__(self, task: str, share: float) -> None:
        """`share` of `task` is done, in [0, 1]."""


def silent(task: str, share: float) -> None:
    """A :class:`Progress` that tells nobody."""
