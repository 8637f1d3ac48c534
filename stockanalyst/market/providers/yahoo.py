"""Yahoo Finance through yfinance, which is imported only once Yahoo has answered."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from stockanalyst.exceptions import (
    InvalidSymbol,
    PayloadError,
    RateLimited,
    SourceTimeout,
    StockAnalystError,
)
from stockanalyst.frames import price_frame
from stockanalyst.infra.background import within
from stockanalyst.market.calendars import last_closed_session, utc_day
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.providers.deadline import answer_within
from stockanalyst.market.symbols import calendar_name

BASE_URL = "https://query2.finance.yahoo.com"
_NAME = "yahoo"
_COLUMNS = {
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
    "Dividends": "dividend",
    "Stock Splits": "split_ratio",
}
_STALE_DAYS = 7
_PROBE_AGAIN = pd.Timedelta(minutes=10)
_ROUNDS = 3  # of `timeout` for a download: yfinance asks for cookie, crumb and timezone as well


def reach(timeout: float) -> None:
    """Ask Yahoo's server for anything; proxies of the environment are honoured.

    Raises
    ------
    OSError
        Nobody answers.
    """
    import requests

    requests.head(BASE_URL, timeout=timeout)


@dataclass(frozen=True)
class YahooProvider:
    """Daily prices of whatever Yahoo lists, all sessions that have closed.

    Yahoo's ``Close`` is already adjusted for splits, so ``close`` is what was traded only since the
    last split, and ``dividend`` is on the same scale; ``split_ratio`` still tells of each split.
    ``adj_close`` is adjusted for dividends too.

    Parameters
    ----------
    now : callable
        Gives the present moment, timezone-aware.
    timeout : float
        Seconds for one answer. A network that isn't there costs half of it, once in ten minutes; a
        download at most three times as much.
    cache_dir : Path
        Where yfinance keeps timezones and cookies.
    probe : callable
        Raises OSError if Yahoo can't be reached within the seconds given.
    """

    now: Callable[[], pd.Timestamp]
    timeout: float
    cache_dir: Path
    probe: Callable[[float], None] = reach
    _probed: list[tuple[pd.Timestamp, str]] = field(default_factory=list, init=False, repr=False)

    @property
    def name(self) -> str:
        """``yahoo``."""
        return _NAME

    def history(self, symbol: str) -> PriceHistory:
        """Every closed session since the first; `today` is the present date in UTC.

        Raises
        ------
        InvalidSymbol
            Yahoo doesn't list it, or has no closed session of it.
        SourceTimeout
            No network, or no answer in time.
        RateLimited
            Yahoo refuses for now.
        PayloadError
            Yahoo, or yfinance, answers something unexpected.
        DataError
            The prices break the schema.
        """
        return self._history(symbol, None)

    def history_since(self, symbol: str, since: pd.Timestamp) -> PriceHistory:
        """As :meth:`history`, of the sessions from `since` on."""
        return self._history(symbol, since)

    def _history(self, symbol: str, since: pd.Timestamp | None) -> PriceHistory:
        if reason := self._unreachable():
            raise SourceTimeout(_NAME, reason)
        now = self.now()
        last_closed = last_closed_session(calendar_name(symbol), now)
        table = _closed_sessions(self._download(symbol, since), last_closed)
        known = table[table["close"].notna()]
        if known.empty:
            raise InvalidSymbol(symbol, "Yahoo has no closed session of it; give another symbol")
        frame = price_frame(known, where=f"{_NAME} {symbol}")
        today = utc_day(now)
        notes = _notes(frame.index[-1], today, without_close=len(table) - len(known))
        return PriceHistory(symbol, frame, _NAME, today, notes)

    def _unreachable(self) -> str:
        """Why Yahoo can't be reached; empty if it can. A "no" is believed for ten minutes."""
        for asked, reason in self._probed:
            if not reason or self.now() - asked < _PROBE_AGAIN:
                return reason
        seconds = self.timeout / 2
        reason = ""
        try:
            within(seconds, lambda: self.probe(seconds))
        except OSError as error:
            reason = f"no connection within {seconds:g} s: {type(error).__name__}"
        self._probed[:] = [(self.now(), reason)]
        return reason

    def _download(self, symbol: str, since: pd.Timestamp | None) -> pd.DataFrame:
        seconds = _ROUNDS * self.timeout
        raw = answer_within(
            _NAME, seconds, lambda: _fetch(symbol, self.timeout, self.cache_dir, since)
        )
        missing = [name for name in _COLUMNS if name not in raw.columns]
        if missing:
            raise PayloadError(_NAME, f"the answer for {symbol} has no column {missing[0]!r}")
        return raw


def _fetch(
    symbol: str, timeout: float, cache_dir: Path, since: pd.Timestamp | None
) -> pd.DataFrame:
    import yfinance

    # yfinance shows its users what pandas will change; they can do nothing about it.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")
    yfinance.config.debug.hide_exceptions = False
    yfinance.set_tz_cache_location(str(cache_dir))
    try:
        raw: pd.DataFrame = yfinance.Ticker(symbol).history(
            period=None if since else "max",
            interval="1d",
            start=f"{since:%Y-%m-%d}" if since else None,
            end=None,
            prepost=False,
            actions=True,
            auto_adjust=False,
            back_adjust=False,
            repair=False,
            keepna=True,  # rows without a close are counted here, not dropped in silence
            rounding=False,
            timeout=timeout,
        )
    except Exception as error:
        raise _typed(symbol, error) from error
    finally:
        _close_caches()
    return raw


def _close_caches() -> None:
    """Each thread has its own connections to yfinance's databases, and yfinance closes none."""
    from yfinance import cache

    for store in (cache.get_tz_cache(), cache.get_cookie_cache(), cache.get_isin_cache()):
        if store.db is not None:
            store.db.close()


def _typed(symbol: str, error: Exception) -> StockAnalystError:
    """What an error of yfinance, or of its HTTP client, means."""
    from yfinance.exceptions import YFRateLimitError, YFTickerMissingError

    if isinstance(error, YFRateLimitError):
        return RateLimited(_NAME, "too many requests, HTTP 429; try again in an hour")
    if isinstance(error, YFTickerMissingError):
        return _unknown(symbol, error.rationale)
    if isinstance(error, OSError) and not isinstance(error, ValueError):
        return _no_answer(symbol, error)
    reason = _short(f"{type(error).__name__}: {error}")
    return PayloadError(_NAME, f"unexpected answer for {symbol}, {reason}")


def _no_answer(symbol: str, error: OSError) -> StockAnalystError:
    """What an error of the HTTP client means; its text may hold the URL, so it isn't shown."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if status >= 500:
        return PayloadError(_NAME, f"the server failed on {symbol}: HTTP {status}")
    if status >= 400:  # of the page that yfinance reads after the prices named no timezone
        return _unknown(symbol, f"HTTP {status}")
    return SourceTimeout(_NAME, f"the connection failed: {type(error).__name__}")


def _unknown(symbol: str, reason: str) -> InvalidSymbol:
    return InvalidSymbol(
        symbol, f"Yahoo has no prices of it ({_short(reason)}); check it on finance.yahoo.com"
    )


def _short(text: str) -> str:
    return " ".join(text.split())[:100]


def _closed_sessions(raw: pd.DataFrame, last_closed: pd.Timestamp) -> pd.DataFrame:
    """Canonical names and dates of the exchange; today's unfinished bar is cut off."""
    table = raw[list(_COLUMNS)].rename(columns=_COLUMNS)
    table.index = pd.DatetimeIndex(raw.index).tz_localize(None)
    table["split_ratio"] = table["split_ratio"].replace(0.0, 1.0)
    extremes = ["open", "high", "low"]
    table[extremes] = table[extremes].where(table[extremes] > 0)  # 0 in old rows: not recorded
    return table.loc[:last_closed]


def _notes(last: pd.Timestamp, today: pd.Timestamp, *, without_close: int) -> tuple[str, ...]:
    notes = []
    if without_close:
        notes.append(f"Sessions that Yahoo gave without a close, left out: {without_close}.")
    age = (today - last).days
    if age > _STALE_DAYS:
        notes.append(f"The last session is {last:%Y-%m-%d}: the data is {age} days old.")
    return tuple(notes)
