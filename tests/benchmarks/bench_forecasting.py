"""Walk-forward speed beside its peers: one thread each, CPU time.

Windows of 1,000 sessions, 7 steps, prices of the 20 stocks of skfolio's S&P 500 data set.
statsforecast wants an older pandas, so it runs in an interpreter of its own, in the same run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import parallel_config
from skfolio.datasets import load_sp500_dataset
from sklearn.linear_model import LinearRegression
from statsmodels.tsa.arima.model import ARIMA
from threadpoolctl import threadpool_limits

from stockanalyst.backtesting.engine import Setup, walk_forward
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.forecasting.arima import ARIMAForecaster
from stockanalyst.forecasting.arma import fit_arma, forecast_arma, residuals_at
from stockanalyst.forecasting.base import BaseForecaster, Panel
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.forecasting.registry import FACTORIES
from stockanalyst.forecasting.rolling import differences

TRAIN, CUTOFFS, HORIZON, LAGS = 1000, 250, 7, 10
STARTS = ((0.3, -0.2), (-0.3, 0.4), (0.8, -0.9), (-0.8, 0.9))
PEERS = Path(__file__).with_name("peers_statsforecast.py")


def main() -> None:
    """Print a table of ratios, then the cost of more symbols and the gain of a second core."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", help="a Python that has statsforecast")
    asked = parser.parse_args()
    prices = load_sp500_dataset()
    with threadpool_limits(1):
        rows = [*linear(prices), *arima(prices, asked.peers)]
        tell(pd.DataFrame(rows))
        scaling(prices)
        two_workers(prices)


def linear(prices: pd.DataFrame) -> list[dict[str, object]]:
    """Ten lags, refitted every day: the direct forecast of step 7, and of all seven steps."""
    panel, cutoffs = panel_of(prices), last_cutoffs(prices)
    rows = []
    for steps in (1, HORIZON):
        ours = best(partial(walk, LinearForecaster(LAGS), panel, cutoffs, steps), 5)
        some = [(s, m) for s in range(0, 20, 4) for m in range(0, CUTOFFS, 25)]
        made = walk(LinearForecaster(LAGS), panel, cutoffs, steps)
        started, errors = time.process_time(), []
        for s, m in some:
            window = panel.log_price[s, cutoffs[m] - TRAIN + 1 : cutoffs[m] + 1]
            peer = [refit_by_sklearn(window, step) for step in range(1, steps + 1)]
            errors.append(np.abs(np.array(peer) - made[s, m]).max())
        each = (time.process_time() - started) / len(some)
        rows.append(
            row(
                f"linear regression, {LAGS} lags, refit daily, {steps} step(s)",
                "scikit-learn in a loop",
                ours / (20 * CUTOFFS),
                each,
                note=f"largest difference {max(errors):.0e}",
                bar="≥ 200 ×",
            )
        )
    return rows


def refit_by_sklearn(window: np.ndarray, step: int) -> float:
    """Log price `step` sessions after the window."""
    returns = np.diff(window)
    origins = np.arange(LAGS, window.size - step)
    features = returns[origins[:, None] - 1 - np.arange(LAGS)]
    model = LinearRegression().fit(features, window[origins + step] - window[origins])
    return float(window[-1] + model.predict(returns[: -LAGS - 1 : -1][None])[0])


def arima(prices: pd.DataFrame, peers: str | None) -> list[dict[str, object]]:
    """AR and ARMA orders, refitted every day and frozen for 21."""
    panel, cutoffs = panel_of(prices), last_cutoffs(prices)
    deviation = np.diff(panel.log_price, axis=1)[:, -TRAIN:].std(axis=1)
    draws = np.random.default_rng(0).integers((20, CUTOFFS), size=(100, 2))
    some = [(int(s), int(m)) for s, m in draws]
    rows = []
    for order, bars in (
        ((5, 1, 0), ("≥ 20,000 ×", "≥ 5,000 ×", "p90 ≤ 1e-3")),
        ((1, 1, 1), ("≥ 150 ×", "≥ 30 ×", "p90 ≤ 0.05")),
    ):
        ours = best(partial(walk, ARIMAForecaster(order), panel, cutoffs), 3)
        ours /= 20 * CUTOFFS
        made = walk(ARIMAForecaster(order), panel, cutoffs)
        peer = statsmodels_refit(panel, cutoffs, order, some)
        note = f"p90 in daily sd, {bars[2]}: "
        for start in ("first", "best"):
            gaps = [
                np.abs(forecast - made[s, m]).max() / deviation[s]
                for (s, m), forecast in zip(some, peer[start], strict=True)
            ]
            apart = np.mean(np.array(gaps) > 0.05)
            note += f"{np.quantile(gaps, 0.9):.0e} with its {start} start, {apart:.0%} over 0.05; "
        work = f"ARIMA{order}, refit daily"
        rows.append(row(work, "statsmodels refit", ours, peer["seconds"], note=note, bar=bars[0]))
        if peers:
            seconds = statsforecast(peers, panel, order, refit=True)
            rows.append(row(work, "statsforecast refit=True", ours, seconds, note="", bar=bars[1]))
    order = (1, 1, 1)
    ours = best(filter_pass(panel, cutoffs), 3) / (20 * CUTOFFS)
    seconds, gap = statsmodels_append(panel, cutoffs, order)
    note = f"the same parameters: largest difference {gap:.0e} daily sd"
    rows.append(
        row("ARIMA(1, 1, 1), frozen", "statsmodels append", ours, seconds, note=note, bar="≥ 100 ×")
    )
    if peers:
        seconds = statsforecast(peers, panel, order, refit=False)
        rows.append(
            row(
                "ARIMA(1, 1, 1), frozen",
                "statsforecast refit=False",
                ours,
                seconds,
                note="",
                bar="≥ 10 ×",
            )
        )
    return rows


def filter_pass(panel: Panel, cutoffs: np.ndarray) -> Callable[[], object]:
    """Forecasts of ARIMA(1, 1, 1) from every cutoff with the parameters of the first."""
    changes = differences(panel.log_price.T, 1)
    fit = fit_arma(changes, cutoffs[:1], TRAIN - 1, p=1, q=1)
    ar, ma = (np.repeat(values, CUTOFFS, axis=1) for values in (fit.ar, fit.ma))

    def run() -> object:
        errors = residuals_at(changes, fit, cutoffs, CUTOFFS)
        return forecast_arma(ar, ma, changes[cutoffs][None], errors, HORIZON)

    return run


def statsmodels_refit(
    panel: Panel, cutoffs: np.ndarray, order: tuple[int, int, int], some: list[tuple[int, int]]
) -> dict[str, Any]:
    """Seconds a fit with its forecasts, and the forecasts: from its own start values, and best.

    Its optimiser often stops below the highest peak of the likelihood, so others are tried, too.
    """
    seconds, first, best = 0.0, [], []
    for s, m in some:
        window = panel.log_price[s, cutoffs[m] - TRAIN + 1 : cutoffs[m] + 1] * 100
        started = time.process_time()
        result = fitted(window, order)
        first.append(result.forecast(HORIZON) / 100)
        seconds += time.process_time() - started
        others = [fitted(window, order, start) for start in STARTS] if order[2] else []
        highest = max([result, *others], key=lambda each: each.llf)
        best.append(highest.forecast(HORIZON) / 100)
    return {"seconds": seconds / len(some), "first": first, "best": best}


def statsmodels_append(
    panel: Panel, cutoffs: np.ndarray, order: tuple[int, int, int]
) -> tuple[float, float]:
    """Seconds an appended session with its forecasts, and the largest gap to one filter pass."""
    window = panel.log_price[0, cutoffs[0] - TRAIN + 1 : cutoffs[0] + 1] * 100
    result = fitted(window, order)
    started, forecasts = time.process_time(), [result.forecast(HORIZON)]
    for cutoff in cutoffs[1:21]:
        result = result.append(panel.log_price[0, cutoff : cutoff + 1] * 100, refit=False)
        forecasts.append(result.forecast(HORIZON))
    seconds = (time.process_time() - started) / 20
    made = walk(ARIMAForecaster(order), panel, cutoffs[:21], refit=21)[0]
    deviation = np.diff(window).std() / 100
    return seconds, float(np.abs(np.array(forecasts) / 100 - made).max() / deviation)


def fitted(
    window: np.ndarray, order: tuple[int, int, int], start: tuple[float, float] | None = None
) -> Any:
    """statsmodels' exact maximum likelihood; `start` holds AR and MA of (1, 1, 1)."""
    values = None if start is None else [*start, float(np.diff(window).var())]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ARIMA(window, order=order, trend="n").fit(start_params=values)


def statsforecast(python: str, panel: Panel, order: tuple[int, int, int], *, refit: bool) -> float:
    """Seconds a (symbol, cutoff) pair, in the other interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prices.npy"
        np.save(path, panel.log_price[:2, -TRAIN - 60 :])
        asked = json.dumps({"prices": str(path), "order": order, "refit": refit})
        done = subprocess.run(
            [python, str(PEERS), asked], check=True, capture_output=True, text=True
        )
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def scaling(prices: pd.DataFrame) -> None:
    """Every model but the LSTM, ensembles, intervals and scores, for ever more symbols."""
    sys.stdout.write("\nAll non-neural models, 250 cutoffs, intervals and scores included:\n")
    for times in (1, 5, 25):
        table = repeated(prices, times)
        started = time.process_time()
        walk_all(table, list(FACTORIES))
        seconds = time.process_time() - started
        each = seconds / table.shape[1] * 1e3
        sys.stdout.write(f"{table.shape[1]:4d} symbols {seconds:6.1f} s, {each:5.1f} ms a symbol\n")


def two_workers(prices: pd.DataFrame) -> None:
    """Wall time of one thread, two threads and two processes, in turn; the machine is to be idle.

    The CPU time is this process's own.
    """
    table, names = repeated(prices, 5), ["random_walk", "linear", "arima", "theta", "drift"]
    walls: dict[str, list[tuple[float, float]]] = {}
    for turn in range(4):
        for label, backend, n_jobs in (
            ("one thread", "threading", 1),
            ("two threads", "threading", 2),
            ("two processes", "loky", 2),
        ):
            started, used = time.perf_counter(), time.process_time()
            with parallel_config(backend=backend):
                walk_all(table, names, n_jobs=n_jobs)
            spent = time.perf_counter() - started, time.process_time() - used
            if turn:  # the first one loads libraries and starts processes
                walls.setdefault(label, []).append(spent)
    sys.stdout.write(f"\n{table.shape[1]} symbols, {', '.join(names)}; best of 3:\n")
    alone = min(walls["one thread"])[0]
    for label, (wall, cpu) in ((label, min(spent)) for label, spent in walls.items()):
        ratio = f"{alone / wall:.2f} ×"
        sys.stdout.write(f"{label:13} {wall:5.2f} s wall, {ratio}; {cpu:5.2f} s CPU\n")


def repeated(prices: pd.DataFrame, times: int) -> pd.DataFrame:
    """The same columns so often, under other names."""
    return pd.concat(
        [prices.set_axis([f"{c}-{k}" for c in prices.columns], axis=1) for k in range(times)],
        axis=1,
    )


def walk_all(table: pd.DataFrame, names: list[str], *, n_jobs: int = 1) -> None:
    """Walk some models forward, with every ensemble, intervals and scores."""
    setup = Setup(
        horizon=HORIZON,
        plan=WalkForward(n_cutoffs=CUTOFFS, train_size=TRAIN),
        ensembles=("ensemble", "ensemble_inverse", "ensemble_stacked"),
    )
    models = [FACTORIES[name]() for name in names]
    for _ in walk_forward(table, models, setup, steps=(1, HORIZON), n_jobs=n_jobs):
        pass


def panel_of(prices: pd.DataFrame) -> Panel:
    """All symbols; they have equally many sessions."""
    sessions = np.broadcast_to(prices.index.to_numpy(), prices.shape[::-1])
    return Panel(tuple(prices.columns), sessions, np.log(prices.to_numpy().T).copy())


def last_cutoffs(prices: pd.DataFrame) -> np.ndarray:
    """The last 250 whose outcomes are known."""
    return np.arange(len(prices) - HORIZON - CUTOFFS, len(prices) - HORIZON)


def walk(
    model: BaseForecaster,
    panel: Panel,
    cutoffs: np.ndarray,
    horizon: int = HORIZON,
    *,
    refit: int = 1,
) -> np.ndarray:
    """Forecasts of every symbol at every cutoff."""
    return model.walk(panel, cutoffs, horizon, train_size=TRAIN, refit=refit)


def best(work: Callable[[], object], times: int) -> float:
    """The least CPU time of some runs, after one that warms the caches."""
    work()
    seconds = []
    for _ in range(times):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds)


def row(
    work: str, peer: str, ours: float, theirs: float, *, note: str, bar: str
) -> dict[str, object]:
    """One line of the table; seconds a (symbol, cutoff) pair."""
    return {
        "work": work,
        "peer": peer,
        "peer µs": f"{theirs * 1e6:,.1f}",
        "ours µs": f"{ours * 1e6:,.2f}",
        "ratio": f"{theirs / ours:,.0f} ×",
        "bar": bar,
        "note": note,
    }


def tell(table: pd.DataFrame) -> None:
    """Print it whole."""
    sys.stdout.write(table.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
