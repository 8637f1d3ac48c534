"""The composition root: the only module that names an adapter."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import pandas as pd
from pydantic import SecretStr

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.backtesting.store.parquet import ParquetCubes
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import PRESETS, LSTMArtifact, LSTMConfig
from stockanalyst.forecasting.lstm_training import can_train, train
from stockanalyst.infra.clock import now
from stockanalyst.infra.http import KeyedClient
from stockanalyst.infra.logs import native_stderr_silenced
from stockanalyst.infra.settings import Settings, load_settings
from stockanalyst.market.protocols import PriceProvider, PriceStore
from stockanalyst.market.providers.alpha_vantage import AlphaVantageProvider
from stockanalyst.market.providers.chain import ChainProvider
from stockanalyst.market.providers.eodhd import EODHDProvider
from stockanalyst.market.providers.files import FilesProvider
from stockanalyst.market.providers.sample import SampleProvider
from stockanalyst.market.providers.stored import StoredProvider
from stockanalyst.market.providers.yahoo import YahooProvider
from stockanalyst.recommendation.policy import Policy
from stockanalyst.reporting.renderers.environment import read_environment
from stockanalyst.reporting.renderers.folder import published
from stockanalyst.reporting.renderers.html_page import html_page
from stockanalyst.reporting.renderers.papermill_notebook import PapermillNotebooks
from stockanalyst.services.analysis import AnalysisService
from stockanalyst.services.backtests import BacktestService
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.protocols import ProviderByName
from stockanalyst.services.reports import ReportService

_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "forecasting" / "artifacts" / "shipped"
_FILES = "files:"


@dataclass(frozen=True)
class Services:
    """Every use case, wired."""

    analysis: AnalysisService
    backtests: BacktestService
    networks: NetworkService
    reports: ReportService


def build_services(
    settings: Settings | None = None,
    *,
    clock: Callable[[], pd.Timestamp] = now,
    networks_dir: Path | None = None,
) -> Services:
    """Wire the use cases.

    Parameters
    ----------
    settings : Settings, optional
        Without them, those of the environment.
    clock : callable
        Gives the present moment, timezone-aware.
    networks_dir : Path, optional
        Where trained networks go, instead of the cache.
    """
    settings = settings or load_settings()
    provider = _provider_by_name(settings, clock)
    plan = WalkForward(**settings.walk_forward.model_dump())
    networks = NetworkService(
        provider=provider,
        artifacts=FolderArtifacts(
            own=networks_dir or settings.cache_dir / "networks", shipped=_SHIPPED
        ),
        trainer=_quiet_train if can_train() else None,
        config=replace(PRESETS[settings.lstm.preset], **settings.lstm.changes()),
        plan=plan,
    )
    backtests = BacktestService(networks=networks, store=ParquetCubes)
    analysis = AnalysisService(
        provider=provider,
        networks=networks,
        backtests=backtests,
        plan=plan,
        policy=Policy(**settings.policy.model_dump()),
    )
    reports = ReportService(
        analysis=analysis,
        notebooks=PapermillNotebooks(_notebooks(), environment=_variables(settings)),
        page=html_page,
        publish=published,
        environment=partial(read_environment, _PACKAGE),
        reports_dir=settings.reports_dir,
    )
    return Services(analysis=analysis, backtests=backtests, networks=networks, reports=reports)


def _notebooks() -> Path:
    """Inside the package where it is installed, beside it in a checkout."""
    installed = _PACKAGE / "notebooks"
    return installed if installed.is_dir() else _PACKAGE.parent / "notebooks"


class _Variables(dict[str, str]):
    """Variables of a process; shown by name, for some hold a secret."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


def _variables(settings: Settings) -> Mapping[str, str]:
    """The settings as variables, for a process that is to have the same."""
    plain = settings.model_copy(update={"cache_dir": settings.cache_dir.absolute()})
    variables = _Variables()
    for field, value in plain.model_dump(mode="json", exclude_none=True).items():
        secret = getattr(settings, field)
        text = value if isinstance(value, str) else json.dumps(value)
        variables[f"STOCKANALYST_{field.upper()}"] = (
            secret.get_secret_value() if isinstance(secret, SecretStr) else text
        )
    return variables


def _provider_by_name(settings: Settings, clock: Callable[[], pd.Timestamp]) -> ProviderByName:
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
        "eodhd": lambda: stored(EODHDProvider(_eodhd_client(settings), clock)),
        "alpha_vantage": lambda: stored(
            AlphaVantageProvider(_alpha_vantage_client(settings), clock)
        ),
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


def _eodhd_client(settings: Settings) -> KeyedClient:
    return KeyedClient(
        source="eodhd",
        variable="STOCKANALYST_EODHD_KEY",
        parameter="api_token",
        key=settings.eodhd_key,
    )


def _alpha_vantage_client(settings: Settings) -> KeyedClient:
    return KeyedClient(
        source="alpha_vantage",
        variable="STOCKANALYST_ALPHA_VANTAGE_KEY",
        parameter="apikey",
        key=settings.alpha_vantage_key,
    )


def _quiet_train(
    prices: Mapping[str, pd.Series],
    *,
    provider: str,
    config: LSTMConfig,
    progress: Callable[[float], None],
) -> LSTMArtifact:
    with native_stderr_silenced():  # tensorflow thinks aloud, of CUDA above all
        return train(prices, provider=provider, config=config, progress=progress)
