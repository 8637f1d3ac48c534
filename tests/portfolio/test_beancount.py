"""Beancount reads what is exported, finds no error, and comes to the same books by itself.

What is held against it: cash and units exactly; the cost of each open lot within half a minor unit,
since beancount keeps it by the unit; gains exactly, which it accepts only if they balance.
"""

import re
import subprocess
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import account, amount, data, inventory, position
from beancount.ops import validation
from hypothesis import assume, example, given
from hypothesis import strategies as st

from stockanalyst.portfolio.beancount import beancount_text
from stockanalyst.portfolio.commodities import currency
from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot
from stockanalyst.portfolio.ledger import Role, transfers
from stockanalyst.portfolio.lot_queues import Method
from stockanalyst.portfolio.lots import in_order, replay
from stockanalyst.portfolio.protocols import Portfolio
from tests.portfolio.made_journals import Numbered, journals

Lot = tuple[str, date, str | None]

UNIT = 10**8
METHODS: tuple[Method, ...] = ("fifo", "lifo", "average")
LOTS_MATTER: tuple[Method, ...] = ("fifo", "lifo")


def on(day: int) -> date:
    return date(2024, 1, day)


FIXED = [
    Entry(EntryType.DEPOSIT, on(1), "USD", 1_000_000),
    Entry(EntryType.EXCHANGE, on(1), "USD", 110_000, 100, child="JPY", child_amount=160_000),
    Entry(EntryType.BUY, on(2), "USD", 90_000, 500, symbol="^GSPC", units=3 * UNIT, note='"\\ é'),
    Entry(EntryType.BUY, on(2), "JPY", 90_000, 500, 20, "0050.TW", 7 * UNIT),
    Entry(EntryType.DIVIDEND, on(3), "USD", 900, 10, 100, "^GSPC"),
    Entry(EntryType.SELL, on(4), "USD", 40_000, 500, symbol="^GSPC", units=UNIT),
    Entry(EntryType.SELL, on(4), "JPY", 40_000, 500, symbol="0050.TW", units=UNIT),
    Entry(EntryType.SPLIT, on(5), symbol="^GSPC", units=4 * UNIT, ratio=(3, 1)),
    Entry(EntryType.SPIN_OFF, on(6), "", 0, 0, 0, "^GSPC", UNIT, (1, 6), "ALL", basis=(1, 3)),
    Entry(
        EntryType.TRANSFER_IN, on(7), "USD", symbol="V", units=3 * UNIT,
        lots=(MovedLot(on(1), UNIT, 100), MovedLot(on(1), 2 * UNIT, 0)),
    ),
    Entry(EntryType.TRANSFER_OUT, on(8), "USD", symbol="V", units=2 * UNIT),
    Entry(EntryType.SELL, on(9), "USD", 40_000, 500, symbol="ALL", units=UNIT // 3),
    Entry(EntryType.SELL, on(9), "USD", 1, symbol="ALL", units=UNIT // 9),
    Entry(EntryType.REVERSAL, on(9), reverses=13),
    Entry(EntryType.INTEREST, on(9), "USD", 444, 0, 3),
    Entry(EntryType.FEE, on(9), "USD", 55),
    Entry(EntryType.TAX, on(9), "JPY", 77),
    Entry(EntryType.WITHDRAWAL, on(9), "USD", 99),
]  # fmt: skip


def numbered(*entries: Entry) -> Numbered:
    return list(enumerate(entries, start=1))


def text_of(entries: Numbered, method: Method = "fifo", name: str = "Main") -> str:
    return beancount_text(Portfolio(1, name, "USD", method), entries)


def loaded(text: str) -> list[data.Directive]:
    """What beancount makes of a text in which it finds no error."""
    entries, errors, _ = loader.load_string(text, extra_validations=validation.HARDCORE_VALIDATIONS)
    assert errors == [], text
    return entries


def complains(text: str) -> bool:
    return bool(loader.load_string(text)[1])


def inventories(text: str) -> dict[str, inventory.Inventory]:
    """What is in each account, by the last part of its name."""
    found: dict[str, inventory.Inventory] = defaultdict(inventory.Inventory)
    for entry in loaded(text):
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                found[posting.account.rpartition(":")[2]].add_position(posting)
    return found


def by_commodity(held: inventory.Inventory) -> dict[str, Decimal]:
    units: dict[str, Decimal] = defaultdict(Decimal)
    for each in held.values():
        units[each.units.currency] += each.units.number or 0
    return {code: number for code, number in units.items() if number}


def symbol_of(commodity: str) -> str:
    """The symbol for which a commodity stands, by the file's own head."""
    if not commodity.startswith("X."):
        return commodity
    return commodity[2:-2].translate(str.maketrans("'_", "^="))


def name_of(component: str) -> str:
    """The portfolio whose accounts have this component, by the file's own head."""
    return re.sub("-([0-9a-f]+)-", lambda code: chr(int(code[1], 16)), component[2:])


def major(minor: int, code: str) -> Decimal:
    return Decimal(minor).scaleb(-currency(code).scale)


def cash_of(entries: Numbered) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for _, entry in in_order(entries):
        for leg in transfers(entry):
            if Role.CASH in (leg.credit, leg.debit):
                sign = 1 if leg.debit is Role.CASH else -1
                sums[leg.commodity.code] += sign * major(leg.amount, leg.commodity.code)
    return {code: number for code, number in sums.items() if number}


@pytest.mark.parametrize("method", METHODS)
def test_bean_check_accepts_it(method: Method, tmp_path: Path) -> None:
    for name in ("Main", "my dépôt"):
        text = text_of(numbered(*FIXED), method, name)
        (tmp_path / f"{name}.beancount").write_text(text, encoding="utf-8")
    whole = tmp_path / "whole.beancount"
    whole.write_text('include "Main.beancount"\ninclude "my dépôt.beancount"\n', encoding="utf-8")
    for path in sorted(tmp_path.glob("*.beancount")):
        command = [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_by_hand() -> None:
    text = text_of(numbered(*FIXED))
    assert (
        """
2024-01-04 * "sell" ""
  entry: 6
  commission: 5.00 USD
  Assets:P-Main:Holdings  -1 X.'GSPC.X {USD, 2024-01-02, "3.0"}
  Assets:P-Main:Cash  395.00 USD
  Income:P-Main:Gains  -93.33 USD
  Equity:P-Main:Rounding  -0.00333333 USD
"""
        in text
    )  # a third of 905.00 is 301.67 by our books
    assert (
        """
2024-01-05 * "split" ""
  entry: 8
  Assets:P-Main:Holdings  -2 X.'GSPC.X {USD, 2024-01-02, "3.0"}
  Assets:P-Main:Holdings  6 X.'GSPC.X {{603.33 USD, 2024-01-02, "3.0"}}
"""
        in text
    )
    gains = "gain-usd: 93.33 USD\n  Assets:P-Main:Cash  400.00 USD"
    assert gains in text_of(numbered(*FIXED), "average")


def test_an_empty_journal() -> None:
    assert loaded(text_of([])) == []


def _changed(found: re.Match[str]) -> str:
    """An amount, one minor unit more."""
    code = found[2]
    decimals = {"USD": 2, "JPY": 0}.get(code, 8)
    return f"{Decimal(found[1]) + Decimal(1).scaleb(-decimals)}{found[0][len(found[1]) :]}"


@pytest.mark.parametrize("method", METHODS)
def test_the_judge_is_awake(method: Method) -> None:
    """Whichever amount of a posting or a balance is one cent more, beancount complains."""
    text = text_of(numbered(*FIXED), method)
    amounts = list(re.finditer(r"(?<= |\{)(-?[0-9.]+) (?:~ 0 )?([A-Z][A-Z0-9.']*)", text))
    judged = [found for found in amounts if ": " not in text[: found.start()].split("\n")[-1]]
    assert len(judged) > 60
    for found in judged:
        wrong = text[: found.start()] + _changed(found) + text[found.end() :]
        assert complains(wrong), f"{found[0]} in {text[: found.end()].splitlines()[-1]}"


@given(st.data())
@pytest.mark.parametrize("method", METHODS)
def test_cash_and_units_are_the_same(method: Method, chosen: st.DataObject) -> None:
    entries = chosen.draw(journals(method))
    found = inventories(text_of(entries, method))
    assert by_commodity(found["Cash"]) == cash_of(entries)
    units: dict[str, Decimal] = defaultdict(Decimal)
    for (symbol, _), own in replay(entries, method).positions.items():
        units[symbol] += Decimal(own.units).scaleb(-8)
    held = {symbol_of(code): number for code, number in by_commodity(found["Holdings"]).items()}
    assert held == {symbol: number for symbol, number in units.items() if number}


@given(st.data())
@pytest.mark.parametrize("method", LOTS_MATTER)
def test_lots_and_gains_are_the_same(method: Method, chosen: st.DataObject) -> None:
    entries = chosen.draw(journals(method))
    _compare(entries, method, inventories(text_of(entries, method)))


@given(st.data())
@pytest.mark.parametrize("method", LOTS_MATTER)
def test_beancount_chooses_the_same_lots(method: Method, chosen: st.DataObject) -> None:
    """Not told which lots leave, its own booking takes those that ours does.

    Where two lots are of one date it doesn't say which of them is older.
    """
    entries = chosen.draw(journals(method))
    text = text_of(entries, method)
    brought = set(re.findall(r' (\S+) \{\{\S+ ([A-Z]{3}), (\S+), "(\S+)"', text))
    assume(len({lot[:3] for lot in brought}) == len(brought))
    blocks = [
        re.sub(r" \{([A-Z]{3}), .*\}$", r" {\1}", block, flags=re.MULTILINE)
        if re.search(r'\* "(sell|transfer_out)"', block)
        else block
        for block in text.split("\n\n")
    ]
    _compare(entries, method, inventories("\n\n".join(blocks)))


def _compare(entries: Numbered, method: Method, found: dict[str, inventory.Inventory]) -> None:
    gains: dict[str, Decimal] = defaultdict(Decimal)
    lots: dict[Lot, tuple[Decimal, Decimal, str]] = {}
    for (symbol, code), own in replay(entries, method).positions.items():
        gains[code] += major(own.realised, code)
        for lot in own.lots:
            name: Lot = symbol, lot.acquired_on, f"{lot.opened_by}.{lot.part}"
            lots[name] = Decimal(lot.units).scaleb(-8), major(lot.cost, code), code
    assert by_commodity(found["Gains"]) == {code: -gain for code, gain in gains.items() if gain}
    held = dict(map(_lot, found["Holdings"].values()))
    assert held.keys() == lots.keys()
    for key, (units, cost, code) in lots.items():
        its_units, its_cost, its_code = held[key]
        assert (its_units, its_code) == (units, code)
        assert abs(its_cost - cost) <= major(1, code) / 2 + Decimal("1e-15")


def _lot(held: position.Position) -> tuple[Lot, tuple[Decimal, Decimal, str]]:
    """Symbol, date and label of a lot of beancount's; its units, their cost, and in what."""
    units, cost = held.units, held.cost
    assert units.number is not None
    assert cost is not None
    key: Lot = symbol_of(units.currency), cost.date, cost.label
    return key, (units.number, units.number * cost.number, cost.currency)


symbols = st.from_regex(r"[\^A-Z0-9][A-Z0-9^=.\-]{0,19}", fullmatch=True)


@given(symbols.filter(lambda symbol: ".." not in symbol))
@example("TRUE")
@example("NULL")
@example("ALL")
@example("X.A.X")
@example("^" * 20)
@example("F")
def test_every_symbol_has_a_commodity_of_its_own(symbol: str) -> None:
    bought = Entry(EntryType.BUY, on(1), "USD", 100, symbol=symbol, units=UNIT)
    (lot,) = inventories(text_of(numbered(bought)))["Holdings"].values()
    assert symbol_of(lot.units.currency) == symbol
    assert re.fullmatch(amount.CURRENCY_RE, lot.units.currency)
    assert len(lot.units.currency) <= 24
    assert lot.units.currency not in {"USD", "ALL"}


@given(st.text(min_size=1, max_size=80))
@example("my dépôt")
@example("P-Main")
@example("-20-")
def test_every_portfolio_has_accounts_of_its_own(name: str) -> None:
    (opened, *_) = loaded(text_of(numbered(FIXED[0]), name=name))
    assert isinstance(opened, data.Open)
    assert account.is_valid(opened.account)
    assert name_of(opened.account.split(":")[1]) == name
