"""Entries of a portfolio's journal: what happened, immutable, in whole minor units."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any


class EntryType(StrEnum):
    """What happened."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    BUY = "buy"
    SELL = "sell"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    SPLIT = "split"
    SPIN_OFF = "spin_off"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    EXCHANGE = "exchange"
    REVERSAL = "reversal"


ACTIONS = frozenset({EntryType.SPLIT, EntryType.SPIN_OFF})
"""Corporate actions: once a symbol and day, and of what was held before it."""


@dataclass(frozen=True, slots=True)
class MovedLot:
    """Units that come from another portfolio with what they cost there.

    Attributes
    ----------
    acquired_on : date
    units, cost : int
        Minor units of the security and of the entry's currency.
    """

    acquired_on: date
    units: int
    cost: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One event.

    Attributes
    ----------
    type : EntryType
    on : date
        When it counts: the trade date, the ex-date.
    currency : str
        Of `amount`, `fee` and `tax`; empty for splits.
    amount : int
        Gross, in minor units: price times units, or the money that moved; 0 where none does.
    fee, tax : int
        In minor units; of a buy, a sale, a dividend or interest. An exchange has a fee alone.
    symbol : str
        The security; empty where there is none.
    units : int
        In minor units of it (10⁻⁸): bought, sold or moved; of a split or a spin-off the units that
        it adds (negative: takes away), which follow from its ratio and the units held before it.
    ratio : tuple of int, int
        New and old units of a split; of a spin-off units of the child and of the parent.
    child : str
        The security that is spun off, or the currency that is bought in an exchange.
    child_amount : int
        What an exchange gives, in minor units of that currency.
    basis : tuple of int, int
        Of a spin-off: the part of the parent's cost that goes to the child; of two on one day, the
        second's is a part of what the first has left.
    lots : tuple of MovedLot
        Of units that are moved in.
    reverses : int
        The number in the journal of the entry that this one takes back; 0 where there is none.
    note : str
    """

    type: EntryType
    on: date
    currency: str = ""
    amount: int = 0
    fee: int = 0
    tax: int = 0
    symbol: str = ""
    units: int = 0
    ratio: tuple[int, int] = (1, 1)
    child: str = ""
    child_amount: int = 0
    basis: tuple[int, int] = (0, 1)
    lots: tuple[MovedLot, ...] = ()
    reverses: int = 0
    note: str = ""

    def payload(self) -> str:
        """All of it as JSON of one spelling, which is what is kept and hashed.

        Fields at their defaults are left out: a field that comes later changes no older hash.
        """
        said = ((name, getattr(self, name)) for name in _NAMES)
        own = {name: value for name, value in said if value != _DEFAULTS.get(name)}
        return json.dumps(own, default=_plain, sort_keys=True)

    @classmethod
    def of(cls, payload: str) -> "Entry":
        """What :meth:`payload` was made from."""
        plain: dict[str, Any] = json.loads(payload)
        read: dict[str, Callable[[Any], Any]] = {
            "type": EntryType,
            "on": date.fromisoformat,
            "ratio": tuple,
            "basis": tuple,
            "lots": _moved_lots,
        }
        return cls(**{name: read.get(name, _same)(value) for name, value in plain.items()})


_NAMES = [each.name for each in fields(Entry)]
_DEFAULTS = {each.name: each.default for each in fields(Entry) if each.default is not MISSING}


def _plain(value: date | MovedLot) -> str | dict[str, Any]:
    return asdict(value) if isinstance(value, MovedLot) else value.isoformat()


def _same(value: Any) -> Any:
    return value


def _moved_lots(lots: list[dict[str, Any]]) -> tuple[MovedLot, ...]:
    return tuple(
        MovedLot(date.fromisoformat(lot["acquired_on"]), lot["units"], lot["cost"]) for lot in lots
    )


def digest(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
