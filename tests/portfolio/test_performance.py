"""Figures of a few days, by hand."""

from math import isnan, nan, sqrt

import pandas as pd
import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.performance import Performance, performance

DAYS = pd.DatetimeIndex(["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"], name="session")
ATTRIBUTION = pd.DataFrame({"gain": [0.0]})


def history(values: list[float], flows: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"value": values, "flow": flows}, index=DAYS[: len(values)])


def done(benchmark: pd.Series | None = None) -> Performance:
    """Returns of +10 %, −10 % and +10 %; a deposit at the start of the second day."""
    table = history([100, 220, 198, 217.8], [0, 100, 0, 0])
    return performance("main", "USD", table, ATTRIBUTION, benchmark=benchmark)


def test_what_came_in_is_no_gain() -> None:
    found = done()
    assert (found.opening, found.flows, found.closing) == (100, 100, 217.8)
    assert found.gain == pytest.approx(17.8)
    assert found.returns.time_weighted == pytest.approx(1.1 * 0.9 * 1.1 - 1)
    assert found.growth.tolist() == pytest.approx([1, 1.1, 0.99, 1.089])


def test_months_begin_with_the_first_money() -> None:
    days = pd.DatetimeIndex(["2023-12-29", "2024-01-02", "2024-01-03"])
    table = pd.DataFrame({"value": [0, 100, 110.0], "flow": [0, 100, 0.0]}, index=days)
    found = performance("main", "USD", table, ATTRIBUTION).monthly
    assert found.index.astype(str).tolist() == ["2024-01"]
    assert found.tolist() == pytest.approx([0.1])


def test_figures_are_of_the_returns() -> None:
    found = done()
    # Mean 1/30 a session, squared deviations 2 × (1/15)² + (2/15)², over 2.
    spread = sqrt((2 * (1 / 15) ** 2 + (2 / 15) ** 2) / 2)
    assert found.figures["volatility"] == pytest.approx(spread * sqrt(252))
    assert found.figures["sharpe"] == pytest.approx(1 / 30 / spread * sqrt(252))
    assert found.figures["expected_shortfall"] == pytest.approx(0.1)
    assert found.drawdown.depth == pytest.approx(-0.1)
    assert (found.drawdown.peak, found.drawdown.trough) == (DAYS[1], DAYS[2])
    assert found.monthly.tolist() == pytest.approx([0.1, -0.01])
    assert len(found.rolling) == 0


def test_beside_a_benchmark_that_moves_half_as_much() -> None:
    closes = pd.Series([100, 105, 99.75, 104.7375], index=DAYS, name="HALF")
    beside = done(closes).beside
    assert beside is not None
    assert (beside.symbol, beside.n_returns) == ("HALF", 3)
    assert beside.beta == pytest.approx(2)
    assert beside.correlation == pytest.approx(1)
    assert beside.benchmark == pytest.approx(0.047375)
    assert beside.portfolio == pytest.approx(0.089)


def test_a_benchmark_that_stands_still() -> None:
    beside = done(pd.Series(100.0, index=DAYS, name="STILL")).beside
    assert beside is not None
    assert isnan(beside.correlation)
    assert isnan(beside.beta)


def test_a_single_day_is_no_period() -> None:
    with pytest.raises(InputError, match="two sessions or more"):
        performance("main", "USD", history([100], [0]), ATTRIBUTION)


def test_a_day_without_a_value_is_named() -> None:
    with pytest.raises(InputError, match="value on 2024-01-31"):
        performance("main", "USD", history([100, nan], [0, 0]), ATTRIBUTION)
