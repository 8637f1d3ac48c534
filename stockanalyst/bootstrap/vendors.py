"""One client a vendor, whoever asks: prices and news share its day and its pauses."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from pydantic import SecretStr

from stockanalyst.infra.http import VendorClient
from stockanalyst.infra.limits import UsageStore, VendorLimits, fingerprint
from stockanalyst.infra.settings import Settings


class Vendors:
    """Clients, made when they are first asked for.

    Parameters
    ----------
    settings : Settings
    clock : callable
        Gives the present moment, timezone-aware.
    usage : UsageStore
        Remembers what was asked of whom.
    """

    def __init__(
        self, settings: Settings, clock: Callable[[], pd.Timestamp], usage: UsageStore
    ) -> None:
        self._settings, self._clock, self._usage = settings, clock, usage

    @cached_property
    def eodhd(self) -> VendorClient:
        """A question about one symbol's news takes 10 of its units; a free day has 20."""
        key = Key("eodhd", self._settings.eodhd_key, parameter="api_token")
        return self._client(key, self._settings.eodhd_quota)

    @cached_property
    def alpha_vantage(self) -> VendorClient:
        """25 requests a day on the free plan."""
        key = Key("alpha_vantage", self._settings.alpha_vantage_key, parameter="apikey")
        return self._client(key, self._settings.alpha_vantage_quota)

    @cached_property
    def finnhub(self) -> VendorClient:
        """60 requests a minute on the free plan, and no count of the day."""
        return self._client(
            Key("finnhub", self._settings.finnhub_key, header="X-Finnhub-Token"), None
        )

    @cached_property
    def stockgeist(self) -> VendorClient:
        """10,000 credits a month, which it counts itself."""
        return self._client(
            Key("stockgeist", self._settings.stockgeist_key, parameter="token"), None
        )

    def keyless(self, source: str, *, timeout: float = 6.0) -> VendorClient:
        """Of a vendor that wants no key."""
        limits = VendorLimits(source, self._usage, self._clock)
        return VendorClient(source, timeout=timeout, limits=limits)

    def _client(self, key: "Key", quota: int | None) -> VendorClient:
        limits = VendorLimits(
            key.vendor,
            self._usage,
            self._clock,
            account=fingerprint(key.vendor, key.secret),
            quota=quota,
        )
        return VendorClient(
            key.vendor,
            variable=key.variable,
            key=key.secret,
            parameter=key.parameter,
            header=key.header,
            limits=limits,
        )


@dataclass(frozen=True)
class Key:
    """How a vendor wants its key."""

    vendor: str
    secret: SecretStr | None
    parameter: str = ""
    header: str = ""

    @property
    def variable(self) -> str:
        """The environment's, which holds the key."""
        return f"STOCKANALYST_{self.vendor.upper()}_KEY"
