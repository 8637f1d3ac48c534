"""The first provider that answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stockanalyst.exceptions import InvalidSymbol, SourceError
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.protocols import PriceProvider


@dataclass(frozen=True)
class ChainProvider:
    """Asks one provider after the other, and says whose prices these are.

    Only a provider that doesn't answer is passed over. "Unknown symbol" is an answer, and so are
    prices that break the schema.

    Parameters
    ----------
    providers : sequence of PriceProvider
        At least one; the preferred first.
    """

    providers: Sequence[PriceProvider]

    @property
    def name(self) -> str:
        """``auto``."""
        return "auto"

    def history(self, symbol: str) -> PriceHistory:
        """The first answer; its `provider` is the one that gave it.

        Raises
        ------
        InvalidSymbol
            The first provider that answers doesn't know it; the message says who didn't answer.
        DataError
            What that provider has breaks the schema.
        SourceError
            None answers: the error of the preferred one.
        """
        failures: list[SourceError] = []
        for provider in self.providers:
            try:
                history = provider.history(symbol)
            except SourceError as error:
                failures.append(error)
            except InvalidSymbol as error:
                if not failures:
                    raise
                raise InvalidSymbol(symbol, f"{_said(failures)}, and {error.mend}") from error
            else:
                return _noted(history, failures)
        raise failures[0]


def _noted(history: PriceHistory, failures: list[SourceError]) -> PriceHistory:
    if not failures:
        return history
    last = f"{history.frame.index[-1]:%Y-%m-%d}"
    note = f"{_said(failures)}: these prices are of {history.provider!r}, last session {last}."
    return replace(history, notes=(note, *history.notes))


def _said(failures: list[SourceError]) -> str:
    return ", ".join(f"{error.source} didn't answer ({error.reason})" for error in failures)
