"""statsforecast's cross-validation, in an interpreter of its own: it wants an older pandas."""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import ARIMA

WINDOWS = 40


def main() -> None:
    """Print the CPU seconds of a (series, cutoff) pair, compilation not counted."""
    asked = json.loads(sys.argv[1])
    prices = np.load(asked["prices"])
    order = tuple(asked["order"])
    frame = pd.concat(
        pd.DataFrame({"unique_id": str(k), "ds": np.arange(series.size), "y": series * 100})
        for k, series in enumerate(prices)
    )
    forecaster = StatsForecast(models=[ARIMA(order=order, method="CSS-ML")], freq=1, n_jobs=1)

    def run(n_windows: int) -> float:
        started = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            forecaster.cross_validation(
                df=frame,
                h=7,
                step_size=1,
                n_windows=n_windows,
                input_size=1000,
                refit=asked["refit"],
            )
        return time.process_time() - started

    run(2)
    seconds = run(WINDOWS) / (WINDOWS * len(prices))
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


if __name__ == "__main__":
    main()
