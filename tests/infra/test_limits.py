"""Quotas, pauses and circuits by a clock that the test sets."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from stockanalyst.exceptions import SourceRefused
from stockanalyst.infra.limits import MemoryUsageStore, VendorLimits, fingerprint

NOON = pd.Timestamp("2026-01-20 12:00", tz="UTC")


@dataclass
class World:
    """A clock and what is remembered."""

    moment: pd.Timestamp = NOON
    store: MemoryUsageStore = field(default_factory=MemoryUsageStore)

    def limits(self, quota: int | None = None, account: str = "") -> VendorLimits:
        return VendorLimits("vendor", self.store, lambda: self.moment, account, quota)

    def passes(self, span: str) -> None:
        self.moment += pd.Timedelta(span)


@pytest.fixture
def world() -> World:
    return World()


def refusal(ask: Callable[[], None]) -> tuple[str, str]:
    with pytest.raises(SourceRefused) as caught:
        ask()
    return caught.value.kind, caught.value.reason


def admitted(limits: VendorLimits, units: int = 1) -> bool:
    try:
        limits.admit(units)
    except SourceRefused:
        return False
    return True


def test_a_day_has_its_units_and_the_next_one_too(world: World) -> None:
    limits = world.limits(quota=3)
    limits.admit(2)
    assert limits.quota_used() == "2 of 3 used"
    assert refusal(lambda: limits.admit(2)) == (
        "quota_day",
        "2 of 3 used today, 2 are needed; again after 00:00 UTC",
    )
    limits.admit()
    world.moment = pd.Timestamp("2026-01-20 18:59:59", tz="America/New_York")
    assert refusal(limits.admit)[1] == "3 of 3 used today; again after 00:00 UTC"
    world.passes("1s")
    limits.admit()
    assert limits.quota_used() == "1 of 3 used"


def test_a_clock_that_goes_wrong_does_not_win_or_lose_a_day_for_ever(world: World) -> None:
    limits = world.limits(quota=3)
    world.passes("12h")
    limits.admit(3)
    world.passes("-1min")  # another process, whose clock is behind
    assert not admitted(limits)
    world.passes("365D")
    limits.admit(3)
    world.passes("-365D")
    assert admitted(limits)


def test_every_key_has_its_own(world: World) -> None:
    first, second = (fingerprint("vendor", SecretStr(key)) for key in ("one", "two"))
    world.limits(account=first).failed("auth", "the key is refused")
    assert not admitted(world.limits(account=first))
    assert admitted(world.limits(account=second))
    # printf 'vendor:one' | sha256sum
    assert first == "620677f27bb35518"
    assert fingerprint("other", SecretStr("one")) != first
    assert fingerprint("vendor", None) == fingerprint("vendor", SecretStr("")) == ""


@pytest.mark.parametrize(
    ("kind", "retry_after", "length"),
    [
        ("auth", 0.0, "24h"),
        ("plan", 0.0, "24h"),
        ("blocked", 0.0, "6h"),
        ("rate_limited", 0.0, "60s"),
        ("rate_limited", 90.0, "90s"),
        ("rate_limited", 1e9, "24h"),
        ("quota_day", 0.0, "12h"),
    ],
)
def test_how_long_a_pause_is(world: World, kind: str, retry_after: float, length: str) -> None:
    limits = world.limits()
    limits.failed(kind, "why", retry_after)
    status = limits.status()
    assert (status.state, status.reason) == (kind, "why")
    assert status.until == NOON + pd.Timedelta(length)
    world.passes(length)
    world.passes("-1s")
    assert not admitted(limits)
    world.passes("1s")
    assert admitted(limits)
    assert limits.status().state == "ready"


def test_the_longer_of_two_pauses_holds_and_an_operator_ends_them_all(world: World) -> None:
    limits = world.limits(quota=9)
    limits.admit(4)
    limits.failed("blocked", "robots")
    limits.failed("rate_limited", "too quick")
    assert refusal(limits.admit) == ("skipped", "not asked until 18:00 UTC: robots")
    limits.succeeded()
    assert not admitted(limits)
    limits.clear()
    assert (limits.status().state, limits.quota_used()) == ("ready", "4 of 9 used")


def test_a_plan_pauses_what_it_leaves_out(world: World) -> None:
    limits = world.limits()
    limits.failed("plan", "premium", path="dear")
    limits.admit(path="cheap")
    assert refusal(lambda: limits.admit(path="dear")) == (
        "skipped",
        "not asked until 2026-01-21 12:00 UTC: premium",
    )
    status = limits.status()
    assert status.state == "ready"
    assert {path: pause.reason for path, pause in status.paths.items()} == {"dear": "premium"}


def test_a_spent_quota_shows_as_a_state(world: World) -> None:
    limits = world.limits(quota=1)
    limits.admit()
    status = limits.status()
    assert (status.used, status.quota, status.state) == (1, 1, "quota_day")
    assert status.until == pd.Timestamp("2026-01-21", tz="UTC")


def test_an_open_circuit_is_tried_by_one_at_a_time(world: World) -> None:
    limits = world.limits()
    for _ in range(3):
        limits.admit()
        limits.failed("down", "HTTP 502")
    for minutes in (2, 4, 8, 16, 32, 60, 60):
        assert limits.status().until == world.moment + pd.Timedelta(minutes=minutes)
        world.passes(f"{minutes}min")
        limits.admit()
        assert not admitted(limits)
        limits.failed("down", "HTTP 502")
    assert refusal(limits.admit) == (
        "skipped",
        "circuit open until 16:02 UTC after 10 failures: HTTP 502",
    )
    world.passes("60min")
    limits.admit()
    limits.succeeded()
    assert [admitted(limits), admitted(limits)] == [True, True]


def test_a_trial_that_never_ends_is_followed_by_another(world: World) -> None:
    limits = world.limits()
    for _ in range(3):
        limits.failed("down", "HTTP 502")
    world.passes("2min")
    limits.admit()
    world.passes("29s")
    assert not admitted(limits)
    world.passes("1s")
    assert admitted(limits)


def test_failures_that_come_late_do_not_prolong_the_pause(world: World) -> None:
    limits = world.limits()
    for _ in range(10):  # asked before the circuit opened
        limits.failed("down", "HTTP 502")
    assert limits.status().until == NOON + pd.Timedelta("2min")


def test_what_the_vendor_never_saw_is_given_back(world: World) -> None:
    limits = world.limits(quota=9)
    limits.admit(5)
    limits.give_back(3)
    assert limits.quota_used() == "2 of 9 used"
    world.passes("1D")
    limits.give_back(3)  # of yesterday
    assert limits.quota_used() == "0 of 9 used"


def test_a_fault_that_says_how_long_it_lasts(world: World) -> None:
    """It alone is no reason to open the circuit; where that opens, the longer pause holds."""
    limits = world.limits()
    limits.failed("down", "HTTP 503", 600.0)
    assert refusal(limits.admit) == ("skipped", "not asked until 12:10 UTC: HTTP 503")
    world.passes("600s")
    for _ in range(2):
        limits.admit()
        limits.failed("down", "HTTP 503", 90.0)
        world.passes("90s")
    world.passes("-90s")
    assert limits.status().until == world.moment + pd.Timedelta("2min")


ACTIONS = st.lists(
    st.one_of(
        st.integers(1, 4),
        st.sampled_from(["down", "rate_limited", "plan", "empty", "ok"]),
        st.sampled_from(["1s", "45s", "10min", "8h"]).map(pd.Timedelta),
    ),
    max_size=60,
)


@given(ACTIONS)
def test_no_day_is_given_more_than_its_units(actions: list[int | str | pd.Timedelta]) -> None:
    """Units are asked for, the vendor says something, or time passes."""
    world = World()
    limits = world.limits(quota=7)
    taken: Counter[str] = Counter()
    for action in actions:
        if isinstance(action, int):
            taken[f"{world.moment:%F}"] += action * admitted(limits, action)
        elif isinstance(action, pd.Timedelta):
            world.moment += action
        elif action == "ok":
            limits.succeeded()
        else:
            limits.failed(action, "why")
    assert all(units <= 7 for units in taken.values())
