from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError, InsufficientHistory


@pytest.mark.parametrize(
    ("plan", "n_sessions", "expected"),
    [
        (WalkForward(n_cutoffs=3), 510, [500, 501, 502]),
        (WalkForward(n_cutoffs=3, step=5), 518, [500, 505, 510]),
        (WalkForward(n_cutoffs=None, train_size=600, step=2), 611, [599, 601, 603]),
        (WalkForward(n_cutoffs=None, train_size=600, step=2), 610, [600, 602]),
        (WalkForward(n_cutoffs=None, train_size=2000), 510, [502]),
        (WalkForward(n_cutoffs=None, train_size=500), 510, [500, 501, 502]),
    ],
)
def test_cutoffs_by_hand(plan: WalkForward, n_sessions: int, expected: list[int]) -> None:
    """7 steps after the last one is the last session; with no number, as many as there are.

    Position 599 is the 600th session, where a window of 600 is first full; none is before 500.
    """
    np.testing.assert_array_equal(plan.cutoffs(n_sessions, 7, symbol="AAA"), expected)


@pytest.mark.parametrize(
    ("step", "first", "context", "expected"),
    [
        (1, 500, 1, np.arange(250, 500)),
        (1, 900, 1, np.arange(650, 900)),
        (1, 500, 400, np.arange(400, 500)),
        (5, 507, 1, np.arange(252, 507, 5)),
        (5, 507, 505, []),
    ],
)
def test_calibration_by_hand(step: int, first: int, context: int, expected: list[int]) -> None:
    """As far apart as the cutoffs, 250 at most, each with 250 sessions or the context behind it."""
    made = WalkForward(step=step).calibration(first, context=context)
    np.testing.assert_array_equal(made, expected)


def test_one_session_too_few() -> None:
    with pytest.raises(InsufficientHistory) as caught:
        WalkForward(n_cutoffs=3).cutoffs(509, 7, symbol="AAA")
    assert str(caught.value) == (
        "symbol 'AAA': 509 sessions up to the cutoff, 510 are needed "
        "(500 to train, 3 past cutoffs, 7 steps); "
        "choose a later cutoff, fewer past cutoffs, a shorter horizon or a longer history, or "
        "leave the symbol out"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_cutoffs", 0),
        ("n_cutoffs", 2.0),
        ("train_size", 99),
        ("train_size", None),
        ("train_size", "1000"),
        ("refit", 0),
        ("refit", True),
        ("step", -1),
        ("step", None),
    ],
)
def test_a_plan_of_no_whole_numbers_is_refused(name: str, value: Any) -> None:
    with pytest.raises(
        InputError, match=rf"^{name} .*: give a whole number from \d+ to 1,000,000$"
    ):
        WalkForward(**{name: value})


@dataclass(frozen=True)
class Case:
    plan: WalkForward
    n_cutoffs: int
    horizon: int
    n_sessions: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Windows shorter and longer than history, and more history than there need be."""
    n_cutoffs, step = draw(st.integers(1, 300)), draw(st.integers(1, 30))
    plan = WalkForward(n_cutoffs=n_cutoffs, train_size=draw(st.integers(100, 2000)), step=step)
    horizon = draw(st.integers(1, 60))
    spare = draw(st.integers(0, 1500))
    return Case(plan, n_cutoffs, horizon, 501 + (n_cutoffs - 1) * step + horizon + spare)


@given(cases())
def test_cutoffs_are_evenly_spaced_and_every_outcome_is_known(case: Case) -> None:
    cutoffs = case.plan.cutoffs(case.n_sessions, case.horizon, symbol="AAA")
    assert cutoffs.size == case.n_cutoffs
    assert (np.diff(cutoffs) == case.plan.step).all()
    assert cutoffs[-1] + case.horizon == case.n_sessions - 1
    assert cutoffs[0] >= 500


@given(cases(), st.integers(1, 100))
def test_history_that_is_too_short_is_refused(case: Case, lacking: int) -> None:
    needed = 501 + (case.n_cutoffs - 1) * case.plan.step + case.horizon
    with pytest.raises(InsufficientHistory) as caught:
        case.plan.cutoffs(needed - lacking, case.horizon, symbol="AAA")
    assert (caught.value.available, caught.value.needed) == (needed - lacking, needed)


@given(st.integers(508, 4000), st.integers(100, 2000), st.integers(1, 30))
def test_no_number_means_every_cutoff_with_a_full_window(
    n_sessions: int, train_size: int, step: int
) -> None:
    """Not one more would fit before the first; where none has a full window, the last alone."""
    plan = WalkForward(n_cutoffs=None, train_size=train_size, step=step)
    cutoffs = plan.cutoffs(n_sessions, 7, symbol="AAA")
    earliest = max(train_size - 1, 500)
    assert cutoffs[-1] == n_sessions - 8
    assert (np.diff(cutoffs) == step).all()
    assert cutoffs[0] - step < earliest
    assert cutoffs[0] >= earliest or cutoffs.size == 1


@given(cases(), st.integers(1, 700))
def test_calibration_goes_on_backwards_from_the_first_cutoff(case: Case, context: int) -> None:
    first = int(case.plan.cutoffs(case.n_sessions, case.horizon, symbol="AAA")[0])
    made = case.plan.calibration(first, context=context)
    assert made.size <= 250
    np.testing.assert_array_equal(np.diff([*made, first]), [case.plan.step] * made.size)
    assert made.size == 0 or made[0] >= max(context, 250)
