"""``portfolio`` and ``ledger``: what is held, what came of it, and what could be held instead."""

import argparse
import sys

from stockanalyst.cli import portfolio_files, portfolio_posting
from stockanalyst.cli.commands import Commands, add_command
from stockanalyst.cli.verbs import (
    add_day,
    add_group,
    add_json,
    add_provider,
    add_user,
    add_verb,
    ledger_of,
    ledgers,
    tell,
)

_FIRST_STEPS = """first steps:
  stockanalyst portfolio create main --currency USD
  stockanalyst portfolio deposit main 10000
  stockanalyst portfolio buy main AAPL 10 187.33 --fee 1 --on 2024-01-03
  stockanalyst portfolio show main
"""
_METHODS = "equal_weight, min_variance, mean_variance, min_cvar or hrp"


def add_commands(commands: Commands) -> None:
    """Add them to the parser."""
    summary = "keep portfolios: book what happened, see what is held and what came of it"
    verbs = add_group(commands, "portfolio", summary, epilog=_FIRST_STEPS)
    _add_making(verbs)
    portfolio_posting.add_commands(verbs)
    _add_showing(verbs)
    _add_returns(verbs)
    portfolio_files.add_commands(verbs)
    _add_brokers(verbs)
    journals = add_group(commands, "ledger", "check the journals behind portfolios")
    summary = "say whether journals are as they were written, or which row is the first that isn't"
    verify = add_command(journals, "verify", _verify, summary)
    verify.add_argument("name", nargs="?", metavar="NAME", help="a portfolio (default: all)")
    add_user(verify)


def _add_making(verbs: Commands) -> None:
    create = add_verb(verbs, "create", _create, "make an empty portfolio")
    create.add_argument(
        "--currency", default="USD", help="in which it is valued (default: %(default)s)"
    )
    create.add_argument(
        "--method",
        default="fifo",
        help="which lots a sale closes: fifo, lifo or average (default: %(default)s)",
    )
    listed = add_command(verbs, "list", _list, "say which portfolios there are")
    add_user(listed)
    add_json(listed)


def _add_showing(verbs: Commands) -> None:
    for name, run, summary in (
        ("show", _show, "say what is held, what it is worth, and how that came about"),
        ("lots", _lots, "say what each purchase has cost, and what each sale has gained"),
    ):
        verb = add_verb(verbs, name, run, summary)
        add_day(verb, "at the end of which day")
        add_provider(verb)
        add_json(verb)
    add_json(add_verb(verbs, "transactions", _transactions, "list the entries, with their numbers"))


def _add_returns(verbs: Commands) -> None:
    summary = "say what the money has returned, at which risk, and where the gain came from"
    verb = add_verb(verbs, "performance", _performance, summary)
    verb.add_argument("--since", metavar="DATE", help="from the end of this day on")
    verb.add_argument("--until", metavar="DATE", help="to the end of this day (default: today)")
    verb.add_argument("--benchmark", metavar="SYMBOL", help="to be compared with, such as ^GSPC")
    add_provider(verb)
    add_json(verb)

    verb = add_verb(verbs, "allocate", _allocate, "say which weights a method would have it hold")
    verb.add_argument("--method", default="hrp", help=f"{_METHODS} (default: %(default)s)")
    verb.add_argument("--symbols", metavar="A,B", help="some symbols (default: those held)")
    add_day(verb, "up to which prices count")
    verb.add_argument(
        "--sessions", type=int, default=504, metavar="N", help="of prices (default: %(default)s)"
    )
    verb.add_argument(
        "--max-weight", type=float, default=1.0, metavar="W", help="the largest, such as 0.3"
    )
    verb.add_argument(
        "--risk-aversion", type=float, metavar="A", help="of mean_variance, such as 3"
    )
    verb.add_argument(
        "--cost", type=float, default=0.001, metavar="C", help="a share (default: %(default)s)"
    )
    add_provider(verb)
    add_json(verb)


def _add_brokers(verbs: Commands) -> None:
    listed = add_command(verbs, "brokers", _brokers, "say which brokers there are")
    add_user(listed)
    add_json(listed)
    broker = add_group(verbs, "broker", "keep a broker, whose commission trades then have")
    summary = "keep a broker and what it charges for a trade, in place of the one of that name"
    save = add_command(broker, "save", _save_broker, summary)
    save.add_argument("name", metavar="NAME", help="of the broker")
    for option, meaning in {
        "--rate": "of the amount, a share: 0.001 is 0.1 %%",
        "--per-unit": "for each unit",
        "--flat": "for each trade",
        "--minimum": "at least",
    }.items():
        save.add_argument(option, default="0", metavar="N", help=meaning)
    save.add_argument("--maximum", metavar="N", help="at most")
    save.add_argument("--currency", default="USD", help="of its charges (default: %(default)s)")
    save.add_argument("--inactive", action="store_true", help="no trade may name it")
    add_user(save)


def _create(asked: argparse.Namespace) -> None:
    own = (
        ledgers()
        .create(asked.user, asked.name, currency=asked.currency, method=asked.method)
        .portfolio
    )
    sys.stdout.write(f"made portfolio {own.name}: {own.currency}, {own.method}\n")


def _list(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import portfolio_dicts
    from stockanalyst.reporting.portfolio_text import portfolios_text

    found = ledgers().portfolios(asked.user)
    tell(asked, lambda: portfolio_dicts(found), lambda: portfolios_text(found))


def _show(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import statement_dict
    from stockanalyst.reporting.portfolio_text import statement_text

    found = ledger_of(asked).show(asked.on, provider=asked.provider)
    tell(asked, lambda: statement_dict(found), lambda: statement_text(found))


def _lots(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import frame_dicts
    from stockanalyst.reporting.portfolio_text import lots_text

    ledger = ledger_of(asked)
    lots, closed = ledger.lots(asked.on, provider=asked.provider), ledger.gains(asked.on)
    tell(
        asked,
        lambda: {
            "open": frame_dicts(lots),
            "closed": frame_dicts(closed),
            "notes": lots.attrs.get("notes", []),
        },
        lambda: lots_text(lots, closed),
    )


def _transactions(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import transaction_dicts
    from stockanalyst.reporting.portfolio_text import transactions_text

    found = ledger_of(asked).entries()
    tell(asked, lambda: transaction_dicts(found), lambda: transactions_text(found))


def _performance(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import performance_dict
    from stockanalyst.reporting.portfolio_text import performance_text

    found = ledger_of(asked).performance(
        since=asked.since, until=asked.until, benchmark=asked.benchmark, provider=asked.provider
    )
    tell(asked, lambda: performance_dict(found), lambda: performance_text(found))


def _allocate(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import proposal_dict
    from stockanalyst.reporting.portfolio_text import proposal_text

    found = ledger_of(asked).allocate(
        asked.method,
        symbols=None if asked.symbols is None else asked.symbols.split(","),
        on=asked.on,
        sessions=asked.sessions,
        max_weight=asked.max_weight,
        risk_aversion=asked.risk_aversion,
        cost=asked.cost,
        provider=asked.provider,
    )
    tell(asked, lambda: proposal_dict(found), lambda: proposal_text(found))


def _brokers(asked: argparse.Namespace) -> None:
    from stockanalyst.reporting.portfolio_json import broker_dicts
    from stockanalyst.reporting.portfolio_text import brokers_text

    found = ledgers().brokers(asked.user)
    tell(asked, lambda: broker_dicts(found), lambda: brokers_text(found))


def _save_broker(asked: argparse.Namespace) -> None:
    from stockanalyst.cli.terminal import show
    from stockanalyst.portfolio.fees import CommissionSchedule
    from stockanalyst.portfolio.protocols import Broker
    from stockanalyst.reporting.portfolio_text import brokers_text

    schedule = CommissionSchedule(
        rate=asked.rate,
        per_unit=asked.per_unit,
        flat=asked.flat,
        minimum=asked.minimum,
        maximum=asked.maximum,
    )
    broker = Broker(asked.name, schedule, asked.currency, active=not asked.inactive)
    service = ledgers()
    service.save_broker(asked.user, broker)
    kept = [each for each in service.brokers(asked.user) if each.name == asked.name.strip()]
    show(brokers_text(kept))


def _verify(asked: argparse.Namespace) -> None:
    service = ledgers()
    names = [asked.name] if asked.name else [own.name for own in service.portfolios(asked.user)]
    for name in names:
        count = service.portfolio(asked.user, name).verify()
        sys.stdout.write(f"{name}: {count:,} {'entry' if count == 1 else 'entries'}, as written\n")
