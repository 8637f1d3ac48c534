"""Tradestie: how much Reddit's WallStreetBets talks of a share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from stockanalyst.infra.http import VendorClient
from stockanalyst.sentiment.articles import Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.keyless import answer_of
from stockanalyst.sentiment.sources.reading import Row, all_read, count, inside, line, rows_of
from stockanalyst.sentiment.tickers import spellings

BASE_URL = "https://tradestie.com/api/v1/apps"
_NAME = "tradestie"
_AS_GOOD_AS_NOW = timedelta(seconds=30)
_DAY = timedelta(days=1)
_OVER = time(6, tzinfo=UTC)  # a day is over in the whole of the United States but its far west


@dataclass(frozen=True)
class TradestieReddit:
    """Comments on the fifty shares that are talked of most: attention, not a score.

    The vendor gives a number for their mood as well, of no stated unit, which was found to stay the
    same for weeks: it is left out.

    Parameters
    ----------
    client : VendorClient
    now : callable
        Gives the present moment, aware. Of a window that ended earlier only whole days are asked
        for: in the day in which it ended, comments go on.
    base_url : str
    """

    client: VendorClient
    now: Callable[[], datetime]
    base_url: str = BASE_URL

    @property
    def name(self) -> str:
        """``tradestie``."""
        return _NAME

    def fetch(self, company: Company, window: Window) -> Findings:
        """One observation without a score; none of a share that few talk of.

        Raises
        ------
        SourceError
        """
        at, asked = window.end, {}
        if self.now() - window.end > _AS_GOOD_AS_NOW:
            day = (window.end - _DAY - timedelta(hours=_OVER.hour)).date()
            at = datetime.combine(day + _DAY, _OVER)
            asked = {"date": f"{day:%m-%d-%Y}"}
        answer = answer_of(self.client, f"{self.base_url}/reddit", asked)
        rows = rows_of(_NAME, answer.payload, "comments")
        talked_of = dict(all_read(_NAME, rows, _comments, "comments"))
        volumes = [talked_of[code] for code in spellings(company.symbol) if code in talked_of]
        known = [Observation(_NAME, at, None, max(volumes))] if volumes else []
        return inside(window, observations=known)


def _comments(row: Row) -> tuple[str, int] | None:
    """Ticker and number."""
    ticker, volume = line(row.get("ticker"), 20), count(row.get("no_of_comments"))
    return None if not ticker or volume is None else (ticker, volume)
