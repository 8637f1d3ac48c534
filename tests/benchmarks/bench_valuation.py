"""How fast a journal becomes a history of values: 20 years × 50 positions, on one thread.

::

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_valuation

Beside it, in the same run, a plain loop over the days with pandas, which must give the same
numbers. MB are the most that Python and numpy held for the work at one moment.
"""

import sys
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

import numpy as np
import pandas as pd

from stockanalyst.portfolio.attribution import attribution
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.lots import in_order
from stockanalyst.portfolio.protocols import Numbered
from stockanalyst.portfolio.value_history import value_history
from tests.benchmarks.bench_ledger import UNIT, journal

N_ENTRIES, N_SYMBOLS, BAR = 20_000, 50, 0.5
DAYS = pd.bdate_range("2004-12-31", "2025-01-03", name="session")
_PAID = {EntryType.BUY: -1, EntryType.SPLIT: 0}  # all others bring money
_HELD = {EntryType.BUY: 1, EntryType.SELL: -1, EntryType.SPLIT: 1}


@dataclass(frozen=True)
class Case:
    """Dollars and securities in dollars, valued in euros."""

    entries: Numbered
    closes: pd.DataFrame
    rates: pd.DataFrame

    @classmethod
    def made(cls) -> "Case":
        """Of random trades, dividends and splits, at random closes and rates."""
        random = Random(7)  # noqa: S311 - a seeded example, no secret
        put_in = Entry(EntryType.DEPOSIT, date(2005, 1, 3), "USD", 10**12)
        moves = np.random.default_rng(7).normal(0, 0.01, (len(DAYS), N_SYMBOLS + 1))
        walks = np.exp(moves.cumsum(axis=0))
        names = [f"S{k}" for k in range(N_SYMBOLS)]
        return cls(
            [(0, put_in), *journal(N_ENTRIES, N_SYMBOLS, random)],
            pd.DataFrame(100 * walks[:, 1:], DAYS, names),
            pd.DataFrame({"USD": walks[:, 0]}, DAYS),
        )

    def history(self) -> pd.DataFrame:
        """Ours."""
        return value_history(
            self.entries,
            self.closes,
            currencies=dict.fromkeys(map(str, self.closes), "USD"),
            rates=self.rates,
            base="EUR",
            days=DAYS,
        )

    def attribution(self) -> pd.DataFrame:
        """Ours, over the whole time."""
        return attribution(
            self.entries,
            self.closes,
            currencies=dict.fromkeys(map(str, self.closes), "USD"),
            rates=self.rates,
            base="EUR",
            since=DAYS[0].date(),
            until=DAYS[-1].date(),
        )

    def looped(self) -> pd.Series:
        """Values, by a plain loop."""
        of_day = defaultdict(list)
        for _, entry in in_order(self.entries):
            of_day[DAYS[int(DAYS.searchsorted(pd.Timestamp(entry.on)))]].append(entry)
        units, cash, values = pd.Series(0.0, self.closes.columns), 0.0, {}
        rates = self.rates["USD"].to_dict()
        for day in DAYS:
            for entry in of_day[day]:
                cash += _cash(entry)
                if entry.type in _HELD:
                    units[entry.symbol] += _HELD[entry.type] * entry.units / UNIT
            worth = (units * self.closes.loc[day]).sum() + cash
            values[day] = worth * rates[day]
        return pd.Series(values)


def _cash(entry: Entry) -> float:
    return (_PAID.get(entry.type, 1) * entry.amount - entry.fee - entry.tax) / 100


def best(work: Callable[[], object], repeat: int = 10) -> tuple[float, float]:
    """Seconds of the wall clock and of the processor, the least of some runs."""
    times = []
    for _ in range(repeat):
        started, worked = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - started, time.process_time() - worked))
    return min(times)


def megabytes(work: Callable[[], object]) -> float:
    """The most that is held for it at one moment."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def main() -> int:
    """Print times, memory, and how the numbers compare; 1 if the bar is missed or they differ."""
    case = Case.made()
    seconds, processor = best(case.history)
    _, looped = best(case.looped, repeat=1)
    ours, theirs = case.history()["value"], case.looped()
    apart = float((ours / theirs[ours.index] - 1).iloc[1:].abs().max())
    _, parted = best(case.attribution)
    gains = case.attribution()["gain"].sum() / (ours.iloc[-1] - case.history()["flow"].sum()) - 1
    sys.stdout.write(
        f"value history, {N_ENTRIES:,} entries, {N_SYMBOLS} symbols, {len(ours):,} days: "
        f"{seconds:.3f} s (CPU {processor:.3f} s, bar {BAR} s, "
        f"{'holds' if seconds <= BAR else 'MISSED'}), {megabytes(case.history):.0f} MB\n"
        f"plain pandas loop: CPU {looped:.2f} s, {looped / processor:.1f} × as long; values differ "
        f"by {apart:.1e} at most\n"
        f"attribution over the same time: CPU {parted:.3f} s; its sum differs by {abs(gains):.1e}\n"
    )
    return int(seconds > BAR or apart > 1e-9 or abs(gains) > 1e-9)


if __name__ == "__main__":
    sys.exit(main())
