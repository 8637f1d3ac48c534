"""What a journal says of prices: the currencies that symbols were bought in, and what was paid."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from stockanalyst.portfolio.commodities import EXACT, currency, major_units, security
from stockanalyst.portfolio.entries import EntryType
from stockanalyst.portfolio.lots import in_order
from stockanalyst.portfolio.protocols import Numbered

_ACQUIRED = (EntryType.BUY, EntryType.TRANSFER_IN)
_TRADES = (EntryType.BUY, EntryType.SELL)


def currencies_paid(entries: Numbered) -> dict[str, list[str]]:
    """Of each symbol ever held the currencies of what it has cost, the latest at the end.

    A child that is spun off takes those of its parent, before any that it was bought in itself.
    What dividends, fees and taxes were paid in says nothing of what a price is in.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for _, entry in in_order(entries):
        own = found[entry.child if entry.type is EntryType.SPIN_OFF else entry.symbol]
        if entry.type is EntryType.SPIN_OFF:
            own[:0] = [code for code in found[entry.symbol] if code not in own]
        elif entry.type in _ACQUIRED and entry.symbol:
            own[:] = [*(code for code in own if code != entry.currency), entry.currency]
    return {symbol: codes for symbol, codes in found.items() if codes}


def prices_paid(
    entries: Numbered, currencies: Mapping[str, str]
) -> dict[str, tuple[date, Decimal]]:
    """Of each symbol the last price at which it was traded in that currency, and when."""
    return {
        entry.symbol: (
            entry.on,
            EXACT.divide(
                major_units(entry.amount, currency(entry.currency)),
                major_units(entry.units, security(entry.symbol)),
            ),
        )
        for _, entry in in_order(entries)
        if entry.type in _TRADES and entry.amount and entry.currency == currencies.get(entry.symbol)
    }
