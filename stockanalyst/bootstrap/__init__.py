"""The composition root: the only module that names an adapter."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import SecretStr

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.backtesting.store.parquet import ParquetCubes
from stockanalyst.bootstrap.prices import price_providers
from stockanalyst.bootstrap.sentiment import sentiment_service
from stockanalyst.bootstrap.vendors import Vendors
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import PRESETS, LSTMArtifact, LSTMConfig
from stockanalyst.forecasting.lstm_training import can_train, train
from stockanalyst.infra.clock import now
from stockanalyst.infra.limits import Step, Usage, UsageStore
from stockanalyst.infra.logs import native_stderr_silenced
from stockanalyst.infra.settings import Settings, load_settings
from stockanalyst.recommendation.policy import Policy
from stockanalyst.reporting.renderers.environment import read_environment
from stockanalyst.reporting.renderers.folder import published
from stockanalyst.reporting.renderers.html_page import html_page
from stockanalyst.reporting.renderers.papermill_notebook import PapermillNotebooks
from stockanalyst.services.analysis import AnalysisService
from stockanalyst.services.backtests import BacktestService
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.reports import ReportService
from stockanalyst.services.sentiment import SentimentService

if TYPE_CHECKING:
    from stockanalyst.services.ledgers import LedgerService

_PACKAGE = Path(__file__).parent.parent
_SHIPPED = _PACKAGE / "forecasting" / "artifacts" / "shipped"


@dataclass(frozen=True)
class Services:
    """Every use case, wired."""

    analysis: AnalysisService
    backtests: BacktestService
    networks: NetworkService
    reports: ReportService
    sentiment: SentimentService


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
    vendors = Vendors(settings, clock, _DeferredUsage(settings))
    provider = price_providers(settings, clock, vendors)
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
    sentiment = sentiment_service(settings, clock, vendors)
    analysis = AnalysisService(
        provider=provider,
        networks=networks,
        backtests=backtests,
        sentiment=sentiment,
        plan=plan,
        policy=Policy(**settings.policy.model_dump()),
        now=clock,
    )
    reports = ReportService(
        analysis=analysis,
        notebooks=PapermillNotebooks(_notebooks(), environment=_variables(settings)),
        page=html_page,
        publish=published,
        environment=partial(read_environment, _PACKAGE),
        reports_dir=settings.reports_dir,
    )
    return Services(
        analysis=analysis,
        backtests=backtests,
        networks=networks,
        reports=reports,
        sentiment=sentiment,
    )


def build_ledgers(
    settings: Settings | None = None, *, clock: Callable[[], pd.Timestamp] = now
) -> "LedgerService":
    """Wire users' portfolios; parameters are those of :func:`build_services`.

    Raises
    ------
    InputError
        The database's URL can't be used.
    OSError
        The database's folder or file can't be made.
    """
    # Imported here, for SQLAlchemy takes 0.3 s, which an analysis needn't wait.
    from stockanalyst.bootstrap.ledger import ledger_service

    settings = settings or load_settings()
    vendors = Vendors(settings, clock, _DeferredUsage(settings))
    return ledger_service(settings, clock, price_providers(settings, clock, vendors))


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
    # What isn't set is blank, lest the process find another in its surroundings.
    variables = _Variables(
        {f"STOCKANALYST_{name.upper()}": "" for name, value in settings if value is None}
    )
    for field, value in plain.model_dump(mode="json", exclude_none=True).items():
        secret = getattr(settings, field)
        text = value if isinstance(value, str) else json.dumps(value)
        variables[f"STOCKANALYST_{field.upper()}"] = (
            secret.get_secret_value() if isinstance(secret, SecretStr) else text
        )
    return variables


class _DeferredUsage:
    """A UsageStore in the database, opened at the first question to a vendor."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _store(self) -> UsageStore:
        # Imported here, for SQLAlchemy takes 0.3 s, which files and the sample needn't wait.
        from stockanalyst.infra.db import sqlite_url
        from stockanalyst.infra.usage_store import SqlUsageStore

        url = self._settings.database_url
        own = sqlite_url(self._settings.cache_dir / "usage.sqlite")
        return SqlUsageStore(url.get_secret_value() if url else own)

    def read(self, vendor: str, account: str) -> Usage:
        return self._store.read(vendor, account)

    def change(self, vendor: str, account: str, step: Step) -> None:
        self._store.change(vendor, account, step)


def _quiet_train(
    prices: Mapping[str, pd.Series],
    *,
    provider: str,
    config: LSTMConfig,
    progress: Callable[[float], None],
) -> LSTMArtifact:
    with native_stderr_silenced():  # tensorflow thinks aloud, of CUDA above all
        return train(prices, provider=provider, config=config, progress=progress)
