"""Allocation beside its peers: 500 assets × 1,260 sessions, one thread each, CPU time.

Two sets of returns: mixtures of the 20 stocks of skfolio's S&P 500 data set with noise of their
own, and independent normal ones, which no factor makes easy. PyPortfolioOpt runs in an interpreter
of its own, in the same run, with the solver that it chooses and with HiGHS. Where a peer is less
than 5 times as slow, or its answer differs by more than 1e-5, the bar is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from skfolio.cluster import HierarchicalClustering, LinkageMethod
from skfolio.datasets import load_sp500_dataset
from skfolio.optimization import HierarchicalRiskParity
from skfolio.seriation import HierarchicalSeriation
from threadpoolctl import threadpool_limits

from stockanalyst._typing import Matrix, Vector
from stockanalyst.portfolio.allocation import Method, allocate

ASSETS, SESSIONS, LEVEL = 500, 1260, 0.95
FASTER, EQUAL = 5, 1e-5
PEER = Path(__file__).with_name("peers_pyportfolioopt.py")


def main() -> int:
    """Print a row for each set of returns, method and peer; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", metavar="PYTHON", help="a Python that has PyPortfolioOpt")
    asked = parser.parse_args()
    rows: list[dict[str, str]] = []
    with threadpool_limits(1):
        for name, returns in (("mixtures", mixtures()), ("independent", independent())):
            prices = prices_of(returns)
            rows.append(risk_parity(name, prices))
            if asked.peers:
                rows += least_cvar(name, prices, asked.peers)
            rows += [alone(name, prices, method) for method in ("min_variance", "mean_variance")]
    sys.stdout.write(pd.DataFrame(rows).to_string(index=False) + "\n")
    return int(any(row["bar"] == "MISSED" for row in rows))


def mixtures() -> Matrix:
    """Three stocks each, in random shares, and noise with fat tails."""
    rng = np.random.default_rng(0)
    stocks = load_sp500_dataset().pct_change().iloc[-SESSIONS:].to_numpy()
    chosen = rng.integers(0, stocks.shape[1], (ASSETS, 3))
    shares = rng.dirichlet(np.ones(3), ASSETS)
    noise = rng.standard_t(4, (SESSIONS, ASSETS)) * 0.008
    returns: Matrix = np.einsum("sak,ak->sa", stocks[:, chosen], shares) + noise
    return returns


def independent() -> Matrix:
    """Normal returns that have nothing in common."""
    return np.random.default_rng(0).normal(0.0005, 0.01, (SESSIONS, ASSETS))


def prices_of(returns: Matrix) -> pd.DataFrame:
    """Closes with these returns."""
    growth = np.vstack([np.ones(ASSETS), 1 + returns]).cumprod(axis=0)
    sessions = pd.bdate_range("2000-01-03", periods=SESSIONS + 1, name="session")
    return pd.DataFrame(100 * growth, sessions, [f"A{k:03d}" for k in range(ASSETS)])


def risk_parity(name: str, prices: pd.DataFrame) -> dict[str, str]:
    """Hierarchical risk parity, single linkage."""
    returns = prices.pct_change().iloc[1:]
    clustering = HierarchicalClustering(linkage_method=LinkageMethod.SINGLE)
    seriation = HierarchicalSeriation(hierarchical_clustering_estimator=clustering)
    peer = HierarchicalRiskParity(seriation_estimator=seriation)
    ours, weights = best(partial(allocate, prices, method="hrp"), 5)
    theirs, fitted = best(partial(peer.fit, returns), 3)
    gap = float(np.abs(weights.to_numpy() - fitted.weights_).max())
    return versus(name, "hrp", "skfolio", ours, theirs, gap=gap)


def least_cvar(name: str, prices: pd.DataFrame, python: str) -> list[dict[str, str]]:
    """The least CVaR, against the peer's own choice of solver and against HiGHS."""
    returns = prices.pct_change().iloc[1:].to_numpy()
    ours, weights = best(partial(allocate, prices, method="min_cvar", level=LEVEL), 3)
    reached = cvar(returns, weights.to_numpy())
    rows = []
    for solver in (None, "HIGHS"):
        answer = asked_of(python, returns, solver)
        gap = reached - cvar(returns, np.array(answer["weights"]))
        peer = f"PyPortfolioOpt, {solver or 'its solver'}"
        rows.append(versus(name, "min_cvar", peer, ours, answer["seconds"], gap=gap))
    return rows


def alone(name: str, prices: pd.DataFrame, method: Method) -> dict[str, str]:
    """Our time only."""
    seconds, _ = best(partial(allocate, prices, method=method, risk_aversion=3.0), 3)
    return {"returns": name, "method": method, "ours s": f"{seconds:.3f}"} | dict.fromkeys(
        ("peer", "peer s", "ratio", "ours − theirs", "bar"), "–"
    )


def asked_of(python: str, returns: Matrix, solver: str | None) -> dict[str, Any]:
    """Seconds and weights in the other interpreter, one thread."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "returns.npy"
        np.save(path, returns)
        asked = json.dumps({"returns": str(path), "level": LEVEL, "solver": solver})
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        done = subprocess.run(
            [python, str(PEER), asked],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | threads,
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def cvar(returns: Matrix, weights: Vector) -> float:
    """The mean of the worst losses, by its definition; 5 % of 1,260 sessions are 63."""
    worst = np.sort(returns @ weights)[: round((1 - LEVEL) * SESSIONS)]
    return -float(worst.mean())


def best(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The least CPU time of some runs, after one that warms the caches, and the result."""
    result = work()
    seconds = []
    for _ in range(times):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds), result


def versus(
    name: str, method: str, peer: str, ours: float, theirs: float, *, gap: float
) -> dict[str, str]:
    """A row; `gap` is of objectives, or the largest of weights where there is no objective."""
    return {
        "returns": name,
        "method": method,
        "ours s": f"{ours:.3f}",
        "peer": peer,
        "peer s": f"{theirs:.2f}",
        "ratio": f"{theirs / ours:.1f} ×",
        "ours − theirs": f"{gap:.0e}",
        "bar": "holds" if theirs >= FASTER * ours and abs(gap) <= EQUAL else "MISSED",
    }


if __name__ == "__main__":
    sys.exit(main())
