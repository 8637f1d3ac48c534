"""Which positions made a portfolio's gain over a period: research in float64."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np
import pandas as pd

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import currency, major_units, security
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.lots import in_order
from stockanalyst.portfolio.protocols import Numbered
from stockanalyst.portfolio.value_history import Market, Movements, Worth, cash_change

_COLUMNS = (
    "opening",
    "closing",
    "bought",
    "sold",
    "income",
    "gain",
    "price_gain",
    "currency_gain",
)
_CASH = {EntryType.INTEREST: "interest", EntryType.FEE: "fees", EntryType.TAX: "taxes"}


def attribution(
    entries: Numbered,
    closes: pd.DataFrame,
    *,
    currencies: Mapping[str, str],
    rates: pd.DataFrame,
    base: str,
    since: date,
    until: date,
) -> pd.DataFrame:
    """Gain by position from the close of one day to that of another, in one currency.

    Parameters
    ----------
    entries, closes, currencies, rates, base
        As for :func:`stockanalyst.portfolio.value_history.value_history`.
    since, until : date
        The gain is that of the days after `since`, up to `until`.

    Returns
    -------
    DataFrame of float64
        Indexed by ``kind`` and ``name``: ``position`` and the symbol, for each one held; ``cash``
        and ``interest``, ``fees``, ``taxes`` for what belongs to no symbol, or ``exchange`` for
        what exchanging money cost against the day's rates; ``currency`` and its code for money.
        Only those that occur.

        opening, closing
            Value at the close of `since` and of `until`; 0 of ``cash``.
        bought, sold
            What went in and what came out, each at its day's rate: trades with their fees, units
            moved at their day's close, units spun off at their part of the parent's capital; of
            ``currency`` all that was received and paid.
        income
            Dividends, interest, fees and taxes, net.
        gain
            closing − opening − bought + sold + income. All rows together: the portfolio's gain.
        price_gain, currency_gain
            The two parts of it; see the notes.
        contribution
            Gain over the portfolio's average capital, decimal. All rows together: the portfolio's
            return by the Modified Dietz method. NaN where that capital isn't above 0.

        NaN where a close or a rate is missing.

    Raises
    ------
    InputError
        `since` isn't before `until`; as for value_history.

    Notes
    -----
    A position's capital is its opening value and what went in, in the currency of its price and in
    the base; units that leave take their share of both along, as with average cost. When they
    leave, or at the end, the currency gain is that capital at the present rate less the same at its
    own rates; all else is the price gain. Portfolio Performance tells them apart like that.

    The average capital is the opening value and each flow by the part of the period for which it
    was there: what is paid in from the start of its day, what is paid out until the end of it, as
    in :func:`stockanalyst.portfolio.returns.time_weighted_returns`.

    References
    ----------
    Dietz, P. O. (1966). Pension funds: measuring investment performance. Free Press. Bacon, C. R.
    (2008). Practical portfolio performance measurement and attribution, 2nd ed., ch. 2. Wiley.
    """
    if since >= until:
        raise InputError("since", str(since), f"give a day before {until}")
    counted = [pair for pair in in_order(entries) if pair[1].on <= until]
    moved, ends = Movements.of(counted), [since.toordinal(), until.toordinal()]
    market = Market(closes, currencies, rates, base)
    worth = market.worth(moved.commodities, np.union1d(ends, moved.on), counted)
    positions = _Positions(market, worth)
    positions.open(moved, since)
    for _, entry in counted:
        if entry.on > since:
            positions.take_in(entry)
    positions.close(until)
    parts = positions.parts() | _money(moved, worth, since, until)
    if ("currency", base) in parts:
        parts["currency", base].currency_gain = 0.0
    opening = sum(part.opening for part in parts.values())
    return _table(parts, opening + _weighted_flows(moved, worth, since, until))


@dataclass
class _Part:
    """A row while entries are taken in, in the base currency."""

    opening: float = 0.0
    closing: float = 0.0
    bought: float = 0.0
    sold: float = 0.0
    income: float = 0.0
    price_gain: float = 0.0
    currency_gain: float = 0.0

    @property
    def gain(self) -> float:
        return self.price_gain + self.currency_gain

    def earn(self, worth: float) -> None:
        """What came and no unit left for it."""
        self.income += worth
        self.price_gain += worth


@dataclass
class _Stake(_Part):
    """A position: units in minor units, and capital in the currency of its price and in the base.

    A `worth` is in the base, a `rate` that of the currency of the price.
    """

    units: int = 0
    own: float = 0.0
    base: float = 0.0

    def come(self, units: int, worth: float, own: float) -> None:
        self.units += units
        self.bought += worth
        self.own += own
        self.base += worth

    def leave(self, units: int, worth: float, rate: float) -> None:
        part = units / self.units
        self.units -= units
        self.sold += worth
        self._settle(part, worth, rate)

    def hand_on(self, part: float) -> tuple[float, float]:
        """Give a part of the capital away at what it is, in the base and in its own currency."""
        own, base = part * self.own, part * self.base
        self.own, self.base, self.sold = self.own - own, self.base - base, self.sold + base
        return base, own

    def close(self, worth: float, rate: float) -> None:
        self.closing = worth
        self._settle(1.0, worth, rate)

    def _settle(self, part: float, worth: float, rate: float) -> None:
        """The gain of a part of the capital."""
        own, base = part * self.own, part * self.base
        self.own, self.base = self.own - own, self.base - base
        self.price_gain += worth - own * rate
        self.currency_gain += own * rate - base


class _Positions:
    """Stakes by symbol, cash by cause, and what each type of entry does to them."""

    def __init__(self, market: Market, worth: Worth) -> None:
        self.market, self.worth = market, worth
        self.stakes: dict[str, _Stake] = defaultdict(_Stake)
        self.cash: dict[str, _Part] = defaultdict(_Part)
        self._deeds: Mapping[EntryType, Callable[[Entry], None]] = {
            EntryType.BUY: self._bought,
            EntryType.SELL: self._sold,
            EntryType.DIVIDEND: self._earned,
            EntryType.INTEREST: self._earned,
            EntryType.FEE: self._earned,
            EntryType.TAX: self._earned,
            EntryType.SPLIT: self._split,
            EntryType.SPIN_OFF: self._spun_off,
            EntryType.TRANSFER_IN: self._moved_in,
            EntryType.TRANSFER_OUT: self._moved_out,
            EntryType.EXCHANGE: self._exchanged,
        }

    def open(self, moved: Movements, since: date) -> None:
        (held,) = moved.held(np.array([since.toordinal()])).tolist()
        for each, units in zip(moved.commodities, held, strict=True):
            if each.kind == "security" and units:
                stake, worth = self.stakes[each.code], self._worth(each.code, units, since)
                stake.come(units, worth, worth / self._rate(each.code, since))
                stake.opening, stake.bought = worth, 0.0

    def take_in(self, entry: Entry) -> None:
        """Deposits and withdrawals change no position."""
        deed = self._deeds.get(entry.type)
        if deed is not None:
            deed(entry)

    def close(self, until: date) -> None:
        for symbol, stake in self.stakes.items():
            if stake.units or stake.own:
                worth = self._worth(symbol, stake.units, until)
                stake.close(worth, self._rate(symbol, until))

    def parts(self) -> dict[tuple[str, str], _Part]:
        stakes = {("position", symbol): self.stakes[symbol] for symbol in sorted(self.stakes)}
        return stakes | {("cash", name): part for name, part in sorted(self.cash.items())}

    def _bought(self, entry: Entry) -> None:
        paid, rate = -self._cash_change(entry), self._rate(entry.symbol, entry.on)
        self.stakes[entry.symbol].come(entry.units, paid, paid / rate)

    def _sold(self, entry: Entry) -> None:
        proceeds, rate = self._cash_change(entry), self._rate(entry.symbol, entry.on)
        self.stakes[entry.symbol].leave(entry.units, proceeds, rate)

    def _earned(self, entry: Entry) -> None:
        earner = self.stakes[entry.symbol] if entry.symbol else self.cash[_CASH[entry.type]]
        earner.earn(self._cash_change(entry))

    def _split(self, entry: Entry) -> None:
        if entry.units:
            self.stakes[entry.symbol].units += entry.units

    def _spun_off(self, entry: Entry) -> None:
        if entry.units:
            rate, quoted = (self._rate(each, entry.on) for each in (entry.symbol, entry.child))
            base, own = self.stakes[entry.symbol].hand_on(entry.basis[0] / entry.basis[1])
            self.stakes[entry.child].come(entry.units, base, own * rate / quoted)

    def _moved_in(self, entry: Entry) -> None:
        if entry.symbol:
            worth = self._worth(entry.symbol, entry.units, entry.on)
            rate = self._rate(entry.symbol, entry.on)
            self.stakes[entry.symbol].come(entry.units, worth, worth / rate)

    def _moved_out(self, entry: Entry) -> None:
        if entry.symbol:
            worth = self._worth(entry.symbol, entry.units, entry.on)
            rate = self._rate(entry.symbol, entry.on)
            self.stakes[entry.symbol].leave(entry.units, worth, rate)

    def _exchanged(self, entry: Entry) -> None:
        given = self._money(entry.amount, entry.currency, entry.on)
        self.cash["exchange"].earn(self._money(entry.child_amount, entry.child, entry.on) - given)
        if entry.fee:
            self.cash["fees"].earn(-self._money(entry.fee, entry.currency, entry.on))

    def _cash_change(self, entry: Entry) -> float:
        return self._money(cash_change(entry), entry.currency, entry.on)

    def _money(self, amount: int, code: str, on: date) -> float:
        money = currency(code)
        return float(major_units(amount, money)) * self.worth.one(money, on) if amount else 0.0

    def _worth(self, symbol: str, units: int, on: date) -> float:
        held = security(symbol)
        return float(major_units(units, held)) * self.worth.one(held, on) if units else 0.0

    def _rate(self, symbol: str, on: date) -> float:
        return self.worth.one(currency(self.market.currency_of(symbol)), on)


def _money(
    moved: Movements, worth: Worth, since: date, until: date
) -> dict[tuple[str, str], _Part]:
    """Parts of money, by currency: what isn't received or paid is the currency's gain."""
    amounts, later = worth.of(moved), moved.on > since.toordinal()
    ends = moved.held(np.array([since.toordinal(), until.toordinal()]))
    parts = {}
    for column, money in enumerate(moved.commodities):
        if money.kind == "currency":
            legs = amounts[later & (moved.column == column)]
            opening, closing = (
                float(major_units(held, money)) * worth.one(money, on) if held else 0.0
                for held, on in zip(ends[:, column].tolist(), (since, until), strict=True)
            )
            bought, sold = (float(np.maximum(sign * legs, 0.0).sum()) for sign in (1, -1))
            gain = closing - opening - bought + sold
            part = _Part(opening, closing, bought, sold, currency_gain=gain)
            parts["currency", money.code] = part
    return parts


def _weighted_flows(moved: Movements, worth: Worth, since: date, until: date) -> float:
    """Flows by the part of the period for which they were there."""
    counts = moved.external & (moved.on > since.toordinal())
    flows, length = worth.of(moved)[counts], (until - since).days
    left = until.toordinal() - moved.on[counts] + (flows > 0)
    return float(np.sum(flows * left)) / length


def _table(parts: Mapping[tuple[str, str], _Part], capital: float) -> pd.DataFrame:
    columns = {name: [getattr(part, name) for part in parts.values()] for name in _COLUMNS}
    index = pd.MultiIndex.from_tuples(list(parts), names=["kind", "name"])
    table = pd.DataFrame(columns, index=index, dtype=np.float64)
    return table.assign(contribution=table["gain"] / (capital if capital > 0 else nan))
