"""What an analysis shows, as plain data."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import pandas as pd

from stockanalyst._typing import Json
from stockanalyst.backtesting.results import Backtest, share_of_rises
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.market.prices import digest
from stockanalyst.recommendation.policy import Recommendation
from stockanalyst.reporting.html import analysis_html
from stockanalyst.reporting.sentiment import sentiment_dict
from stockanalyst.sentiment.aggregation import SentimentSummary

MIME_TYPE = "application/vnd.stockanalyst.analysis+json"


@dataclass(frozen=True)
class Analysis:
    """Forecasts of one symbol, how good such forecasts have been, and what follows.

    Attributes
    ----------
    symbol, provider, calendar : str
        What, from where, and on whose sessions.
    as_of : Timestamp
        When the provider gave the prices, in UTC; of data that lies still, its last session.
    cutoff : Timestamp
        Last session that was known; a plain date.
    closes : Series
        Closes up to the cutoff, adjusted for splits and dividends, on the scale of the last close.
    horizon : int
        Sessions ahead.
    levels : tuple of float
        Nominal coverage of the intervals, decimals.
    steps : tuple of int
        Steps that are scored.
    plan : WalkForward
    forecast : DataFrame
        Forecast frame of the next sessions (:mod:`stockanalyst.frames`), ``y`` NaN.
    backtest : Backtest
        How the same models did at past cutoffs.
    recommendation : Recommendation
    sentiment : SentimentSummary
        What the news said, up to the cutoff's close or, for the last close there is, until now.
    lstm : mapping, or None
        Training cutoff, symbols, seed and digest of the network that took part.
    """

    symbol: str
    provider: str
    calendar: str
    as_of: pd.Timestamp
    cutoff: pd.Timestamp
    closes: pd.Series
    horizon: int
    levels: tuple[float, ...]
    steps: tuple[int, ...]
    plan: WalkForward
    forecast: pd.DataFrame
    backtest: Backtest
    recommendation: Recommendation
    sentiment: SentimentSummary
    lstm: Mapping[str, object] | None

    @property
    def last_close(self) -> float:
        """Close at the cutoff, as traded."""
        return float(self.closes.iloc[-1])

    @property
    def freshness(self) -> str:
        """How new the prices are, in words."""
        moment = f"{self.as_of:%Y-%m-%d}"
        return moment if self.as_of.tzinfo is None else f"{self.as_of:%Y-%m-%d %H:%M} UTC"

    @property
    def models(self) -> list[str]:
        """Models that took part, baselines first."""
        return list(dict.fromkeys(self.forecast["model"]))

    @cached_property
    def share_of_rises(self) -> dict[int, float]:
        """By step, the share of past cutoffs after which the price rose: 'always up'."""
        return {step: share_of_rises(self.backtest.forecasts, step) for step in self.steps}

    @property
    def data_digest(self) -> str:
        """SHA-256 of the closes that every number here was made from."""
        return digest(self.closes)

    def to_dict(self) -> Json:
        """The analysis for :mod:`json`: dates as text, NaN as None, decimals as they are.

        Without ``as_of``, so that the same prices, fetched again, give the same bytes.
        """
        cutoffs = self.backtest.forecasts["cutoff"]
        recommendation = asdict(self.recommendation)
        recommendation["track_record"]["n_calls"] = self.recommendation.track_record.n_calls
        plain = {
            "symbol": self.symbol,
            "provider": self.provider,
            "calendar": self.calendar,
            "cutoff": self.cutoff,
            "last_close": self.last_close,
            "horizon": self.horizon,
            "levels": list(self.levels),
            "notes": list(self.backtest.notes),
            "forecast": self.forecast.drop(columns=["symbol", "cutoff", "y"]).to_dict("records"),
            "skill": self.backtest.skill.drop(columns="symbol").to_dict("records"),
            "share_of_rises": {str(step): share for step, share in self.share_of_rises.items()},
            "missing": [asdict(model) for model in self.backtest.missing],
            "recommendation": recommendation,
            "sentiment": sentiment_dict(self.sentiment, anyhow=False),
            "walk_forward": {
                **asdict(self.plan),
                "first_cutoff": cutoffs.min(),
                "last_cutoff": cutoffs.max(),
            },
            "data": {
                "digest": self.data_digest,
                "first_session": self.closes.index[0],
                "last_session": self.closes.index[-1],
                "n_sessions": len(self.closes),
            },
            "lstm": dict(self.lstm) if self.lstm else None,
        }
        return {key: _plain(value) for key, value in plain.items()}

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        return {
            "text/html": analysis_html(self),
            "text/plain": repr(self),
            MIME_TYPE: self.to_dict(),
        }

    def __repr__(self) -> str:
        return (
            f"<Analysis {self.symbol} ({self.provider}), cutoff {self.cutoff:%Y-%m-%d}, "
            f"{self.horizon} sessions: {self.recommendation.action}>"
        )


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
