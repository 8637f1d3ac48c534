"""Sources that answer, fail, lie or sleep, side by side under one deadline, behind a cache."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pandas as pd
import pytest

from stockanalyst.exceptions import SourceRefused, SourceTimeout
from stockanalyst.infra.cache import MemoryCache
from stockanalyst.infra.http import _DEADLINE
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.outcomes import Kind
from stockanalyst.services.gathering import Answer, Gatherer, Offer

END = datetime(2024, 3, 8, 21, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=7), END)
ACME = Company("ACME", "Acme")
FOUND = Findings((Article("one", "Acme opens a plant", END - timedelta(hours=1)),))


@dataclass
class Source:
    """Answers as told, and counts how often it is asked."""

    answer: Callable[[], Findings]
    name: str = "one"
    asked: list[Window] = field(default_factory=list)

    def fetch(self, company: Company, window: Window) -> Findings:
        assert company == ACME
        self.asked.append(window)
        return self.answer()


@dataclass
class Clock:
    """Moves when told."""

    moment: pd.Timestamp

    def __call__(self) -> pd.Timestamp:
        return self.moment


def refuse(kind: str) -> Callable[[], Findings]:
    def answer() -> Findings:
        raise SourceRefused("one", kind, "no")

    return answer


@pytest.fixture
def clock() -> Clock:
    return Clock(pd.Timestamp(END))


@pytest.fixture
def gather(clock: Clock) -> Callable[..., Gatherer]:
    cache = MemoryCache(clock)

    def make(deadline: float = 30.0, **offers: Offer) -> Gatherer:
        return Gatherer(
            offers=offers,
            cache=lambda: cache,
            deadline=deadline,
            lifetime=timedelta(minutes=15),
            now=clock,
            elapsed=time.monotonic,
        )

    return make


Gather = Callable[..., Gatherer]


def one(gatherer: Gatherer, *, live: bool = True, window: Window = WINDOW) -> Answer:
    (answer,) = gatherer.ask(["one"], ACME, window, live=live)
    return answer


def test_an_answer(gather: Gather) -> None:
    answer = one(gather(one=Offer(Source(lambda: FOUND), quota=lambda: "3 of 25 used")))
    assert answer.findings == FOUND
    outcome = answer.outcome
    assert (outcome.kind, outcome.items, outcome.quota) == (Kind.OK, 1, "3 of 25 used")
    assert outcome.latency is not None
    assert outcome.cache_age is None


def test_nothing_is_an_answer(gather: Gather) -> None:
    outcome = one(gather(one=Offer(Source(Findings)))).outcome
    assert (outcome.kind, outcome.items) == (Kind.EMPTY, 0)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in {Kind.OK, Kind.EMPTY}])
def test_every_refusal_is_told_as_it_is(gather: Gather, kind: Kind) -> None:
    answer = one(gather(one=Offer(Source(refuse(kind)))))
    assert (answer.outcome.kind, answer.outcome.reason) == (kind, "no")
    assert answer.findings == Findings()


def test_a_fresh_answer_is_not_asked_for_again(gather: Gather, clock: Clock) -> None:
    source = Source(lambda: FOUND)
    gatherer = gather(one=Offer(source))
    one(gatherer)
    clock.moment += pd.Timedelta(minutes=15)
    later = Window(WINDOW.start + timedelta(minutes=15), END + timedelta(minutes=15))
    again = one(gatherer, window=later)
    assert len(source.asked) == 1
    assert (again.outcome.cache_age, again.outcome.latency) == (900.0, None)
    clock.moment += pd.Timedelta(seconds=1)
    one(gatherer)
    assert len(source.asked) == 2


def test_of_a_window_that_is_over_an_answer_stays_fresh_once_all_news_have_come(
    gather: Gather, clock: Clock
) -> None:
    """Asked on the day itself, it is asked again; three days later it is settled."""
    source = Source(lambda: FOUND)
    gatherer = gather(one=Offer(source))
    one(gatherer, live=False)
    clock.moment += pd.Timedelta(days=3)
    one(gatherer, live=False)
    assert len(source.asked) == 2
    clock.moment += pd.Timedelta(days=20)
    assert one(gatherer, live=False).findings == FOUND
    assert len(source.asked) == 2


def test_windows_of_now_and_of_the_past_are_kept_apart(gather: Gather) -> None:
    source = Source(lambda: FOUND)
    gatherer = gather(one=Offer(source))
    one(gatherer, live=True)
    one(gatherer, live=False)
    assert len(source.asked) == 2


HALF = replace(FOUND, faults=("down: HTTP 503",))


def test_half_an_answer_says_so_and_is_never_fresh(gather: Gather, clock: Clock) -> None:
    """It stands in where the other half can't be had."""
    source = Source(lambda: HALF)
    gatherer = gather(one=Offer(source))
    outcome = one(gatherer).outcome
    assert (outcome.kind, outcome.reason) == (Kind.OK, "down: HTTP 503")
    clock.moment += pd.Timedelta(seconds=10)
    source.answer = refuse("quota_day")
    answer = one(gatherer)
    assert len(source.asked) == 2
    assert answer.findings == HALF
    outcome = answer.outcome
    assert (outcome.kind, outcome.items, outcome.cache_age) == (Kind.QUOTA_DAY, 1, 10.0)
    assert outcome.reason == "no; down: HTTP 503"


def test_half_an_answer_without_an_item_is_not_kept(gather: Gather) -> None:
    source = Source(lambda: Findings(faults=("down: HTTP 503",)))
    gatherer = gather(one=Offer(source))
    one(gatherer)
    source.answer = refuse("quota_day")
    assert one(gatherer).outcome.cache_age is None


def test_an_answer_of_the_future_is_not_fresh(gather: Gather, clock: Clock) -> None:
    """The clock was ahead, and is set back."""
    source = Source(lambda: FOUND)
    gatherer = gather(one=Offer(source))
    clock.moment += pd.Timedelta(days=3)
    one(gatherer)
    one(gatherer, live=False)
    clock.moment -= pd.Timedelta(days=2)
    one(gatherer)
    one(gatherer, live=False)
    assert len(source.asked) == 4


def test_the_last_request_ends_before_the_wait(gather: Gather) -> None:
    """A part that never comes is a fault of the source's answer, and doesn't lose the rest."""
    never = Event()

    def wait_for_a_part() -> Findings:
        never.wait(_DEADLINE.get() - time.monotonic())
        return HALF

    outcome = one(gather(deadline=2.0, one=Offer(Source(wait_for_a_part)))).outcome
    assert (outcome.kind, outcome.items, outcome.reason) == (Kind.OK, 1, "down: HTTP 503")


def test_a_slow_count_of_the_quota_doesnt_hold_up_the_others(gather: Gather) -> None:
    never = Event()
    slow = Offer(Source(lambda: FOUND), quota=lambda: str(never.wait()))
    gatherer = gather(deadline=1.0, slow=slow, one=Offer(Source(lambda: FOUND)))
    found = gatherer.ask(["slow", "one"], ACME, WINDOW, live=True)
    never.set()
    assert [each.outcome.kind for each in found] == [Kind.DOWN, Kind.OK]


def test_the_deadline_reaches_the_clients(gather: Gather) -> None:
    left: list[float] = []

    def look() -> Findings:
        left.append(_DEADLINE.get() - time.monotonic())
        return FOUND

    one(gather(deadline=5.0, one=Offer(Source(look))))
    assert 0 < left[0] <= 5.0


def test_a_stale_answer_stands_in_with_its_age_and_says_why(gather: Gather, clock: Clock) -> None:
    source = Source(lambda: FOUND)
    gatherer = gather(one=Offer(source))
    one(gatherer)
    clock.moment += pd.Timedelta(hours=2)
    source.answer = refuse("rate_limited")
    answer = one(gatherer)
    assert answer.findings == FOUND
    outcome = answer.outcome
    assert (outcome.kind, outcome.items, outcome.cache_age) == (Kind.RATE_LIMITED, 1, 7200.0)


def test_who_is_closed_or_keeps_no_archive_is_not_asked(gather: Gather, clock: Clock) -> None:
    source = Source(lambda: FOUND)
    closed = one(gather(one=Offer(source, closed="no key; set X"))).outcome
    assert (closed.kind, closed.reason) == (Kind.SKIPPED, "no key; set X")
    clock.moment += pd.Timedelta(days=31)
    old = one(gather(one=Offer(source, reach=timedelta(days=30))), live=False).outcome
    assert old.kind is Kind.SKIPPED
    assert old.reason == "its answers go back 30 days, the cutoff is earlier"
    assert source.asked == []


def test_one_dead_one_slow_one_broken_among_seven(gather: Gather) -> None:
    never = Event()

    def sleep() -> Findings:
        never.wait()
        return FOUND

    def dead() -> Findings:
        raise SourceTimeout("dead", "no answer: ConnectionError")

    def broken() -> Findings:
        raise KeyError("feed")

    answers = {"dead": dead, "slow": sleep, "broken": broken}
    names = ["a", "dead", "b", "slow", "c", "broken", "d"]
    offers = {name: Offer(Source(answers.get(name, lambda: FOUND))) for name in names}
    found = gather(deadline=1.0, **offers).ask(names, ACME, WINDOW, live=True)
    never.set()
    assert [each.outcome.source for each in found] == names
    told = {each.outcome.source: each.outcome for each in found}
    assert {name for name in names if told[name].kind is Kind.OK} == set("abcd")
    assert (told["dead"].kind, told["dead"].reason) == (Kind.DOWN, "no answer: ConnectionError")
    assert (told["slow"].kind, told["slow"].reason) == (Kind.DOWN, "no answer within 1 s")
    assert told["broken"].kind is Kind.SCHEMA_CHANGED
    assert told["broken"].reason == "its answer can't be read (KeyError)"


def test_a_late_answer_serves_the_next_question(gather: Gather) -> None:
    go, came = Event(), Event()

    def wait() -> Findings:
        go.wait()
        return FOUND

    def counted() -> str:
        came.set()
        return ""

    source = Source(wait)
    gatherer = gather(deadline=0.2, one=Offer(source, quota=counted))
    assert one(gatherer).outcome.kind is Kind.DOWN
    came.clear()
    go.set()
    assert came.wait(30)
    assert one(gatherer).findings == FOUND
    assert len(source.asked) == 1
