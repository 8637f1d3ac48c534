"""Lots as tables: those open, and those that were given away."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import pandas as pd

from stockanalyst.portfolio.commodities import currency, major_units, product, security
from stockanalyst.portfolio.lots import Book, Match, Position
from stockanalyst.portfolio.pricing import Price

_LOT = ("symbol", "currency", "acquired_on", "units", "cost", "value", "unrealised")
_MATCH = (*_LOT[:3], "closed_on", "units", "cost", "proceeds", "realised")


def lots_frame(book: Book, prices: Mapping[tuple[str, str], Price]) -> pd.DataFrame:
    """Open lots, one a row, by symbol, currency and age.

    Parameters
    ----------
    book : Book
    prices : Mapping
        By symbol and currency of the cost, in that currency and on the scale of the units: those of
        the holdings of a statement.

    Returns
    -------
    DataFrame
        Columns ``symbol``, ``currency``, ``acquired_on`` (date), ``units``, ``cost``, ``value``,
        ``unrealised`` (Decimals; the last two None without a price). The values of a position's
        lots add up to the position's.
    """
    rows = [
        row
        for key, position in sorted(book.positions.items())
        for row in _lots(key, position, prices.get(key))
    ]
    return pd.DataFrame(rows, columns=list(_LOT), dtype=object)


def matches_frame(book: Book) -> pd.DataFrame:
    """What was given away, one lot and sale a row, by symbol, currency and day.

    Returns
    -------
    DataFrame
        Columns ``symbol``, ``currency``, ``acquired_on``, ``closed_on`` (dates), ``units``,
        ``cost``, ``proceeds``, ``realised`` (Decimals).
    """
    rows = [
        _match(key, match)
        for key, position in sorted(book.positions.items())
        for match in position.matches
    ]
    return pd.DataFrame(rows, columns=list(_MATCH), dtype=object)


def _lots(
    key: tuple[str, str], position: Position, price: Price | None
) -> Iterator[tuple[object, ...]]:
    """Rows of lots; values by cumulative rounding."""
    symbol, money = key[0], currency(key[1])
    units, given = 0, 0
    for lot in position.lots:
        worth: tuple[Decimal | None, Decimal | None] = None, None
        if price is not None:
            units += lot.units
            value = product(units, price.amount, money) - given
            given += value
            worth = major_units(value, money), major_units(value - lot.cost, money)
        cost, held = major_units(lot.cost, money), major_units(lot.units, security(symbol))
        yield symbol, money.code, lot.acquired_on, held, cost, *worth


def _match(key: tuple[str, str], match: Match) -> tuple[object, ...]:
    symbol, money = key[0], currency(key[1])
    units = major_units(match.units, security(symbol))
    amounts = (match.cost, match.proceeds, match.proceeds - match.cost)
    shown = (major_units(amount, money) for amount in amounts)
    return symbol, money.code, match.acquired_on, match.on, units, *shown
