"""Sources asked side by side under one deadline, behind a cache."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pandas as pd

from stockanalyst.exceptions import InputError, SourceError
from stockanalyst.infra.background import started
from stockanalyst.infra.cache import Cache
from stockanalyst.infra.http import until
from stockanalyst.sentiment.articles import Company, Findings, Window
from stockanalyst.sentiment.encoding import decoded, encoded
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome
from stockanalyst.sentiment.protocols import SentimentSource

_LOG = logging.getLogger(__name__)
_NOTHING = "nothing about it in the window"
_SETTLED = timedelta(days=2)  # after a window's end its news have all come
_GRACE = 0.5  # seconds from the last request's end to the wait's, and from there to the deadline


@dataclass(frozen=True)
class Offer:
    """A source, and whether it may be asked.

    Attributes
    ----------
    source : SentimentSource
    closed : str
        Why it isn't asked: no key, or not opted in; empty where it may be.
    reach : timedelta or None
        How far back from now its answers go: for a window that ended earlier it isn't asked. None
        for a source that doesn't change: its answers aren't cached.
    note : str
        What a reader must know of its answers; empty as a rule.
    quota : callable
        What is used of the vendor's day, such as ``3 of 25 used``; empty where nothing is counted.
    state : callable
        Why the vendor's limits refuse for now; empty where they don't.
    retry : callable
        Makes them forget why they refuse.
    """

    source: SentimentSource
    closed: str = ""
    reach: timedelta | None = timedelta(days=30)
    note: str = ""
    quota: Callable[[], str] = str
    state: Callable[[], str] = str
    retry: Callable[[], object] = str


@dataclass(frozen=True)
class Answer:
    """What became of a source, and what it found: nothing, where it failed."""

    outcome: SourceOutcome
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True)
class Gatherer:
    """Asks sources.

    Parameters
    ----------
    offers : mapping of str to Offer
        By the source's name, the preferred first.
    cache : callable
        Gives the cache of answers.
    deadline : float
        Seconds for all sources together.
    lifetime : timedelta
        For which an answer is fresh; for ever, if it came two days or more after a past window.
    now : callable
        The present moment, aware.
    elapsed : callable
        Seconds of the steady clock that the clients use.
    """

    offers: Mapping[str, Offer]
    cache: Callable[[], Cache]
    deadline: float
    lifetime: timedelta
    now: Callable[[], pd.Timestamp]
    elapsed: Callable[[], float]

    def ask(
        self, names: Sequence[str], company: Company, window: Window, *, live: bool
    ) -> list[Answer]:
        """Answers in the order of `names`, when all are there or the deadline comes.

        A source that is late goes on in a daemon thread, and its answer is cached when it comes.

        Parameters
        ----------
        names : sequence of str
        company : Company
        window : Window
        live : bool
            Whether the window ends now.
        """
        begun = self.elapsed()
        asked = [_Asked(name, self.offers[name], company, window, live) for name in names]
        patience = _less(self.deadline)
        with until(begun + _less(patience)):
            futures = [started(partial(self._answer, each)) for each in asked]
        wait(futures, timeout=patience)
        late = f"no answer within {self.deadline:g} s"
        seconds = self.elapsed() - begun
        return [
            future.result()
            if future.done()
            else each.failed(SourceOutcome(each.name, Kind.DOWN, late, latency=seconds))
            for each, future in zip(asked, futures, strict=True)
        ]

    def _answer(self, asked: "_Asked") -> Answer:
        offer = asked.offer
        asked.quota = offer.quota()
        if skipped := self._skipped(offer, asked.window):
            return asked.failed(SourceOutcome(asked.name, Kind.SKIPPED, skipped))
        if offer.reach is not None and (fresh := self._fresh(asked)):
            return fresh
        begun = self.elapsed()
        try:
            findings = offer.source.fetch(asked.company, asked.window)
        except SourceError as error:
            kind, reason = Kind(error.kind), error.reason
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  one source's fault mustn't silence the others
            _LOG.exception("%s: its answer can't be read", asked.name)
            kind, reason = Kind.SCHEMA_CHANGED, f"its answer can't be read ({type(error).__name__})"
        else:
            if offer.reach is not None and (asked.items(findings) or not findings.faults):
                self.cache().set(asked.key, encoded(findings))
            seconds = self.elapsed() - begun
            return Answer(asked.outcome(findings, latency=seconds, quota=offer.quota()), findings)
        seconds = self.elapsed() - begun
        asked.quota = offer.quota()
        return asked.failed(SourceOutcome(asked.name, kind, reason, latency=seconds))

    def _skipped(self, offer: Offer, window: Window) -> str:
        if offer.closed or offer.reach is None:
            return offer.closed
        if self.now() - pd.Timestamp(window.end) > offer.reach:
            return f"its answers go back {offer.reach.days} days, the cutoff is earlier"
        return ""

    def _fresh(self, asked: "_Asked") -> Answer | None:
        """An answer of before that may stand for a new one; another one is put by.

        One in which a part is missing may not, nor one that was kept while the clock was ahead.
        """
        cached = self.cache().get(asked.key)
        findings = decoded(cached.value) if cached else None
        if cached is None or findings is None:
            return None
        age = self.now() - cached.stored_at
        outcome = asked.outcome(findings, cache_age=max(age.total_seconds(), 0.0))
        asked.kept = Answer(outcome, findings)
        settled = cached.stored_at - pd.Timestamp(asked.window.end) > _SETTLED and not asked.live
        whole = not findings.faults and age >= timedelta()
        return asked.kept if whole and (settled or age <= self.lifetime) else None


@dataclass
class _Asked:
    """One source's question, and what is known of it when the deadline comes."""

    name: str
    offer: Offer
    company: Company
    window: Window
    live: bool
    quota: str = ""
    kept: Answer | None = None

    @property
    def key(self) -> str:
        """Of the cache; windows that end now share one, whenever that is."""
        start, end = self.window.start, self.window.end
        span = f"{(end - start).total_seconds():g}" if self.live else f"{start}/{end}"
        words = f"{self.name}\n{self.company.symbol}\n{self.company.name}\n{span}"
        return f"sentiment:{self.name}:{hashlib.sha256(words.encode()).hexdigest()}"

    @staticmethod
    def items(findings: Findings) -> int:
        """Articles and observations."""
        return len(findings.articles) + len(findings.observations)

    def outcome(self, findings: Findings, **more: Any) -> SourceOutcome:
        """Of an answer."""
        items = self.items(findings)
        said = (*findings.notes, *findings.faults)
        reasons = (self.offer.note, *said) if items or findings.faults else (_NOTHING,)
        return SourceOutcome(
            self.name,
            Kind.OK if items else Kind.EMPTY,
            "; ".join(filter(None, reasons)),
            items=items,
            **{"quota": self.quota, **more},
        )

    def failed(self, outcome: SourceOutcome) -> Answer:
        """The failure, with what was found earlier if that is kept."""
        outcome = replace(outcome, quota=self.quota)
        if self.kept is None:
            return Answer(outcome)
        items, age = self.kept.outcome.items, self.kept.outcome.cache_age
        found = self.kept.findings
        reason = "; ".join((outcome.reason, *found.notes, *found.faults))
        outcome = replace(outcome, reason=reason, items=items, cache_age=age)
        return Answer(outcome, self.kept.findings)


def _less(seconds: float) -> float:
    """So many that there is time left for what comes after."""
    return max(seconds - _GRACE, seconds / 2)
