"""Reasons as data: a code for programs, the numbers, and a sentence for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from stockanalyst.backtesting.wording import counted, p_text, percent
from stockanalyst.forecasting.registry import model_label
from stockanalyst.recommendation.signals import Evidence
from stockanalyst.sentiment.aggregation import SentimentSummary
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome

if TYPE_CHECKING:
    from stockanalyst.recommendation.policy import TrackRecord


@dataclass(frozen=True)
class Reason:
    """Why the rule says what it says.

    Attributes
    ----------
    code : str
        ``no_skill``, ``skill``, ``edge``, ``cost``, ``track_record`` or ``sentiment``.
    sentence : str
    values : mapping of str to object
        The numbers of the sentence, decimals.
    """

    code: str
    sentence: str
    values: Mapping[str, object]


def no_skill_reason(symbol: str, evidence: Sequence[Evidence], steps: Sequence[int]) -> Reason:
    """No model beats the random walk."""
    horizons = " or ".join(str(step) for step in dict.fromkeys(steps))
    sentence = f"No model beats the random walk on {symbol} at horizon {horizons}"
    values: dict[str, object] = {"n_tests": len(evidence)}
    if evidence and isnan(evidence[0].skill):
        sentence += ": its price didn't move, so there was nothing to test"
    elif evidence:
        best = evidence[0]
        sentence += (
            f" (best: {model_label(best.model)} at horizon {best.step}, {percent(best.skill)}, "
            f"{p_text(best.p_adjusted)} after Holm's correction for "
            f"{counted(len(evidence), 'test')})"
        )
        values |= _numbers(best)
    return Reason("no_skill", f"{sentence}.", values)


def skill_reason(symbol: str, best: Evidence, n_tests: int) -> Reason:
    """A model beats the random walk."""
    sentence = (
        f"{model_label(best.model)} beats the random walk on {symbol} at horizon {best.step}: "
        f"{percent(best.skill)} over {best.n} past cutoffs, {p_text(best.p_adjusted)} after "
        f"Holm's correction for {counted(n_tests, 'test')}."
    )
    return Reason("skill", sentence, {"n_tests": n_tests, **_numbers(best)})


def edge_reason(best: Evidence, expected: float, required: float) -> Reason:
    """The expected move is worth its costs."""
    sentence = (
        f"It expects {percent(expected, 2)} over {counted(best.step, 'session')}, beyond the "
        f"{required * 100:.2f} % that a call needs to pay its costs."
    )
    return Reason("edge", sentence, {"expected_return": expected, "required_return": required})


def cost_reason(best: Evidence, expected: float, required: float) -> Reason:
    """The expected move isn't worth its costs."""
    sentence = (
        f"It expects only {percent(expected, 2)} over {counted(best.step, 'session')}; a call "
        f"needs {required * 100:.2f} % to pay its costs."
    )
    return Reason("cost", sentence, {"expected_return": expected, "required_return": required})


def past_reason(record: "TrackRecord") -> Reason:
    """What came of the rule before."""
    asked = f"Asked at {record.n_cutoffs} past cutoffs, each time on what was known then, this rule"
    if not record.n_calls:
        sentence = f"{asked} made no call."
    else:
        sentence = (
            f"{asked} called {record.n_calls} times ({record.n_buys} BUY, {record.n_sells} SELL) "
            f"and was right {record.n_hits} times ({record.hit_rate * 100:.0f} %); mean return "
            f"after costs {percent(record.mean_return, 2)} a call."
        )
    values = {
        "n_cutoffs": record.n_cutoffs,
        "n_calls": record.n_calls,
        "n_hits": record.n_hits,
        "hit_rate": record.hit_rate,
        "mean_return": record.mean_return,
    }
    return Reason("track_record", sentence, values)


def sentiment_reason(summary: SentimentSummary) -> Reason:
    """What the news say, or why they say nothing."""
    return Reason(
        "sentiment",
        f"{_news(summary)}{_silent(summary)}",
        {
            "label": summary.label,
            "polarity": summary.polarity,
            "dispersion": summary.dispersion,
            "coverage": summary.coverage,
            "n_articles": summary.n_articles,
            "scorer": summary.scorer,
        },
    )


def _news(summary: SentimentSummary) -> str:
    until = f"{summary.as_of:%Y-%m-%d %H:%M} UTC"
    if summary.polarity is None:
        return f"News up to {until} give no signal: {summary.reason}."
    asked = len(summary.asked)
    notes = dict.fromkeys(each.reason for each in summary.asked if each.kind is Kind.OK)
    told = "".join(f" ({note})" for note in notes if note)
    return (
        f"News up to {until} are {summary.label} ({_signed(summary.polarity)}, dispersion "
        f"{_plain(summary.dispersion)}): {counted(summary.n_articles, 'article')}{told}, a score "
        f"from {round(summary.coverage * asked)} of {counted(asked, 'source')}. They don't change "
        "the call: whether such a score forecasts returns isn't tested."
    )


def _signed(polarity: float) -> str:
    return f"{polarity:+.2f}".replace("-", "−")


def _plain(value: float) -> str:
    return "–" if isnan(value) else f"{value:.2f}"


def _silent(summary: SentimentSummary) -> str:
    failed = [each for each in summary.asked if each.kind not in {Kind.OK, Kind.EMPTY}]
    if not failed:
        return ""
    said = "; ".join(f"{each.source} ({each.kind}: {each.reason}{_kept(each)})" for each in failed)
    return f" Not to be had: {said}."


def _kept(outcome: SourceOutcome) -> str:
    if outcome.cache_age is None:
        return ""
    return f"; its answer of {outcome.cache_age / 3600:.1f} h before stands in"


def _numbers(evidence: Evidence) -> dict[str, object]:
    return {
        "model": evidence.model,
        "step": evidence.step,
        "n": evidence.n,
        "skill": evidence.skill,
        "p_value": evidence.p_value,
        "p_adjusted": evidence.p_adjusted,
    }
