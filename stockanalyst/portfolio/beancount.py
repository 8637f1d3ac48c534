"""A portfolio as a beancount file: other software by which our books can be judged.

https://beancount.github.io/docs/beancount_language_syntax.html
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.commodities import Commodity, currency, major_units, security
from stockanalyst.portfolio.entries import ACTIONS, Entry, EntryType, MovedLot
from stockanalyst.portfolio.ledger import NEVER_NEGATIVE, Role, Transfer, balances, transfers
from stockanalyst.portfolio.lot_queues import Lot, Method
from stockanalyst.portfolio.lots import in_order, replay
from stockanalyst.portfolio.protocols import Numbered, Portfolio

_ACCOUNTS: Mapping[Role, str] = {
    Role.CASH: "Assets:{}:Cash",
    Role.HOLDING: "Assets:{}:Holdings",
    Role.EXTERNAL: "Equity:{}:External",
    Role.FEES: "Expenses:{}:Fees",
    Role.TAXES: "Expenses:{}:Taxes",
    Role.DIVIDENDS: "Income:{}:Dividends",
    Role.INTEREST: "Income:{}:Interest",
    Role.CORPORATE: "Equity:{}:Corporate",
}
_CASH, _HOLDINGS = _ACCOUNTS[Role.CASH], _ACCOUNTS[Role.HOLDING]
_GAINS, _ROUNDING = "Income:{}:Gains", "Equity:{}:Rounding"
_AGAINST: Mapping[EntryType, str] = {
    EntryType.BUY: _CASH,
    EntryType.SELL: _CASH,
    EntryType.TRANSFER_IN: _ACCOUNTS[Role.EXTERNAL],
    EntryType.TRANSFER_OUT: _ACCOUNTS[Role.EXTERNAL],
}
_GAINING = ACTIONS | {EntryType.SELL}
_FINER = 6  # decimals that Rounding has beyond the currency's

_SYMBOL = re.compile(r"(?!X\.)[A-Z](?:[A-Z0-9.\-]*[A-Z0-9])?")
_WORDS = frozenset({"TRUE", "FALSE", "NULL"})
_SIGNS = str.maketrans("^=", "'_")

_NAMES = """\
; In names of accounts, after "P-", what isn't one of A-Z, a-z and 0-9 is its hexadecimal code point
; between hyphens: -20- is a blank. A symbol that beancount can't take, or that is a currency's code
; too, stands between "X." and ".X", with ' for ^ and _ for =: X.'GSPC.X is ^GSPC."""
_ON_COST = """\
; The label of a lot is the number of the entry that brought it and its place among what that
; brought. Costs hold fees and taxes. Beancount keeps costs by the unit: where a part of a lot costs
; other than by our books, in whole cents, the difference goes to Rounding."""
_ON_AVERAGE = """\
; Lots are matched at average cost, which beancount can't: units stand without cost, and "gain" is
; what a sale has gained by our books."""


def beancount_text(portfolio: Portfolio, entries: Numbered) -> str:
    """The entries of a journal that count, in beancount's language.

    Beancount then checks that each entry balances, that units leave lots which hold them and, for
    every currency and security, that on the day after the last entry it has as much as our books.
    Amounts in a currency without decimals are written with one, from which it infers a tolerance.

    Parameters
    ----------
    portfolio : Portfolio
    entries : sequence of (int, Entry)

    Raises
    ------
    InsufficientUnits, InputError
        As :func:`stockanalyst.portfolio.lots.replay`.
    """
    counted = in_order(entries)
    average = portfolio.method == "average"
    closed = _Closed(counted, portfolio.method)
    clerk = _at_average if average else _AtCost(closed).deed
    deeds = [clerk(number, entry, closed.gains[number]) for number, entry in counted]
    name = _account_name(portfolio.name)
    parts = [
        f"{_NAMES}\n{_ON_AVERAGE if average else _ON_COST}",
        f'option "title" {_quoted(portfolio.name)}',
        f'option "operating_currency" "{portfolio.currency}"',
        *_openings(deeds, name, "" if average else f' "{portfolio.method.upper()}"'),
        *(_transaction(deed, name) for deed in deeds),
        "",
        *_balances(counted, name),
    ]
    return "\n".join(parts) + "\n"


class _Posting(NamedTuple):
    """What comes to an account or, below zero, leaves it.

    Attributes
    ----------
    account : str
        With a place for the portfolio's name.
    amount : int
        In minor units.
    commodity : Commodity
    more : str
        The lot, or the price.
    """

    account: str
    amount: int
    commodity: Commodity
    more: str = ""


class _Deed(NamedTuple):
    """An entry with what it posts and what is remarked about it."""

    number: int
    entry: Entry
    postings: list[_Posting]
    remarks: Mapping[str, str]


class _Held(NamedTuple):
    """A lot with its symbol and the currency of its cost."""

    symbol: str
    currency: str
    lot: Lot


class _Closed:
    """What each entry took of lots, and gained by it in each currency."""

    def __init__(self, counted: Numbered, method: Method) -> None:
        self.counted, self.method = counted, method
        self.lots: dict[int, list[_Held]] = defaultdict(list)
        self.gains: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for (symbol, code), position in replay(counted, method).positions.items():
            for each in position.matches:
                part = Lot(each.acquired_on, each.opened_by, each.part, each.units, each.cost)
                self.lots[each.closed_by].append(_Held(symbol, code, part))
                self.gains[each.closed_by][code] += each.proceeds - each.cost


def _at_average(number: int, entry: Entry, gains: Mapping[str, int]) -> _Deed:
    """As our double entry has it, units without cost."""
    told = gains.items() if entry.type in _GAINING else ()
    remarks = {f"gain-{code.lower()}": _amount(gain, currency(code)) for code, gain in told}
    return _Deed(number, entry, _mirrored(entry), remarks)


class _AtCost:
    """Lots come and go at their cost; entries must be given in their order."""

    def __init__(self, closed: _Closed) -> None:
        self._closed = closed
        self._unit_costs: dict[tuple[str, str], Fraction] = {}

    def deed(self, number: int, entry: Entry, gains: Mapping[str, int]) -> _Deed:
        if not entry.units and entry.type not in ACTIONS:
            return _Deed(number, entry, _mirrored(entry), {})
        gone, come = self._moved(number, entry)
        postings = [
            *map(_left, gone),
            *map(_entered, come),
            *_counterparts(entry, gone, come, gains),
            *self._rounding(gone, come),
        ]
        return _Deed(number, entry, postings, _charges(entry))

    def _moved(self, number: int, entry: Entry) -> tuple[list[_Held], list[_Held]]:
        """Lots that an entry takes away, and those that it brings."""
        if entry.type in ACTIONS:
            return self._restated(number, entry)
        lots = entry.lots
        if entry.type is EntryType.BUY:
            lots = (MovedLot(entry.on, entry.units, entry.amount + entry.fee + entry.tax),)
        brought = [
            Lot(lot.acquired_on, number, part, lot.units, lot.cost) for part, lot in enumerate(lots)
        ]
        return self._closed.lots[number], [
            _Held(entry.symbol, entry.currency, lot) for lot in brought
        ]

    def _restated(self, number: int, entry: Entry) -> tuple[list[_Held], list[_Held]]:
        """The symbol's lots before a split or a spin-off, and after it with those of a child."""
        before = list(takewhile(lambda pair: pair[0] != number, self._closed.counted))
        line = _line(entry, before)
        own = [pair for pair in before if line & {pair[1].symbol, pair[1].child}]
        old, new = self._open(own), self._open([*own, (number, entry)])
        gone = [held for held in old if held.symbol == entry.symbol]
        kept = set(old) - set(gone)
        return gone, [held for held in new if held not in kept]

    def _open(self, counted: Numbered) -> list[_Held]:
        positions = replay(counted, self._closed.method).positions
        return [
            _Held(symbol, code, lot)
            for (symbol, code), position in positions.items()
            for lot in position.lots
        ]

    def _rounding(self, gone: list[_Held], come: list[_Held]) -> Iterator[_Posting]:
        """What beancount's costs of the lots that leave exceed ours by."""
        excess: dict[str, Fraction] = defaultdict(Fraction)
        for symbol, code, lot in gone:
            excess[code] += self._unit_costs[symbol, _label(lot)] * lot.units - lot.cost
        for symbol, _, lot in come:
            self._unit_costs[symbol, _label(lot)] = Fraction(lot.cost, lot.units)
        for code, amount in excess.items():
            finer = Commodity("currency", code, currency(code).scale + _FINER)
            if rounded := round(amount * 10**_FINER):
                yield _Posting(_ROUNDING, rounded, finer)


def _line(action: Entry, before: Numbered) -> set[str]:
    """Symbols of an action, and all from which these were spun off."""
    line = {action.symbol, action.child} - {""}
    births = [entry for _, entry in before if entry.type is EntryType.SPIN_OFF]
    while more := {birth.symbol for birth in births if birth.child in line} - line:
        line |= more
    return line


def _mirrored(entry: Entry) -> list[_Posting]:
    """Both ends of each transfer but the market's, which is the price of what is traded."""
    return [
        _Posting(_ACCOUNTS[role], amount, leg.commodity, _price(entry, leg))
        for leg in transfers(entry)
        for role, amount in ((leg.credit, -leg.amount), (leg.debit, leg.amount))
        if role is not Role.MARKET
    ]


def _price(entry: Entry, leg: Transfer) -> str:
    money = (leg.commodity.kind, leg.commodity.code) == ("currency", entry.currency)
    if money or Role.MARKET not in (leg.credit, leg.debit):
        return ""
    return f" @@ {_amount(entry.amount, currency(entry.currency))}"


def _charges(entry: Entry) -> dict[str, str]:
    """What the cost or the proceeds of a trade hold besides its price."""
    charges = {"commission": entry.fee, "tax": entry.tax}
    return {
        name: _amount(charge, currency(entry.currency))
        for name, charge in charges.items()
        if charge
    }


def _left(held: _Held) -> _Posting:
    lot = f' {{{held.currency}, {held.lot.acquired_on}, "{_label(held.lot)}"}}'
    return _Posting(_HOLDINGS, -held.lot.units, security(held.symbol), lot)


def _entered(held: _Held) -> _Posting:
    cost = _amount(held.lot.cost, currency(held.currency))
    lot = f' {{{{{cost}, {held.lot.acquired_on}, "{_label(held.lot)}"}}}}'
    return _Posting(_HOLDINGS, held.lot.units, security(held.symbol), lot)


def _label(lot: Lot) -> str:
    return f"{lot.opened_by}.{lot.part}"


def _counterparts(
    entry: Entry, gone: list[_Held], come: list[_Held], gains: Mapping[str, int]
) -> Iterator[_Posting]:
    """The money for which lots came or went, and what was gained."""
    money: dict[str, int] = defaultdict(int, gains)
    for held, sign in [*((held, 1) for held in gone), *((held, -1) for held in come)]:
        money[held.currency] += sign * held.lot.cost
    for code, amount in sorted(money.items()):
        if entry.type in _AGAINST:
            yield _Posting(_AGAINST[entry.type], amount, currency(code))
        if entry.type in _GAINING:
            yield _Posting(_GAINS, -gains.get(code, 0), currency(code))


def _openings(deeds: Sequence[_Deed], name: str, method: str) -> list[str]:
    accounts = {posting.account for deed in deeds for posting in deed.postings}
    return [
        f"{deeds[0].entry.on} open {account.format(name)}{method if account == _HOLDINGS else ''}"
        for account in sorted(accounts)
    ]


def _transaction(deed: _Deed, name: str) -> str:
    number, entry, postings, remarks = deed
    lines = ["", f'{entry.on} * "{entry.type}" {_quoted(entry.note)}', f"  entry: {number}"]
    lines += [f"  {key}: {amount}" for key, amount in remarks.items()]
    lines += [
        f"  {account.format(name)}  {_amount(amount, commodity)}{more}"
        for account, amount, commodity, more in postings
    ]
    return "\n".join(lines)


def _balances(counted: Numbered, name: str) -> Iterator[str]:
    """What our books have of each currency and security on the day after the last entry."""
    for (role, commodity), amount in balances(counted).items():
        if role in NEVER_NEGATIVE:
            number, code = _amount(amount, commodity).split(" ")
            after = counted[-1][1].on + timedelta(days=1)
            yield f"{after} balance {_ACCOUNTS[role].format(name)}  {number} ~ 0 {code}"


def _amount(amount: int, commodity: Commodity) -> str:
    number = f"{major_units(amount, commodity):f}"
    if commodity.kind == "security":
        return f"{number.rstrip('0').rstrip('.')} {_commodity(commodity.code)}"
    return f"{number}{'' if commodity.scale else '.0'} {commodity.code}"


@lru_cache(maxsize=1_000)
def _commodity(symbol: str) -> str:
    """The name in beancount's grammar: at most 24 characters, a letter first, none of its words."""
    if _SYMBOL.fullmatch(symbol) and symbol not in _WORDS and not _is_currency(symbol):
        return symbol
    return f"X.{symbol.translate(_SIGNS)}.X"


def _is_currency(code: str) -> bool:
    try:
        return currency(code).code == code
    except InputError:
        return False


def _account_name(name: str) -> str:
    return "P-" + re.sub("[^A-Za-z0-9]", lambda found: f"-{ord(found[0]):x}-", name)


def _quoted(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
