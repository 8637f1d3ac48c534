"""Portfolios' ledgers, and the database that they are in."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import URL, Engine

from stockanalyst.infra.db import Pool, make_engine, parsed_url, sqlite_url
from stockanalyst.infra.settings import Settings
from stockanalyst.portfolio.store.brokers import SqlBrokers
from stockanalyst.portfolio.store.journal import SqlJournal
from stockanalyst.portfolio.store.transactions import Retries
from stockanalyst.services.bookkeeping import Surroundings
from stockanalyst.services.ledgers import LedgerService
from stockanalyst.services.protocols import ProviderByName


def own_url(settings: Settings) -> URL:
    """Where the ledgers of the settings are.

    Raises
    ------
    InputError
        It is none; the URL isn't repeated, for it may hold a password.
    """
    if settings.database_url is None:
        return sqlite_url(settings.data_dir / "ledger.sqlite")
    return parsed_url(settings.database_url.get_secret_value(), said_in="STOCKANALYST_DATABASE_URL")


def ledger_engine(settings: Settings) -> Engine:
    """The database of the settings; without one, an SQLite file of the user's own, made if new."""
    url = own_url(settings)
    engine = make_engine(url, pool=_pool(settings, url))
    if settings.database_url is None and not Path(url.database or "").exists():
        from stockanalyst.infra.migrations import upgrade  # Alembic takes its time

        upgrade(engine)
    return engine


def _pool(settings: Settings, url: URL) -> Pool | None:
    """A server's connections are kept; a file is opened by each use, and closed again."""
    is_file = url.get_backend_name() == "sqlite"
    return None if is_file else Pool(**settings.pool.model_dump())


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
