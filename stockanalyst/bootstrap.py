"""The composition root: the only module that names an adapter."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pandas as pd

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig
from stockanalyst.forecasting.lstm_training import can_train, train
from stockanalyst.infra.clock import now
from stockanalyst.infra.logs import native_stderr_silenced
from stockanalyst.infra.settings import Settings, load_settings
from stockanalyst.market.protocols import PriceProvider
from stockanalyst.market.providers.chain import ChainProvider
from stockanalyst.market.providers.files import FilesProvider
from stockanalyst.market.providers.sample import SampleProvider
from stockanalyst.market.providers.yahoo import YahooProvider
from stockanalyst.recommendation.policy import Policy
from stockanalyst.reporting.renderers.environment import read_environment
from stockanalyst.reporting.renderers.folder import published
from stockanalyst.reporting.renderers.html_page import html_page
from stockanalyst.reporting.renderers.papermill_notebook import PapermillNotebooks
from stockanalyst.services.analysis import AnalysisService
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
        config=LSTMConfig(**settings.lstm.model_dump()),
        plan=plan,
    )
    analysis = AnalysisService(
        provider=provider,
        networks=networks,
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
    return Services(analysis=analysis, networks=networks, reports=reports)


def _notebooks() -> Path:
    """Inside the package where it is installed, beside it in a checkout."""
    installed = _PACKAGE / "notebooks"
    return installed if installed.is_dir() else _PACKAGE.parent / "notebooks"


def _variables(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a process that is to have the same."""
    plain = settings.model_copy(update={"cache_dir": settings.cache_dir.absolute()})
    return {
        f"STOCKANALYST_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in plain.model_dump(mode="json").items()
    }


def _provider_by_name(settings: Settings, clock: Callable[[], pd.Timestamp]) -> ProviderByName:
    sample = SampleProvider()
    yahoo = YahooProvider(
        now=clock, timeout=settings.yahoo_timeout, cache_dir=settings.cache_dir / "yahoo"
    )
    fixed: dict[str, PriceProvider] = {
        "auto": ChainProvider((yahoo, sample)),
        "yahoo": yahoo,
        "sample": sample,
    }

    @cache
    def provider(name: str) -> PriceProvider:
        if name in fixed:
            return fixed[name]
        if name.startswith(_FILES) and name != _FILES:
            return FilesProvider(Path(name.removeprefix(_FILES)))
        raise InputError("provider", name, f"choose from {', '.join(fixed)}, {_FILES}FOLDER")

    return provider


def _quiet_train(
    prices: Mapping[str, pd.Series],
    *,
    provider: str,
    config: LSTMConfig,
    progress: Callable[[float], None],
) -> LSTMArtifact:
    with native_stderr_silenced():  # tensorflow thinks aloud, of CUDA above all
        return train(prices, provider=provider, config=config, progress=progress)
