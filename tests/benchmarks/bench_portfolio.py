"""What is computed from a portfolio, on one thread, against the times that it may take.

::

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_portfolio.py
"""

import sys
import time
from collections.abc import Callable
from math import isfinite

import numpy as np
import pandas as pd

from stockanalyst._typing import Vector
from stockanalyst.metrics.performance import (
    annual_return,
    calmar_ratio,
    sharpe_ratio,
    sortino_ratio,
    volatility,
    worst_drawdown,
)
from stockanalyst.metrics.risk import alpha, beta, expected_shortfall, value_at_risk

N_DAYS = 8000


def best(work: Callable[[], object], repeat: int = 20) -> float:
    """Seconds that `work` takes, the least of some runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def report(work: str, seconds: float, bar: float) -> bool:
    """Print the time and its bar; whether it holds."""
    verdict = "holds" if seconds <= bar else "MISSED"
    sys.stdout.write(f"{work:54}{1e3 * seconds:10,.2f} ms (bar {1e3 * bar:,.0f} ms) {verdict}\n")
    return seconds <= bar


def ten_figures(equity: pd.Series, benchmark: Vector) -> list[float]:
    """Of a curve as a portfolio has it, with the returns that they need."""
    values = equity.to_numpy()
    returns = values[1:] / values[:-1] - 1
    on_curve = (annual_return, volatility, sharpe_ratio, sortino_ratio, calmar_ratio)
    return [
        *(figure(values) for figure in on_curve),
        worst_drawdown(equity).depth,
        value_at_risk(returns),
        expected_shortfall(returns),
        beta(returns, benchmark),
        alpha(returns, benchmark),
    ]


def risk_figures() -> bool:
    """Ten of them over thirty years of sessions."""
    rng = np.random.default_rng(0)
    benchmark = rng.normal(3e-4, 0.01, N_DAYS - 1)
    moves = 0.8 * benchmark + rng.normal(0, 0.006, N_DAYS - 1)
    values = 100 * np.cumprod(np.concatenate([[1.0], 1 + moves]))
    equity = pd.Series(values, index=pd.bdate_range("1995-01-02", periods=N_DAYS))
    figures = ten_figures(equity, benchmark)
    if len(figures) != 10 or not all(map(isfinite, figures)):
        raise SystemExit("a figure is missing")
    return report(
        f"ten risk figures, {N_DAYS:,} days", best(lambda: ten_figures(equity, benchmark)), 0.005
    )


def main() -> int:
    """Run all parts; 1 if a bar is missed."""
    held = [part() for part in (risk_figures,)]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main())
