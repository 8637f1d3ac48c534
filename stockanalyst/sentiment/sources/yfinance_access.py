"""Yahoo's news as Yahoo sends it: yfinance asks, and reads nothing.

yfinance would take an answer without news, such as an error, for one with none of them, and would
fail on the whole for one item that isn't as known.
"""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stockanalyst.infra.answers import Answer

_ARTICLES = 50


class TooLarge(ValueError):
    """An answer beyond the limit."""


@dataclass(frozen=True)
class YahooAccess:
    """Asks.

    Parameters
    ----------
    cache_dir : Path
        Where yfinance keeps cookies.
    timeout : float
        Seconds for the request for news; those for cookie and crumb before it have yfinance's own.
    max_bytes : int
        Of an answer.
    session : optional
        Of ``curl_cffi`` or ``requests``; None for the one that yfinance makes. All of yfinance uses
        it from then on.
    """

    cache_dir: Path
    timeout: float
    max_bytes: int
    session: Any = None

    def news(self, symbol: str) -> Answer:
        """The answer, whatever its status.

        Raises
        ------
        OSError
            The connection failed.
        TooLarge
            The answer is.
        Exception
            Whatever else yfinance raises.
        """
        import yfinance
        from yfinance.exceptions import YFRateLimitError

        # yfinance tells its users what pandas will change and what it tries in vain; the one
        # concerns nobody here, the other is in the answer.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")
        logging.getLogger("yfinance").setLevel(logging.CRITICAL)
        yfinance.set_tz_cache_location(str(self.cache_dir))
        try:
            ticker = yfinance.Ticker(symbol, session=self.session)
            ticker._data = _Passing(ticker._data, self.timeout)  # noqa: SLF001  it has no other way
            ticker.get_news(count=_ARTICLES)
        except _Heard as heard:
            return self._answer(heard.response)
        except YFRateLimitError:
            return Answer(429, "Too Many Requests")
        finally:
            _close_caches()
        raise ValueError("yfinance no longer asks for news as it did")

    def _answer(self, response: Any) -> Answer:
        if len(response.content) > self.max_bytes:
            raise TooLarge(f"the answer is larger than {self.max_bytes} bytes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        text = response.content.decode("utf-8", "replace")
        return Answer(response.status_code, text, headers)


class _Heard(Exception):
    """Yahoo's answer, on its way past yfinance."""

    def __init__(self, response: Any) -> None:
        self.response = response


class _Passing:
    """yfinance's access to Yahoo, with a timeout of ours."""

    def __init__(self, access: Any, timeout: float) -> None:
        self._access, self._timeout = access, timeout

    def post(self, url: str, **asked: Any) -> None:
        raise _Heard(self._access.post(url, **{**asked, "timeout": self._timeout}))


def _close_caches() -> None:
    """Each thread has its own connections to yfinance's databases, and yfinance closes none."""
    from yfinance import cache

    for store in (cache.get_tz_cache(), cache.get_cookie_cache(), cache.get_isin_cache()):
        if store.db is not None:
            store.db.close()
