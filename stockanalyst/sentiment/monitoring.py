"""Whether scores and sources look as they should, over many symbols."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from stockanalyst.sentiment.aggregation import SentimentSummary
from stockanalyst.sentiment.outcomes import Kind

_STRONG = 0.5
_WELL = frozenset({Kind.OK, Kind.EMPTY, Kind.SKIPPED, Kind.UNKNOWN_SYMBOL})


@dataclass(frozen=True)
class Thresholds:
    """Beyond which a figure is worth a look.

    Attributes
    ----------
    mean : float
        Of the absolute mean polarity.
    std : float
        Of the polarities' standard deviation.
    error_rate : float
        Of the share of answers that were none.
    """

    mean: float = 0.5
    std: float = 0.3
    error_rate: float = 0.1


@dataclass(frozen=True)
class Distribution:
    """Figures over summaries.

    Attributes
    ----------
    n_symbols, n_scored : int
        Symbols, and those with a signal.
    mean, std : float
        Of the polarities; NaN where there are fewer than one, and two.
    share_strong : float
        Share of polarities beyond ±0.5; NaN without one.
    error_rate : float
        Share of the questions to sources that got no answer; NaN where none was asked.
    alerts : tuple of str
        A sentence for each figure beyond its threshold.
    silent : tuple of str
        A sentence for each source that didn't answer or had nothing, and why, whether an answer of
        before stands in or not.
    """

    n_symbols: int
    n_scored: int
    mean: float
    std: float
    share_strong: float
    error_rate: float
    alerts: tuple[str, ...]
    silent: tuple[str, ...]


def distribution(summaries: Sequence[SentimentSummary], thresholds: Thresholds) -> Distribution:
    """Figures over summaries, and which are beyond their thresholds."""
    polarities = np.array([each.polarity for each in summaries if each.polarity is not None])
    mean = float(polarities.mean()) if polarities.size else nan
    std = float(polarities.std(ddof=1)) if polarities.size > 1 else nan
    asked = [outcome for each in summaries for outcome in each.asked]
    failed = [outcome for outcome in asked if outcome.kind not in _WELL]
    error_rate = len(failed) / len(asked) if asked else nan
    checks = (
        ("mean polarity", abs(mean), thresholds.mean),
        ("standard deviation of the polarities", std, thresholds.std),
        ("share of questions without an answer", error_rate, thresholds.error_rate),
    )
    return Distribution(
        n_symbols=len(summaries),
        n_scored=polarities.size,
        mean=mean,
        std=std,
        share_strong=float((np.abs(polarities) > _STRONG).mean()) if polarities.size else nan,
        error_rate=error_rate,
        alerts=tuple(
            f"{name} {value:.2f} is beyond {limit:g}"
            for name, value, limit in checks
            if value > limit
        ),
        silent=_silent(summaries),
    )


def _silent(summaries: Sequence[SentimentSummary]) -> tuple[str, ...]:
    """What sources say that gave nothing, each word of theirs once."""
    said = Counter(
        (outcome.source, outcome.kind, outcome.reason)
        for each in summaries
        for outcome in each.outcomes
        if outcome.kind is not Kind.OK
    )
    return tuple(
        f"{source}: {kind} for {count} of {len(summaries)}: {reason}"
        for (source, kind, reason), count in sorted(said.items())
    )
