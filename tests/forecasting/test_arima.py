from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter
from skfolio.datasets import load_sp500_dataset
from statsmodels.tsa.arima.model import ARIMA

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.arima import GRID, ARIMAForecaster, AutoARIMA
from stockanalyst.forecasting.arma import fit_arma
from stockanalyst.forecasting.base import BaseForecaster, Panel

Order = tuple[int, int, int]

STARTS = {
    (0, 1): [[0.0], [-0.3]],
    (1, 1): [[0.0, 0.0], [0.4, -0.5], [-0.5, 0.6], [0.9, -0.93], [-0.9, 0.87]],
}


@pytest.fixture(scope="module")
def real() -> Matrix:
    """Log prices of two symbols of the S&P 500, 1990 to 2022."""
    log_price: Matrix = np.log(load_sp500_dataset()[["JPM", "XOM"]].to_numpy(np.float64).T)
    return log_price


def arma_series(
    ar: list[float], ma: list[float], shape: tuple[int, int], *, seed: int = 0
) -> Matrix:
    """Of standard normal innovations, settled; the series first."""
    shocks = np.random.default_rng(seed).standard_normal((shape[0], shape[1] + 200))
    series: Matrix = lfilter([1.0, *ma], [1.0, *(-np.array(ar))], shocks)[:, 200:]
    return series


def summed(series: Matrix, times: int) -> Matrix:
    return series if not times else np.cumsum(summed(series, times - 1), axis=1)


def walked(
    model: BaseForecaster, log_price: Matrix, cutoffs: IntVector, train_size: int, *, refit: int = 1
) -> Matrix:
    """Forecasts of seven steps, shape (n_symbols, n_cutoffs, 7)."""
    names = tuple(f"S{row}" for row in range(len(log_price)))
    panel = Panel(names, np.zeros(log_price.shape, "datetime64[ns]"), log_price)
    return model.walk(panel, cutoffs, 7, train_size=train_size, refit=refit)


def exact(window: Vector, order: Order) -> Vector:
    """statsmodels' exact maximum likelihood, the best of several starts.

    Of the differences in standard deviations: on daily returns as they are its optimiser stops too
    early.
    """
    p, d, q = order
    changes = np.diff(window, n=d)
    unit = changes.std()
    model = ARIMA(changes / unit, order=(p, 0, q), trend="n")
    starts = STARTS.get((p, q), [[0.0] * (p + q)])
    results = [
        model.fit(start_params=[*start, 1.0], method_kwargs={"warn_convergence": False})
        for start in starts  # where one comes to nothing, another does better
    ]
    forecasts = unit * max(results, key=lambda result: float(result.llf)).forecast(7)
    for degree in reversed(range(d)):
        forecasts = np.diff(window, n=degree)[-1] + np.cumsum(forecasts)
    return np.asarray(forecasts)


def differences_from_exact(
    log_price: Matrix, cutoffs: IntVector, train_size: int, order: Order
) -> Matrix:
    """Of forecasts, in standard deviations of the differences, a row a window."""
    forecasts = walked(ARIMAForecaster(order), log_price, cutoffs, train_size)
    rows = []
    for symbol, series in enumerate(log_price):
        for position, cutoff in enumerate(cutoffs):
            window = series[cutoff + 1 - train_size : cutoff + 1]
            gap = forecasts[symbol, position] - exact(window, order)
            rows.append(np.abs(gap) / np.diff(window, n=order[1]).std())
    return np.array(rows)


@pytest.mark.parametrize(("order", "bar"), [((1, 1, 0), 1e-3), ((5, 1, 0), 1e-3)])
def test_autoregressions_forecast_as_exact_likelihood_on_real_prices(
    real: Matrix, order: Order, bar: float
) -> None:
    gaps = differences_from_exact(real, np.arange(1500, 8000, 3000), 1000, order)
    assert np.quantile(gaps, 0.9) < bar


@pytest.mark.parametrize("order", [(0, 1, 1), (1, 1, 1)])
def test_moving_averages_forecast_as_exact_likelihood_on_real_prices(
    real: Matrix, order: Order
) -> None:
    """Within 0.05 daily standard deviations at the 90th percentile, steps 1 to 7.

    Over four symbols and seven windows each it is 0.001 and 0.006; 7 % of the ARIMA(1, 1, 1)
    windows differ by more at some step, where two valleys of the likelihood are equally deep.
    """
    gaps = differences_from_exact(real, np.arange(1200, 8000, 3200), 1000, order)
    assert np.quantile(gaps, 0.9) < 0.05


@pytest.mark.filterwarnings("ignore:Non-(stationary|invertible) starting:UserWarning")
@pytest.mark.parametrize(
    ("order", "ar", "ma"),
    [
        ((1, 1, 1), [0.3], [-0.6]),
        ((0, 1, 1), [], [-0.6]),
        ((0, 2, 1), [], [-0.6]),
        ((1, 2, 0), [0.5], []),
    ],
)
def test_of_simulated_prices_every_degree_of_differencing_as_exact_likelihood(
    order: Order, ar: list[float], ma: list[float]
) -> None:
    log_price = summed(0.01 * arma_series(ar, ma, (2, 300)), order[1])
    gaps = differences_from_exact(log_price, np.array([274, 299]), 270, order)
    assert np.quantile(gaps, 0.9) < 0.05


@pytest.mark.parametrize("order", [(0, 1, 0), (0, 2, 0)])
def test_without_coefficients_the_last_difference_goes_on(order: Order) -> None:
    """Log prices 0, 1, 4, 9, … at 6: 36 with d = 1, 36 + 11 k with d = 2."""
    forecasts = walked(ARIMAForecaster(order), np.arange(9.0)[None] ** 2, np.array([6]), 5)
    slope = 11 * (order[1] - 1)
    np.testing.assert_allclose(forecasts[0, 0], 36 + slope * np.arange(1, 8), rtol=1e-14)


def test_an_autoregression_by_hand() -> None:
    """Returns 1, 2, 3, 1 give φ = (11 / 3) / (13 / 2) = 22 / 39; each move is φ of the last."""
    log_price = np.array([[0.0, 1.0, 3.0, 6.0, 7.0]])
    forecasts = walked(ARIMAForecaster((1, 1, 0)), log_price, np.array([4]), 5)
    moves = (22 / 39) ** np.arange(1, 8)
    np.testing.assert_allclose(forecasts[0, 0], 7 + np.cumsum(moves), rtol=1e-13)


@pytest.mark.parametrize("order", [(1, 1, 1), (0, 1, 2), (2, 1, 2)])
def test_frozen_coefficients_go_on_as_in_statsmodels_filter(order: Order) -> None:
    """Its exact filter differs only by how it begins, which 289 changes have all but forgotten."""
    p, _, q = order
    ar, ma = {1: [0.7], 0: [], 2: [0.9, -0.5]}[p], {1: [0.4], 2: [0.5, 0.2]}[q]
    log_price = summed(0.01 * arma_series(ar, ma, (1, 340)), 1)
    cutoffs = np.arange(300, 339, 2)
    forecasts = walked(ARIMAForecaster(order), log_price, cutoffs, 290, refit=21)[0]
    changes = np.diff(log_price[0], prepend=log_price[0, 0])
    fit = fit_arma(changes[:, None], cutoffs[::21], 289, p=p, q=q)
    coefficients = [*fit.ar[:, 0, 0], *fit.ma[:, 0, 0], 1e-4]
    for row, cutoff in enumerate(cutoffs[:21]):
        model = ARIMA(changes[12 : cutoff + 1], order=(p, 0, q), trend="n")
        moves = np.cumsum(model.filter(coefficients).forecast(7))
        expected = log_price[0, cutoff] + moves
        np.testing.assert_allclose(forecasts[row], expected, rtol=0, atol=1e-7)


def positions(log_price: Matrix, cutoffs: IntVector, train_size: int) -> IntVector:
    return AutoARIMA().orders(log_price, cutoffs, train_size)


@pytest.mark.parametrize(
    ("order", "ar", "ma", "share"),
    [
        ((2, 1, 0), [0.5, -0.6], [], 0.9),
        ((1, 1, 1), [0.8], [0.5], 0.9),
        ((0, 1, 2), [], [0.5, 0.6], 0.9),
        ((1, 1, 0), [0.6], [], 0.65),  # AICc adds a coefficient too many by chance, one in six
        ((0, 1, 1), [], [-0.7], 0.65),
        ((0, 1, 0), [], [], 0.5),
    ],
)
def test_the_right_order_is_chosen(
    order: Order, ar: list[float], ma: list[float], share: float
) -> None:
    log_price = summed(0.01 * arma_series(ar, ma, (40, 400), seed=2), 1)
    chosen = positions(log_price, np.array([399]), 400)[0]
    assert np.mean(chosen == GRID.index(order)) >= share


def test_the_order_is_that_of_statsmodels_least_aicc(real: Matrix) -> None:
    """In at least nine of ten windows: of prices, and of simulated series of each order."""
    simulated = [([0.15], []), ([], [-0.2]), ([0.1, 0.1], []), ([], [0.1, 0.1]), ([], [])]
    series = [arma_series(ar, ma, (1, 400), seed=row)[0] for row, (ar, ma) in enumerate(simulated)]
    series += [np.diff(real[row, end - 400 : end + 1]) for row in (0, 1) for end in (2000,)]
    changes = np.array([row / row.std() for row in series])
    log_price = np.pad(np.cumsum(changes, axis=1), ((0, 0), (1, 0)))
    chosen = positions(log_price, np.array([400]), 401)[0]
    least = []
    for row in changes:
        criteria = [
            min(
                ARIMA(row, order=(p, 0, q), trend="n").fit(start_params=[*start, 1.0]).aicc
                for start in STARTS.get((p, q), [[0.0] * (p + q)])[:3]
            )
            for p, _, q in GRID
        ]
        least.append(int(np.argmin(criteria)))
    assert np.mean(chosen == least) >= 0.9


def test_the_order_is_chosen_anew_every_125_cutoffs() -> None:
    """From white noise to an AR(2) at 400: the change is seen at the third choice, not before."""
    rng = np.random.default_rng(6)
    quiet = rng.standard_normal(400)
    loud = arma_series([0.5, -0.6], [], (1, 400), seed=7)[0]
    log_price = np.cumsum(np.concatenate([quiet, loud]))[None]
    chosen = positions(log_price, np.arange(398, 798), 300)[:, 0]
    assert (np.diff(chosen)[np.setdiff1d(np.arange(399), [124, 249, 374])] == 0).all()
    assert GRID[chosen[0]] != (2, 1, 0)
    assert GRID[chosen[-1]] == (2, 1, 0)


@pytest.mark.parametrize("refit", [1, 21])
def test_auto_arima_forecasts_as_the_order_that_it_chose(refit: int) -> None:
    shape = 1, 420
    series = [arma_series([0.6], [], shape, seed=1), arma_series([], [0.5, 0.6], shape, seed=1)]
    log_price = np.cumsum(0.01 * np.concatenate(series), axis=1)
    cutoffs = np.arange(260, 390)
    forecasts = walked(AutoARIMA(), log_price, cutoffs, 200, refit=refit)
    chosen = positions(log_price, cutoffs, 200)
    assert len(np.unique(chosen)) > 1
    for position in np.unique(chosen):
        expected = walked(ARIMAForecaster(GRID[position]), log_price, cutoffs, 200, refit=refit)
        asked = (chosen == position).T
        np.testing.assert_array_equal(forecasts[asked], expected[asked])


@pytest.mark.parametrize(
    "order", [(-1, 1, 1), (1, 3, 0), (3, 1, 1), (1, 1, 3), (61, 1, 0), (0, -1, 0)]
)
def test_an_order_that_cant_be_estimated_is_refused(order: Order) -> None:
    with pytest.raises(InputError, match=r"^order \(.*give \(p, d, q\) with d 1 or 2"):
        ARIMAForecaster(order)


@pytest.mark.parametrize(
    ("make", "context"),
    [(ARIMAForecaster, 16), (lambda: ARIMAForecaster((60, 1, 0)), 306), (AutoARIMA, 16)],
)
def test_context(make: Callable[[], BaseForecaster], context: int) -> None:
    assert make().context == context
