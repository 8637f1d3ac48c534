"""The composition root: the only module that names an adapter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig
from stockanalyst.forecasting.lstm_training import can_train, load_tensorflow, train
from stockanalyst.infra.clock import now
from stockanalyst.infra.logs import native_stderr_silenced
from stockanalyst.infra.settings import Settings, load_settings
from stockanalyst.market.protocols import PriceProvider
from stockanalyst.market.providers.chain import ChainProvider
from stockanalyst.market.providers.files import FilesProvider
from stockanalyst.market.providers.sample import SampleProvider
from stockanalyst.market.providers.yahoo import YahooProvider
from stockanalyst.recommendation.policy import Policy
from stockanalyst.services.analysis import AnalysisService
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.protocols import ProviderByName

_SHIPPED = Path(__file__).parent / "forecasting" / "artifacts" / "shipped"
_FILES = "files:"


@dataclass(frozen=True)
class Services:
    """Every use case, wired."""

    analysis: AnalysisService
    networks: NetworkService


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
    return Services(analysis=analysis, networks=networks)


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
    with native_stderr_silenced():  # tensorflow looks for CUDA aloud when it is imported
        load_tensorflow()
    return train(prices, provider=provider, config=config, progress=progress)
