"""EODHD: prices, dividends and splits are three requests; its errors are plain text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd

from stockanalyst.exceptions import (
    InvalidSymbol,
    PayloadError,
    RateLimited,
    StockAnalystError,
)
from stockanalyst.frames import price_frame
from stockanalyst.infra.http import Answer, VendorClient
from stockanalyst.market.calendars import last_closed_session, utc_day
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.providers.deadline import answer_within
from stockanalyst.market.symbols import calendar_name
from stockanalyst.market.vendors import eodhd_code

BASE_URL = "https://eodhd.com/api"
_NAME = "eodhd"
_COLUMNS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "adjusted_close": "adj_close",
    "volume": "volume",
}
_ROUNDS = 3  # of the client's timeout: it may ask three times
_YEAR = "eodhd's free plan gives the past year alone."


@dataclass(frozen=True)
class EODHDProvider:
    """Daily prices of most of the world's exchanges, all sessions that have closed.

    ``open`` to ``close`` and ``dividend`` are as traded, ``adj_close`` is adjusted for splits and
    dividends, ``volume`` for splits. The free plan gives the past year, and the answer says so.

    Parameters
    ----------
    client : VendorClient
    now : callable
        Gives the present moment, timezone-aware.
    base_url : str
    """

    client: VendorClient
    now: Callable[[], pd.Timestamp]
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``eodhd``."""
        return _NAME

    def history(self, symbol: str) -> PriceHistory:
        """Every closed session that the plan gives; `today` is the present date in UTC.

        Raises
        ------
        InvalidSymbol
            EODHD doesn't know it, or has no closed session of it.
        MissingCredential
            No key, or one that is refused or doesn't include this.
        RateLimited
            Today's requests are used up, or too many came at once.
        SourceTimeout
            No network, or no answer in time.
        PayloadError
            Something unexpected.
        DataError
            The prices break the schema.
        """
        return self._history(symbol, {})

    def history_since(self, symbol: str, since: pd.Timestamp) -> PriceHistory:
        """As :meth:`history`, of the sessions from `since` on."""
        return self._history(symbol, {"from": f"{since:%Y-%m-%d}"})

    def _history(self, symbol: str, period: dict[str, str]) -> PriceHistory:
        code = eodhd_code(symbol)
        daily = {"period": "d", "order": "a", **period}
        rows = self._ask("eod", symbol, code, daily)
        short = any("warning" in row for row in rows)
        rows = [row for row in rows if "date" in row or "warning" not in row]
        if not rows:
            raise InvalidSymbol(symbol, f"{_NAME} has no session of {code}; give another symbol")
        table = _table(symbol, rows)
        table["dividend"] = self._dividends(symbol, code, period).reindex(table.index)
        table["split_ratio"] = self._splits(symbol, code, period).reindex(table.index)
        now = self.now()
        frame = price_frame(table, where=f"{_NAME} {symbol}")
        frame = frame.loc[: last_closed_session(calendar_name(symbol), now)]
        if frame.empty:
            raise InvalidSymbol(symbol, f"{_NAME} has no closed session of {code}")
        today = utc_day(now)
        notes, shortfall = ((_YEAR,), "the past year") if short else ((), "")
        return PriceHistory(symbol, frame, _NAME, today, notes, fetched_at=now, shortfall=shortfall)

    def _dividends(self, symbol: str, code: str, period: dict[str, str]) -> pd.Series:
        """Money a share as traded, by ex-date."""
        paid: dict[str, float] = {}
        for row in self._ask("div", symbol, code, period):
            try:
                day, amount = str(row["date"]), float(row["unadjustedValue"])
            except (KeyError, TypeError, ValueError):
                raise _malformed(symbol, "dividend", row) from None
            paid[day] = paid.get(day, 0.0) + amount
        return pd.Series(paid, dtype=float)

    def _splits(self, symbol: str, code: str, period: dict[str, str]) -> pd.Series:
        """New shares for one old, by ex-date."""
        ratios: dict[str, float] = {}
        for row in self._ask("splits", symbol, code, period):
            try:
                new, old = str(row["split"]).split("/")
                ratios[str(row["date"])] = float(new) / float(old)
            except (KeyError, ValueError, ZeroDivisionError):
                raise _malformed(symbol, "split", row) from None
        return pd.Series(ratios, dtype=float)

    def _ask(
        self, endpoint: str, symbol: str, code: str, parameters: dict[str, str]
    ) -> list[dict[str, Any]]:
        seconds = _ROUNDS * self.client.timeout
        url = f"{self.base_url}/{endpoint}/{quote(code, safe='')}"
        asked = {**parameters, "fmt": "json"}
        answer = answer_within(_NAME, seconds, lambda: self.client.get(url, asked))
        rows = _rows(answer.payload)
        if answer.status != 200 or rows is None:
            raise self._refusal(symbol, code, answer)
        return rows

    def _refusal(self, symbol: str, code: str, answer: Answer) -> StockAnalystError:
        status, said = answer.status, self.client.shown(answer.text)
        if status == 401:
            return self.client.refused("the key is refused, HTTP 401")
        if status == 402:
            return RateLimited(_NAME, "today's requests of the plan are used up; try tomorrow")
        if status == 403:
            return self.client.refused(f"the key's plan doesn't include {code}, HTTP 403")
        if status == 404:
            return InvalidSymbol(symbol, f"{_NAME} has no prices of {code}; check it on eodhd.com")
        if status == 429:
            return RateLimited(_NAME, "too many requests, HTTP 429; try again in a minute")
        return PayloadError(_NAME, f"unexpected answer for {code}, HTTP {status}: {said}")


def _rows(payload: object) -> list[dict[str, Any]] | None:
    """Rows; None for anything else, such as an error."""
    if isinstance(payload, list) and all(isinstance(row, dict) for row in payload):
        return payload
    return None


def _table(symbol: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    missing = [name for name in ("date", *_COLUMNS) if name not in table.columns]
    if missing:
        raise PayloadError(_NAME, f"the answer for {symbol} has no column {missing[0]!r}")
    return table.set_index("date")[list(_COLUMNS)].rename(columns=_COLUMNS)


def _malformed(symbol: str, kind: str, row: dict[str, Any]) -> PayloadError:
    day = " ".join(str(row.get("date")).split())[:20]
    return PayloadError(_NAME, f"a {kind} of {symbol} isn't as documented (date {day!r})")
