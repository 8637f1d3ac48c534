"""Prices of what a portfolio holds, on the scale on which they were traded, and exchange rates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import nan

import pandas as pd

from stockanalyst.exceptions import DataError, InputError, SourceError
from stockanalyst.market.prices import PriceHistory, as_traded, rebased_close
from stockanalyst.portfolio.valuation import Price, Rate, as_written
from stockanalyst.services.protocols import ProviderByName

_HUNDREDFOLD = (40.0, 250.0)
FRESH = timedelta(days=10)
"""A close that is older than this isn't what something is worth."""


@dataclass
class Quotes:
    """What one provider knows of several symbols; each is asked for once.

    Attributes
    ----------
    paid : dict of str to (date, Decimal)
        What was paid for a unit of a symbol, and when. A close of that day that is about a hundred
        times as much is one in pence or cents; all of the symbol's are then divided by 100.
    notes : list of str
        What a reader must know of the prices, a sentence each.
    """

    providers: ProviderByName
    provider: str
    paid: dict[str, tuple[date, Decimal]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _known: dict[str, PriceHistory | None] = field(default_factory=dict)

    def prices(self, symbols: Mapping[str, str], on: date) -> dict[str, Price]:
        """The last close of each symbol up to a day; one that has none within ten days lacks.

        Parameters
        ----------
        symbols : mapping of str to str
            The currency of each symbol.
        on : date
        """
        found = {}
        for symbol, currency in symbols.items():
            last = self._last(symbol, on)
            if last is not None:
                found[symbol] = Price(last[0], currency, last[1])
        return found

    def rates(self, currencies: Iterable[str], base: str, on: date) -> dict[str, Rate]:
        """What a unit of each currency is worth in `base`, as :meth:`prices`."""
        found = {}
        for currency in currencies:
            last = self._last(_pair(currency, base), on) if currency != base else None
            if last is not None:
                found[currency] = Rate(last[0], base, last[1])
        return found

    def closes(self, symbols: Iterable[str]) -> pd.DataFrame:
        """Closes as traded, sessions × symbols; symbols without a price lack."""
        columns = {}
        for symbol in symbols:
            closes = self._closes(symbol)
            if closes is not None:
                columns[symbol] = closes
        return pd.DataFrame(columns).sort_index()

    def exchange(self, currencies: Iterable[str], base: str) -> pd.DataFrame:
        """Rates by day, days × currencies, in units of `base`; those that aren't known lack."""
        pairs = {_pair(currency, base): currency for currency in currencies if currency != base}
        return self.closes(pairs).rename(columns=pairs)

    def adjusted(self, symbol: str, until: pd.Timestamp | None = None) -> pd.Series:
        """Closes adjusted for splits and dividends, its symbol as their name.

        Raises
        ------
        InputError, DataError, SourceError
            From the provider.
        """
        history = self.providers(self.provider).history(symbol)
        self._tell(history)
        return rebased_close(history.until(until)).rename(symbol)

    def splits(self, symbol: str) -> dict[date, float]:
        """New units for an old one, by ex-date."""
        history = self._history(symbol)
        if history is None:
            return {}
        ratios = history.frame["split_ratio"]
        ratios = ratios[ratios != 1]
        days = (day.date() for day in pd.DatetimeIndex(ratios.index))
        return dict(zip(days, ratios.tolist(), strict=True))

    def _closes(self, symbol: str) -> pd.Series | None:
        """As traded, in whole units of the currency."""
        history = self._history(symbol)
        if history is None:
            return None
        closes: pd.Series = as_traded(history.frame)["close"]
        day, price = self.paid.get(symbol, (None, Decimal(1)))
        known = closes if day is None else closes.loc[: pd.Timestamp(day)]
        close = float(known.iloc[-1]) if day is not None and len(known) else nan
        if not _HUNDREDFOLD[0] < close / float(price) < _HUNDREDFOLD[1]:
            return closes
        note = f"{symbol} is quoted in hundredths of its currency: its prices are divided by 100."
        if note not in self.notes:
            self.notes.append(note)
        return closes / 100

    def _last(self, symbol: str, on: date) -> tuple[Decimal, date] | None:
        known = self._closes(symbol)
        if known is None:
            return None
        closes = known.loc[: pd.Timestamp(on)]
        last = closes.index[-1].date() if len(closes) else None
        if last is None or on - last > FRESH:
            newest = f"the last before is of {last}" if last else "none is before"
            self.notes.append(f"{symbol} has no price within ten days of {on}: {newest}.")
            return None
        return as_written(float(closes.iloc[-1])), last

    def _history(self, symbol: str) -> PriceHistory | None:
        if symbol not in self._known:
            try:
                self._known[symbol] = self.providers(self.provider).history(symbol)
                self._tell(self._known[symbol])
            except InputError as error:
                if error.parameter == "provider":
                    raise
                self._fail(symbol, error)
            except (DataError, SourceError) as error:
                self._fail(symbol, error)
        return self._known[symbol]

    def _fail(self, symbol: str, error: Exception) -> None:
        self._known[symbol] = None
        self.notes.append(f"{symbol} has no price: {error}")

    def _tell(self, history: PriceHistory | None) -> None:
        told = () if history is None else history.notes
        self.notes += [note for note in told if note not in self.notes]


def _pair(currency: str, base: str) -> str:
    return f"{currency}{base}=X"
