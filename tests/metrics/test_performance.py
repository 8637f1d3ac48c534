"""Cases in ``tests/payloads/portfolio`` are other projects'; the file names them."""

import json
from collections.abc import Callable
from math import isnan, nan, sqrt
from pathlib import Path
from typing import Any

import ffn
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError
from stockanalyst.metrics.performance import (
    annual_return,
    calmar_ratio,
    downside_deviation,
    drawdowns,
    gains_and_losses,
    kurtosis,
    max_drawdown,
    monthly_returns,
    rolling_figures,
    sharpe_ratio,
    sortino_ratio,
    ulcer_index,
    volatility,
    worst_drawdown,
)
from tests.conftest import Simulate

ALL = (
    annual_return,
    volatility,
    sharpe_ratio,
    max_drawdown,
    downside_deviation,
    sortino_ratio,
    calmar_ratio,
    ulcer_index,
    kurtosis,
)
RECORDED = Path(__file__).parents[1] / "payloads" / "portfolio" / "risk_metrics.json"
SAMPLES = json.loads(RECORDED.read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in SAMPLES["cases"]}
WEEKLY, MONTHLY = sqrt(52 / 252), sqrt(12 / 252)


def curve(returns: Any) -> Vector:
    """Equity that the returns make of 1."""
    return np.cumprod(np.concatenate([[1.0], 1.0 + np.asarray(returns, dtype=np.float64)]))


def sample(name: str, less: float = 0.0) -> Vector:
    """Equity of a recorded series of returns, each less a target; a first unknown one is left."""
    known = [move for move in SAMPLES["series"][name] if move is not None]
    return curve(np.array(known) - less)


def of_periods(annual: float, periods: int) -> float:
    """A compound rate of 252 sessions as one of so many periods."""
    return float((1 + annual) ** (periods / 252) - 1)


def d_ratio() -> float:
    """Number times sum of the losses over number times sum of the gains."""
    figures = gains_and_losses(sample("bacon_portfolio"))
    losses = figures.share_of_losses * figures.mean_loss
    return losses / (figures.share_of_gains * figures.mean_gain)


FIGURES: dict[str, Callable[[], float]] = {
    "empyrical_max_drawdown_positive": lambda: max_drawdown(sample("positive")),
    "empyrical_max_drawdown_all_negative": lambda: max_drawdown(sample("all_negative")),
    "empyrical_annual_return_mixed_n252": lambda: of_periods(annual_return(sample("mixed")), 224),
    "empyrical_annual_return_weekly_n52": lambda: of_periods(annual_return(sample("weekly")), 52),
    "empyrical_annual_volatility_weekly_n52": lambda: volatility(sample("weekly")) * WEEKLY,
    "empyrical_annual_volatility_monthly_n12": lambda: volatility(sample("monthly")) * MONTHLY,
    "empyrical_calmar_weekly_n52": lambda: (
        of_periods(calmar_ratio(sample("weekly")) * 0.1, 52) / 0.1
    ),
    "empyrical_sharpe_positive": lambda: sharpe_ratio(sample("positive")),
    "empyrical_downside_risk_mixed_mar0.1_n252": lambda: downside_deviation(sample("mixed", 0.1)),
    "empyrical_downside_risk_monthly_mar0_n12": lambda: (
        downside_deviation(sample("monthly")) * MONTHLY
    ),
    "empyrical_downside_risk_monthly_mar0.1_n12": lambda: (
        downside_deviation(sample("monthly", 0.1)) * MONTHLY
    ),
    "empyrical_sortino_mixed_n252": lambda: sortino_ratio(sample("mixed")),
    "empyrical_sortino_weekly_n52": lambda: sortino_ratio(sample("weekly")) * WEEKLY,
    "empyrical_sortino_monthly_n12": lambda: sortino_ratio(sample("monthly")) * MONTHLY,
    "empyrical_omega_mixed_mar_annual10.0": lambda: (
        gains_and_losses(sample("mixed", of_periods(10.0, 1))).omega
    ),
    "pp_recovery_time": lambda: (
        -max_drawdown(np.array(CASES["pp_recovery_time"]["input"]["values"]))
    ),
    "pp_drawdown_0.75": lambda: -max_drawdown(1 + np.array(CASES["pp_drawdown_0.75"]["input"])),
    "pp_volatility_period": lambda: (
        volatility(curve(np.log1p(CASES["pp_volatility_period"]["input"]))) * sqrt(6 / 252)
    ),
    "bacon_upside_potential_mar0.005": lambda: (
        gains_and_losses(sample("bacon_portfolio", 0.005)).mean_gain
    ),
    "bacon_downside_frequency_mar0.005": lambda: (
        gains_and_losses(sample("bacon_portfolio", 0.005)).share_of_losses
    ),
    "bacon_d_ratio": d_ratio,
    "bacon_kappa_l2(=sortino monthly) mar0.005": lambda: (
        sortino_ratio(sample("bacon_portfolio", 0.005)) / sqrt(252)
    ),
    "bacon_kurtosis_sample_n(n+1)": lambda: (
        kurtosis(sample("bacon_portfolio")) * (25 * 23) / (22 * 21)
    ),
    "bacon_kurtosis_moment": lambda: kurtosis(sample("bacon_portfolio")),
    "bacon_martin_ratio": lambda: (
        of_periods(annual_return(sample("bacon_portfolio")), 12)
        / ulcer_index(sample("bacon_portfolio"))
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_recorded_figures(name: str) -> None:
    """Ours are a year of 252 sessions, of simple returns, with 0 for a target.

    What was recorded by the week or the month differs by the root of the periods, or by the power
    of a compound rate. The year of "mixed" counts its unknown first return as a session: 224, or
    8/9 × 252, are ours. A required return is taken off the returns. The volatility of log returns
    is ours of a curve whose simple returns they are. The sample's kurtosis (n = 24) is the moments'
    times (n + 1)(n − 1)/((n − 2)(n − 3)). The drawdown of "weekly" is 0.1.
    """
    assert FIGURES[name]() == pytest.approx(CASES[name]["expected"], abs=CASES[name]["tol"])


def test_no_recorded_figure_is_left_out() -> None:
    """Those of value at risk, alpha and beta are in ``test_risk``."""
    elsewhere = {name for name in CASES if name.startswith(("empyrical_var", "empyrical_alpha"))}
    assert set(FIGURES) | elsewhere == set(CASES)
    assert len(elsewhere) == 4


def test_annual_return_by_hand() -> None:
    """21 % in 504 sessions are 10 % a year; a half in half a year is a quarter."""
    assert annual_return(np.linspace(1.0, 1.21, 505)) == pytest.approx(0.10, rel=1e-12)
    assert annual_return(np.linspace(2.0, 1.0, 127)) == pytest.approx(-0.75, rel=1e-12)


def test_volatility_and_sharpe_by_hand() -> None:
    """Returns +10 %, −10 %, +30 %: mean 10 %, squared deviations 0, 0.04, 0.04 over 2."""
    equity = np.array([100.0, 110.0, 99.0, 128.7])
    assert volatility(equity) == pytest.approx(0.2 * sqrt(252), rel=1e-12)
    assert sharpe_ratio(equity) == pytest.approx(0.5 * sqrt(252), rel=1e-12)


def test_max_drawdown_by_hand() -> None:
    assert max_drawdown(np.array([1.0, 2.0, 1.5, 3.0, 1.2, 2.9])) == pytest.approx(-0.6)
    assert max_drawdown(np.array([1.0, 1.0, 2.0])) == 0.0


def test_downside_by_hand() -> None:
    """Returns +20 %, −10 %, −20 %, +50 %: mean 10 %, squared losses 0.01 + 0.04 over all four."""
    equity = curve([0.2, -0.1, -0.2, 0.5])
    assert downside_deviation(equity) == pytest.approx(sqrt(0.0125 * 252), rel=1e-12)
    assert sortino_ratio(equity) == pytest.approx(0.1 / sqrt(0.0125) * sqrt(252), rel=1e-12)
    figures = gains_and_losses(equity)
    assert (figures.mean_gain, figures.mean_loss) == pytest.approx((0.175, 0.075))
    assert (figures.share_of_gains, figures.share_of_losses) == (0.5, 0.5)
    assert figures.omega == pytest.approx(7 / 3)


def test_calmar_and_ulcer_by_hand() -> None:
    """1, 2, 1, 1.5 in 252 sessions' pace: falls 0, 0, ½, ¼ over three returns."""
    equity = np.array([1.0, 2.0, 1.0, 1.5])
    assert calmar_ratio(equity) == pytest.approx((1.5**84 - 1) / 0.5, rel=1e-12)
    assert ulcer_index(equity) == pytest.approx(sqrt((0.25 + 0.0625) / 3), rel=1e-12)
    np.testing.assert_allclose(drawdowns(equity), [0, 0, -0.5, -0.25])


def dated(values: Any, start: str = "2015-01-01") -> pd.Series:
    values = np.asarray(values, dtype=np.float64)
    return pd.Series(values, index=pd.date_range(start, periods=len(values), name="session"))


def test_dates_of_the_recorded_drawdown() -> None:
    """The record says: trough on the 4th, recovered on the 12th; the peak of 120 is on the 2nd."""
    case = CASES["pp_recovery_time"]
    fall = worst_drawdown(dated(case["input"]["values"], case["input"]["start"]))
    assert fall.depth == pytest.approx(-case["expected"])
    dates = (fall.peak, fall.trough, fall.recovery)
    assert dates == tuple(pd.Timestamp(f"2015-01-{number}") for number in ("02", "04", "12"))


def test_dates_of_drawdowns_by_hand() -> None:
    """The last day at the old height, the first at the depth, none for what isn't recovered."""
    twice = worst_drawdown(dated([3, 4, 4, 2, 3, 2, 3.9]))
    assert twice.peak == pd.Timestamp("2015-01-03")
    assert twice.trough == pd.Timestamp("2015-01-04")
    assert twice.recovery is None
    rising = worst_drawdown(dated([1, 1, 2]))
    assert (rising.depth, rising.peak, rising.trough, rising.recovery) == (0.0, None, None, None)
    assert isnan(worst_drawdown(dated([1, nan, 2])).depth)


def test_months_by_hand() -> None:
    """100 on 30 January, 110 at its end, 99 in mid-February, 198 in April, and unknown in May."""
    index = pd.to_datetime(
        ["2020-01-30", "2020-01-31", "2020-02-03", "2020-02-14", "2020-04-30", "2020-05-29"]
    )
    months = monthly_returns(pd.Series([100, 110, 90, 99, 198, nan], index=index))
    assert months.index.astype(str).tolist() == ["2020-01", "2020-02", "2020-04", "2020-05"]
    np.testing.assert_allclose(months, [0.1, -0.1, 1.0, nan])
    assert monthly_returns(dated([])).empty


def test_months_link_to_the_whole(simulate: Simulate) -> None:
    equity = simulate(700, seed=4)
    months = monthly_returns(equity)
    assert (1 + months).prod() == pytest.approx(equity.iloc[-1] / equity.iloc[0])
    ends = equity.resample("ME").last()
    np.testing.assert_allclose(months[1:], ends.pct_change().dropna(), rtol=1e-12)


def test_rolling_figures_are_those_of_each_window(simulate: Simulate) -> None:
    """And their volatility is pandas' own."""
    equity = simulate(60, seed=5)
    equity.iloc[10] = nan
    equity.iloc[55:] = 0.0
    table = rolling_figures(equity, 20)
    assert table.index.equals(equity.index[20:])
    for last in range(20, 60):
        window = equity.to_numpy()[last - 20 : last + 1]
        expected = [figure(window) for figure in ALL[:4]]
        np.testing.assert_allclose(table.loc[equity.index[last]], expected, rtol=1e-12)
    rolled = equity[11:55].pct_change().rolling(20).std().dropna() * sqrt(252)
    np.testing.assert_allclose(table["volatility"][rolled.index], rolled, rtol=1e-9)


def test_rolling_over_a_short_curve() -> None:
    assert rolling_figures(dated([1, 2, 3]), 3).empty
    assert len(rolling_figures(dated([1, 2, 3]), 2)) == 1
    with pytest.raises(InputError, match="window 1: give a number of returns, 2 or more"):
        rolling_figures(dated([1, 2, 3]), 1)


def test_the_same_as_ffn_and_scipy(simulate: Simulate) -> None:
    equity = simulate(1500, seed=3)
    returns = equity.pct_change().dropna()
    values = equity.to_numpy()
    sharpe = ffn.calc_sharpe(returns, rf=0.0, nperiods=252)
    assert sharpe_ratio(values) == pytest.approx(float(sharpe), rel=1e-12)
    assert max_drawdown(values) == pytest.approx(float(ffn.calc_max_drawdown(equity)), rel=1e-12)
    expected = stats.kurtosis(returns, fisher=False)
    assert kurtosis(values) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("measure", ALL)
def test_unknown_is_nan(measure: Callable[[Vector], float]) -> None:
    for equity in ([], [1.0], [1.0, nan, 2.0]):
        assert isnan(measure(np.array(equity)))
        assert isnan(gains_and_losses(np.array(equity)).mean_gain)


@pytest.mark.parametrize("equity", [np.ones(10), 1.01 ** np.arange(10)], ids=["still", "steady"])
def test_without_a_risk_there_is_no_ratio(equity: Vector) -> None:
    for ratio in (sharpe_ratio, sortino_ratio, calmar_ratio, kurtosis):
        assert isnan(ratio(equity))
    assert isnan(gains_and_losses(equity).omega)


def test_a_rate_too_large_for_a_float() -> None:
    """280 times as much in two sessions would be 280^126 a year, about 10^308.3."""
    equity = np.array([0.25, 1.0, 70.0])
    assert isnan(annual_return(equity))
    assert rolling_figures(dated(equity), 2)["annual_return"].isna().all()


def test_ruin() -> None:
    equity = np.array([1.0, 0.5, 0.0, 0.0])
    assert annual_return(equity) == max_drawdown(equity) == calmar_ratio(equity) == -1.0
    for measure in (volatility, sharpe_ratio, downside_deviation, sortino_ratio, kurtosis):
        assert isnan(measure(equity))
    assert isnan(gains_and_losses(equity).mean_loss)


equities = st.lists(st.floats(0.01, 100), min_size=3, max_size=20).map(np.array)


@given(equities, st.floats(0.01, 100))
def test_the_unit_of_money_doesnt_matter(equity: Vector, unit: float) -> None:
    for measure in (annual_return, volatility, max_drawdown, downside_deviation, ulcer_index):
        np.testing.assert_allclose(measure(equity * unit), measure(equity), rtol=1e-6, atol=1e-12)


@given(equities)
def test_falls_lie_between_all_and_nothing(equity: Vector) -> None:
    """The mean square is at most the largest; gains less losses are the mean return."""
    fall = worst_drawdown(dated(equity))
    assert -1 <= fall.depth <= 0
    assert ulcer_index(equity) <= -fall.depth + 1e-12
    if fall.peak is not None and fall.trough is not None:
        assert fall.peak < fall.trough
        moved = dated(equity)[fall.trough] / dated(equity)[fall.peak] - 1
        assert moved == pytest.approx(fall.depth, abs=1e-12)
    figures = gains_and_losses(equity)
    mean = float(np.mean(equity[1:] / equity[:-1] - 1))
    assert figures.mean_gain - figures.mean_loss == pytest.approx(mean, rel=1e-9, abs=1e-12)
    assert downside_deviation(equity) >= figures.mean_loss * sqrt(252) * (1 - 1e-12)
