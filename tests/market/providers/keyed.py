"""The two vendors that want a key, as a server on this machine answers for them."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pydantic import SecretStr

from stockanalyst.infra.http import VendorClient
from stockanalyst.market.providers.alpha_vantage import AlphaVantageProvider
from stockanalyst.market.providers.eodhd import EODHDProvider
from tests.infra.loopback_vendor import Reply, Vendor

PAYLOADS = Path(__file__).parents[2] / "payloads"
KEY = "PLANTED0KEY1"
NOON = "2026-01-20 12:00"  # UTC; a Tuesday, before New York opens, and after a holiday
PREMIUM = (
    '{"Information": "Thank you for using Alpha Vantage! This is a premium endpoint. You may '
    'subscribe to any of the premium plans to instantly unlock all premium endpoints"}'
)
UNKNOWN = '{"Error Message": "Invalid API call. Please retry or visit the documentation."}'


def _client(source: str, parameter: str, key: str | None) -> VendorClient:
    return VendorClient(
        source=source,
        variable=f"STOCKANALYST_{source.upper()}_KEY",
        parameter=parameter,
        key=SecretStr(key) if key else None,
        timeout=10.0,
        sleep=lambda _: None,
    )


def alpha_vantage(vendor: Vendor, now: str = NOON, key: str | None = KEY) -> AlphaVantageProvider:
    """Its provider, sent to `vendor`."""
    moment = pd.Timestamp(now, tz="UTC")
    return AlphaVantageProvider(_client("alpha_vantage", "apikey", key), lambda: moment, vendor.url)


def eodhd(vendor: Vendor, now: str = NOON, key: str | None = KEY) -> EODHDProvider:
    """Its provider, sent to `vendor`."""
    moment = pd.Timestamp(now, tz="UTC")
    return EODHDProvider(_client("eodhd", "api_token", key), lambda: moment, vendor.url)


def text(name: str) -> str:
    """A payload by its path."""
    return (PAYLOADS / name).read_text()


def premium_plan(_path: str, parameters: Mapping[str, str]) -> Reply:
    """Alpha Vantage to a customer who pays; it knows AAPL."""
    if parameters["symbol"] != "AAPL":
        return 200, UNKNOWN
    return 200, text("alpha_vantage/daily_adjusted_200.json")


def free_plan(_path: str, parameters: Mapping[str, str]) -> Reply:
    """Alpha Vantage to a customer who doesn't pay; it knows AAPL."""
    if parameters["function"] == "TIME_SERIES_DAILY_ADJUSTED" or (
        parameters["outputsize"] != "compact"
    ):
        return 200, PREMIUM
    known = parameters["symbol"] == "AAPL"
    return 200, text("alpha_vantage/daily_200.json") if known else UNKNOWN


def eodhd_plan(path: str, parameters: Mapping[str, str]) -> Reply:
    """EODHD, which knows AAPL.US, from the date that it is asked from."""
    endpoint, code = path.strip("/").split("/")
    if code != "AAPL.US":
        return 404, "Ticker Not Found."
    return 200, text(f"eodhd/{endpoint}_200.json")
