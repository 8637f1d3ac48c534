"""Prices that the user has on disk."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from stockanalyst.exceptions import DataError, InputError, InvalidSymbol, did_you_mean
from stockanalyst.frames import price_frame
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.providers.tables import SUFFIXES, read_table

_SHOWN = 8  # symbols listed in a message


@dataclass(frozen=True)
class FilesProvider:
    """A folder with one CSV or Parquet file a symbol, or one long file of many symbols.

    Parameters
    ----------
    folder : Path
        A folder of files named by symbol (``AAPL.csv``, ``aapl.csv.gz``, ``AAPL.parquet``), or a
        long file with a column ``symbol`` or ``ticker``, or a folder that holds one such file.
        A symbol is looked for among the names that are there, so it can't lead out of the folder.
    """

    folder: Path

    @property
    def name(self) -> str:
        """``files:FOLDER``."""
        return f"files:{self.folder}"

    def history(self, symbol: str) -> PriceHistory:
        """Every session in the file; `today` is the last.

        Raises
        ------
        InputError
            No such folder, or nothing readable in it.
        InvalidSymbol
            No file and no row for it.
        DataError
            Two files for it, a file that can't be read, or one that breaks the schema.
        """
        path, table = self._table(symbol)
        frame = price_frame(table.set_index("session"), where=path.name)
        return PriceHistory(
            symbol,
            frame,
            self.name,
            today=frame.index[-1],
            notes=_notes(path, table),
            folder=str(self.folder.expanduser().absolute()),
        )

    def _table(self, symbol: str) -> tuple[Path, pd.DataFrame]:
        paths = self._paths()
        if len(paths) == 1 and "symbol" in (long := read_table(paths[0])):
            return paths[0], self._rows(symbol, long)
        named = [path for path in paths if _stem(path) == symbol]
        if not named:
            raise self._unknown(symbol, [_stem(path) for path in paths])
        if len(named) > 1:
            both = " and ".join(path.name for path in named)
            raise DataError(f"{self.name}: {both} match symbol {symbol!r}; keep one of them")
        return named[0], read_table(named[0])

    def _paths(self) -> list[Path]:
        place = self.folder.expanduser()
        try:
            found = sorted(place.iterdir()) if place.is_dir() else [place.resolve(strict=True)]
            paths = [p for p in found if p.name.lower().endswith(SUFFIXES) and p.is_file()]
        except FileNotFoundError as error:
            mend = "no such folder or file; check the path"
            raise InputError("provider", self.name, mend) from error
        except OSError as error:
            mend = f"can't be read ({error.strerror}); check the path"
            raise InputError("provider", self.name, mend) from error
        except ValueError as error:  # a NUL
            raise InputError("provider", self.name, "no path has such a character") from error
        if not paths:
            mend = f"no {', '.join(SUFFIXES)} file there; name them by symbol, such as AAPL.csv"
            raise InputError("provider", self.name, mend)
        return paths

    def _rows(self, symbol: str, long: pd.DataFrame) -> pd.DataFrame:
        symbols = long["symbol"].astype(str).str.strip().str.upper()
        rows = long[symbols == symbol]
        if rows.empty:
            raise self._unknown(symbol, sorted(set(symbols)))
        return rows

    def _unknown(self, symbol: str, known: list[str]) -> InvalidSymbol:
        listed = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        hint = did_you_mean(symbol, known)
        mend = f"{self.name} has only {listed}" + (f"; {hint}" if hint else "")
        return InvalidSymbol(symbol, mend)


def _stem(path: Path) -> str:
    name = path.name.upper()
    suffix = next(suffix for suffix in map(str.upper, SUFFIXES) if name.endswith(suffix))
    return name.removesuffix(suffix)


def _notes(path: Path, table: pd.DataFrame) -> tuple[str, ...]:
    if "adj_close" in table:
        return ()
    effect = "a split or a dividend counts as a price move"
    return (f"{path.name} has no adjusted closes; they are taken as they are: {effect}.",)
