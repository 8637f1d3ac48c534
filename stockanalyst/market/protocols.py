"""What the use cases ask of a provider of prices, and a provider of a store."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pandas as pd

from stockanalyst.market.prices import PriceHistory


class PriceProvider(Protocol):
    """Daily prices of symbols.

    A provider is an adapter module in ``market/providers``, a row in ``bootstrap`` and a member of
    the contract suite in ``tests/contracts``.
    """

    @property
    def name(self) -> str:
        """How users name it: ``sample``, ``yahoo``, ``files:FOLDER``."""

    def history(self, symbol: str) -> PriceHistory:
        """Every session that the provider has of `symbol`.

        Raises
        ------
        InvalidSymbol
            The provider doesn't know it.
        DataError
            What it has breaks the schema.
        SourceError
            It can't be reached, refuses, or answers nonsense.
        """


@runtime_checkable
class IncrementalProvider(PriceProvider, Protocol):
    """A provider that can be asked for the latest sessions alone, for less than for all."""

    def history_since(self, symbol: str, since: pd.Timestamp) -> PriceHistory:
        """As :meth:`history`, of the sessions from `since` on; maybe only of the later of them."""


@dataclass(frozen=True)
class StoredPrices:
    """What a store keeps of one symbol of one provider.

    Attributes
    ----------
    frame : DataFrame
        A price frame (:mod:`stockanalyst.frames`).
    fetched_at : Timestamp
        The moment, in UTC, of the last answer in it.
    notes, shortfall
        Of that answer, as in :class:`~stockanalyst.market.prices.PriceHistory`.
    revision : int
        Which version this is, as the store counts them.
    """

    frame: pd.DataFrame
    fetched_at: pd.Timestamp
    notes: tuple[str, ...] = ()
    shortfall: str = ""
    revision: int = 0


class PriceStore(Protocol):
    """Prices that were fetched once, by provider and symbol. Every method may raise OSError."""

    def load(self, provider: str, symbol: str) -> StoredPrices | None:
        """What is kept, as of one moment; None if nothing is."""

    def save(
        self, provider: str, symbol: str, prices: StoredPrices, *, replaces: StoredPrices | None
    ) -> bool:
        """Keep `prices` in place of what was loaded, or nothing at all.

        False, and nothing is changed, where somebody else has saved since `replaces` was loaded.
        """
