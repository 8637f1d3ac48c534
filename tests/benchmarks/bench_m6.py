"""Rank forecasts against the M6 competition's rule, over rounds before it began.

Run ``python tests/benchmarks/bench_m6.py --m6 FOLDER``. FOLDER holds Parquet files of adjusted
closes (dates × symbols, forward-filled on weekdays). The newest round ends on the last date, each
one 28 days before the next; a symbol takes part once it has a year of history.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from stockanalyst._typing import Matrix, Vector
from stockanalyst.forecasting.joint import Method, VolatilityModel, rank_forecast
from stockanalyst.metrics.distribution import quantile_membership, ranked_probability_score

GROUPS = 5
ROUND = pd.Timedelta(days=28)
HISTORY = 261
METHODS: tuple[tuple[Method, VolatilityModel], ...] = (
    ("blend", "mixture"),
    ("filtered", "mixture"),
    ("gaussian", "mixture"),
    ("student", "mixture"),
    ("gaussian", "ewma"),
    ("filtered", "ewma"),
)


@dataclass(frozen=True)
class Round:
    """Prices known at its start, and the quantile that each symbol fell into."""

    prices: pd.DataFrame
    outcome: Matrix


def load(folder: Path) -> pd.DataFrame:
    """Every Parquet file of the folder, one below the other."""
    files = sorted(folder.glob("*.parquet"))
    if not files:
        sys.exit(f"--m6 {folder}: no Parquet file there; give the folder of the M6 closes")
    return pd.concat([pd.read_parquet(file) for file in files]).sort_index()


def rounds(closes: pd.DataFrame, n_rounds: int) -> list[Round]:
    """The newest rounds, oldest first."""
    ends = [closes.index[-1] - ROUND * back for back in range(n_rounds - 1, -1, -1)]
    return [_round(closes, end - ROUND, end) for end in ends]


def _round(closes: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Round:
    known = closes.loc[:start]
    known = known.loc[:, known.iloc[-HISTORY:].notna().all()]
    returns = (closes[known.columns].loc[end] / known.iloc[-1] - 1).to_numpy()
    return Round(known, quantile_membership(returns[None, :], GROUPS)[0])


def scores(judged: list[Round], method: Method, volatility: VolatilityModel, paths: int) -> Vector:
    """Ranked probability score of each round."""
    return np.array(
        [
            ranked_probability_score(
                rank_forecast(
                    each.prices,
                    GROUPS,
                    20,
                    rng=np.random.default_rng(number),
                    n_paths=paths,
                    method=method,
                    volatility=volatility,
                ).to_numpy(),
                each.outcome,
            )
            for number, each in enumerate(judged)
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--m6", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=79)
    parser.add_argument("--paths", type=int, default=10_000)
    options = parser.parse_args()
    judged = rounds(load(options.m6), options.rounds)
    uniform = np.array(
        [
            ranked_probability_score(np.full(each.outcome.shape, 1 / GROUPS), each.outcome)
            for each in judged
        ]
    )
    header = f"{'method':20}{'RPS':>9}{'better than uniform':>21}{'s.e.':>9}{'seconds':>9}"
    sys.stdout.write(f"{header}\n")
    for method, volatility in METHODS:
        started = time.perf_counter()
        with threadpool_limits(1):
            each = scores(judged, method, volatility, options.paths)
        seconds = time.perf_counter() - started
        gain = uniform - each
        error = gain.std(ddof=1) / np.sqrt(gain.size)
        name = f"{method}, {volatility}"
        sys.stdout.write(
            f"{name:20}{each.mean():9.5f}{gain.mean():21.5f}{error:9.5f}{seconds:9.1f}\n"
        )


if __name__ == "__main__":
    main()
