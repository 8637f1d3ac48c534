"""What the use cases ask of a provider of prices."""

from typing import Protocol

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
