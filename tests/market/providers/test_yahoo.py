"""yfinance against a server on this machine that answers as Yahoo does, or doesn't.

The charts in ``tests/payloads/yahoo`` are written by hand in the form of Yahoo's.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pytest

from stockanalyst.exceptions import InvalidSymbol, PayloadError, RateLimited, SourceTimeout
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.providers import yahoo as module
from stockanalyst.market.providers.yahoo import YahooProvider
from tests.market.providers.loopback import (
    PAYLOADS,
    Yahoo,
    chart,
    loopback_yahoo,
    nobodys_url,
    send_yfinance_to,
)

NOON = "2026-01-20 12:00"  # UTC; a Tuesday, before New York opens, and after a holiday
BROKEN = "<html><body>Will be right back...</body></html>"


@pytest.fixture
def yahoo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Yahoo]:
    with loopback_yahoo(monkeypatch) as server:
        server.body = (PAYLOADS / "chart_200.json").read_text()
        yield server


def provider(
    cache_dir: Path,
    now: str = NOON,
    timeout: float = 10.0,
    probe: Callable[[float], None] = lambda _: None,
) -> YahooProvider:
    moment = pd.Timestamp(now, tz="UTC")
    return YahooProvider(now=lambda: moment, timeout=timeout, cache_dir=cache_dir, probe=probe)


def dates(history: PriceHistory) -> list[str]:
    return [f"{session:%Y-%m-%d}" for session in history.frame.index]


def test_prices_splits_and_a_row_of_nulls(yahoo: Yahoo, tmp_path: Path) -> None:
    history = provider(tmp_path).history("AAPL")
    assert history.provider == "yahoo"
    assert history.today == pd.Timestamp("2026-01-20")
    assert dates(history) == ["2026-01-14", "2026-01-16"]
    assert history.frame.loc["2026-01-14"].to_dict() == {
        "open": 258.1,
        "high": 261.0,
        "low": 257.4,
        "close": 260.25,
        "adj_close": 260.0,
        "volume": 41234567.0,
        "dividend": 0.0,
        "split_ratio": 1.0,
    }
    assert history.frame["split_ratio"].tolist() == [1.0, 4.0]
    assert history.notes == ("Sessions that Yahoo gave without a close, left out: 1.",)


def test_dividend_on_its_ex_date(yahoo: Yahoo, tmp_path: Path) -> None:
    yahoo.body = yahoo.body.replace("        null", "64.9")
    history = provider(tmp_path).history("AAPL")
    assert history.frame["dividend"].to_dict() == {
        pd.Timestamp("2026-01-14"): 0.0,
        pd.Timestamp("2026-01-15"): 0.26,
        pd.Timestamp("2026-01-16"): 0.0,
    }
    assert history.notes == ()


def test_yahoo_is_asked_for_everything(yahoo: Yahoo, tmp_path: Path) -> None:
    provider(tmp_path).history("AAPL")
    assert yahoo.asked[-1].startswith("/v8/finance/chart/AAPL?period1=-")
    assert "interval=1d&includePrePost=false&events=div%2Csplits" in yahoo.asked[-1]


def test_yahoo_can_be_asked_for_the_latest_alone(yahoo: Yahoo, tmp_path: Path) -> None:
    online, since = provider(tmp_path), pd.Timestamp("2026-01-14")
    latest, whole = online.history_since("AAPL", since), online.history("AAPL")
    midnight = int(pd.Timestamp("2026-01-14", tz="America/New_York").timestamp())
    (asked,) = [path for path in yahoo.asked if f"period1={midnight}&" in path]
    assert asked.startswith("/v8/finance/chart/AAPL?")
    pd.testing.assert_frame_equal(latest.frame, whole.frame)


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-01-20 12:00", "2026-01-16"),
        ("2026-01-20 20:59", "2026-01-16"),
        ("2026-01-20 21:00", "2026-01-20"),
        ("2026-01-21 03:00", "2026-01-20"),
    ],
)
def test_the_unfinished_bar_is_left_out(yahoo: Yahoo, tmp_path: Path, now: str, last: str) -> None:
    yahoo.body = chart(["2026-01-15", "2026-01-16", "2026-01-20"], [10.0, 11.0, 12.0])
    history = provider(tmp_path, now).history("AAPL")
    assert dates(history)[-1] == last
    assert history.today == pd.Timestamp(now[:10])
    assert history.notes == ()


def test_an_opening_price_of_zero_is_unknown(yahoo: Yahoo, tmp_path: Path) -> None:
    yahoo.body = chart(["2026-01-15", "2026-01-16"], [10.0, 11.0], open=[0.0, 10.5])
    frame = provider(tmp_path).history("AAPL").frame
    assert np.isnan(frame["open"].iloc[0])
    assert frame["open"].iloc[1] == 10.5


def test_old_prices_are_noted(yahoo: Yahoo, tmp_path: Path) -> None:
    history = provider(tmp_path, "2026-01-24 12:00").history("AAPL")
    assert history.notes[-1] == "The last session is 2026-01-16: the data is 8 days old."
    assert len(provider(tmp_path, "2026-01-23 12:00").history("AAPL").notes) == 1


def test_no_closed_session_yet(yahoo: Yahoo, tmp_path: Path) -> None:
    yahoo.body = chart(["2026-01-20"], [10.0])
    with pytest.raises(InvalidSymbol, match="Yahoo has no closed session of it"):
        provider(tmp_path).history("AAPL")


@pytest.mark.parametrize(
    ("earlier", "reason"),
    [(0, "HTTP 404"), (2, "no timezone found")],
    ids=["yfinance reads another page", "it has read two in vain"],
)
def test_unknown_symbol(
    yahoo: Yahoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: int, reason: str
) -> None:
    monkeypatch.setattr("yfinance.base._tz_info_fetch_ctr", earlier)
    with pytest.raises(InvalidSymbol) as caught:
        provider(tmp_path).history("ZZZZ")
    expected = f"Yahoo has no prices of it ({reason}); check it on finance.yahoo.com"
    assert str(caught.value) == f"symbol 'ZZZZ': {expected}"


def test_symbol_that_was_taken_off_the_list(yahoo: Yahoo, tmp_path: Path) -> None:
    provider(tmp_path).history("AAPL")
    yahoo.known = ()
    with pytest.raises(InvalidSymbol, match=r"\(No data found, symbol may be delisted\)"):
        provider(tmp_path).history("AAPL")


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ((429, "Too Many Requests"), RateLimited, "too many requests, HTTP 429"),
        ((200, BROKEN), PayloadError, "unexpected answer for AAPL, JSONDecodeError: "),
        ((503, BROKEN), PayloadError, "unexpected answer for AAPL, JSONDecodeError: "),
        ((200, '{"chart": {}}'), PayloadError, "unexpected answer for AAPL, KeyError: 'result'"),
        ((200, "[]"), PayloadError, "unexpected answer for AAPL, AttributeError: "),
    ],
)
def test_refusals(
    yahoo: Yahoo, tmp_path: Path, answer: tuple[int, str], kind: type[Exception], reason: str
) -> None:
    yahoo.status, yahoo.body = answer
    with pytest.raises(kind) as caught:
        provider(tmp_path).history("AAPL")
    assert str(caught.value).startswith(f"yahoo: {reason}")
    assert "\n" not in str(caught.value)


def test_outage_of_the_prices_alone(yahoo: Yahoo, tmp_path: Path) -> None:
    provider(tmp_path).history("AAPL")
    yahoo.body = BROKEN
    with pytest.raises(PayloadError, match="YAHOO! FINANCE IS CURRENTLY DOWN"):
        provider(tmp_path).history("AAPL")


def test_outage_of_the_second_page(yahoo: Yahoo, tmp_path: Path) -> None:
    unknown = yahoo.answer("/ZZZZ")[1]
    yahoo.known, yahoo.status, yahoo.body = ("ZZZZ",), 500, unknown
    with pytest.raises(PayloadError, match=r"the server failed on ZZZZ: HTTP 500"):
        provider(tmp_path).history("ZZZZ")


def test_a_column_that_yfinance_no_longer_gives(
    yahoo: Yahoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_fetch", lambda *_: pd.DataFrame({"Open": [1.0]}))
    with pytest.raises(PayloadError, match="the answer for AAPL has no column 'High'"):
        provider(tmp_path).history("AAPL")


def test_connection_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send_yfinance_to(nobodys_url(), monkeypatch)
    with pytest.raises(SourceTimeout, match="yahoo: the connection failed"):
        provider(tmp_path).history("AAPL")


def test_server_that_never_answers(yahoo: Yahoo, tmp_path: Path) -> None:
    yahoo.silent = True
    with pytest.raises(SourceTimeout, match=r"yahoo: no answer within 0\.3 s"):
        provider(tmp_path, timeout=0.1).history("AAPL")


def test_probe_that_hangs_costs_half_the_timeout(tmp_path: Path) -> None:
    never = Event()

    def hang(seconds: float) -> None:
        never.wait()

    offline = provider(tmp_path, timeout=0.1, probe=hang)
    with pytest.raises(SourceTimeout, match=r"no connection within 0\.05 s: TimeoutError"):
        offline.history("AAPL")
    never.set()


def test_network_that_is_not_there_is_asked_once(tmp_path: Path) -> None:
    asked: list[float] = []

    def refused(seconds: float) -> None:
        asked.append(seconds)
        raise ConnectionRefusedError

    offline = provider(tmp_path, timeout=6.0, probe=refused)
    for symbol in ("AAPL", "MSFT"):
        with pytest.raises(
            SourceTimeout, match=r"no connection within 3 s: ConnectionRefusedError"
        ):
            offline.history(symbol)
    assert asked == [3.0]


def test_network_that_comes_back_is_found_after_ten_minutes(yahoo: Yahoo, tmp_path: Path) -> None:
    start = pd.Timestamp(NOON, tz="UTC")
    moments = [start]
    down = [True]

    def probe(seconds: float) -> None:
        if down[0]:
            raise ConnectionRefusedError

    patient = YahooProvider(lambda: moments[-1], 10.0, tmp_path, probe)
    with pytest.raises(SourceTimeout):
        patient.history("AAPL")
    down[0] = False
    moments.append(start + pd.Timedelta(minutes=9))
    with pytest.raises(SourceTimeout):
        patient.history("AAPL")
    moments.append(start + pd.Timedelta(minutes=10))
    assert patient.history("AAPL").provider == "yahoo"


def test_network_that_is_there_is_asked_once(yahoo: Yahoo, tmp_path: Path) -> None:
    asked: list[float] = []
    online = provider(tmp_path, probe=asked.append)
    online.history("AAPL")
    online.history("AAPL")
    assert asked == [5.0]


def test_any_answer_reaches(yahoo: Yahoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BASE_URL", yahoo.url)
    module.reach(5.0)
    assert yahoo.asked == ["HEAD /"]


def test_nobody_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BASE_URL", nobodys_url())
    with pytest.raises(OSError, match="127"):
        module.reach(5.0)


def test_timezones_are_kept_in_the_cache_dir(yahoo: Yahoo, tmp_path: Path) -> None:
    provider(tmp_path / "new").history("AAPL")
    with sqlite3.connect(tmp_path / "new" / "tkr-tz.db") as cache:
        rows = cache.execute("select * from _tz_kv").fetchall()
    cache.close()
    assert rows == [("AAPL", "America/New_York")]


def test_an_offline_call_never_imports_yfinance() -> None:
    code = (
        "import sys; from pathlib import Path; import pandas as pd\n"
        "from stockanalyst.exceptions import SourceTimeout\n"
        "from stockanalyst.market.providers.yahoo import YahooProvider\n"
        "def refused(seconds): raise ConnectionRefusedError\n"
        "now = lambda: pd.Timestamp(0, tz='UTC')\n"
        "try: YahooProvider(now, 1.0, Path(), refused).history('AAPL')\n"
        "except SourceTimeout: assert not {'yfinance', 'requests'} & set(sys.modules)\n"
        "else: raise AssertionError"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
