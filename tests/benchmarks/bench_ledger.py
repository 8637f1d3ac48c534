"""How fast a journal becomes positions and lots.

::

    python tests/benchmarks/bench_ledger.py [--events N]

Seconds are of the wall clock and of the processor, on one thread; MB are the most that the whole
process held by then, the journal included.
"""

import argparse
import resource
import sys
import time
from datetime import date, timedelta
from random import Random

from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.lots import Method, replay, split_units

METHODS: tuple[Method, ...] = ("fifo", "lifo", "average")
UNIT = 10**8


def main() -> None:
    """Print a line for each journal and method."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=100_000)
    events = parser.parse_args().events
    for symbols in (50, 1):
        entries = journal(events, symbols, Random(7))  # noqa: S311 - a seeded example, no secret
        for method in METHODS:
            tell_replay(entries, symbols, method)


def tell_replay(entries: list[tuple[int, Entry]], symbols: int, method: Method) -> None:
    """Print how long one replay takes, and what came out."""
    started, worked = time.perf_counter(), time.process_time()
    book = replay(entries, method)
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    lots = sum(len(position.lots) for position in book.positions.values())
    matches = sum(len(position.matches) for position in book.positions.values())
    sys.stdout.write(
        f"replay, {method:7} {len(entries)} events, {symbols} symbols: {seconds:.2f} s (CPU "
        f"{processor:.2f} s), peak {peak():.0f} MB ({lots} lots, {matches} matches)\n"
    )


def peak() -> float:
    """Most MB that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def journal(events: int, symbols: int, random: Random) -> list[tuple[int, Entry]]:
    """Twenty years of valid entries, shuffled, with five splits a symbol."""
    names = [f"S{k}" for k in range(symbols)]
    held = dict.fromkeys(names, 0)
    splits = set(random.sample(range(events), min(events, 5 * symbols)))
    first = date(2005, 1, 3)
    entries = []
    for number in range(1, events + 1):
        symbol = random.choice(names)
        on = first + timedelta(days=7300 * number // events)
        make = split if number in splits and held[symbol] else event
        entry = make(symbol, on, held[symbol], random)
        held[symbol] += {EntryType.SELL: -1, EntryType.DIVIDEND: 0}.get(entry.type, 1) * entry.units
        entries.append((number, entry))
    random.shuffle(entries)
    return entries


def event(symbol: str, on: date, held: int, random: Random) -> Entry:
    """A buy, a sale or a dividend of a symbol of which so much is held: 50, 40 and 10 %."""
    kind = random.random()
    units = random.randint(1, 100 * UNIT)
    amount = units * random.randint(500, 20_000) // UNIT
    if not held or kind < 0.5:
        return Entry(EntryType.BUY, on, "USD", amount, 100, symbol=symbol, units=units)
    if kind < 0.9:
        sold = min(units, held)
        return Entry(EntryType.SELL, on, "USD", amount, 100, symbol=symbol, units=sold)
    return Entry(EntryType.DIVIDEND, on, "USD", amount, tax=amount // 7, symbol=symbol)


def split(symbol: str, on: date, held: int, random: Random) -> Entry:
    """One of some usual ratios."""
    ratio = random.choice([(2, 1), (1, 2), (3, 2)])
    change = split_units(held, *ratio)
    return Entry(EntryType.SPLIT, on, symbol=symbol, units=change, ratio=ratio)


if __name__ == "__main__":
    main()
