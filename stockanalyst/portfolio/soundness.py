"""Whether a journal can be, as a whole: what is handed to ``Journal.post`` as its check."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from stockanalyst.exceptions import InsufficientFunds, LedgerError
from stockanalyst.portfolio import corporate
from stockanalyst.portfolio.booking import given_lots
from stockanalyst.portfolio.commodities import Commodity, major_units
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.ledger import Role, net, transfers
from stockanalyst.portfolio.lots import Book, Method, in_order
from stockanalyst.portfolio.protocols import Numbered


def check(entries: Numbered, method: Method) -> None:
    """Refuse a journal that can't be.

    Raises
    ------
    InsufficientUnits
        More units leave than are held on that date.
    InsufficientFunds
        When a day ended, more of a currency had left than was there.
    LedgerError
        A split or a spin-off doesn't fit the units held before it, or is there twice; lots that
        went to another portfolio would be others now.
    """
    book = corporate.check(entries, method)
    ordered = in_order(entries)
    _require_cash(ordered)
    _require_moved_lots(ordered, book, method)


def _require_cash(ordered: Iterable[tuple[int, Entry]]) -> None:
    """Refuse a day at whose end a currency's cash is below zero."""
    cash: Counter[Commodity] = Counter()
    for day, pairs in groupby(ordered, key=lambda pair: pair[1].on):
        moved = net(leg for _, entry in pairs for leg in transfers(entry))
        for (role, commodity), amount in moved.items():
            if role is not Role.CASH:
                continue
            cash[commodity] += amount
            if cash[commodity] < 0:
                left = f"{major_units(cash[commodity], commodity):,f}"
                mend = "post the deposit that pays for it first, or date it later"
                words = f"{commodity.code}: {left} would be left when {day} ended"
                raise InsufficientFunds(f"{words}; {mend}")


def _require_moved_lots(ordered: Iterable[tuple[int, Entry]], book: Book, method: Method) -> None:
    """Refuse a journal of which another portfolio has lots that this one didn't give."""
    for number, entry in ordered:
        if entry.type is not EntryType.TRANSFER_OUT or not entry.lots:
            continue
        if given_lots(book, number, entry, method) != entry.lots:
            raise LedgerError(
                f"{entry.symbol}: the units that went to another portfolio on {entry.on} "
                f"(entry {number}) would come from other lots; reverse that transfer first"
            )
