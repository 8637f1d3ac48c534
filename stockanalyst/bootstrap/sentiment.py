"""Sources of news, and scorers of text, by name."""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import cache

import pandas as pd

from stockanalyst.bootstrap.scorers import scorers
from stockanalyst.bootstrap.vendors import Vendors
from stockanalyst.exceptions import check_choice
from stockanalyst.infra.cache import Cache, RedisCache, SqliteCache
from stockanalyst.infra.http import VendorClient
from stockanalyst.infra.settings import SentimentSettings, Settings
from stockanalyst.sentiment.aggregation import Aggregation
from stockanalyst.sentiment.monitoring import Thresholds
from stockanalyst.sentiment.protocols import SentimentSource
from stockanalyst.sentiment.sources.alpha_vantage import AlphaVantageNews
from stockanalyst.sentiment.sources.eodhd import EODHDNews
from stockanalyst.sentiment.sources.finnhub import FinnhubNews
from stockanalyst.sentiment.sources.finviz import FinvizNews
from stockanalyst.sentiment.sources.google_news import GoogleNews
from stockanalyst.sentiment.sources.sample import SOURCES, SampleHeadlines
from stockanalyst.sentiment.sources.stockgeist import StockGeist
from stockanalyst.sentiment.sources.tradestie import TradestieReddit
from stockanalyst.sentiment.sources.yahoo import YahooNews
from stockanalyst.services.gathering import Gatherer, Offer
from stockanalyst.services.sentiment import SentimentService

_DAY = timedelta(days=1)
_YEAR = 365 * _DAY
_INVENTED = "headlines invented for the sample"
_BY_LEAVE = frozenset({"finviz", "tradestie", "stockgeist"})


def sentiment_service(
    settings: Settings, clock: Callable[[], pd.Timestamp], vendors: Vendors
) -> SentimentService:
    """Wire it."""
    own = settings.sentiment
    return SentimentService(
        gatherer=Gatherer(
            offers=_offers(settings, clock, vendors),
            cache=cache(lambda: _cache(settings, clock)),
            deadline=own.deadline,
            lifetime=timedelta(seconds=own.lifetime),
            now=clock,
            elapsed=time.monotonic,
        ),
        default=own.sources,
        offline=SOURCES,
        scorer=scorers(own),
        rules=Aggregation(
            weights=own.weights,
            half_life=timedelta(hours=own.half_life),
            threshold=own.threshold,
            min_sources=own.min_sources,
            min_articles=own.min_articles,
        ),
        thresholds=Thresholds(**own.alerts.model_dump()),
    )


def _check_names(settings: SentimentSettings, known: Collection[str]) -> None:
    """Sources that settings name are there."""
    for setting in ("sources", "opt_in", "weights"):
        for name in getattr(settings, setting):
            check_choice(f"STOCKANALYST_SENTIMENT__{setting.upper()}", name, known)


def _offers(
    settings: Settings, clock: Callable[[], pd.Timestamp], vendors: Vendors
) -> Mapping[str, Offer]:
    """Every source, the preferred first: vendors' own scores, then headlines, then attention."""
    keyless = vendors.keyless

    def now() -> pd.Timestamp:
        return clock().tz_convert("UTC")

    def offer(source: SentimentSource, client: VendorClient, reach: timedelta) -> Offer:
        return Offer(
            source,
            closed=_closed(source.name, client, settings.sentiment),
            reach=reach,
            quota=lambda: client.quota,
            state=lambda: _state(client),
            retry=client.limits.clear if client.limits else str,
        )

    finviz, google, tradestie = (keyless(name) for name in ("finviz", "google_news", "tradestie"))
    yahoo = keyless("yahoo", timeout=settings.yahoo_timeout)
    offers = (
        offer(EODHDNews(vendors.eodhd), vendors.eodhd, 10 * _YEAR),
        offer(AlphaVantageNews(vendors.alpha_vantage), vendors.alpha_vantage, 4 * _YEAR),
        offer(FinnhubNews(vendors.finnhub, now), vendors.finnhub, _YEAR),
        offer(YahooNews(yahoo, settings.cache_dir / "yahoo"), yahoo, 30 * _DAY),
        offer(GoogleNews(google), google, 10 * _YEAR),
        offer(FinvizNews(finviz, now), finviz, 30 * _DAY),
        offer(StockGeist(vendors.stockgeist), vendors.stockgeist, _YEAR),
        offer(TradestieReddit(tradestie, now), tradestie, _DAY),
        *(Offer(SampleHeadlines(name), reach=None, note=_INVENTED) for name in SOURCES),
    )
    named = {each.source.name: each for each in offers}
    _check_names(settings.sentiment, named)
    return named


def _closed(name: str, client: VendorClient, settings: SentimentSettings) -> str:
    """Why a source isn't asked."""
    if name in _BY_LEAVE and name not in settings.opt_in:
        return f"not opted in; add {name} to STOCKANALYST_SENTIMENT__OPT_IN"
    if client.variable and not client.key:
        return f"no key; set {client.variable}"
    return ""


def _state(client: VendorClient) -> str:
    """Why the vendor isn't asked for now, or not for all."""
    if client.limits is None:
        return ""
    status = client.limits.status()
    if status.until is not None:
        return f"{status.state} until {status.until:%Y-%m-%d %H:%M} UTC: {status.reason}"
    if not status.paths:
        return ""
    return f"ready, but for {', '.join(status.paths)}, which the plan doesn't include"


def _cache(settings: Settings, clock: Callable[[], pd.Timestamp]) -> Cache:
    if settings.redis_url:
        return RedisCache(settings.redis_url, clock)
    return SqliteCache(settings.cache_dir / "news.sqlite", clock)
