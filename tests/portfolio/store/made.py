"""Entries to post: amounts in cents, units in hundred-millionths."""

from datetime import date, timedelta

from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.protocols import Numbered

MONDAY = date(2026, 1, 5)
UNIT = 10**8


def day(after: int) -> date:
    """Some days after the first Monday."""
    return MONDAY + timedelta(days=after)


def deposit(cents: int, *, on: int = 0) -> Entry:
    return Entry(EntryType.DEPOSIT, day(on), "USD", cents)


def withdrawal(cents: int, *, on: int = 0) -> Entry:
    return Entry(EntryType.WITHDRAWAL, day(on), "USD", cents)


def buy(units: int, cents: int, *, fee: int = 0, on: int = 0, symbol: str = "AAPL") -> Entry:
    return Entry(EntryType.BUY, day(on), "USD", cents, fee, symbol=symbol, units=units * UNIT)


def sell(units: int, cents: int, *, fee: int = 0, on: int = 0, symbol: str = "AAPL") -> Entry:
    return Entry(EntryType.SELL, day(on), "USD", cents, fee, symbol=symbol, units=units * UNIT)


def reversal(number: int, *, on: int = 0) -> Entry:
    return Entry(EntryType.REVERSAL, day(on), reverses=number)


def accept(_journal: Numbered) -> None:
    """A check that refuses nothing."""
