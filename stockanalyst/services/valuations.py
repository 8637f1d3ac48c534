"""What a portfolio is worth, has returned, and could hold instead."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from stockanalyst.exceptions import InputError
from stockanalyst.market.symbols import parse_symbol, quoted_in
from stockanalyst.portfolio.attribution import attribution
from stockanalyst.portfolio.commodities import EXACT, currency, major_units, security
from stockanalyst.portfolio.entries import ACTIONS, Entry, EntryType
from stockanalyst.portfolio.lot_tables import lots_frame
from stockanalyst.portfolio.lots import holdings_on, replay, standing
from stockanalyst.portfolio.performance import performance
from stockanalyst.portfolio.protocols import Numbered, Portfolio
from stockanalyst.portfolio.purchases import currencies_paid, prices_paid
from stockanalyst.portfolio.rebalancing import Rebalancing, rebalancing
from stockanalyst.portfolio.valuation import Statement, statement
from stockanalyst.portfolio.value_history import value_history
from stockanalyst.reporting.portfolio_html import (
    ShownPerformance,
    ShownStatement,
    proposal_bundle,
)
from stockanalyst.services.quotes import FRESH, Quotes

if TYPE_CHECKING:
    from stockanalyst.portfolio.allocation import Method

_COLUMNS = (
    "number", "on", "type", "symbol", "units", "amount", "currency", "fee", "tax", "ratio", "child",
    "child_amount", "basis", "reverses", "note",
)  # fmt: skip


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
    book, paid = replay(known, portfolio.method), currencies_paid(known)
    held = sorted({symbol for (symbol, _), own in book.positions.items() if own.units})
    prices = quotes.prices(_money(known, {symbol: paid[symbol] for symbol in held}, quotes), on)
    rates = quotes.rates(sorted(_currencies_of(known)), portfolio.currency, on)
    notes = (*quotes.notes, *_unbooked_splits(portfolio, known, held, on, quotes))
    return ShownStatement.of(
        statement(portfolio, entries, on=on, prices=prices, rates=rates, notes=notes)
    )


def lots_on(portfolio: Portfolio, entries: Numbered, on: date, quotes: Quotes) -> pd.DataFrame:
    """Open lots, at the prices of the statement of that day."""
    shown = statement_on(portfolio, entries, on, quotes)
    prices = {
        (each.symbol, each.currency): each.price
        for each in shown.holdings
        if each.price is not None
    }
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
    since, until = period
    if since is not None and since >= until:
        raise InputError("since", str(since), f"give a day before {until}")
    known, base = _until(entries, until), portfolio.currency
    money = _money(known, currencies_paid(known), quotes)
    closes = quotes.closes(dict(sorted(money.items()))).loc[: pd.Timestamp(until)]
    exchange = quotes.exchange(sorted(_currencies_of(known)), base).loc[: pd.Timestamp(until)]
    days = _days(pd.DatetimeIndex(closes.index), known, since, until)
    prices, rates = _through(closes, until), _through(exchange, until)
    history = value_history(known, prices, currencies=money, rates=rates, base=base, days=days)
    if since is not None:
        history = history.loc[pd.Timestamp(since) :]
    if history.empty:
        mend = f"has no entry up to {until}; deposit something first, or choose a later day"
        raise InputError("portfolio", portfolio.name, mend)
    first, last = history.index[0].date(), history.index[-1].date()
    parts = attribution(
        known, prices, currencies=money, rates=rates, base=base, since=first, until=last
    )
    beside = None if benchmark is None else _benchmark(benchmark, base, history.index, quotes)
    done = performance(
        portfolio.name, base, history, parts, benchmark=beside, notes=tuple(quotes.notes)
    )
    return ShownPerformance.of(done)


def proposal_on(
    portfolio: Portfolio, entries: Numbered, on: date, wanted: Wanted, quotes: Quotes
) -> Proposal:
    """Weights from the prices up to a day, and the trades that lead there from what is held."""
    # Imported here, for scipy's clustering takes 0.2 s, which a purchase needn't wait.
    from stockanalyst.portfolio.allocation import allocate

    shown = statement_on(portfolio, entries, on, quotes)
    if shown.value is None:
        raise InputError("portfolio", portfolio.name, f"can't be valued: {' '.join(shown.notes)}")
    held = _values(shown, quotes)
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
    # What the trades cost can't be invested too: it stays in cash.
    weights *= 1 - trades.cost / float(shown.value)
    trades = rebalancing(held, weights, cash=cash, rate=wanted.cost)
    unit_prices = _prices(shown, _until(entries, on), list(trades.trades.index), quotes)
    return Proposal(
        statement=shown,
        method=wanted.method,
        first=prices.index[0].date(),
        last=prices.index[-1].date(),
        sessions=len(prices),
        table=_table(shown, held, weights, trades, unit_prices),
        rebalancing=trades,
        notes=tuple(quotes.notes),
    )


def _table(
    shown: Statement,
    held: Mapping[str, float],
    weights: pd.Series,
    trades: Rebalancing,
    prices: Mapping[str, float],
) -> pd.DataFrame:
    symbols, value = trades.trades.index, float(shown.value or 0)
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


def _prices(
    shown: Statement, entries: Numbered, symbols: Iterable[str], quotes: Quotes
) -> dict[str, float]:
    """Of a unit, in the portfolio's currency; symbols without a price or a rate lack."""
    paid = currencies_paid(entries)
    bought = {symbol: paid[symbol] for symbol in symbols if symbol in paid}
    others = [symbol for symbol in symbols if symbol not in paid]
    money = _money(entries, bought, quotes) | _assumed(others, shown.portfolio.currency, quotes)
    rates = _rates(shown, money.values(), quotes)
    return {
        symbol: float(price.amount) * rates[price.currency]
        for symbol, price in quotes.prices(money, shown.on).items()
        if price.currency in rates
    }


def _assumed(symbols: Iterable[str], base: str, quotes: Quotes) -> dict[str, str]:
    """The currency that prices of symbols which were never bought are taken to be in."""
    money = {symbol: quoted_in(symbol) or base for symbol in symbols}
    quotes.tell(
        *(
            f"{symbol} was never bought: its price is taken to be in {code}."
            for symbol, code in money.items()
            if quoted_in(symbol) != base
        )
    )
    return money


def _values(shown: Statement, quotes: Quotes) -> dict[str, float]:
    """What each symbol held is worth in the portfolio's currency."""
    held = [(each.symbol, each.currency, each.value) for each in shown.holdings if each.value]
    rates = _rates(shown, [code for _, code, _ in held], quotes)
    found: dict[str, float] = defaultdict(float)
    for symbol, code, value in held:
        found[symbol] += float(value) * rates[code]
    return dict(found)


def _rates(shown: Statement, currencies: Iterable[str], quotes: Quotes) -> dict[str, float]:
    """What a unit of each currency is worth in the portfolio's; those that aren't known lack."""
    base = shown.portfolio.currency
    known = quotes.rates(sorted(set(currencies)), base, shown.on)
    return {base: 1.0} | {code: float(rate.amount) for code, rate in known.items()}


def _adjusted(symbols: Iterable[str], on: date, sessions: int, quotes: Quotes) -> pd.DataFrame:
    if sessions < 1:
        raise InputError("sessions", sessions, "give a number of sessions such as 504")
    last = pd.Timestamp(on)
    table = pd.concat([quotes.adjusted(symbol).loc[:last] for symbol in symbols], axis=1, sort=True)
    return table.dropna(how="all").iloc[-sessions:]


def _days(
    sessions: pd.DatetimeIndex, entries: Numbered, since: date | None, until: date
) -> pd.DatetimeIndex:
    """The sessions after a day, and that day; without one, the last session before all entries.

    Where there is no session, weekdays. The last day is one of them where the books changed after
    the last session.
    """
    booked = [entry.on for _, entry in entries]
    first = since or min(booked, default=until) - timedelta(days=1)
    if sessions.empty:
        sessions = pd.bdate_range(first, until)
    start = sessions[sessions <= pd.Timestamp(first)][-1:] if since is None else [since]
    days = pd.DatetimeIndex(start).append(sessions[sessions > pd.Timestamp(first)])
    changed = len(days) < 2 or max(booked, default=first) > days[-1].date()
    return pd.DatetimeIndex(days.union(pd.DatetimeIndex([until] if changed else [])))


def _through(table: pd.DataFrame, last: date) -> pd.DataFrame:
    """With a row for each weekday after its last: nothing is carried over these as over one."""
    if table.empty:
        return table
    index = pd.DatetimeIndex(table.index)
    return table.reindex(index.union(pd.bdate_range(index[-1], last)))


def _benchmark(symbol: str, base: str, days: pd.Index, quotes: Quotes) -> pd.Series:
    """Its closes by session, and on the first and the last of the days the last one before."""
    known = parse_symbol(symbol)
    if quoted_in(known) not in {base, ""}:
        quotes.tell(
            f"{known} is in {quoted_in(known)} and the portfolio in {base}: its returns are not "
            "converted, so what the exchange rate did is missing from them."
        )
    closes = quotes.adjusted(known)
    ends = closes.index.union(days[[0, -1]])
    return closes.reindex(ends, method="ffill", tolerance=pd.Timedelta(FRESH))


def _until(entries: Numbered, on: date) -> list[tuple[int, Entry]]:
    return [pair for pair in standing(entries) if pair[1].on <= on]


def _money(entries: Numbered, paid: Mapping[str, Sequence[str]], quotes: Quotes) -> dict[str, str]:
    """The currency that prices of symbols are taken to be in: that of the last purchase."""
    money = {symbol: codes[-1] for symbol, codes in paid.items()}
    quotes.paid.update(prices_paid(entries, money))
    quotes.tell(
        *(
            f"{symbol} was bought in {' and in '.join(codes)}: its prices are taken to be in "
            f"{codes[-1]}, as last paid."
            for symbol, codes in sorted(paid.items())
            if len(codes) > 1
        )
    )
    return money


def _unbooked_splits(
    portfolio: Portfolio, entries: Numbered, symbols: Iterable[str], on: date, quotes: Quotes
) -> list[str]:
    """Sentences on splits of what was held that the ledger doesn't know."""
    booked = [(entry.symbol, entry.on) for _, entry in entries if entry.type in ACTIONS]
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
    ratio = "{}:{}".format(*entry.ratio) if entry.type in ACTIONS else ""
    gained = major_units(entry.child_amount, currency(entry.child)) if entry.child_amount else None
    basis = EXACT.divide(*map(Decimal, entry.basis)) if entry.type is EntryType.SPIN_OFF else None
    return (
        number, entry.on, entry.type.value, entry.symbol, units, amount, entry.currency, fee, tax,
        ratio, entry.child, gained, basis, entry.reverses or None, entry.note,
    )  # fmt: skip
