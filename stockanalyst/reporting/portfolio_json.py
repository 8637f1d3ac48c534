"""A portfolio as plain data for :mod:`json`.

Money, units and prices are texts, for they are exact; shares and returns are numbers, None where
they aren't known; days are written YYYY-MM-DD.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import singledispatch
from math import isfinite
from typing import TYPE_CHECKING, Any

import pandas as pd

from stockanalyst._typing import Json
from stockanalyst.portfolio.commodities import currency, major_units, security
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.performance import Performance
from stockanalyst.portfolio.protocols import Broker, Numbered, Portfolio
from stockanalyst.portfolio.valuation import Statement
from stockanalyst.reporting.portfolio_amounts import rounded
from stockanalyst.reporting.portfolio_words import booked

if TYPE_CHECKING:
    from stockanalyst.services.imports import Import
    from stockanalyst.services.valuations import Proposal

_MONEY = ("opening", "bought", "sold", "income", "closing", "gain", "price_gain", "currency_gain")


def statement_dict(statement: Statement) -> Json:
    """All of a statement."""
    plain: Json = _plain(statement)
    return plain


def transaction_dicts(entries: Numbered) -> list[Json]:
    """The journal; of each entry what it has."""
    return [
        {"number": number, "booked": booked(entry), **_plain(_major(entry))}
        for number, entry in entries
    ]


def frame_dicts(frame: pd.DataFrame) -> list[Json]:
    """Lots, open or closed, an object a row."""
    return [_plain(row) for row in frame.to_dict("records")]


def portfolio_dicts(portfolios: Iterable[Portfolio]) -> list[Json]:
    """A user's portfolios."""
    return [_plain(each) for each in portfolios]


def broker_dicts(brokers: Iterable[Broker]) -> list[Json]:
    """A user's brokers."""
    return [_plain(each) for each in brokers]


def performance_dict(shown: Performance) -> Json:
    """Returns, figures, months and positions; not the days that they are made from."""
    code = shown.currency
    totals = ("opening", "flows", "gain", "closing")
    return {
        "portfolio": shown.portfolio,
        "currency": code,
        **{name: _plain(rounded(getattr(shown, name), code)) for name in totals},
        "returns": _plain(shown.returns),
        "figures": _plain(shown.figures),
        "drawdown": _plain(shown.drawdown),
        "beside": _plain(shown.beside),
        "monthly": {str(month): _plain(value) for month, value in shown.monthly.items()},
        "attribution": [
            {
                "kind": part["kind"],
                "name": part["name"],
                **{column: _plain(rounded(part[column], code)) for column in _MONEY},
                "contribution": _plain(part["contribution"]),
            }
            for part in shown.attribution.reset_index().to_dict("records")
        ],
        "notes": list(shown.notes),
    }


def proposal_dict(shown: "Proposal") -> Json:
    """Weights and trades."""
    own = shown.statement.portfolio
    return {
        "portfolio": own.name,
        "currency": own.currency,
        "on": _plain(shown.statement.on),
        "method": shown.method,
        "first": _plain(shown.first),
        "last": _plain(shown.last),
        "sessions": shown.sessions,
        "turnover": _plain(shown.rebalancing.turnover),
        "cost": _plain(rounded(shown.rebalancing.cost, own.currency)),
        "trades": [
            {
                "symbol": row["symbol"],
                "weight": _plain(row["weight"]),
                "target": _plain(row["target"]),
                "trade": _plain(rounded(row["trade"], own.currency)),
                "units": _text(row["units"]),
                "price": _text(row["price"]),
            }
            for row in shown.table.reset_index().to_dict("records")
        ],
        "notes": list(shown.notes),
    }


def import_dict(found: "Import") -> Json:
    """The verdict on each row."""
    return {
        "posted": found.posted,
        "rows": [
            {
                "line": each.line,
                "key": each.key,
                "verdict": each.fate,
                "reason": each.reason,
                "on": _plain(each.entry.on) if each.entry else None,
                "booked": booked(each.entry) if each.entry else None,
            }
            for each in found.verdicts
        ],
    }


def _major(entry: Entry) -> dict[str, object]:
    """Its fields, without those that it leaves at nothing, in major units."""
    said: dict[str, object] = {"type": str(entry.type), "on": entry.on, "symbol": entry.symbol}
    if entry.currency:
        kind = currency(entry.currency)
        amounts = {name: getattr(entry, name) for name in ("amount", "fee", "tax")}
        said["currency"] = entry.currency
        said |= {name: major_units(each, kind) for name, each in amounts.items() if each}
    if entry.units:
        said["units"] = major_units(entry.units, security(entry.symbol))
    if entry.child_amount:
        said["child_amount"] = major_units(entry.child_amount, currency(entry.child))
    if entry.ratio != (1, 1):
        said["ratio"] = f"{entry.ratio[0]}:{entry.ratio[1]}"
    if entry.basis[0]:
        said["basis"] = f"{entry.basis[0]}/{entry.basis[1]}"
    rest = {"child": entry.child, "reverses": entry.reverses, "note": entry.note}
    return {name: each for name, each in (said | rest).items() if each}


@singledispatch
def _plain(value: Any) -> Any:
    if not is_dataclass(value):
        return value
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


@_plain.register
def _exact(value: Decimal) -> str:
    return f"{value:f}"


@_plain.register
def _estimate(value: float) -> float | None:
    return float(value) if isfinite(value) else None


@_plain.register
def _day(value: date) -> str:
    return f"{value:%Y-%m-%d}"


@_plain.register
def _portfolio(value: Portfolio) -> Json:
    return {"name": value.name, "currency": value.currency, "method": value.method}


@_plain.register
def _object(value: Mapping) -> Json:  # type: ignore[type-arg]  # singledispatch takes no other
    return {str(key): _plain(each) for key, each in value.items()}


@_plain.register
def _row(value: tuple | list) -> list[Any]:  # type: ignore[type-arg]  # as above
    return [_plain(each) for each in value]


def _text(estimate: float) -> str | None:
    """Units and prices that are estimates, to eight decimals."""
    return f"{estimate:.8f}" if isfinite(estimate) else None
