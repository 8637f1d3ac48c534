from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InsufficientHistory


def test_cutoffs_by_hand() -> None:
    """510 sessions, positions 0 to 509: 7 steps after 502 is 509."""
    np.testing.assert_array_equal(
        WalkForward(n_cutoffs=3).cutoffs(510, 7, symbol="AAA"), [500, 501, 502]
    )


def test_one_session_too_few() -> None:
    with pytest.raises(InsufficientHistory) as caught:
        WalkForward(n_cutoffs=3).cutoffs(509, 7, symbol="AAA")
    assert str(caught.value) == (
        "symbol 'AAA': 509 sessions up to the cutoff, 510 are needed "
        "(500 to train, 3 past cutoffs, 7 steps); "
        "choose a later cutoff, a shorter horizon or a longer history"
    )


@pytest.mark.parametrize(
    ("train_size", "refit", "expected"),
    [
        (4, 2, [([500, 501], 497, 501), ([502], 499, 503)]),
        (4, 1, [([500], 497, 501), ([501], 498, 502), ([502], 499, 503)]),
        (4, 3, [([500, 501, 502], 497, 501)]),
        (4, 9, [([500, 501, 502], 497, 501)]),
        (9999, 2, [([500, 501], 0, 501), ([502], 0, 503)]),
    ],
)
def test_blocks_by_hand(
    train_size: int, refit: int, expected: list[tuple[list[int], int, int]]
) -> None:
    plan = WalkForward(n_cutoffs=3, train_size=train_size, refit=refit)
    blocks = plan.blocks(np.array([500, 501, 502]))
    assert [(list(block), window.start, window.stop) for block, window in blocks] == expected


@dataclass(frozen=True)
class Case:
    plan: WalkForward
    horizon: int
    n_sessions: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Windows shorter and longer than history, blocks shorter and longer than the cutoffs."""
    plan = WalkForward(
        n_cutoffs=draw(st.integers(1, 300)),
        train_size=draw(st.integers(1, 2000)),
        refit=draw(st.integers(1, 400)),
    )
    horizon = draw(st.integers(1, 60))
    spare = draw(st.integers(0, 1500))
    return Case(plan, horizon, 500 + plan.n_cutoffs + horizon + spare)


@given(cases())
def test_cutoffs_are_consecutive_and_every_outcome_is_known(case: Case) -> None:
    cutoffs = case.plan.cutoffs(case.n_sessions, case.horizon, symbol="AAA")
    assert cutoffs.size == case.plan.n_cutoffs
    assert (np.diff(cutoffs) == 1).all()
    assert cutoffs[-1] + case.horizon == case.n_sessions - 1
    assert cutoffs[0] >= 500


@given(cases())
def test_blocks_partition_the_cutoffs_and_no_window_sees_past_its_first(case: Case) -> None:
    cutoffs = case.plan.cutoffs(case.n_sessions, case.horizon, symbol="AAA")
    blocks = list(case.plan.blocks(cutoffs))
    np.testing.assert_array_equal(np.concatenate([block for block, _ in blocks]), cutoffs)
    for block, window in blocks:
        assert 1 <= block.size <= case.plan.refit
        assert window.stop == block[0] + 1
        assert window.stop - window.start == min(case.plan.train_size, window.stop)
        assert window.start >= 0
    assert all(block.size == case.plan.refit for block, _ in blocks[:-1])


@given(cases(), st.integers(1, 100))
def test_history_that_is_too_short_is_refused(case: Case, lacking: int) -> None:
    needed = 500 + case.plan.n_cutoffs + case.horizon
    with pytest.raises(InsufficientHistory) as caught:
        case.plan.cutoffs(needed - lacking, case.horizon, symbol="AAA")
    assert (caught.value.available, caught.value.needed) == (needed - lacking, needed)
