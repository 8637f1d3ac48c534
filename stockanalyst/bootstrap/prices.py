"""Providers of prices by name."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

from stockanalyst.bootstrap.vendors import Vendors
from stockanalyst.exceptions import InputError
from stockanalyst.infra.settings import Settings
from stockanalyst.market.protocols import PriceProvider, PriceStore
from stockanalyst.market.providers.alpha_vantage import AlphaVantageProvider
from stockanalyst.market.providers.chain import ChainProvider
from stockanalyst.market.providers.eodhd import EODHDProvider
from stockanalyst.market.providers.files import FilesProvider
from stockanalyst.market.providers.sample import SampleProvider
from stockanalyst.market.providers.stored import StoredProvider
from stockanalyst.market.providers.yahoo import YahooProvider
from stockanalyst.services.protocols import ProviderByName

_FILES = "files:"


def price_providers(
    settings: Settings, clock: Callable[[], pd.Timestamp], vendors: Vendors
) -> ProviderByName:
    """Gives the provider of a name, made when it is first asked for."""

    @cache
    def store() -> PriceStore:
        # Imported here, for SQLAlchemy takes 0.3 s, which files and the sample needn't wait.
        from stockanalyst.infra.db import sqlite_url
        from stockanalyst.market.store.sql import SqlPriceStore

        url = settings.database_url
        own = sqlite_url(settings.cache_dir / "prices.sqlite")
        return SqlPriceStore(url.get_secret_value() if url else own)

    def stored(live: PriceProvider) -> PriceProvider:
        return StoredProvider(live, store(), clock)

    makers: dict[str, Callable[[], PriceProvider]] = {
        "auto": lambda: ChainProvider([provider(name) for name in _chain(settings)]),
        "yahoo": lambda: stored(_yahoo(settings, clock)),
        "eodhd": lambda: stored(EODHDProvider(vendors.eodhd, clock)),
        "alpha_vantage": lambda: stored(AlphaVantageProvider(vendors.alpha_vantage, clock)),
        "sample": SampleProvider,
    }

    @cache
    def provider(name: str) -> PriceProvider:
        if name in makers:
            return makers[name]()
        if name.startswith(_FILES) and name != _FILES:
            return FilesProvider(Path(name.removeprefix(_FILES)))
        raise InputError("provider", name, f"choose from {', '.join(makers)}, {_FILES}FOLDER")

    return provider


def _chain(settings: Settings) -> tuple[str, ...]:
    """Who is asked by ``auto``, in this order: a vendor that wants a key, where there is one."""
    keyed = {"eodhd": settings.eodhd_key, "alpha_vantage": settings.alpha_vantage_key}
    return ("yahoo", *(name for name, key in keyed.items() if key), "sample")


def _yahoo(settings: Settings, clock: Callable[[], pd.Timestamp]) -> YahooProvider:
    return YahooProvider(
        now=clock, timeout=settings.yahoo_timeout, cache_dir=settings.cache_dir / "yahoo"
    )
