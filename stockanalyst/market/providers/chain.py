"""The first provider that answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stockanalyst.exceptions import InvalidSymbol, SourceError
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.protocols import PriceProvider


@dataclass(frozen=True)
class ChainProvider:
    """Asks one provider after the other, and says whose prices these are.

    A provider that doesn't answer is passed over. An answer that falls short (`shortfall`) is kept
    while the rest are asked, and gives way to one that doesn't and is as recent. Prices that break
    the schema are an answer, and so is "unknown symbol", unless a provider was passed over before.

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
        """The first whole answer, else the first; its `provider` is the one that gave it.

        Raises
        ------
        InvalidSymbol
            Nobody who answers knows it; the message says who didn't answer.
        DataError
            What a provider has breaks the schema.
        SourceError
            None answers: the error of the preferred one.
        """
        failures: list[SourceError] = []
        unknown: list[InvalidSymbol] = []
        short: list[PriceHistory] = []
        for provider in self.providers:
            try:
                history = provider.history(symbol)
            except SourceError as error:
                failures.append(error)
            except InvalidSymbol as error:
                if not failures and not short:
                    raise
                unknown.append(error)
            else:
                if not history.shortfall and _is_as_recent(history, short):
                    return _noted(history, failures, short)
                short += [history] if history.shortfall else []
        if short:
            return _noted(short[0], failures, [])
        if unknown:
            known = "; ".join(error.mend for error in unknown)
            raise InvalidSymbol(symbol, f"{_said(failures)}, and {known}") from unknown[0]
        raise failures[0]


def _is_as_recent(history: PriceHistory, others: list[PriceHistory]) -> bool:
    return all(history.frame.index[-1] >= other.frame.index[-1] for other in others)


def _noted(
    history: PriceHistory, failures: list[SourceError], short: list[PriceHistory]
) -> PriceHistory:
    passed = [f"{kept.provider} gives only {kept.shortfall}" for kept in short]
    if not failures and not passed:
        return history
    last = f"{history.frame.index[-1]:%Y-%m-%d}"
    said = ", ".join([*([_said(failures)] if failures else []), *passed])
    note = f"{said}: these prices are of {history.provider!r}, last session {last}."
    return replace(history, notes=(note, *history.notes))


def _said(failures: list[SourceError]) -> str:
    return ", ".join(f"{error.source} didn't answer ({error.reason})" for error in failures)
