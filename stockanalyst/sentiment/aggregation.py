"""One honest score of what the sources found, or none where they found too little."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import nan

import numpy as np
import pandas as pd

from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.deduplication import Story
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome
from stockanalyst.sentiment.protocols import Scorer
from stockanalyst.sentiment.reading import ScoredArticle, read
from stockanalyst.sentiment.selection import stories_about

NO_SIGNAL = "no signal"
_BESIDE = "none of its items is about it, in the window"


@dataclass(frozen=True)
class Aggregation:
    """How scores become one.

    Attributes
    ----------
    weights : mapping of str to float
        By source, ≥ 0; a source that isn't named has 1.
    half_life : timedelta
        After which an article counts half.
    threshold : float
        A polarity nearer to 0 than this is neutral.
    min_sources, min_articles : int
        Fewer are no signal.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    half_life: timedelta = timedelta(days=2)
    threshold: float = 0.05
    min_sources: int = 2
    min_articles: int = 3


@dataclass(frozen=True)
class SourceSentiment:
    """What one source says.

    Attributes
    ----------
    source : str
    polarity : float or None
        Weighted mean of our scores of its articles, by time and relevance; of the vendor's scores
        where it has no article; None without either.
    origin : str
        Who made `polarity`: ``scorer``, ``vendor``, or empty.
    n_articles : int
    vendor_polarity : float or None
        Time-weighted mean of the vendor's own scores.
    volume : int or None
        Messages behind its ready scores.
    """

    source: str
    polarity: float | None
    origin: str
    n_articles: int
    vendor_polarity: float | None
    volume: int | None


@dataclass(frozen=True)
class SentimentSummary:
    """What is said of a company.

    Attributes
    ----------
    symbol, name : str
    polarity : float or None
        In [−1, 1]: the weighted mean over sources; None where there is no signal.
    label : str
        ``positive``, ``neutral``, ``negative`` or ``no signal``.
    reason : str
        Why there is no signal; else empty.
    n_articles : int
        Different articles about the company in the window.
    dispersion : float
        Standard deviation of their polarities, weighted by time and relevance; NaN below two.
    coverage : float
        Sources with a score over those asked or with an answer of before; 0 where there are none.
    vendor_polarity : float or None
        The same mean of the vendors' own scores, which `polarity` leaves aside where there is text.
    per_source : tuple of SourceSentiment
    outcomes : tuple of SourceOutcome
        Of every source, whether it was asked or not.
    articles : tuple of ScoredArticle
        Newest first.
    window : Window
    scorer : str
        Who read the texts.
    """

    symbol: str
    name: str
    polarity: float | None
    label: str
    reason: str
    n_articles: int
    dispersion: float
    coverage: float
    vendor_polarity: float | None
    per_source: tuple[SourceSentiment, ...]
    outcomes: tuple[SourceOutcome, ...]
    articles: tuple[ScoredArticle, ...]
    window: Window
    scorer: str

    @property
    def as_of(self) -> datetime:
        """The end of the window, in UTC: nothing published later counts."""
        return self.window.end

    @property
    def asked(self) -> list[SourceOutcome]:
        """Outcomes of the sources that were asked, or of which an answer of before stands in."""
        return [outcome for outcome in self.outcomes if outcome.was_asked]


def summarize(
    company: Company,
    window: Window,
    found: Mapping[str, Findings],
    outcomes: Sequence[SourceOutcome],
    *,
    scorer: Scorer,
    rules: Aggregation,
) -> SentimentSummary:
    """Put together what sources found.

    Parameters
    ----------
    company : Company
        Articles that aren't about it are left out.
    window : Window
        What lies outside is left out.
    found : mapping of str to Findings
        By source.
    outcomes : sequence of SourceOutcome
    scorer : Scorer
    rules : Aggregation
    """
    stories = stories_about(
        company, window, [each for some in found.values() for each in some.articles]
    )
    articles = read(stories, company, scorer)
    fade = _fading(window.end, rules.half_life)
    per_source = [
        _of_source(source, stories, articles, _ready(some, window), fade)
        for source, some in found.items()
    ]
    weights = [rules.weights.get(each.source, 1.0) for each in per_source]
    n_scored = sum(
        each.polarity is not None and weight > 0
        for each, weight in zip(per_source, weights, strict=True)
    )
    reason = _too_little(n_scored, len(articles), outcomes, rules)
    if reason and not company.name:
        reason += f"; what {company.symbol} is called isn't known, so its ticker alone counts"
    polarities = [each.polarity for each in per_source]
    polarity = None if reason else _mean(zip(polarities, weights, strict=True))
    vendors = [each.vendor_polarity for each in per_source]
    asked = sum(outcome.was_asked for outcome in outcomes)
    return SentimentSummary(
        symbol=company.symbol,
        name=company.name,
        polarity=polarity,
        label=label_of(polarity, rules.threshold),
        reason=reason,
        n_articles=len(articles),
        dispersion=_dispersion(articles, fade),
        coverage=n_scored / asked if asked else 0.0,
        vendor_polarity=_mean(zip(vendors, weights, strict=True)),
        per_source=tuple(per_source),
        outcomes=_told(outcomes, per_source),
        articles=tuple(articles[::-1]),
        window=window,
        scorer=scorer.name,
    )


def unread(company: Company, window: Window, reason: str) -> SentimentSummary:
    """No signal, for a reason that lies not with the sources: nobody can read the texts."""
    return SentimentSummary(
        symbol=company.symbol,
        name=company.name,
        polarity=None,
        label=NO_SIGNAL,
        reason=reason,
        n_articles=0,
        dispersion=nan,
        coverage=0.0,
        vendor_polarity=None,
        per_source=(),
        outcomes=(),
        articles=(),
        window=window,
        scorer="",
    )


def label_of(polarity: float | None, threshold: float) -> str:
    """``positive``, ``neutral`` or ``negative``; ``no signal`` of None."""
    if polarity is None:
        return NO_SIGNAL
    if abs(polarity) < threshold:
        return "neutral"
    return "positive" if polarity > 0 else "negative"


def daily_polarity(summary: SentimentSummary, days: int = 5) -> pd.DataFrame:
    """Polarity day by day, and its moving average.

    Parameters
    ----------
    summary : SentimentSummary
    days : int
        Days with an article that the moving average goes back over, its own among them.

    Returns
    -------
    DataFrame
        ``symbol``, ``date`` (UTC, ascending; days with an article alone), ``polarity`` (mean of
        the day's articles), ``n_articles`` and ``polarity_ma``, the mean of the last `days`
        polarities, NaN before there are so many.
    """
    rows = [
        (each.article.published_at.date(), each.polarity) for each in reversed(summary.articles)
    ]
    table = pd.DataFrame(rows, columns=["date", "polarity"]).astype({"polarity": float})
    by_day = table.groupby("date")["polarity"].agg(polarity="mean", n_articles="size").reset_index()
    by_day["date"] = pd.to_datetime(by_day["date"])
    by_day.insert(0, "symbol", summary.symbol)
    return by_day.assign(polarity_ma=by_day["polarity"].rolling(days).mean())


def _told(
    outcomes: Sequence[SourceOutcome], per_source: Sequence[SourceSentiment]
) -> tuple[SourceOutcome, ...]:
    """The outcomes, with a word where a source gave something and nothing of it counts."""
    counting = {
        each.source
        for each in per_source
        if each.n_articles or each.origin or each.volume is not None
    }
    return tuple(
        replace(each, reason="; ".join(filter(None, (each.reason, _BESIDE))))
        if each.kind is Kind.OK and each.source not in counting
        else each
        for each in outcomes
    )


def _ready(findings: Findings, window: Window) -> list[Observation]:
    return [each for each in findings.observations if each.at in window]


def _fading(end: datetime, half_life: timedelta) -> Callable[[datetime], float]:
    return lambda moment: float(0.5 ** ((end - moment) / half_life))


def _of_source(
    source: str,
    stories: Sequence[Story],
    articles: Sequence[ScoredArticle],
    ready: Sequence[Observation],
    fade: Callable[[datetime], float],
) -> SourceSentiment:
    own = [
        (copies[source], scored.polarity)
        for scored, copies in zip(articles, (story.by_source() for story in stories), strict=True)
        if source in copies
    ]
    ours = _mean((polarity, _weight(copy, fade)) for copy, polarity in own)
    vendor = _mean(
        [
            *((copy.vendor_score, _weight(copy, fade)) for copy, _ in own),
            *((each.score, _messages(each) * fade(each.at)) for each in ready),
        ]
    )
    volumes = [each.volume for each in ready if each.volume is not None]
    return SourceSentiment(
        source=source,
        polarity=vendor if ours is None else ours,
        origin="scorer" if ours is not None else "vendor" if vendor is not None else "",
        n_articles=len(own),
        vendor_polarity=vendor,
        volume=sum(volumes) if volumes else None,
    )


def _messages(ready: Observation) -> int:
    return 1 if ready.volume is None else ready.volume


def _weight(article: Article, fade: Callable[[datetime], float]) -> float:
    relevance = 1.0 if article.relevance is None else article.relevance
    return relevance * fade(article.published_at)


def _mean(pairs: Iterable[tuple[float | None, float]]) -> float | None:
    """Weighted mean of the values that there are."""
    known = [(value, weight) for value, weight in pairs if value is not None and weight > 0]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def _dispersion(articles: Sequence[ScoredArticle], fade: Callable[[datetime], float]) -> float:
    values = np.array([each.polarity for each in articles])
    weights = np.array([_weight(each.article, fade) for each in articles])
    if np.count_nonzero(weights) < 2:
        return nan
    mean = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))


def _too_little(
    n_scored: int, n_articles: int, outcomes: Sequence[SourceOutcome], rules: Aggregation
) -> str:
    """Why there is no signal; empty where there is one."""
    asked = [outcome for outcome in outcomes if outcome.was_asked]
    if not asked:
        return "no source was asked"
    if not any(outcome.has_answered for outcome in asked):
        return "no source answered"
    if n_articles < rules.min_articles:
        found = f"{n_articles} article{'s' * (n_articles != 1)} about it"
        return f"{found}, {rules.min_articles} are needed"
    if n_scored < rules.min_sources:
        return f"{n_scored} of {len(asked)} sources with a score, {rules.min_sources} are needed"
    return ""
