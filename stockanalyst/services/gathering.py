"""Sources asked side by side under one deadline, behind a cache."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd

from stockanalyst.exceptions import SourceError
from stockanalyst.infra.background import started
from stockanalyst.infra.cache import Cache
from stockanalyst.infra.http import until
from stockanalyst.sentiment.articles import Company, Findings, Window
from stockanalyst.sentiment.encoding import decoded, encoded
from stockanalyst.sentiment.outcomes import Kind, SourceOutcome
from stockanalyst.sentiment.protocols import SentimentSource

_LOG = logging.getLogger(__name__)
_NOTHING = Findings()
_GRACE = 0.5  # seconds of the deadline that are kept for putting the answers together


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
    """

    source: SentimentSource
    closed: str = ""
    reach: timedelta | None = timedelta(days=30)
    note: str = ""
    quota: Callable[[], str] = str
    state: Callable[[], str] = str


@dataclass(frozen=True)
class Answer:
    """What became of a source, and what it found: nothing, where it failed."""

    outcome: SourceOutcome
    findings: Findings = _NOTHING


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
        For which an answer is fresh; of a window that is over, it is so for ever.
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
        futures = [self._started(name, company, window, live=live) for name in names]
        wait(futures, timeout=max(self.deadline - _GRACE, self.deadline / 2))
        late = f"no answer within {self.deadline:g} s"
        seconds = self.elapsed() - begun
        return [
            future.result()
            if future.done()
            else self._failed(_key(name, company, window, live=live), name, late, seconds)
            for name, future in zip(names, futures, strict=True)
        ]

    def _started(
        self, name: str, company: Company, window: Window, *, live: bool
    ) -> "Future[Answer]":
        skipped = self._skipped(name, window)
        if skipped:
            outcome = SourceOutcome(name, Kind.SKIPPED, skipped, quota=self.offers[name].quota())
            future: Future[Answer] = Future()
            future.set_result(Answer(outcome))
            return future
        with until(self.elapsed() + self.deadline):
            return started(lambda: self._answer(name, company, window, live=live))

    def _skipped(self, name: str, window: Window) -> str:
        offer = self.offers[name]
        if offer.closed or offer.reach is None:
            return offer.closed
        if self.now() - pd.Timestamp(window.end) > offer.reach:
            return f"its answers go back {offer.reach.days} days, the cutoff is earlier"
        return ""

    def _answer(self, name: str, company: Company, window: Window, *, live: bool) -> Answer:
        offer = self.offers[name]
        key = _key(name, company, window, live=live)
        if offer.reach is not None:
            fresh = self._cached(key, name, fresh=True, over=not live)
            if fresh is not None:
                return fresh
        begun = self.elapsed()
        try:
            findings = offer.source.fetch(company, window)
        except SourceError as error:
            return self._failed(key, name, error.reason, self.elapsed() - begun, Kind(error.kind))
        except Exception as error:  # noqa: BLE001  one source's fault mustn't silence the others
            _LOG.exception("%s: its answer can't be read", name)
            reason = f"its answer can't be read ({type(error).__name__})"
            return self._failed(key, name, reason, self.elapsed() - begun, Kind.SCHEMA_CHANGED)
        if offer.reach is not None:
            self.cache().set(key, encoded(findings))
        outcome = _outcome(name, findings, offer)
        return Answer(replace(outcome, latency=self.elapsed() - begun), findings)

    def _failed(
        self, key: str, name: str, reason: str, seconds: float, kind: Kind = Kind.DOWN
    ) -> Answer:
        """The failure, with what was found earlier if that is kept."""
        outcome = SourceOutcome(
            name, kind, reason, latency=seconds, quota=self.offers[name].quota()
        )
        stale = self._cached(key, name)
        if stale is None:
            return Answer(outcome)
        items, age = stale.outcome.items, stale.outcome.cache_age
        return Answer(replace(outcome, items=items, cache_age=age), stale.findings)

    def _cached(
        self, key: str, name: str, *, fresh: bool = False, over: bool = False
    ) -> Answer | None:
        """What is kept; None if nothing is, or, where it must be `fresh`, if it is too old."""
        kept = self.cache().get(key)
        findings = decoded(kept.value) if kept else None
        if kept is None or findings is None:
            return None
        age = self.now() - kept.stored_at
        if fresh and not over and age > self.lifetime:
            return None
        outcome = _outcome(name, findings, self.offers[name])
        return Answer(replace(outcome, cache_age=max(age.total_seconds(), 0.0)), findings)


def _outcome(name: str, findings: Findings, offer: Offer) -> SourceOutcome:
    items = len(findings.articles) + len(findings.observations)
    kind, reason = (
        (Kind.OK, offer.note) if items else (Kind.EMPTY, "nothing about it in the window")
    )
    return SourceOutcome(name, kind, reason, items=items, quota=offer.quota())


def _key(name: str, company: Company, window: Window, *, live: bool) -> str:
    """Of a question; windows that end now share one, whenever that is."""
    length = (window.end - window.start).total_seconds()
    span = f"{length:g}" if live else f"{window.start.isoformat()}/{window.end.isoformat()}"
    words = f"{name}\n{company.symbol}\n{company.name}\n{span}"
    return f"sentiment:{name}:{hashlib.sha256(words.encode()).hexdigest()}"
