"""What a portfolio is worth, has returned, and could hold instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.attribution import attribution
from stockanalyst.portfolio.commodities import currency, major_units, security
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.lots import holdings_on, replay, standing
from stockanalyst.portfolio.performance import performance
from stockanalyst.portfolio.protocols import Numbered, Portfolio
from stockanalyst.portfolio.rebalancing import Rebalancing, rebalancing
from stockanalyst.portfolio.valuation import Statement, lots_frame, statement
from stockanalyst.portfolio.value_history import value_history
from stockanalyst.reporting.portfolio_html import (
    ShownPerformance,
    ShownStatement,
    proposal_bundle,
)
from stockanalyst.services.quotes import Quotes

if TYPE_CHECKING:
    from stockanalyst.portfolio.allocation import Method

_COLUMNS = (
    "number", "on", "type", "symbol", "units", "amount", "currency", "fee", "tax", "ratio", "child",
    "child_amount", "basis", "reverses", "note",
)  # fmt: skip


_ACTIONS = (EntryType.SPLIT, EntryType.SPIN_OFF)
_ABOUT = timedelta(days=7)  # by which a vendor's date and the booked one may differ


@dataclass(frozen=True)
class Wanted:
    """How to allocate; see :meth:`stockanalyst.services.ledger.Ledger.allocate`."""

    method: "Method"
    symbols: tuple[str, ...] | None
    sessions: int
    max_weight: float
    risk_aversion: float | None
    cost: float


@dataclass(frozen=True)
class Proposal:
    """Weights that a method gives, and what it takes to get there.

    Attributes
    ----------
    statement : Statement
        What is held.
    method : str
    first, last : date
        Sessions of the prices behind it.
    sessions : int
    table : DataFrame
        By symbol, float64: ``weight`` now and ``target``, decimals of holdings and cash; ``trade``
        in the portfolio's currency and ``units``, negative for a sale; ``price`` in that currency.
    rebalancing : Rebalancing
        Turnover and cost.
    notes : tuple of str
    """

    statement: Statement
    method: str
    first: date
    last: date
    sessions: int
    table: pd.DataFrame
    rebalancing: Rebalancing
    notes: tuple[str, ...]

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        return proposal_bundle(self)


def statement_on(
    portfolio: Portfolio, entries: Numbered, on: date, quotes: Quotes
) -> ShownStatement:
    """What is held at the end of a day, and what it is worth."""
    known = _until(entries, on)
    quotes.paid.update(_paid(known))
    book = replay(known, portfolio.method)
    held = {symbol: money for (symbol, money), own in book.positions.items() if own.units}
    prices = quotes.prices(held, on)
    rates = quotes.rates(sorted(_currencies_of(known)), portfolio.currency, on)
    notes = (*quotes.notes, *_unbooked_splits(portfolio, known, sorted(held), on, quotes))
    return ShownStatement.of(
        statement(portfolio, entries, on=on, prices=prices, rates=rates, notes=notes)
    )


def lots_on(portfolio: Portfolio, entries: Numbered, on: date, quotes: Quotes) -> pd.DataFrame:
    """Open lots, at the prices of the statement of that day."""
    shown = statement_on(portfolio, entries, on, quotes)
    prices = {each.symbol: each.price for each in shown.holdings if each.price is not None}
    frame = lots_frame(replay(_until(entries, on), portfolio.method), prices)
    frame.attrs["notes"] = list(shown.notes)
    return frame


def transactions_frame(entries: Numbered) -> pd.DataFrame:
    """Entries as a table: amounts and units as Decimals, None where there is none."""
    rows = [_row(number, entry) for number, entry in entries]
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object)


def performance_between(
    portfolio: Portfolio,
    entries: Numbered,
    period: tuple[date | None, date],
    benchmark: str | None,
    quotes: Quotes,
) -> ShownPerformance:
    """What became of the money between two days."""
    until = period[1]
    known = _until(entries, until)
    if not known:
        mend = f"has no entry up to {until}; deposit something first, or choose a later day"
        raise InputError("portfolio", portfolio.name, mend)
    quotes.paid.update(_paid(known))
    money = _money_of(known)
    closes = quotes.closes(sorted(money)).loc[: pd.Timestamp(until)]
    rates = quotes.exchange(sorted(_currencies_of(known)), portfolio.currency)
    first = period[0] or min(entry.on for _, entry in known) - timedelta(days=1)
    days = _days(closes, first, until)
    history = value_history(
        known, closes, currencies=money, rates=rates, base=portfolio.currency, days=days
    )
    since = history.index[0].date()
    parts = attribution(
        known,
        closes,
        currencies=money,
        rates=rates,
        base=portfolio.currency,
        since=since,
        until=until,
    )
    beside = None if benchmark is None else quotes.adjusted(benchmark).loc[: pd.Timestamp(until)]
    return ShownPerformance.of(
        performance(
            portfolio.name,
            portfolio.currency,
            history,
            parts,
            benchmark=beside,
            notes=tuple(quotes.notes),
        )
    )


def proposal_on(
    portfolio: Portfolio, entries: Numbered, on: date, wanted: Wanted, quotes: Quotes
) -> Proposal:
    """Weights from the prices up to a day, and the trades that lead there from what is held."""
    # Imported here, for scipy's clustering takes 0.2 s, which a purchase needn't wait.
    from stockanalyst.portfolio.allocation import allocate

    shown = statement_on(portfolio, entries, on, quotes)
    if shown.value is None:
        raise InputError("portfolio", portfolio.name, f"can't be valued: {' '.join(shown.notes)}")
    held = _values(shown)
    symbols = wanted.symbols or tuple(held)
    if not symbols:
        mend = "holds nothing on that day; name symbols"
        raise InputError("portfolio", portfolio.name, mend)
    prices = _adjusted(symbols, on, wanted.sessions, quotes)
    weights = allocate(
        prices,
        method=wanted.method,
        max_weight=wanted.max_weight,
        risk_aversion=wanted.risk_aversion,
    )
    cash = float(shown.value) - sum(held.values())
    trades = rebalancing(held, weights, cash=cash, rate=wanted.cost)
    return Proposal(
        statement=shown,
        method=wanted.method,
        first=prices.index[0].date(),
        last=prices.index[-1].date(),
        sessions=len(prices),
        table=_table(shown, held, weights, trades, quotes),
        rebalancing=trades,
        notes=tuple(quotes.notes),
    )


def _table(
    shown: Statement,
    held: Mapping[str, float],
    weights: pd.Series,
    trades: Rebalancing,
    quotes: Quotes,
) -> pd.DataFrame:
    base, value = shown.portfolio.currency, float(shown.value or 0)
    symbols = trades.trades.index
    own = {each.symbol: each.currency for each in shown.holdings}
    money = {symbol: own.get(symbol, base) for symbol in symbols}
    prices = {
        symbol: float(price.amount) * _rate(shown, price.currency)
        for symbol, price in quotes.prices(money, shown.on).items()
    }
    table = pd.DataFrame(
        {
            "weight": pd.Series(held, dtype=float).reindex(symbols, fill_value=0.0) / value,
            "target": weights.reindex(symbols, fill_value=0.0),
            "trade": trades.trades,
            "price": pd.Series(prices, dtype=float).reindex(symbols),
        }
    )
    table.insert(3, "units", table["trade"] / table["price"])
    return table.rename_axis("symbol")


def _values(shown: Statement) -> dict[str, float]:
    """What each symbol held is worth in the portfolio's currency."""
    found: dict[str, float] = {}
    for each in shown.holdings:
        if each.units and each.value is not None:
            worth = float(each.value) * _rate(shown, each.currency)
            found[each.symbol] = found.get(each.symbol, 0.0) + worth
    return found


def _rate(shown: Statement, money: str) -> float:
    return 1.0 if money == shown.portfolio.currency else float(shown.rates[money].amount)


def _adjusted(symbols: Iterable[str], on: date, sessions: int, quotes: Quotes) -> pd.DataFrame:
    if sessions < 1:
        raise InputError("sessions", sessions, "give a number of sessions such as 504")
    last = pd.Timestamp(on)
    table = pd.concat([quotes.adjusted(symbol).loc[:last] for symbol in symbols], axis=1, sort=True)
    return table.dropna(how="all").iloc[-sessions:]


def _days(closes: pd.DataFrame, first: date, last: date) -> pd.DatetimeIndex:
    """The sessions from the last one up to the first day; without any, every weekday."""
    index = pd.DatetimeIndex(closes.index)
    if index.empty:
        return pd.bdate_range(first, last, name="session")
    start = max(int(index.searchsorted(pd.Timestamp(first), side="right")) - 1, 0)
    return index[start:]


def _until(entries: Numbered, on: date) -> list[tuple[int, Entry]]:
    return [pair for pair in standing(entries) if pair[1].on <= on]


def _paid(entries: Numbered) -> dict[str, tuple[date, Decimal]]:
    """Of each symbol the last price at which it was traded, and when."""
    return {
        entry.symbol: (
            entry.on,
            major_units(entry.amount, currency(entry.currency))
            / major_units(entry.units, security(entry.symbol)),
        )
        for _, entry in entries
        if entry.type in {EntryType.BUY, EntryType.SELL} and entry.amount
    }


def _unbooked_splits(
    portfolio: Portfolio, entries: Numbered, symbols: Iterable[str], on: date, quotes: Quotes
) -> list[str]:
    """Sentences on splits of what was held that the ledger doesn't know."""
    booked = [(entry.symbol, entry.on) for _, entry in entries if entry.type in _ACTIONS]
    return [
        f"{symbol} was split {ratio:g} for 1 on {day}, says {quotes.provider}, and the ledger "
        f"doesn't know: its units, and so its value, are wrong until that is booked "
        f"(stockanalyst portfolio split {portfolio.name} {symbol} {ratio:g}:1 --on {day})."
        for symbol in symbols
        for day, ratio in quotes.splits(symbol).items()
        if day <= on
        and holdings_on(entries, symbol, day)
        and not any(own == symbol and abs(day - at) <= _ABOUT for own, at in booked)
    ]


def _money_of(entries: Numbered) -> dict[str, str]:
    """The currency that each symbol was last bought in."""
    found: dict[str, str] = {}
    for _, entry in sorted(entries, key=lambda pair: (pair[1].on, pair[0])):
        if entry.symbol and entry.currency:
            found[entry.symbol] = entry.currency
        elif entry.symbol and entry.child:
            found.setdefault(entry.child, found.get(entry.symbol, ""))
    return found


def _currencies_of(entries: Numbered) -> set[str]:
    given = {entry.currency for _, entry in entries}
    bought = {entry.child for _, entry in entries if not entry.symbol}
    return (given | bought) - {""}


def _row(number: int, entry: Entry) -> tuple[object, ...]:
    money = currency(entry.currency) if entry.currency else None
    amount, fee, tax = (
        major_units(each, money) if money and each else None
        for each in (entry.amount, entry.fee, entry.tax)
    )
    units = major_units(entry.units, security(entry.symbol)) if entry.units else None
    ratio = "{}:{}".format(*entry.ratio) if entry.type in _ACTIONS else ""
    gained = major_units(entry.child_amount, currency(entry.child)) if entry.child_amount else None
    basis = Decimal(entry.basis[0]) / entry.basis[1] if entry.type is EntryType.SPIN_OFF else None
    return (
        number, entry.on, entry.type.value, entry.symbol, units, amount, entry.currency, fee, tax,
        ratio, entry.child, gained, basis, entry.reverses or None, entry.note,
    )  # fmt: skip
