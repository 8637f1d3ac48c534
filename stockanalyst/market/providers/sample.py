"""Real prices that travel with the dependencies: no network."""

import gzip
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pandas as pd

from stockanalyst.exceptions import DataError, InvalidSymbol, did_you_mean
from stockanalyst.frames import price_frame
from stockanalyst.market.adjustments import derive_events
from stockanalyst.market.prices import PriceHistory

STOCKS = ("AAPL", "GOOG", "IBM", "MSFT")
BENCHMARK = "^GSPC"
FIRST, LAST = "2000-03-01", "2013-03-01"
_NOTE = f"These are embedded sample prices: they end on {LAST}, and 'today' is that session."


@dataclass(frozen=True)
class SampleProvider:
    """Four stocks and the S&P 500, daily, March 2000 to March 2013.

    The stocks are Quandl's WIKI prices, which were published into the public domain, from
    ``bokeh_sampledata``; the index is from ``arch``. Neither package is imported: only their data
    files are read. Dividends and splits are derived, for neither file lists them.
    """

    @property
    def name(self) -> str:
        """``sample``."""
        return "sample"

    def history(self, symbol: str) -> PriceHistory:
        """Every session of one of the five symbols; `today` is the last.

        Raises
        ------
        InvalidSymbol
            The sample doesn't have it.
        DataError
            A package that carries the data isn't installed.
        """
        if symbol in STOCKS:
            table = _stock(symbol)
        elif symbol == BENCHMARK:
            table = _benchmark()
        else:
            raise InvalidSymbol(symbol, _unknown(symbol))
        table = table.rename(columns=lambda name: name.lower().replace(" ", "_"))
        table = table.join(derive_events(table["close"], table["adj_close"]))
        frame = price_frame(table, where=f"{self.name} {symbol}")
        return PriceHistory(symbol, frame, self.name, frame.index[-1], (_NOTE,))


def _unknown(symbol: str) -> str:
    known = [*STOCKS, BENCHMARK]
    hint = did_you_mean(symbol, known)
    return f"the sample has only {', '.join(known)}" + (f"; {hint}" if hint else "")


def _stock(symbol: str) -> pd.DataFrame:
    """Rows of one ticker; the others aren't parsed, which halves the time."""
    path = _resource("bokeh_sampledata", "_data/stocks.csv.gz")
    with gzip.open(path, "rt", encoding="ascii") as lines:
        text = next(lines) + "".join(line for line in lines if line.startswith(f"{symbol},"))
    table = pd.read_csv(StringIO(text), index_col="Date")
    return table.set_index(pd.to_datetime(table.index, format="%Y-%m-%d"))


def _benchmark() -> pd.DataFrame:
    table = pd.read_csv(_resource("arch", "data/sp500/sp500.csv.gz"), index_col="Date")
    return table.set_index(pd.to_datetime(table.index, format="%m/%d/%Y")).loc[FIRST:LAST]


def _resource(package: str, path: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"sample: package {package!r} isn't installed; pip install {package}")
    return Path(spec.origin).parent / path
