"""Verbs of ``portfolio`` that book what happened; each tells what was booked and what is left."""

import argparse
import sys
from typing import TYPE_CHECKING

from stockanalyst.cli.commands import Commands, Parser
from stockanalyst.cli.verbs import add_day, add_verb, ledger_of, ledgers

if TYPE_CHECKING:
    from stockanalyst.portfolio.protocols import Posted
    from stockanalyst.services.ledger import Ledger

_MEANINGS = {
    "symbol": "a ticker, such as AAPL",
    "units": "how many; parts too, such as 1.5",
    "price": "for a unit, such as 187.33",
    "amount": "money, such as 12.50",
    "ratio": "new and old units, such as 4:1; of a spin-off those of the child and of the parent",
    "child": "the ticker of what is spun off",
    "basis": "the part of the parent's cost that goes to the child, such as 0.23",
    "currency": "of the money (default: the portfolio's)",
    "fee": "money: on top of a purchase, else taken from what comes in",
    "tax": "money, as a fee",
}
_CHARGED = ("currency", "fee", "tax")
# What is said of each: its type, what it is, words in their order, and options.
_VERBS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "deposit": ("deposit", "money comes in", ("amount",), ("currency",)),
    "withdraw": ("withdrawal", "money goes out", ("amount",), ("currency",)),
    "buy": ("buy", "units for money", ("symbol", "units", "price?"), ("amount", *_CHARGED)),
    "sell": ("sell", "money for units", ("symbol", "units", "price?"), ("amount", *_CHARGED)),
    "dividend": (
        "dividend",
        "money for what was held before the ex-date: an amount, or a price a unit",
        ("symbol", "amount?"),
        ("price", *_CHARGED),
    ),
    "interest": ("interest", "money that money has earned", ("amount",), ("symbol", *_CHARGED)),
    "fee": ("fee", "a fee that belongs to no trade", ("amount",), ("symbol", "currency")),
    "tax": ("tax", "a tax that belongs to no trade", ("amount",), ("symbol", "currency")),
    "split": ("split", "new units for old ones", ("symbol", "ratio"), ()),
    "spin-off": (
        "spin_off",
        "units of a child for those of its parent",
        ("symbol", "child", "ratio", "basis"),
        (),
    ),
}


def add_commands(verbs: Commands) -> None:
    """Add them to ``portfolio``."""
    for name, (kind, summary, words, options) in _VERBS.items():
        verb = add_verb(verbs, name, _post, summary)
        _add_fields(verb, words, options)
        fields = [word.removesuffix("?") for word in (*words, *options)]
        verb.set_defaults(type=kind, fields=fields, broker=None)
        if name in {"buy", "sell"}:
            meaning = "whose commission is the fee, where none is given"
            verb.add_argument("--broker", metavar="NAME", help=meaning)
        _add_circumstances(verb)
    _add_exchange(verbs)

    summary = "money, or units with their lots, to another portfolio"
    transfer = add_verb(verbs, "transfer", _transfer, summary)
    transfer.add_argument("to", metavar="TO", help="the other portfolio")
    _add_fields(transfer, ("amount?",), ("symbol", "units", "currency"))
    _add_circumstances(transfer)

    summary = "take an entry back; both stay in the journal"
    reverse = add_verb(verbs, "reverse", _reverse, summary)
    reverse.add_argument("number", type=int, metavar="ENTRY", help="its number; see: transactions")
    _add_name(reverse)


def _add_exchange(verbs: Commands) -> None:
    summary = "money of one currency for that of another, such as 1000 USD 920 EUR"
    exchange = add_verb(verbs, "exchange", _post, summary)
    fields = {
        "amount": ("GIVEN", "money that is given"),
        "currency": ("OF", "its currency"),
        "child_amount": ("RECEIVED", "money that is received"),
        "child": ("IN", "its currency"),
    }
    for name, (metavar, meaning) in fields.items():
        exchange.add_argument(name, metavar=metavar, help=meaning)
    _add_fields(exchange, (), ("fee",))
    exchange.set_defaults(type="exchange", fields=[*fields, "fee"], broker=None)
    _add_circumstances(exchange)


def _add_fields(verb: Parser, words: tuple[str, ...], options: tuple[str, ...]) -> None:
    """What an event is made of; a word that ends in ``?`` may be left out."""
    for word in words:
        name = word.removesuffix("?")
        nargs = None if name == word else "?"
        verb.add_argument(name, nargs=nargs, metavar=name.upper(), help=_MEANINGS[name])
    for option in options:
        verb.add_argument(f"--{option}", metavar=option.upper(), help=_MEANINGS[option])


def _add_circumstances(verb: Parser) -> None:
    add_day(verb, "when it counts")
    _add_name(verb)


def _add_name(verb: Parser) -> None:
    verb.add_argument("--note", default="", metavar="TEXT", help="your own words")
    verb.add_argument("--key", metavar="TEXT", help="what has the same key is booked once")


def _post(asked: argparse.Namespace) -> None:
    from stockanalyst.portfolio.booking import Instruction

    service = ledgers()
    ledger = service.portfolio(asked.user, asked.name)
    said = {name: getattr(asked, name) for name in asked.fields}
    on = service.around.today() if asked.on is None else asked.on
    instruction = Instruction(type=asked.type, on=on, note=asked.note, **said)
    _tell(ledger, ledger.post(instruction, key=asked.key, broker=asked.broker))


def _transfer(asked: argparse.Namespace) -> None:
    service = ledgers()
    ledger = service.portfolio(asked.user, asked.name)
    fate = ledger.transfer(
        service.portfolio(asked.user, asked.to),
        amount=asked.amount,
        currency=asked.currency,
        symbol=asked.symbol,
        units=asked.units,
        on=asked.on,
        note=asked.note,
        key=asked.key,
    )
    _tell(ledger, fate)


def _reverse(asked: argparse.Namespace) -> None:
    ledger = ledger_of(asked)
    _tell(ledger, ledger.reverse(asked.number, note=asked.note, key=asked.key))


def _tell(ledger: "Ledger", fate: "Posted") -> None:
    from stockanalyst.reporting.portfolio_words import posted

    sys.stdout.write(posted(ledger.entries(), fate) + "\n")
