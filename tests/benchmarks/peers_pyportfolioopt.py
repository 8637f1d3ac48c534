"""PyPortfolioOpt's minimum CVaR, in an interpreter of its own: its solvers are many packages."""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from pypfopt import EfficientCVaR


def main() -> None:
    """Print the less CPU seconds of two runs, and weights.

    Asked are a file of returns, a level and a solver or null.
    """
    asked = json.loads(sys.argv[1])
    returns = pd.DataFrame(np.load(asked["returns"]))

    def solve(table: pd.DataFrame) -> list[float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem = EfficientCVaR(None, table, beta=asked["level"], solver=asked["solver"])
            return list(problem.min_cvar().values())

    solve(returns.iloc[:60, :5])  # loads the solver
    seconds = []
    for _ in range(2):
        started = time.process_time()
        weights = solve(returns)
        seconds.append(time.process_time() - started)
    sys.stdout.write(json.dumps({"seconds": min(seconds), "weights": weights}) + "\n")


if __name__ == "__main__":
    main()
