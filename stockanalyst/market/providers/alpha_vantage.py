"""Alpha Vantage, which answers every error with HTTP 200."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event

import pandas as pd

from stockanalyst.exceptions import (
    InvalidSymbol,
    PayloadError,
    RateLimited,
    StockAnalystError,
)
from stockanalyst.frames import price_frame
from stockanalyst.infra.http import Answer, VendorClient, is_busy
from stockanalyst.market.calendars import last_closed_session, utc_day
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.providers.deadline import answer_within
from stockanalyst.market.symbols import calendar_name
from stockanalyst.market.vendors import alpha_vantage_code, alpha_vantage_refusal

BASE_URL = "https://www.alphavantage.co"
_NAME = "alpha_vantage"
_SERIES = "Time Series (Daily)"
_COLUMNS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "adjusted close": "adj_close",
    "volume": "volume",
    "dividend amount": "dividend",
    "split coefficient": "split_ratio",
}
_UNADJUSTED = ("open", "high", "low", "close", "volume")
_ADJUSTED, _RAW = "TIME_SERIES_DAILY_ADJUSTED", "TIME_SERIES_DAILY"
_COMPACT = pd.Timedelta(days=120)  # surely less than the 100 sessions of a short answer
_ROUNDS = 3  # of the client's timeout: it may ask three times
_FREE = (
    "alpha_vantage's free plan gives the last 100 sessions alone, not adjusted: a split or a "
    "dividend shows as a jump."
)


@dataclass(frozen=True)
class AlphaVantageProvider:
    """Daily prices as traded, adjusted closes, dividends and splits of stocks and funds.

    Those are of the paid plans. On the free one there are 25 requests a day, for the last 100
    sessions as traded; the answer says so. Indices, coins and currencies aren't in these series.

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
    _free: Event = field(default_factory=Event, init=False, repr=False)

    @property
    def name(self) -> str:
        """``alpha_vantage``."""
        return _NAME

    def history(self, symbol: str) -> PriceHistory:
        """Every closed session that the plan gives; `today` is the present date in UTC.

        Raises
        ------
        InvalidSymbol
            Alpha Vantage doesn't know it, or has no closed session of it.
        MissingCredential
            No key, or one that is refused.
        RateLimited
            Too many requests in a second or in a day.
        SourceTimeout
            No network, or no answer in time.
        PayloadError
            Something unexpected.
        DataError
            The prices break the schema.
        """
        return self._history(symbol, "full")

    def history_since(self, symbol: str, since: pd.Timestamp) -> PriceHistory:
        """As :meth:`history`, of the sessions from `since` on."""
        recent = self.now().tz_convert("UTC").tz_localize(None) - since < _COMPACT
        history = self._history(symbol, "compact" if recent else "full")
        return replace(history, frame=history.frame.loc[since:])

    def _history(self, symbol: str, size: str) -> PriceHistory:
        spelling = alpha_vantage_code(symbol)
        if spelling is None:
            mend = f"{_NAME} has no such exchange, index, coin or currency here"
            raise InvalidSymbol(symbol, mend)
        rows = None if self._free.is_set() else self._ask(symbol, _ADJUSTED, spelling, size)
        free = rows is None
        if rows is None:
            self._free.set()
            rows = self._ask(symbol, _RAW, spelling, "compact")
        if rows is None:
            raise self.client.refused("the key's plan has no daily prices")
        now = self.now()
        frame = price_frame(_table(symbol, rows, unadjusted=free), where=f"{_NAME} {symbol}")
        frame = frame.loc[: last_closed_session(calendar_name(symbol), now)]
        if frame.empty:
            raise InvalidSymbol(symbol, f"{_NAME} has no closed session of it; give another symbol")
        today = utc_day(now)
        notes, shortfall = ((_FREE,), "the last 100 sessions, not adjusted") if free else ((), "")
        return PriceHistory(symbol, frame, _NAME, today, notes, fetched_at=now, shortfall=shortfall)

    def _ask(
        self, symbol: str, function: str, spelling: str, size: str
    ) -> dict[str, object] | None:
        """Rows by date; None where only a dearer plan has them."""
        parameters = {
            "function": function,
            "symbol": spelling,
            "outputsize": size,
            "datatype": "json",
        }
        seconds = _ROUNDS * self.client.timeout
        url = f"{self.base_url}/query"
        answer = answer_within(
            _NAME, seconds, lambda: self.client.get(url, parameters, busy=_may_do_later)
        )
        payload = answer.payload
        rows = payload.get(_SERIES) if isinstance(payload, dict) else None
        if answer.status == 200 and isinstance(rows, dict) and rows:
            return rows
        refusal = self._refusal(symbol, answer, empty=payload == {})
        if refusal is not None:
            raise refusal
        return None

    def _refusal(self, symbol: str, answer: Answer, *, empty: bool) -> StockAnalystError | None:
        """What an answer without prices means; None: only a dearer plan has them."""
        text, kind = answer.text, alpha_vantage_refusal(answer.status, answer.text)
        if kind == "auth":
            return self.client.refused("the key is refused")
        if kind == "rate_limited":
            return RateLimited(_NAME, "too many requests at once; try again in a minute")
        if kind == "quota_day":
            return RateLimited(_NAME, "today's requests of the plan are used up; try tomorrow")
        if kind == "plan":
            return None
        if kind or empty:
            return InvalidSymbol(symbol, f"{_NAME} has no prices of it; check it by its search")
        said = self.client.shown(text)
        return PayloadError(_NAME, f"unexpected answer for {symbol}, HTTP {answer.status}: {said}")


def _may_do_later(answer: Answer) -> bool:
    return is_busy(answer) or alpha_vantage_refusal(answer.status, answer.text) == "rate_limited"


def _table(symbol: str, rows: dict[str, object], *, unadjusted: bool) -> pd.DataFrame:
    """Columns by name: the number before a name differs from series to series."""
    if not all(isinstance(row, dict) for row in rows.values()):
        raise PayloadError(_NAME, f"the answer for {symbol} has a session without columns")
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = table.rename(columns=lambda name: _COLUMNS.get(re.sub(r"^\d+\. ", "", str(name)), name))
    needed = _UNADJUSTED if unadjusted else tuple(_COLUMNS.values())
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise PayloadError(_NAME, f"the answer for {symbol} has no column {missing[0]!r}")
    return table[list(needed)].sort_index()
