"""The rule: no proven skill, no call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import nan

import pandas as pd

from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.recommendation.explain import (
    Reason,
    cost_reason,
    edge_reason,
    no_skill_reason,
    past_reason,
    sentiment_reason,
    skill_reason,
)
from stockanalyst.recommendation.signals import Evidence, Track, tracks, weigh
from stockanalyst.sentiment.aggregation import SentimentSummary


class Action(StrEnum):
    """What the rule says."""

    BUY = "BUY"
    HOLD = "HOLD"
    SELL = "SELL"
    NO_CALL = "NO CALL"


@dataclass(frozen=True)
class Policy:
    """Thresholds and costs of the rule.

    Attributes
    ----------
    alpha : float
        Family-wise error: a model counts as better than the random walk when its adjusted p-value
        is below this.
    cost : float
        Cost of one trade as a decimal of its value; a call pays it twice.
    min_edge : float
        Expected return that must be left after costs, a decimal.
    min_evidence : int
        Outcomes that must be known before the rule speaks.
    """

    alpha: float = 0.05
    cost: float = 0.001
    min_edge: float = 0.0
    min_evidence: int = 100

    @property
    def required_return(self) -> float:
        """Expected return that a call needs: a round trip's cost and the edge beyond it."""
        return 2 * self.cost + self.min_edge


@dataclass(frozen=True)
class TrackRecord:
    """What came of the rule at past cutoffs, when it knew no more than was known then.

    Attributes
    ----------
    n_cutoffs : int
        Past cutoffs at which the rule was asked.
    n_buys, n_sells : int
        Its calls.
    n_hits : int
        Calls after which the price stood on the called side.
    hit_rate : float
        Hits over calls; NaN without a call.
    mean_return : float
        Mean simple return of a call over its step, after a round trip's cost; NaN without a call.
    """

    n_cutoffs: int
    n_buys: int
    n_sells: int
    n_hits: int
    hit_rate: float
    mean_return: float

    @property
    def n_calls(self) -> int:
        """Buys and sells."""
        return self.n_buys + self.n_sells


@dataclass(frozen=True)
class Recommendation:
    """An answer with its reasons.

    Attributes
    ----------
    action : Action
    model, step : str and int, or None
        The forecast that it rests on; None without a call.
    expected_return : float
        Simple return that this forecast expects over `step` sessions, a decimal; NaN without one.
    required_return : float
        What the rule asks for.
    reasons : tuple of Reason
        Sentences with the numbers in them as data.
    track_record : TrackRecord
    """

    action: Action
    model: str | None
    step: int | None
    expected_return: float
    required_return: float
    reasons: tuple[Reason, ...]
    track_record: TrackRecord


def recommend(
    past: pd.DataFrame,
    forecast: pd.DataFrame,
    *,
    steps: Sequence[int],
    policy: Policy,
    sentiment: SentimentSummary | None = None,
) -> Recommendation:
    """Recommend from forecasts of one symbol and what came of the same models before.

    Parameters
    ----------
    past : DataFrame
        Forecast frame of a walk-forward, outcomes known.
    forecast : DataFrame
        Forecast frame from the cutoff, outcomes unknown, with the random walk in it.
    steps : sequence of int
        Steps that are looked at; a call rests on one of them.
    policy : Policy
    sentiment : SentimentSummary, optional
        What the news said at the cutoff: told among the reasons, and nothing more, for nothing
        shows that it forecasts.
    """
    said = _from_forecasts(past, forecast, steps, policy)
    if sentiment is None:
        return said
    return replace(said, reasons=(*said.reasons, sentiment_reason(sentiment)))


def _from_forecasts(
    past: pd.DataFrame, forecast: pd.DataFrame, steps: Sequence[int], policy: Policy
) -> Recommendation:
    symbol, cutoff = str(forecast["symbol"].iloc[0]), forecast["cutoff"].iloc[0]
    candidates = tracks(past, steps)
    evidence = weigh(candidates, cutoff)
    record = track_record(candidates, policy)
    if not evidence:
        return _no_call(symbol, [], steps, record, policy)
    best = evidence[0]
    if not _is_proven(best, policy):
        return _no_call(symbol, evidence, steps, record, policy)
    at_step = forecast[forecast["step"] == best.step].set_index("model")["yhat"]
    expected = float(at_step[best.model] / at_step[RandomWalk.name] - 1)
    action = _act(expected, policy)
    edge = cost_reason if action is Action.HOLD else edge_reason
    return Recommendation(
        action=action,
        model=best.model,
        step=best.step,
        expected_return=expected,
        required_return=policy.required_return,
        reasons=(
            skill_reason(symbol, best, len(evidence)),
            edge(best, expected, policy.required_return),
            past_reason(record),
        ),
        track_record=record,
    )


def track_record(candidates: Sequence[Track], policy: Policy) -> TrackRecord:
    """Ask the rule at each past cutoff, with the outcomes known at that cutoff alone."""
    n_cutoffs = n_hits = 0
    calls: dict[Action, int] = {Action.BUY: 0, Action.SELL: 0}
    returns = []
    for position in range(policy.min_evidence, len(candidates[0].cutoffs) if candidates else 0):
        evidence = weigh(candidates, candidates[0].cutoffs[position])
        n_cutoffs += 1
        if not _is_proven(evidence[0], policy):
            continue
        track = next(t for t in candidates if (t.model, t.step) == _key(evidence[0]))
        base = track.base[position]
        action = _act(float(track.yhat[position] / base - 1), policy)
        if action in calls:
            side = 1 if action is Action.BUY else -1
            realised = side * (track.y[position] / base - 1)
            calls[action] += 1
            n_hits += int(realised > 0)
            returns.append(realised - 2 * policy.cost)
    return TrackRecord(
        n_cutoffs=n_cutoffs,
        n_buys=calls[Action.BUY],
        n_sells=calls[Action.SELL],
        n_hits=n_hits,
        hit_rate=n_hits / len(returns) if returns else nan,
        mean_return=sum(returns) / len(returns) if returns else nan,
    )


def _key(evidence: Evidence) -> tuple[str, int]:
    return evidence.model, evidence.step


def _is_proven(evidence: Evidence, policy: Policy) -> bool:
    enough = evidence.n >= policy.min_evidence
    return enough and evidence.skill > 0 and evidence.p_adjusted < policy.alpha


def _act(expected_return: float, policy: Policy) -> Action:
    if expected_return > policy.required_return:
        return Action.BUY
    if expected_return < -policy.required_return:
        return Action.SELL
    return Action.HOLD


def _no_call(
    symbol: str,
    evidence: Sequence[Evidence],
    steps: Sequence[int],
    record: TrackRecord,
    policy: Policy,
) -> Recommendation:
    return Recommendation(
        action=Action.NO_CALL,
        model=None,
        step=None,
        expected_return=nan,
        required_return=policy.required_return,
        reasons=(no_skill_reason(symbol, evidence, steps), past_reason(record)),
        track_record=record,
    )
