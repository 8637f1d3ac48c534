"""Entries of a journal in words: what was booked, and what is left after it."""

from collections.abc import Callable, Mapping

from stockanalyst.portfolio.commodities import Commodity, currency, major_units, security
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.ledger import Role, balances, transfers
from stockanalyst.portfolio.lots import in_order
from stockanalyst.portfolio.protocols import Numbered, Posted
from stockanalyst.reporting.portfolio_amounts import money, units, weight


def posted(entries: Numbered, fate: Posted) -> str:
    """What became of an entry that was posted, in a line.

    Parameters
    ----------
    entries : sequence of (int, Entry)
        The journal after it.
    fate : Posted
    """
    if not fate.created:
        return f"was there already as entry {fate.number}"
    entry = dict(entries)[fate.number]
    left = ", ".join(_left(entries, entry))
    return f"{booked(entry)} (entry {fate.number})" + (f"; {left}" if left else "")


def booked(entry: Entry) -> str:
    """What happened: ``"bought 10 AAPL for 1,873.30 USD + 1.00 fee"``."""
    return _WORDS[entry.type](entry)


def _left(entries: Numbered, entry: Entry) -> list[str]:
    """What is in the accounts of money and units that an entry moved; of a purchase in cash."""
    moved = dict(entries)[entry.reverses] if entry.reverses else entry
    touched = dict.fromkeys(
        (role, leg.commodity) for leg in transfers(moved) for role in (leg.credit, leg.debit)
    )
    held = balances(in_order(entries))
    holdings = [kind for role, kind in touched if role is Role.HOLDING]
    cash = [_amount(held[Role.CASH, kind], kind) for role, kind in touched if role is Role.CASH]
    units_left = [f"{_units(held[Role.HOLDING, kind], kind.code)} left" for kind in holdings]
    return [
        *(units_left if entry.type is not EntryType.BUY else []),
        *([f"cash {', '.join(cash)}"] if cash else []),
    ]


def _amount(amount: int, kind: Commodity) -> str:
    return money(major_units(amount, kind), kind.code)


def _money(entry: Entry) -> str:
    return _amount(entry.amount, currency(entry.currency))


def _units(amount: int, symbol: str) -> str:
    return f"{units(major_units(amount, security(symbol)))} {symbol}"


def _charges(entry: Entry, sign: str) -> str:
    """Fee and tax, on top of an amount or taken from it."""
    kind = currency(entry.currency)
    return "".join(
        f" {sign} {money(major_units(amount, kind))} {name}"
        for name, amount in {"fee": entry.fee, "tax": entry.tax}.items()
        if amount
    )


def _of(entry: Entry) -> str:
    return f" of {entry.symbol}" if entry.symbol else ""


def _bought(entry: Entry) -> str:
    held = _units(entry.units, entry.symbol)
    return f"bought {held} for {_money(entry)}{_charges(entry, '+')}"


def _sold(entry: Entry) -> str:
    held = _units(entry.units, entry.symbol)
    return f"sold {held} for {_money(entry)}{_charges(entry, '−')}"


def _paid(entry: Entry) -> str:
    return f"{entry.type}{_of(entry)}, {_money(entry)}{_charges(entry, '−')}"


def _charged(entry: Entry) -> str:
    return f"{entry.type}{_of(entry)}, {_money(entry)}"


def _split(entry: Entry) -> str:
    more = "more" if entry.units >= 0 else "less"
    added = units(major_units(abs(entry.units), security(entry.symbol)))
    return f"split {entry.symbol} {entry.ratio[0]}:{entry.ratio[1]}, {added} {more}"


def _spun_off(entry: Entry) -> str:
    part = weight(entry.basis[0] / entry.basis[1])
    child = _units(entry.units, entry.child)
    return f"spun {child} off {entry.symbol} {entry.ratio[0]}:{entry.ratio[1]}, {part} of its cost"


def _moved(entry: Entry) -> str:
    way = "in" if entry.type is EntryType.TRANSFER_IN else "out"
    what = _units(entry.units, entry.symbol) if entry.symbol else _money(entry)
    return f"moved {what} {way}"


def _exchanged(entry: Entry) -> str:
    got = _amount(entry.child_amount, currency(entry.child))
    fee = _amount(entry.fee, currency(entry.currency))
    return f"exchanged {_money(entry)} for {got}" + (f" + {fee} fee" if entry.fee else "")


_WORDS: Mapping[EntryType, Callable[[Entry], str]] = {
    EntryType.DEPOSIT: lambda entry: f"deposited {_money(entry)}",
    EntryType.WITHDRAWAL: lambda entry: f"withdrew {_money(entry)}",
    EntryType.BUY: _bought,
    EntryType.SELL: _sold,
    EntryType.DIVIDEND: _paid,
    EntryType.INTEREST: _paid,
    EntryType.FEE: _charged,
    EntryType.TAX: _charged,
    EntryType.SPLIT: _split,
    EntryType.SPIN_OFF: _spun_off,
    EntryType.TRANSFER_IN: _moved,
    EntryType.TRANSFER_OUT: _moved,
    EntryType.EXCHANGE: _exchanged,
    EntryType.REVERSAL: lambda entry: f"took entry {entry.reverses} back",
}
