"""Events read back from series that were adjusted by hand, or forwards by hypothesis."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import DataError
from stockanalyst.market.adjustments import derive_events

DAYS = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04"])


def derived(close: list[float], adj_close: list[float]) -> pd.DataFrame:
    return derive_events(pd.Series(close, DAYS), pd.Series(adj_close, DAYS))


def test_no_event() -> None:
    events = derived([10.0, 11.0, 12.0], [10.0, 11.0, 12.0])
    assert events["dividend"].tolist() == [0.0, 0.0, 0.0]
    assert events["split_ratio"].tolist() == [1.0, 1.0, 1.0]


def test_dividend_is_reinvested_at_the_close_of_the_ex_date() -> None:
    # 1 on a close of 50 buys 1/50 of a share: one share became 1.02.
    events = derived([50.0, 50.0, 51.0], [50.0 / 1.02, 50.0, 51.0])
    assert events["dividend"].tolist() == [0.0, 1.0, 0.0]
    assert events["split_ratio"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "ratio", [2.0, 3.0, 7.0, 20.0, 1.5, 1.25, 4 / 3, 0.5, 0.1, 0.05, 1 / 3, 2 / 3]
)
def test_split(ratio: float) -> None:
    events = derived([60.0, 60.0, 60.0 / ratio], [60.0 / ratio] * 3)
    assert events["split_ratio"].tolist() == [1.0, 1.0, pytest.approx(ratio, rel=1e-15)]
    assert events["dividend"].tolist() == [0.0, 0.0, 0.0]


def test_a_large_special_dividend_is_no_split() -> None:
    events = derived([70.0, 40.0, 41.0], [70.0 / (1.0 + 30.03 / 40.0), 40.0, 41.0])
    assert events["dividend"].tolist() == [0.0, 30.03, 0.0]
    assert events["split_ratio"].tolist() == [1.0, 1.0, 1.0]


def test_ratio_that_is_neither_is_refused() -> None:
    with pytest.raises(DataError, match=r"on 2024-01-03 one share becomes 0\.987,") as caught:
        derived([10.0, 10.0, 10.0], [10.0 / 0.987, 10.0, 10.0])
    assert "\n" not in str(caught.value)


DIVIDENDS = st.integers(min_value=1, max_value=500).map(lambda cents: cents / 100)
SPLITS = st.sampled_from([2.0, 3.0, 1.5, 7.0, 0.1])
EVENTS = st.one_of(
    st.just((0.0, 1.0)), st.tuples(DIVIDENDS, st.just(1.0)), st.tuples(st.just(0.0), SPLITS)
)


@given(st.lists(st.tuples(st.integers(2_500, 90_000), EVENTS), min_size=1, max_size=40))
def test_events_survive_the_adjustment(days: list[tuple[int, tuple[float, float]]]) -> None:
    close = np.array([cents / 100 for cents, _ in days])
    dividend = np.array([0.0, *(event[0] for _, event in days[1:])])
    split = np.array([1.0, *(event[1] for _, event in days[1:])])
    shares = np.cumprod(split * (1.0 + dividend / close))
    index = pd.date_range("2020-01-01", periods=len(days))
    events = derive_events(pd.Series(close, index), pd.Series(close * shares / shares[-1], index))
    assert events["dividend"].tolist() == dividend.tolist()
    assert events["split_ratio"].tolist() == split.tolist()
