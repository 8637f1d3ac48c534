"""Double entry: every entry as transfers between accounts of one portfolio."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stockanalyst.portfolio.commodities import Commodity, currency, security
from stockanalyst.portfolio.entries import Entry, EntryType


class Role(StrEnum):
    """What an account is for; a portfolio has one of each role and commodity."""

    CASH = "cash"
    HOLDING = "holding"
    MARKET = "market"
    EXTERNAL = "external"
    FEES = "fees"
    TAXES = "taxes"
    DIVIDENDS = "dividends"
    INTEREST = "interest"
    CORPORATE = "corporate"


NEVER_NEGATIVE = frozenset({Role.CASH, Role.HOLDING})


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount of one commodity that leaves one account for another: it balances by itself.

    Attributes
    ----------
    commodity : Commodity
    credit, debit : Role
        From where, and to where.
    amount : int
        Above 0, in minor units.
    """

    commodity: Commodity
    credit: Role
    debit: Role
    amount: int

    def reversed(self) -> "Transfer":
        """The way back."""
        return Transfer(self.commodity, self.debit, self.credit, self.amount)


def transfers(entry: Entry) -> tuple[Transfer, ...]:
    """What an entry moves; those of a reversal are the original's, each :meth:`reversed`.

    Amounts of zero move nothing and are left out.
    """
    return tuple(leg for leg in _LEGS[entry.type](entry) if leg.amount)


def summed(legs: Iterable[Transfer]) -> Counter[tuple[Role, Commodity]]:
    """What transfers together change in each account that they touch."""
    change: Counter[tuple[Role, Commodity]] = Counter()
    for leg in legs:
        change[leg.credit, leg.commodity] -= leg.amount
        change[leg.debit, leg.commodity] += leg.amount
    return change


def net(legs: Iterable[Transfer]) -> Counter[tuple[Role, Commodity]]:
    """As :func:`summed`; nothing where that is zero."""
    return Counter({key: amount for key, amount in summed(legs).items() if amount})


def balances(entries: Iterable[tuple[int, Entry]]) -> Counter[tuple[Role, Commodity]]:
    """What is in each account after entries that count."""
    return summed(leg for _, entry in entries for leg in transfers(entry))


def _money(entry: Entry, credit: Role, debit: Role, amount: int | None = None) -> Transfer:
    return Transfer(
        currency(entry.currency), credit, debit, entry.amount if amount is None else amount
    )


def _units(entry: Entry, credit: Role, debit: Role) -> Transfer:
    moved = Transfer(security(entry.symbol), credit, debit, abs(entry.units))
    return moved if entry.units >= 0 else moved.reversed()


def _bought(entry: Entry) -> list[Transfer]:
    return [
        _money(entry, Role.CASH, Role.MARKET),
        _units(entry, Role.MARKET, Role.HOLDING),
        *_charges(entry),
    ]


def _sold(entry: Entry) -> list[Transfer]:
    return [
        _money(entry, Role.MARKET, Role.CASH),
        _units(entry, Role.HOLDING, Role.MARKET),
        *_charges(entry),
    ]


def _paid(entry: Entry, origin: Role) -> list[Transfer]:
    return [_money(entry, origin, Role.CASH), *_charges(entry)]


def _charges(entry: Entry) -> list[Transfer]:
    return [
        _money(entry, Role.CASH, Role.TAXES, entry.tax),
        _money(entry, Role.CASH, Role.FEES, entry.fee),
    ]


def _spun_off(entry: Entry) -> list[Transfer]:
    return [Transfer(security(entry.child), Role.CORPORATE, Role.HOLDING, entry.units)]


def _moved(entry: Entry, credit: Role, debit: Role) -> list[Transfer]:
    if entry.symbol:
        return [_units(entry, credit, debit)]
    return [_money(entry, credit, debit)]


def _exchanged(entry: Entry) -> list[Transfer]:
    return [
        _money(entry, Role.CASH, Role.MARKET),
        Transfer(currency(entry.child), Role.MARKET, Role.CASH, entry.child_amount),
        _money(entry, Role.CASH, Role.FEES, entry.fee),
    ]


_LEGS: Mapping[EntryType, Callable[[Entry], list[Transfer]]] = {
    EntryType.DEPOSIT: lambda entry: [_money(entry, Role.EXTERNAL, Role.CASH)],
    EntryType.WITHDRAWAL: lambda entry: [_money(entry, Role.CASH, Role.EXTERNAL)],
    EntryType.BUY: _bought,
    EntryType.SELL: _sold,
    EntryType.DIVIDEND: lambda entry: _paid(entry, Role.DIVIDENDS),
    EntryType.INTEREST: lambda entry: _paid(entry, Role.INTEREST),
    EntryType.FEE: lambda entry: [_money(entry, Role.CASH, Role.FEES)],
    EntryType.TAX: lambda entry: [_money(entry, Role.CASH, Role.TAXES)],
    EntryType.SPLIT: lambda entry: [_units(entry, Role.CORPORATE, Role.HOLDING)],
    EntryType.SPIN_OFF: _spun_off,
    EntryType.TRANSFER_IN: lambda entry: _moved(
        entry, Role.EXTERNAL, Role.HOLDING if entry.symbol else Role.CASH
    ),
    EntryType.TRANSFER_OUT: lambda entry: _moved(
        entry, Role.HOLDING if entry.symbol else Role.CASH, Role.EXTERNAL
    ),
    EntryType.EXCHANGE: _exchanged,
}
