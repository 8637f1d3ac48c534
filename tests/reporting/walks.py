"""Walk-forwards whose numbers can be counted by hand."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from stockanalyst.backtesting.cube import ForecastCube, Held
from stockanalyst.backtesting.engine import Part
from stockanalyst.backtesting.results import Backtest, MissingModel
from stockanalyst.backtesting.scores import score

CUTOFFS = pd.bdate_range("2012-11-01", periods=70)
N = len(CUTOFFS)
#: From 100 the price goes to 110 or to 90, in turn, at every step.
MOVES = np.where(np.arange(N) % 2 == 0, 10.0, -10.0)
#: What ``own`` says of the move at even and at odd cutoffs, as a share of it: see :func:`walked`.
GOOD, BAD = (1.0, 0.5), (-0.2, -0.1)


def walked(
    shares: Mapping[str, tuple[float, float]], *, far: float = -1.0, missing: bool = False
) -> Backtest:
    """Seventy cutoffs, two steps, the random walk and ``own``, 80 % intervals.

    At step 1 ``own`` expects `shares` of the move that comes, by symbol; at step 2 `far` of it.
    All intervals hold the outcome, but those of the random walk at step 1, which hold it at the
    first 40 cutoffs only.
    """
    symbols = tuple(shares)
    shape = (len(symbols), 2, N, 2)
    expected = np.zeros(shape)
    for row, (even, odd) in enumerate(shares.values()):
        expected[row, 1, :, 0] = np.where(np.arange(N) % 2 == 0, even, odd) * MOVES
    expected[:, 1, :, 1] = far * MOVES
    half = np.full((len(symbols), 2, 1, N, 2), 25.0)
    half[:, 0, 0, 40:, 0] = 1.0
    cutoffs = CUTOFFS.to_numpy().astype("datetime64[ns]")
    days = np.stack([cutoffs + np.timedelta64(step, "D") for step in (1, 2)], axis=-1)
    cube = ForecastCube(
        symbols=symbols,
        models=("random_walk", "own"),
        levels=(0.8,),
        cutoffs=np.tile(cutoffs, (len(symbols), 1)),
        sessions=np.tile(days, (len(symbols), 1, 1)),
        base=np.full((len(symbols), N), 100.0),
        y=np.tile((100 + MOVES)[:, None], (len(symbols), 1, 2)),
        yhat=100 + expected,
        lower=100 - half,
        upper=100 + half,
        scale=np.ones(len(symbols)),
    )
    scores = {symbol: score(cube.only(symbol), (1, 2)) for symbol in symbols}
    gap = MissingModel("AAA", "lstm", "no <network>", "run: stockanalyst train AAA")
    return Backtest.of(
        [Part(Held(cube), scores)],
        symbols=symbols,
        missing=[gap] if missing else (),
        notes=["Prices <end> in 2013."] if missing else (),
    )


def many(n: int, *, winners: int) -> Backtest:
    """`n` symbols, of which the first `winners` can be forecast."""
    return walked({f"S{k:03d}": GOOD if k < winners else BAD for k in range(n)})
