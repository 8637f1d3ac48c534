"""Portfolios to show: what they hold, how they did, what they could hold instead."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd

from stockanalyst.portfolio.performance import Performance, performance
from stockanalyst.portfolio.protocols import Portfolio
from stockanalyst.portfolio.rebalancing import Rebalancing
from stockanalyst.portfolio.valuation import Holding, Price, Rate, Statement
from stockanalyst.services.valuations import Proposal

HOSTILE = "<script>alert(1)</script>"
FRIDAY = date(2024, 1, 5)
D = Decimal
NOTHING = D("0.00")

#: 10,000 dollars paid in, 10 AAPL bought at 187.33 with a fee of 1, and now at 200.
APPLE = Holding(
    symbol="AAPL",
    currency="USD",
    units=D("10.00000000"),
    cost=D("1874.30"),
    average_cost=D("187.43"),
    price=Price(D(200), "USD", FRIDAY),
    value=D("2000.00"),
    unrealised=D("125.70"),
    realised=NOTHING,
    income=NOTHING,
    commissions=D("1.00"),
    fees=NOTHING,
    taxes=NOTHING,
    weight=D("0.1975"),
)
PLAIN = Statement(
    portfolio=Portfolio(7, "main", "USD", "fifo"),
    on=FRIDAY,
    holdings=(APPLE,),
    cash={"USD": D("8125.70")},
    rates={},
    value=D("10125.70"),
    invested=D("10000.00"),
    cost=D("1874.30"),
    unrealised=D("125.70"),
    realised=NOTHING,
    income=NOTHING,
    commissions=D("1.00"),
    fees=NOTHING,
    taxes=NOTHING,
    notes=(),
)

#: Besides, SAP sold with a loss, and 100 euros, worth 5 dollars more than when they came.
ABROAD = replace(
    PLAIN,
    holdings=(
        APPLE,
        replace(
            APPLE, symbol="SAP.DE", currency="EUR", units=D(0), cost=NOTHING, average_cost=None,
            price=None, value=NOTHING, unrealised=NOTHING, realised=D("-10.00"), weight=NOTHING,
        ),
    ),
    cash={"USD": D("8125.70"), "EUR": D("100.00")},
    rates={"EUR": Rate(D("1.1"), "USD", date(2024, 1, 4))},
    value=D("10235.70"),
    invested=D("10116.00"),
    realised=D("-11.00"),
)  # fmt: skip
#: Nobody knows what AAPL costs.
UNKNOWN = replace(
    PLAIN,
    holdings=(replace(APPLE, price=None, value=None, unrealised=None, weight=None),),
    value=None,
    unrealised=None,
    notes=(f"AAPL has no price: {HOSTILE}",),
)


def grown(benchmark: pd.Series | None = None) -> Performance:
    """Twice 1,000 paid in; 10 % gained in January and again, then 10 % lost."""
    days = pd.to_datetime(
        ["2023-12-29", "2024-01-02", "2024-01-31", "2024-02-01", "2024-02-29"]
    ).rename("session")
    history = pd.DataFrame(
        {
            "value": [0.0, 1000.0, 1100.0, 2310.0, 2079.0],
            "flow": [0.0, 1000.0, 0.0, 1000.0, 0.0],
        },
        index=days,
    )
    names = [("position", "AAPL"), ("position", HOSTILE), ("cash", "fees")]
    parts = pd.DataFrame(
        0.0,
        index=pd.MultiIndex.from_tuples(names, names=["kind", "name"]),
        columns=["opening", "closing", "bought", "sold", "income", "gain", "price_gain",
                 "currency_gain", "contribution"],
    )  # fmt: skip
    parts["gain"] = [50.334, 33.334, -4.668]  # which rounded one by one are 79.01 together
    parts["contribution"] = [0.03, 0.02, -0.003]
    parts["bought"], parts["sold"] = [900.0, 500.0, 0.0], [0.0, 100.0, 0.0]
    return performance("main", "USD", history, parts, benchmark=benchmark, notes=("A note.",))


def proposed() -> Proposal:
    """Half of it in each of two, from one that is held and money."""
    trades = pd.Series({"AAPL": 3062.85, "IBM": 5062.85})
    table = pd.DataFrame(
        {
            "weight": [0.1975, 0.0],
            "target": [0.5, 0.5],
            "trade": trades,
            "units": [15.31426, float("nan")],
            "price": [200.0, float("nan")],
        },
        index=pd.Index(["AAPL", "IBM"], name="symbol"),
    )
    return Proposal(
        statement=PLAIN,
        method="equal_weight",
        first=date(2023, 1, 3),
        last=FRIDAY,
        sessions=254,
        table=table,
        rebalancing=Rebalancing(trades, 0.8025, 8.1257),
        notes=(HOSTILE,),
    )
