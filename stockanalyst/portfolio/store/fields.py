"""What an entry of each type must have, may have, and can't have.

A field that its type has no use for would be kept and hashed, yet move nothing: what the user said
would be in the journal, and missing in the books.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import MOST, currency
from stockanalyst.portfolio.entries import Entry, EntryType

_SYMBOL = 20  # characters at most
_OF_MONEY = ("currency amount", "")
_OF_TRADES = ("currency symbol units", "amount fee tax")
_USES: Mapping[EntryType, tuple[str, str]] = {
    EntryType.DEPOSIT: _OF_MONEY,
    EntryType.WITHDRAWAL: _OF_MONEY,
    EntryType.BUY: _OF_TRADES,
    EntryType.SELL: _OF_TRADES,
    EntryType.DIVIDEND: ("currency amount symbol", "fee tax"),
    EntryType.INTEREST: ("currency amount", "symbol fee tax"),
    EntryType.FEE: ("currency amount", "symbol"),
    EntryType.TAX: ("currency amount", "symbol"),
    EntryType.SPLIT: ("symbol ratio", "units"),
    EntryType.SPIN_OFF: ("symbol child", "units ratio basis"),
    EntryType.TRANSFER_IN: _OF_MONEY,
    EntryType.TRANSFER_OUT: _OF_MONEY,
    EntryType.EXCHANGE: ("currency amount child child_amount", "fee"),
    EntryType.REVERSAL: ("", ""),
}
_UNITS_MOVED: Mapping[EntryType, tuple[str, str]] = {
    EntryType.TRANSFER_IN: ("currency symbol units lots", ""),
    EntryType.TRANSFER_OUT: ("currency symbol units", "lots"),
}
_ELSEWHERE = frozenset({"type", "on", "note", "reverses"})  # of every type, or looked at by posting
_DEFAULTS = {
    each.name: each.default
    for each in fields(Entry)
    if each.default is not MISSING and each.name not in _ELSEWHERE
}


def require_usable(entry: Entry) -> None:
    """Refuse an entry of which a field is missing, superfluous, or can't be.

    Raises
    ------
    InputError
        It names the field.
    """
    if type(entry.on) is not date:  # a moment is a date too, but isn't read again as one
        raise InputError("on", entry.on, "give a date without a time")
    _require_names(entry)
    for name in ("amount", "fee", "tax", "child_amount", "units"):
        _require_whole(name, getattr(entry, name), negative=entry.type is EntryType.SPLIT)
    _require_words(entry)
    _require_ratios(entry)
    _require_lots(entry)


def _require_names(entry: Entry) -> None:
    """Nothing is missing and nothing is there in vain."""
    moved = _UNITS_MOVED.get(entry.type) if entry.symbol else None
    needed, optional = (words.split() for words in moved or _USES[entry.type])
    kind = entry.type.replace("_", " ")
    for name, default in _DEFAULTS.items():
        value = getattr(entry, name)
        if value == default and name in needed:
            raise InputError(name, value, f"a {kind} needs it")
        if value != default and name not in (*needed, *optional):
            raise InputError(name, value, f"a {kind} has no use for it; leave it out")


def _require_whole(name: str, value: int, *, negative: bool) -> None:
    if not _are_whole(value) or not (-MOST if negative else -1) < value < MOST:
        mend = f"give a whole number of minor units, 0 or more and below {MOST}"
        raise InputError(name, value, mend)


def _require_words(entry: Entry) -> None:
    """Symbols that the tables hold, and currencies as ISO 4217 writes them."""
    of_money = entry.type is EntryType.EXCHANGE
    symbols = {"symbol": entry.symbol, "child": "" if of_money else entry.child}
    codes = {"currency": entry.currency, "child": entry.child if of_money else ""}
    for name, symbol in symbols.items():
        if len(symbol) > _SYMBOL or not symbol.isprintable() or symbol != symbol.strip():
            raise InputError(name, symbol, f"give at most {_SYMBOL} printable characters")
    for name, code in codes.items():
        if code and _written(name, code) != code:
            raise InputError(name, code, f"write {_written(name, code)}")
    if entry.child and entry.child in {entry.symbol, entry.currency}:
        raise InputError("child", entry.child, "is what it comes from; give another")


def _written(name: str, code: str) -> str:
    try:
        return currency(code).code
    except InputError as error:
        raise InputError(name, code, error.mend) from None


def _require_ratios(entry: Entry) -> None:
    (new, old), (part, whole) = entry.ratio, entry.basis
    if not (_are_whole(new, old) and new > 0 and old > 0):
        raise InputError("ratio", f"{new}:{old}", "give whole numbers above zero, such as 2:1")
    if not (_are_whole(part, whole) and 0 <= part <= whole and whole):
        raise InputError("basis", f"{part}/{whole}", "give whole numbers, a part from 0 to 1")


def _require_lots(entry: Entry) -> None:
    if any(
        not _are_whole(lot.units, lot.cost) or lot.units <= 0 or lot.cost < 0 for lot in entry.lots
    ):
        raise InputError("lots", entry.lots, "each needs units above zero and a cost of 0 or more")
    if entry.lots and sum(lot.units for lot in entry.lots) != entry.units:
        mend = f"their units must add up to those of {entry.symbol} that are moved in"
        raise InputError("lots", entry.lots, mend)


def _are_whole(*values: int) -> bool:
    """Whether no float came in, whatever the types promise, nor a truth value."""
    return all(type(value) is int for value in values)
