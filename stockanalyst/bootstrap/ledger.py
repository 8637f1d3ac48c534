"""Portfolios' ledgers, and the database that they are in."""

import random
import time
from collections.abc import Callable
from uuid import uuid4
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Engine

from stockanalyst.infra.db import Pool, make_engine, sqlite_url
from stockanalyst.infra.settings import Settings
from stockanalyst.portfolio.store.brokers import SqlBrokers
from stockanalyst.portfolio.store.journal import SqlJournal
from stockanalyst.portfolio.store.transactions import Retries
from stockanalyst.services.ledger import Surroundings
from stockanalyst.services.ledgers import LedgerService
from stockanalyst.services.protocols import ProviderByName


def ledger_engine(settings: Settings) -> Engine:
    """The database of the settings; without one, an SQLite file of the user's own, made if new."""
    pool = Pool(**settings.pool.model_dump())
    if settings.database_url:
        return make_engine(settings.database_url.get_secret_value(), pool=pool)
    path = settings.data_dir / "ledger.sqlite"
    is_new = not path.exists()
    engine = make_engine(sqlite_url(path), pool=pool)
    if is_new:
        from stockanalyst.infra.migrations import upgrade  # Alembic takes its time

        upgrade(engine)
    return engine


def ledger_service(
    settings: Settings, clock: Callable[[], pd.Timestamp], providers: ProviderByName
) -> LedgerService:
    """Ledgers on that database."""
    engine = ledger_engine(settings)
    retries = Retries(random.SystemRandom().random, time.sleep)
    return LedgerService(
        Surroundings(
            journal=SqlJournal(engine, clock, retries),
            brokers=SqlBrokers(engine, retries),
            providers=providers,
            now=clock,
            zone=ZoneInfo(settings.timezone),
            new_key=lambda: str(uuid4()),
        ),
        settings.user,
    )
