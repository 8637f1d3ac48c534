"""What a portfolio is worth on a day, and what came of what was put in: exact, in minor units."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import (
    EXACT,
    Commodity,
    currency,
    major_units,
    product,
    security,
)
from stockanalyst.portfolio.entries import EntryType
from stockanalyst.portfolio.ledger import Role, balances
from stockanalyst.portfolio.lots import Position, in_order, replay
from stockanalyst.portfolio.pricing import SHOWN, Converter, Price, Rate, on_scale, total
from stockanalyst.portfolio.protocols import Numbered, Portfolio

__all__ = ["Holding", "Price", "Rate", "Statement", "statement"]

_WEIGHT = Decimal("0.0001")
_SUMMED = ("cost", "realised", "income", "commissions", "fees", "taxes")

_Key = tuple[str, str]  # symbol, and currency of the cost
_Positions = Mapping[_Key, Position]
_Values = Mapping[_Key, int | None]


@dataclass(frozen=True, slots=True)
class Holding:
    """One symbol in one currency of cost, held on that day or before it.

    Attributes
    ----------
    symbol : str
    currency : str
        Of all the amounts: that of the cost.
    units : Decimal
        0 where nothing is left.
    cost : Decimal
        Of the units held, with fees and taxes.
    average_cost : Decimal or None
        Of one unit, to 12 digits; None where nothing is held.
    price : Price or None
        The one that `value` is made with, in `currency` and on the scale of the units; None where
        nothing is held, or there is none.
    value, unrealised : Decimal or None
        Units times price, rounded once, half up; that less the cost. 0 where nothing is held.
    realised : Decimal
        Proceeds, net of fees and taxes, less the costs of what was given away.
    income : Decimal
        Dividends and interest, less the tax and the fee taken from them.
    commissions : Decimal
        Fees of purchases, sales and income: already in costs, proceeds and income, as their taxes.
    fees, taxes : Decimal
        Those charged by themselves, for this symbol: in no other figure.
    weight : Decimal or None
        Share of the portfolio's value, 4 decimals; None where that is unknown or 0.
    """

    symbol: str
    currency: str
    units: Decimal
    cost: Decimal
    average_cost: Decimal | None
    price: Price | None
    value: Decimal | None
    unrealised: Decimal | None
    realised: Decimal
    income: Decimal
    commissions: Decimal
    fees: Decimal
    taxes: Decimal
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A portfolio at the end of a day.

    The totals are in the portfolio's currency, with all its decimals. Amounts of other currencies,
    past ones too, are converted with `rates`, each rounded once, half up; a total is the sum of
    these. A total is None where a price or a rate that it needs is missing, and a note says which.

    Attributes
    ----------
    portfolio : Portfolio
    on : date
    holdings : tuple of Holding
        Sorted by symbol and currency; those of which nothing is left as well.
    cash : Mapping
        By currency, the portfolio's own first; what isn't 0, and the portfolio's own.
    rates : Mapping
        By currency, those that were used.
    value : Decimal or None
        Holdings and cash.
    invested : Decimal or None
        What was put in, less what was taken out: deposits, withdrawals, and transfers, of units at
        their cost.
    cost, unrealised, realised, income, commissions, fees, taxes : Decimal or None
        Sums over the holdings, and over what belongs to no symbol. In one currency,
        value = invested + unrealised + realised + income − fees − taxes.
    notes : tuple of str
        What a reader must know, in sentences.
    """

    portfolio: Portfolio
    on: date
    holdings: tuple[Holding, ...]
    cash: Mapping[str, Decimal]
    rates: Mapping[str, Rate]
    value: Decimal | None
    invested: Decimal | None
    cost: Decimal | None
    unrealised: Decimal | None
    realised: Decimal | None
    income: Decimal | None
    commissions: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    notes: tuple[str, ...]


def statement(
    portfolio: Portfolio,
    entries: Numbered,
    *,
    on: date,
    prices: Mapping[str, Price],
    rates: Mapping[str, Rate],
    notes: tuple[str, ...] = (),
) -> Statement:
    """What a portfolio held at the end of a day, what that was worth, and what it gained.

    Parameters
    ----------
    portfolio : Portfolio
    entries : sequence of (int, Entry)
        Those after `on` don't count; nor does, on any day, what was taken back later.
    on : date
    prices : Mapping
        By symbol, as traded. One from before a split that is in the journal is put on the scale
        after it, and a note says so. One in another currency than the cost is converted, to 12
        digits; where a rate for that is missing, the value is unknown.
    rates : Mapping
        By foreign currency.
    notes : tuple of str
        To stand before the statement's own.

    Raises
    ------
    InputError
        A price or a rate of after `on`, one that isn't a positive Decimal, a rate into another
        currency than the portfolio's.
    InsufficientUnits
        As :func:`stockanalyst.portfolio.lots.replay`.
    """
    _require_dated(prices, rates, on=on, base=portfolio.currency)
    counted = [pair for pair in in_order(entries) if pair[1].on <= on]
    positions = dict(sorted(replay(counted, portfolio.method).positions.items()))
    held = [key for key, position in positions.items() if position.units]
    current, rescaled = on_scale(
        {symbol: prices[symbol] for symbol, _ in held if symbol in prices}, counted
    )
    money, sums = Converter(currency(portfolio.currency), rates), balances(counted)
    quoted = {key: money.quoted(current[key[0]], key[1]) for key in held if key[0] in current}
    values = {key: _value(key, position, quoted.get(key)) for key, position in positions.items()}
    unknown = [_why(key, current.get(key[0]), on) for key, value in values.items() if value is None]
    totals = _totals(positions, values, _of(Role.CASH, sums), money)
    totals["invested"] = money.total(_put_in(counted, positions, sums).items())
    holdings = (
        _holding(
            key,
            position,
            quoted.get(key),
            values[key],
            _share(money(key[1], values[key]), totals["value"]),
        )
        for key, position in positions.items()
        if key[0]
    )
    return Statement(
        portfolio=portfolio,
        on=on,
        holdings=tuple(holdings),
        cash=_listed(_of(Role.CASH, sums), portfolio.currency),
        rates=dict(sorted(money.used.items())),
        notes=(*notes, *rescaled, *unknown, *money.told()),
        **{name: _major(amount, money.base) for name, amount in totals.items()},
    )


def _totals(
    positions: _Positions, values: _Values, cash: Mapping[str, int], money: Converter
) -> dict[str, int | None]:
    totals = {
        name: money.total((key[1], getattr(each, name)) for key, each in positions.items())
        for name in _SUMMED
    }
    held, cost = money.total((key[1], value) for key, value in values.items()), totals["cost"]
    totals["unrealised"] = None if held is None or cost is None else held - cost
    totals["value"] = total([held, money.total(cash.items())])
    return totals


def _share(part: int | None, whole: int | None) -> Decimal | None:
    if part is None or not whole:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole)).quantize(_WEIGHT, ROUND_HALF_UP, EXACT)


def _major(amount: int | None, money: Commodity) -> Decimal | None:
    return None if amount is None else major_units(amount, money)


def _require_dated(
    prices: Mapping[str, Price], rates: Mapping[str, Rate], *, on: date, base: str
) -> None:
    for parameter, quotes in (("prices", prices), ("rates", rates)):
        for code, quote in quotes.items():
            if quote.on > on:
                raise InputError(parameter, f"{code} of {quote.on}", f"give one of {on} or before")
    for code, rate in rates.items():
        if rate.currency != base:
            raise InputError("rates", f"{code} in {rate.currency}", f"give its rate in {base}")


def _value(key: _Key, position: Position, price: Price | None) -> int | None:
    if not position.units:
        return 0
    return None if price is None else product(position.units, price.amount, currency(key[1]))


def _why(key: _Key, price: Price | None, on: date) -> str:
    """Why a value is unknown."""
    symbol, code = key
    if price is None:
        cause = f"{symbol} has no price of {on} or before"
    else:
        cause = f"{symbol} was bought in {code}, but its price of {price.on} is in {price.currency}"
    return f"{cause}: its value and the portfolio's are unknown."


def _of(role: Role, sums: Mapping[tuple[Role, Commodity], int]) -> dict[str, int]:
    """Money of a role, by currency."""
    return {
        what.code: amount
        for (whose, what), amount in sums.items()
        if whose is role and what.kind == "currency"
    }


def _listed(cash: Mapping[str, int], base: str) -> dict[str, Decimal]:
    codes = [base, *sorted(code for code in cash if cash[code] and code != base)]
    return {code: major_units(cash.get(code, 0), currency(code)) for code in codes}


def _put_in(
    entries: Numbered, positions: _Positions, sums: Mapping[tuple[Role, Commodity], int]
) -> dict[str, int]:
    """What came from outside less what went there, by currency; units at their cost."""
    put_in: dict[str, int] = defaultdict(int)
    for code, amount in _of(Role.EXTERNAL, sums).items():
        put_in[code] -= amount
    for _, entry in entries:
        put_in[entry.currency] += sum(lot.cost for lot in entry.lots)
    left = {number for number, entry in entries if entry.type is EntryType.TRANSFER_OUT}
    for (_, code), position in positions.items():
        put_in[code] -= sum(each.cost for each in position.matches if each.closed_by in left)
    return put_in


def _holding(
    key: _Key,
    position: Position,
    price: Price | None,
    value: int | None,
    weight: Decimal | None,
) -> Holding:
    money = currency(key[1])
    units, cost = major_units(position.units, security(key[0])), major_units(position.cost, money)
    return Holding(
        symbol=key[0],
        currency=money.code,
        units=units,
        cost=cost,
        average_cost=SHOWN.divide(cost, units) if units else None,
        price=price,
        value=_major(value, money),
        unrealised=None if value is None else major_units(value - position.cost, money),
        realised=major_units(position.realised, money),
        income=major_units(position.income, money),
        commissions=major_units(position.commissions, money),
        fees=major_units(position.fees, money),
        taxes=major_units(position.taxes, money),
        weight=weight,
    )
