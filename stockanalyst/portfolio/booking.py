"""From what somebody says happened to an entry of the journal, checked and counted exactly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from stockanalyst.exceptions import InputError, InsufficientUnits, did_you_mean
from stockanalyst.market.symbols import parse_symbol
from stockanalyst.portfolio import commodities
from stockanalyst.portfolio.commodities import (
    MOST,
    Commodity,
    exact,
    major_units,
    minor_units,
    product,
    security,
)
from stockanalyst.portfolio.corporate import Holdings, added_units
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.lots import Book, Method, in_order, replay
from stockanalyst.portfolio.protocols import Numbered
from stockanalyst.portfolio.readings import charge, line, named, past_day, ratio, whole

Amount = Decimal | int | str
"""A number without a float, in major units: 12.50 dollars, 1.5 shares."""


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """What somebody says happened, unchecked; None is what wasn't said.

    Attributes
    ----------
    type : EntryType or str
    on : date or str
        The trade date, the ex-date: a date, ``YYYY-MM-DD``, or a moment with a timezone (a datetime
        or ISO 8601), which counts on its day in the portfolio's timezone.
    symbol : str
    units : Decimal, int or str
        Bought, sold or moved.
    price : Decimal, int or str
        Of a unit; of a dividend the money a unit.
    amount : Decimal, int or str
        Gross: in place of `price`, or the money that moved; of units moved in what they cost.
    currency : str
        Of price, amount, fee and tax; the portfolio's if it isn't said.
    fee, tax : Decimal, int or str
        Zero or more; a fee of zero isn't replaced by the broker's commission.
    ratio : str or tuple of int, int
        Of a split new and old units, ``"2:1"``; of a spin-off units of the child and of the parent.
    child : str
        The security that is spun off, or the currency that is bought in an exchange.
    child_amount : Decimal, int or str
        What an exchange gives, in that currency.
    basis : Decimal, int or str
        Of a spin-off: the share of the parent's cost that goes to the child, from 0 to below 1.
    acquired_on : date or str
        Of units moved in: since when they are owned; not after `on`.
    reverses : int or str
        The number in the journal of the entry that is taken back.
    note : str
    """

    type: EntryType | str
    on: date | str | None = None
    symbol: str | None = None
    units: Amount | None = None
    price: Amount | None = None
    amount: Amount | None = None
    currency: str | None = None
    fee: Amount | None = None
    tax: Amount | None = None
    ratio: str | tuple[int, int] | None = None
    child: str | None = None
    child_amount: Amount | None = None
    basis: Amount | None = None
    acquired_on: date | str | None = None
    reverses: int | str | None = None
    note: str = ""


class Fields(NamedTuple):
    """Which of an instruction's fields a type of entry needs, and which it may have.

    All have `type`, `on` and `note` besides. A trade needs one of `price` and `amount`, and so does
    a dividend; a transfer is one of money (`amount`) or one of units (`symbol`, `units`; into the
    portfolio also `amount` and `acquired_on`).
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


_TRADE = Fields(("symbol", "units"), ("price", "amount", "currency", "fee", "tax"))
_MONEY = Fields(("amount",), ("currency",))
_CHARGE = Fields(("amount",), ("currency", "symbol"))
FIELDS: Mapping[EntryType, Fields] = {
    EntryType.DEPOSIT: _MONEY,
    EntryType.WITHDRAWAL: _MONEY,
    EntryType.BUY: _TRADE,
    EntryType.SELL: _TRADE,
    EntryType.DIVIDEND: Fields(("symbol",), ("price", "amount", "currency", "fee", "tax")),
    EntryType.INTEREST: Fields(("amount",), ("currency", "symbol", "fee", "tax")),
    EntryType.FEE: _CHARGE,
    EntryType.TAX: _CHARGE,
    EntryType.SPLIT: Fields(("symbol", "ratio")),
    EntryType.SPIN_OFF: Fields(("symbol", "ratio", "child", "basis")),
    EntryType.TRANSFER_IN: Fields((), ("symbol", "units", "amount", "currency", "acquired_on")),
    EntryType.TRANSFER_OUT: Fields((), ("symbol", "units", "amount", "currency")),
    EntryType.EXCHANGE: Fields(("amount", "child", "child_amount"), ("currency", "fee")),
    EntryType.REVERSAL: Fields(("reverses",)),
}
_FIELDS = [each.name for each in fields(Instruction) if each.name not in {"type", "on", "note"}]


def entry(
    instruction: Instruction,
    *,
    journal: Numbered | Holdings,
    currency: str,
    zone: ZoneInfo,
    today: date,
    schedule: CommissionSchedule | None,
) -> Entry:
    """The entry that an instruction means.

    Parameters
    ----------
    instruction : Instruction
    journal : sequence of (int, Entry), or Holdings
        Looked at by dividends, splits and spin-offs alone, for the units held before them. Whoever
        makes many entries keeps one :class:`~stockanalyst.portfolio.corporate.Holdings` and adds
        each entry to it.
    currency : str
        The portfolio's.
    zone : ZoneInfo
        The user's: in which a moment is a day.
    today : date
        In that zone; nothing may happen later.
    schedule : CommissionSchedule or None
        Of the broker, in the trade's currency: gives the fee of a trade of which none is said.

    Raises
    ------
    InputError
        A field that is missing, isn't the type's, or can't be used.
    InsufficientUnits
        A dividend, a split or a spin-off of what wasn't held when its day began.
    """
    kind = _kind(instruction.type)
    _require_fields(kind, instruction)
    on = past_day(instruction.on, "on", zone=zone, last=today)
    money = commodities.currency(currency if instruction.currency is None else instruction.currency)
    case = _Case(instruction, kind, on, money, zone, journal, schedule)
    return replace(_MAKERS[kind](case), note=line(instruction.note, "note"))


def says_again(entry: Entry, there: Entry, said: Instruction) -> bool:
    """Whether an entry is what stands in the journal, but for what wasn't said but found out.

    That may have changed since: the amount of a dividend a unit, the commission, the units of a
    split or a spin-off, the lots that moved.
    """
    found: dict[str, Any] = {"lots": there.lots}
    if entry.type in {EntryType.SPLIT, EntryType.SPIN_OFF}:
        found["units"] = there.units
    if entry.type is EntryType.DIVIDEND and said.price is not None:
        found["amount"] = there.amount
    if said.fee is None:
        found["fee"] = there.fee
    return replace(entry, **found) == there


def moved(entries: Numbered, number: int, method: Method) -> tuple[MovedLot, ...]:
    """The lots that left with a transfer of units, for the portfolio that takes them in.

    There they make ``replace(out, type=EntryType.TRANSFER_IN, lots=moved(...))``.

    Parameters
    ----------
    entries : sequence of (int, Entry)
        The journal that they left.
    number : int
        Of the transfer in it.
    method : {'fifo', 'lifo', 'average'}
        Of the portfolio that they left.

    Raises
    ------
    InputError
        This entry didn't move units out.
    InsufficientUnits
        As for :func:`~stockanalyst.portfolio.lots.replay`.
    """
    out = dict(in_order(entries)).get(number)
    if out is None or out.type is not EntryType.TRANSFER_OUT or not out.symbol:
        raise InputError("number", number, "isn't that of a transfer of units out of this journal")
    return given_lots(replay(entries, method), number, out, method)


def given_lots(book: Book, number: int, out: Entry, method: Method) -> tuple[MovedLot, ...]:
    """The lots that the transfer of that number gave away, oldest first."""
    matches = book.positions[out.symbol, out.currency].matches
    left = [match for match in matches if match.closed_by == number]
    oldest_first = reversed(left) if method == "lifo" else left
    return tuple(MovedLot(match.acquired_on, match.units, match.cost) for match in oldest_first)


@dataclass(frozen=True)
class _Case:
    """An instruction with all that its entry follows from."""

    said: Instruction
    kind: EntryType
    on: date
    money: Commodity
    zone: ZoneInfo
    journal: Numbered | Holdings
    schedule: CommissionSchedule | None

    @cached_property
    def symbol(self) -> str:
        """Empty where none is said."""
        return "" if self.said.symbol is None else parse_symbol(self.said.symbol)

    @cached_property
    def units(self) -> int:
        return minor_units(self.said.units, security(self.symbol), "units")

    @property
    def amount(self) -> int:
        return minor_units(self.said.amount, self.money, "amount")

    @property
    def fee(self) -> int:
        return charge(self.said.fee, self.money, "fee")

    @property
    def tax(self) -> int:
        return charge(self.said.tax, self.money, "tax")

    @cached_property
    def holdings(self) -> Holdings:
        return self.journal if isinstance(self.journal, Holdings) else Holdings(self.journal)

    def commission(self, amount: int, units: int) -> int:
        """The fee, which the broker's schedule gives where none is said."""
        if self.said.fee is not None or self.schedule is None:
            return self.fee
        return self.schedule.commission(amount, units, self.money)

    def gross(self, units: int) -> int:
        """The amount, or the price of so many units."""
        if self.said.price is None:
            if self.said.amount is None:
                raise InputError("price", None, f"{_word(self.kind)} needs a price or an amount")
            return self.amount
        total = product(units, exact(self.said.price, "price"), self.money)
        if not 0 < total < MOST:
            least = major_units(1, self.money)
            mend = f"times the units must be from {least} {self.money.code} to what a journal holds"
            raise InputError("price", self.said.price, mend)
        if self.said.amount is not None and self.amount != total:
            makes = f"{major_units(total, self.money)} {self.money.code}"
            mend = f"price times units is {makes}; leave out what is wrong"
            raise InputError("amount", self.said.amount, mend)
        return total

    def held(self, units: int) -> int:
        """The units, if there are any."""
        if units <= 0:
            raise InsufficientUnits(
                f"{self.symbol} on {self.on}: {_word(self.kind)} asks for units held when its day "
                "began, and none were; give its ex-date, or first post the entry that brings them"
            )
        return units


def _cash(case: _Case) -> Entry:
    return _of_money(case, case.amount)


def _of_money(case: _Case, amount: int) -> Entry:
    said = Entry(case.kind, case.on, case.money.code, amount, symbol=case.symbol)
    return replace(said, fee=case.fee, tax=case.tax)


def _trade(case: _Case) -> Entry:
    amount = case.gross(case.units)
    fee = case.commission(amount, case.units)
    return replace(_of_money(case, amount), units=case.units, fee=fee)


def _dividend(case: _Case) -> Entry:
    return _of_money(case, case.gross(case.held(case.holdings.before(case.symbol, case.on))))


def _split(case: _Case) -> Entry:
    given = ratio(case.said.ratio, "ratio")
    if given == (1, 1):
        raise InputError("ratio", case.said.ratio, "changes nothing; give new and old units")
    return _applied(case, Entry(case.kind, case.on, symbol=case.symbol, ratio=given))


def _spin_off(case: _Case) -> Entry:
    child = named("child", parse_symbol, case.said.child)
    if child == case.symbol:
        raise InputError("child", case.said.child, "is the parent; give the symbol that is new")
    share = exact(case.said.basis, "basis")
    if not 0 <= share < 1:
        mend = "give the child's share of the parent's cost, from 0 to below 1, such as 0.24"
        raise InputError("basis", case.said.basis, mend)
    action = Entry(case.kind, case.on, symbol=case.symbol, ratio=ratio(case.said.ratio, "ratio"))
    return _applied(case, replace(action, child=child, basis=share.as_integer_ratio()))


def _applied(case: _Case, action: Entry) -> Entry:
    units = added_units(action, case.held(case.holdings.before_action(action)))
    if abs(units) >= MOST:
        raise InputError("ratio", case.said.ratio, "gives more units than a journal holds")
    return replace(action, units=units)


def _moved_in(case: _Case) -> Entry:
    if not case.symbol:
        return _money_moved(case)
    for name in ("units", "amount", "acquired_on"):
        mend = "is missing; units that move in need units, amount (what they cost) and acquired_on"
        _need(case.said, name, mend)
    acquired_on = past_day(case.said.acquired_on, "acquired_on", zone=case.zone, last=case.on)
    cost = charge(case.said.amount, case.money, "amount")
    units_in = Entry(case.kind, case.on, case.money.code, symbol=case.symbol, units=case.units)
    return replace(units_in, lots=(MovedLot(acquired_on, case.units, cost),))


def _moved_out(case: _Case) -> Entry:
    if not case.symbol:
        return _money_moved(case)
    _need(case.said, "units", "is missing; say how many units move out")
    _refuse(case.said, "amount", "units move out at what they cost; leave it out")
    return Entry(case.kind, case.on, case.money.code, symbol=case.symbol, units=case.units)


def _money_moved(case: _Case) -> Entry:
    for name in ("units", "acquired_on"):
        _refuse(case.said, name, "is of units alone; give their symbol, or leave it out")
    _need(case.said, "amount", "is missing; money needs an amount, units their symbol")
    return _cash(case)


def _exchange(case: _Case) -> Entry:
    bought = named("child", commodities.currency, case.said.child)
    if bought == case.money:
        raise InputError("child", case.said.child, "is the currency that is sold; give another")
    child_amount = minor_units(case.said.child_amount, bought, "child_amount")
    return replace(_cash(case), child=bought.code, child_amount=child_amount)


def _reversal(case: _Case) -> Entry:
    return Entry(case.kind, case.on, reverses=whole(case.said.reverses, "reverses"))


_MAKERS: Mapping[EntryType, Callable[[_Case], Entry]] = {
    EntryType.DEPOSIT: _cash,
    EntryType.WITHDRAWAL: _cash,
    EntryType.BUY: _trade,
    EntryType.SELL: _trade,
    EntryType.DIVIDEND: _dividend,
    EntryType.INTEREST: _cash,
    EntryType.FEE: _cash,
    EntryType.TAX: _cash,
    EntryType.SPLIT: _split,
    EntryType.SPIN_OFF: _spin_off,
    EntryType.TRANSFER_IN: _moved_in,
    EntryType.TRANSFER_OUT: _moved_out,
    EntryType.EXCHANGE: _exchange,
    EntryType.REVERSAL: _reversal,
}


def _word(kind: EntryType) -> str:
    return kind.value.replace("_", "-" if kind is EntryType.SPIN_OFF else " ")


def _kind(text: object) -> EntryType:
    said = text.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(text, str) else ""
    known = {kind.value: kind for kind in EntryType}
    if said not in known:
        mend = did_you_mean(said, known) or f"give one of {', '.join(known)}"
        raise InputError("type", text, mend)
    return known[said]


def _require_fields(kind: EntryType, said: Instruction) -> None:
    required, optional = FIELDS[kind]
    for name in required:
        _need(said, name, f"is missing; {_word(kind)} needs {', '.join(required)}")
    for name in _FIELDS:
        if name not in required and name not in optional:
            _refuse(said, name, f"{_word(kind)} has no {name}; leave it out")


def _need(said: Instruction, name: str, mend: str) -> None:
    if getattr(said, name) is None:
        raise InputError(name, None, mend)


def _refuse(said: Instruction, name: str, mend: str) -> None:
    if getattr(said, name) is not None:
        raise InputError(name, getattr(said, name), mend)
