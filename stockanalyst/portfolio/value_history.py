"""What a portfolio was worth on every day: research in float64, from an exact journal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import Commodity, currency, security
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.lots import standing
from stockanalyst.portfolio.protocols import Numbered

CARRIED = 10
"""Sessions over which a close or a rate that is missing is the last one before."""

_EPOCH = date(1970, 1, 1).toordinal()
_COLUMNS = ["value", "flow", "cash", "invested"]
_CASH = {  # how often amount, fee and tax count
    EntryType.DEPOSIT: (1, 0, 0),
    EntryType.WITHDRAWAL: (-1, 0, 0),
    EntryType.BUY: (-1, -1, -1),
    EntryType.SELL: (1, -1, -1),
    EntryType.DIVIDEND: (1, -1, -1),
    EntryType.INTEREST: (1, -1, -1),
    EntryType.FEE: (-1, 0, 0),
    EntryType.TAX: (-1, 0, 0),
    EntryType.TRANSFER_IN: (1, 0, 0),
    EntryType.TRANSFER_OUT: (-1, 0, 0),
    EntryType.EXCHANGE: (-1, -1, 0),
}
_UNITS = {
    EntryType.BUY: 1,
    EntryType.SELL: -1,
    EntryType.SPLIT: 1,
    EntryType.SPIN_OFF: 1,
    EntryType.TRANSFER_IN: 1,
    EntryType.TRANSFER_OUT: -1,
}
_EXTERNAL = (
    EntryType.DEPOSIT,
    EntryType.WITHDRAWAL,
    EntryType.TRANSFER_IN,
    EntryType.TRANSFER_OUT,
)


def value_history(
    entries: Numbered,
    closes: pd.DataFrame,
    *,
    currencies: Mapping[str, str],
    rates: pd.DataFrame,
    base: str,
    days: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Value, flows, cash and what is invested, day by day, in one currency.

    Parameters
    ----------
    entries : sequence of (int, Entry)
        A journal; what was taken back, on whichever day, doesn't count.
    closes : DataFrame of float64, sessions × symbols
        As traded (:func:`stockanalyst.market.prices.as_traded`): units are those of their day as
        well. One that is missing is the last one before, at most 10 rows older, on the scale after
        any split of the journal in between. A symbol may be missing altogether.
    currencies : Mapping of str to str
        By symbol, that of its closes.
    rates : DataFrame of float64, days × currencies
        Units of `base` for one of the currency; missing ones as for `closes`.
    base : str
        Of the result; it needs no rate.
    days : DatetimeIndex
        The days to value, ascending, each once. For a whole life, give one before the first entry
        or on its day.

    Returns
    -------
    DataFrame of float64
        Indexed by day, named ``session``. Days before the first entry are left out, but for a first
        row of zeros: the last of `days` before it, or the day before it where it is on the first of
        `days`. Without an entry up to the last of `days` there is no row.

        value
            Holdings and cash at the close.
        flow
            Deposits, withdrawals and transfers since the row before, units at their day's close;
            0 in the first row, whose value holds all up to it.
        cash
            All currencies together.
        invested
            All flows up to the day, those before the first row too.

        NaN where a close or a rate that it takes is missing. The columns ``value`` and ``flow`` are
        the `values` and `flows` of :mod:`stockanalyst.portfolio.returns`.

    Raises
    ------
    InputError
        A symbol with closes that was held and has no currency; days that aren't ascending.
    """
    if not (days.is_monotonic_increasing and days.is_unique):
        raise InputError("days", f"{len(days)} of them", "give them ascending, each once")
    wanted = _ordinals(days)
    last = int(wanted[-1]) if wanted.size else 0
    counted = [pair for pair in standing(entries) if pair[1].on.toordinal() <= last]
    moved = Movements.of(counted)
    if not moved.on.size:
        return pd.DataFrame(columns=_COLUMNS, index=days[:0].rename("session"), dtype=np.float64)
    rows = _rows(wanted, int(moved.on.min()))
    market = Market(closes, currencies, rates, base)
    worth = market.worth(moved.commodities, np.union1d(rows, moved.on), counted)
    dates = pd.DatetimeIndex((rows - _EPOCH).astype("datetime64[D]"), name="session").as_unit("ns")
    return pd.DataFrame(_history(moved, worth, rows), index=dates, columns=_COLUMNS)


@dataclass(frozen=True)
class Movements:
    """What came into a portfolio's cash and holdings, and what left them.

    Attributes
    ----------
    on : ndarray of int, shape (n,)
        Ordinals of dates.
    column : ndarray of int, shape (n,)
        Which of `commodities` was moved.
    amount : ndarray of int64, shape (n,)
        In minor units; negative: out.
    external : ndarray of bool, shape (n,)
        From outside the portfolio, or to there.
    commodities : tuple of Commodity
    """

    on: IntVector
    column: IntVector
    amount: NDArray[np.int64]
    external: NDArray[np.bool_]
    commodities: tuple[Commodity, ...]

    @classmethod
    def of(cls, entries: Numbered) -> "Movements":
        """What entries without a reversal move, in their order."""
        columns: dict[tuple[bool, str], int] = {}
        moved = []
        for _, entry in entries:
            on, external = entry.on.toordinal(), entry.type in _EXTERNAL
            for key, amount in _effects(entry):
                if amount:
                    moved.append((on, columns.setdefault(key, len(columns)), amount, external))
        ons, places, amounts, externals = zip(*moved, strict=True) if moved else ((),) * 4
        return cls(
            np.array(ons, dtype=np.intp),
            np.array(places, dtype=np.intp),
            np.array(amounts, dtype=np.int64),
            np.array(externals, dtype=np.bool_),
            tuple((currency if money else security)(code) for money, code in columns),
        )

    @property
    def minor(self) -> Vector:
        """Minor units in a major one, by commodity."""
        return np.array([10.0**each.scale for each in self.commodities])

    def held(self, days: IntVector) -> NDArray[np.int64]:
        """What was held at the end of each day, in minor units, by days and commodities."""
        width = len(self.commodities)
        counts = self.on <= days[-1]
        cells = np.searchsorted(days, self.on[counts]) * width + self.column[counts]
        changes = np.zeros(days.size * width, dtype=np.int64)
        np.add.at(changes, cells, self.amount[counts])
        return np.cumsum(changes.reshape(days.size, width), axis=0)


def _effects(entry: Entry) -> Iterator[tuple[tuple[bool, str], int]]:
    """Whether it is money, its code, and the amount in minor units."""
    yield (True, entry.currency), cash_change(entry)
    if entry.type is EntryType.EXCHANGE:
        yield (True, entry.child), entry.child_amount
    elif entry.type in _UNITS:
        symbol = entry.child if entry.type is EntryType.SPIN_OFF else entry.symbol
        yield (False, symbol), _UNITS[entry.type] * entry.units


def cash_change(entry: Entry) -> int:
    """What an entry brings to the cash in its own currency, in minor units; negative: it takes."""
    if entry.type not in _CASH:
        return 0
    amount, fee, tax = _CASH[entry.type]
    return amount * entry.amount + fee * entry.fee + tax * entry.tax


@dataclass(frozen=True)
class Worth:
    """What one major unit of each commodity was worth in one currency, by day.

    Attributes
    ----------
    days : ndarray of int, shape (n_days,)
        Ordinals of dates, ascending.
    columns : Mapping of Commodity to int
    table : ndarray of float64, shape (n_days, n_columns)
        NaN where it isn't known.
    """

    days: IntVector
    columns: Mapping[Commodity, int]
    table: Matrix

    def one(self, commodity: Commodity, on: date) -> float:
        """Of one commodity on one of the days."""
        row = int(self.days.searchsorted(on.toordinal()))
        return float(self.table[row, self.columns[commodity]])

    def order(self, moved: Movements) -> IntVector:
        """The columns of its commodities."""
        return np.array([self.columns[each] for each in moved.commodities], dtype=np.intp)

    def of(self, moved: Movements) -> Vector:
        """What was moved, at the worth of its day."""
        rows = np.searchsorted(self.days, moved.on)
        amounts = moved.amount / moved.minor[moved.column]
        return np.asarray(amounts * self.table[rows, self.order(moved)[moved.column]])


@dataclass(frozen=True)
class Market:
    """Closes and rates, as :func:`value_history` takes them."""

    closes: pd.DataFrame
    currencies: Mapping[str, str]
    rates: pd.DataFrame
    base: str

    def currency_of(self, symbol: str) -> str:
        """That of a symbol's closes; where there are none, the base.

        Raises
        ------
        InputError
            There are closes, but no currency.
        """
        if symbol not in self.currencies and symbol in self.closes:
            raise InputError("currencies", symbol, "has closes: say in which currency they are")
        return self.currencies.get(symbol, self.base)

    def worth(self, commodities: Sequence[Commodity], days: IntVector, entries: Numbered) -> Worth:
        """Of commodities, and of the currencies that securities are quoted in.

        Parameters
        ----------
        commodities : sequence of Commodity
        days : ndarray of int
            Ordinals of dates, ascending.
        entries : sequence of (int, Entry)
            Whose splits put a close of before them on the scale after.
        """
        money = {each.code for each in commodities if each.kind == "currency"}
        symbols = [each.code for each in commodities if each.kind == "security"]
        quoted = [self.currency_of(symbol) for symbol in symbols]
        codes = sorted(money.union(quoted, [self.base]))
        rates = _carried(self.rates, codes, days, [])
        rates[:, codes.index(self.base)] = 1.0
        splits = [
            entry
            for _, entry in entries
            if entry.type is EntryType.SPLIT and entry.symbol in symbols
        ]
        closes = _carried(self.closes, symbols, days, splits)
        table = np.hstack([rates, closes * rates[:, [codes.index(code) for code in quoted]]])
        known = [*map(currency, codes), *map(security, symbols)]
        return Worth(days, {each: column for column, each in enumerate(known)}, table)


def _carried(
    table: pd.DataFrame, names: list[str], days: IntVector, splits: Sequence[Entry]
) -> Matrix:
    """Values of the days, the last before where one is missing, by columns that may be missing."""
    given = _ordinals(table.index)
    rows = np.union1d(given, days)
    values = np.full((rows.size, len(names)), np.nan)
    known = np.array([column for column, name in enumerate(names) if name in table], dtype=np.intp)
    own = table[[names[column] for column in known]].to_numpy(dtype=np.float64)
    values[np.ix_(np.searchsorted(rows, given), known)] = own
    at = np.arange(rows.size)[:, None]
    source = np.maximum.accumulate(np.where(np.isfinite(values), at, -1), axis=0)
    filled = np.take_along_axis(values, np.maximum(source, 0), axis=0)
    filled[(source < 0) | (at - source > CARRIED)] = np.nan
    if splits:
        shares = _shares(rows, names, splits)
        filled *= np.take_along_axis(shares, np.maximum(source, 0), axis=0) / shares
    return np.asarray(filled[np.searchsorted(rows, days)], dtype=np.float64)


def _shares(rows: IntVector, names: list[str], splits: Sequence[Entry]) -> Matrix:
    """What one share became, by day."""
    shares = np.ones((rows.size, len(names)))
    for split in splits:
        since = np.searchsorted(rows, split.on.toordinal())
        shares[since:, names.index(split.symbol)] *= split.ratio[0] / split.ratio[1]
    return shares


def _rows(wanted: IntVector, first: int) -> IntVector:
    """The days from the first entry on, and the one before."""
    start = int(np.searchsorted(wanted, first))
    if start == 0 and wanted[0] > first:
        return wanted
    before = wanted[start - 1] if start else first - 1
    return np.concatenate([[before], wanted[start:]])


def _history(moved: Movements, worth: Worth, rows: IntVector) -> Matrix:
    """The columns of the result, by rows."""
    shown, order = np.searchsorted(worth.days, rows), worth.order(moved)
    held = moved.held(rows)
    worths = held / moved.minor * worth.table[np.ix_(shown, order)]
    values = np.where(held != 0, worths, 0.0)
    money = [each.kind == "currency" for each in moved.commodities]
    out = moved.external
    at = np.searchsorted(rows, moved.on[out])
    flow = np.bincount(at, worth.of(moved)[out], minlength=rows.size)
    invested = np.cumsum(flow)
    flow[0] = 0.0
    return np.column_stack([values.sum(axis=1), flow, values[:, money].sum(axis=1), invested])


def _ordinals(index: pd.Index) -> IntVector:
    return np.asarray(index.to_numpy(dtype="datetime64[D]").astype(np.intp) + _EPOCH)
