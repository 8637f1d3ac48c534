"""Prices of what a portfolio holds, on the scale on which they were traded, and exchange rates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from stockanalyst.exceptions import DataError, InputError, SourceError
from stockanalyst.market.prices import PriceHistory, as_traded, rebased_close
from stockanalyst.market.symbols import in_hundredths
from stockanalyst.portfolio.pricing import Price, Rate, as_written
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
        times as much is one in pence or cents; all of the symbol's are then divided by 100. Of what
        was never traded the exchange's custom decides.
    notes : list of str
        What a reader must know of the prices, a sentence each.
    """

    providers: ProviderByName
    provider: str
    paid: dict[str, tuple[date, Decimal]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _known: dict[str, PriceHistory | Exception] = field(default_factory=dict)
    _traded: dict[str, pd.Series] = field(default_factory=dict)

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
            last = self._last(symbol, currency, on)
            if last is not None:
                found[symbol] = Price(last[0], currency, last[1])
        return found

    def rates(self, currencies: Iterable[str], base: str, on: date) -> dict[str, Rate]:
        """What a unit of each currency is worth in `base`, as :meth:`prices`."""
        found = {}
        for currency in currencies:
            last = self._last(_pair(currency, base), base, on) if currency != base else None
            if last is not None:
                found[currency] = Rate(last[0], base, last[1])
        return found

    def closes(self, symbols: Mapping[str, str]) -> pd.DataFrame:
        """Closes as traded, sessions × symbols; symbols without a price lack.

        Parameters
        ----------
        symbols : mapping of str to str
            The currency of each symbol.
        """
        columns = {}
        for symbol, currency in symbols.items():
            closes = self._closes(symbol, currency)
            if closes is not None:
                columns[symbol] = closes
        return pd.DataFrame(columns).sort_index()

    def exchange(self, currencies: Iterable[str], base: str) -> pd.DataFrame:
        """Rates by day, days × currencies, in units of `base`; those that aren't known lack."""
        pairs = {_pair(currency, base): currency for currency in currencies if currency != base}
        return self.closes(dict.fromkeys(pairs, base)).rename(columns=pairs)

    def adjusted(self, symbol: str) -> pd.Series:
        """Closes adjusted for splits and dividends, its symbol as their name.

        Raises
        ------
        InputError, DataError, SourceError
            From the provider.
        """
        history = self._asked(symbol)
        if isinstance(history, Exception):
            raise history
        return rebased_close(history.frame).rename(symbol)

    def splits(self, symbol: str) -> dict[date, float]:
        """New units for an old one, by ex-date."""
        history = self._asked(symbol)
        if isinstance(history, Exception):
            return {}
        ratios = history.frame["split_ratio"]
        ratios = ratios[ratios != 1]
        days = (day.date() for day in pd.DatetimeIndex(ratios.index))
        return dict(zip(days, ratios.tolist(), strict=True))

    def tell(self, *notes: str) -> None:
        """Keep sentences that aren't among the notes yet."""
        self.notes += [note for note in dict.fromkeys(notes) if note not in self.notes]

    def _closes(self, symbol: str, currency: str) -> pd.Series | None:
        """As traded, in whole units of the currency."""
        history = self._asked(symbol)
        if isinstance(history, Exception):
            self.tell(f"{symbol} has no price: {history}")
            return None
        if symbol not in self._traded:
            self._traded[symbol] = as_traded(history.frame)["close"]
        closes = self._traded[symbol]
        if not self._in_hundredths(symbol, currency, closes):
            return closes
        self.tell(
            f"{symbol} is quoted in hundredths of its currency: its prices are divided by 100."
        )
        return closes / 100

    def _in_hundredths(self, symbol: str, currency: str, closes: pd.Series) -> bool:
        if symbol not in self.paid:
            return in_hundredths(symbol, currency)
        day, price = self.paid[symbol]
        known = closes.loc[: pd.Timestamp(day)]
        return len(known) > 0 and _HUNDREDFOLD[0] < known.iloc[-1] / float(price) < _HUNDREDFOLD[1]

    def _last(self, symbol: str, currency: str, on: date) -> tuple[Decimal, date] | None:
        known = self._closes(symbol, currency)
        if known is None:
            return None
        closes = known.loc[: pd.Timestamp(on)]
        last = closes.index[-1].date() if len(closes) else None
        if last is None or on - last > FRESH:
            newest = f"the last before is of {last}" if last else "none is before"
            self.tell(f"{symbol} has no price within ten days of {on}: {newest}.")
            return None
        return as_written(float(closes.iloc[-1])), last

    def _asked(self, symbol: str) -> PriceHistory | Exception:
        """What the provider said of a symbol, which it is asked for once.

        Raises
        ------
        InputError
            There is no such provider.
        """
        if symbol not in self._known:
            try:
                history = self.providers(self.provider).history(symbol)
                self._known[symbol] = history
                self.tell(*history.notes)
            except (InputError, DataError, SourceError) as error:
                if isinstance(error, InputError) and error.parameter == "provider":
                    raise
                self._known[symbol] = error
        return self._known[symbol]


def _pair(currency: str, base: str) -> str:
    return f"{currency}{base}=X"
