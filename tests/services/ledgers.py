"""Ledgers of two users on a real database, with prices of a few days."""

from dataclasses import dataclass, field
from itertools import count
from zoneinfo import ZoneInfo

import pandas as pd

from stockanalyst.exceptions import InvalidSymbol
from stockanalyst.frames import price_frame
from stockanalyst.market.prices import PriceHistory
from stockanalyst.portfolio.store.brokers import SqlBrokers
from stockanalyst.services.bookkeeping import Surroundings
from stockanalyst.services.ledgers import LedgerService
from tests.portfolio.store.conftest import Ledger as Database

NOW = pd.Timestamp("2024-01-15 21:00", tz="UTC")
DAYS = pd.bdate_range("2024-01-02", "2024-01-15")


@dataclass
class Quoted:
    """A provider of closes by symbol on these days, as traded, and of splits."""

    closes: dict[str, list[float]]
    splits: dict[str, dict[str, float]] = field(default_factory=dict)
    name: str = "quoted"

    def history(self, symbol: str) -> PriceHistory:
        if symbol not in self.closes:
            raise InvalidSymbol(symbol, "quoted doesn't know it")
        table = pd.DataFrame({"close": self.closes[symbol]}, index=DAYS, dtype=float)
        table["split_ratio"], table["adj_close"] = 1.0, table["close"]
        for day, ratio in self.splits.get(symbol, {}).items():
            table.loc[day, "split_ratio"] = ratio
            table.loc[table.index < day, "adj_close"] /= ratio
        frame = price_frame(table, where=self.name)
        return PriceHistory(symbol, frame, self.name, today=DAYS[-1])


QUOTED = Quoted(
    {
        "AAPL": [100, 100, 120, 118, 121, 124, 62, 70, 66, 65],
        "SAP.DE": [140.0] * 9 + [150.0],
        "EURUSD=X": [1.10] * 9 + [1.20],
    },
    {"AAPL": {"2024-01-10": 2.0}},
)


def ledgers_on(database: Database, *, zone: str = "UTC") -> LedgerService:
    """Users' portfolios in a database."""
    numbers = count(1)
    journal = database.journal
    around = Surroundings(
        journal=journal,
        brokers=SqlBrokers(journal.engine, journal.retries),
        providers=lambda _name: QUOTED,
        now=lambda: NOW,
        zone=ZoneInfo(zone),
        new_key=lambda: f"key {next(numbers)}",
    )
    return LedgerService(around, "ann")
