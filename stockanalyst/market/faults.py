"""Bad prices: what can't be right in a price frame, and how it may be repaired.

A large move is no fault: nothing here doubts a crash or a squeeze. A fault is what contradicts the
frame itself: a price that jumps by a factor of about 100, adjusted closes that don't fit the splits
and dividends beside them, a dividend that neither price nor adjustment knows of, a high below the
close, a move without volume.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, log
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Vector

FAULT_COLUMNS = ("session", "until", "column", "kind", "value", "expected", "why")
_BARS = ("open", "high", "low", "close")
_UNIT = 100.0  # pence for pounds, cents for rand
_RECENT = 5  # sessions: a unit that is newer isn't yet taken for the right one
_LEAST_SPLIT = 0.2  # of a log ratio: below 5:4 a split can't be told from a move
_NEAR_SPLIT = 10  # sessions around a split in which its adjustment may be misplaced
_TWINS = 5  # sessions between a dividend and its copy
_LARGE_YIELD = 0.1  # of one dividend: the price must show it
_INCONSISTENT = 1e-3  # of a price: less is the rounding of adjusted prices
_TRADED = 0.9  # share of sessions with volume from which one without is odd


class _Fault(NamedTuple):
    """Rows `first` to `last` of a column want multiplying by `factor`; NaN: value unknown."""

    first: int
    last: int
    column: str
    kind: str
    factor: float
    why: str


class _ExDate(NamedTuple):
    """A dividend: yield on the last close, fall of the price, log adjustment given and wanted."""

    row: int
    amount: float
    share: float
    fall: float
    given: float
    wanted: tuple[float, float]


@dataclass(frozen=True)
class Repair:
    """What :func:`repaired` gives.

    Attributes
    ----------
    frame : DataFrame
        The repaired copy.
    changed : DataFrame
        A row a value: ``session, column, before, after``.
    """

    frame: pd.DataFrame
    changed: pd.DataFrame


def find_faults(frame: pd.DataFrame) -> pd.DataFrame:
    """Report the values of a price frame that contradict the rest of it.

    ``kind`` is one of

    - ``unit``: a price 100 times too large or small, for one session or a stretch of them. Where
      the unit changes for good, the last one is right, once it has stood for more than 5 sessions;
    - ``split_adjustment``: prices near a recorded split of at least 5:4 that aren't adjusted for
      it, or twice;
    - ``duplicate_dividend``: one dividend recorded on two days;
    - ``dividend_unit``: a dividend 100 times too large or small, by the price's fall and by what
      the adjusted closes or the neighbouring dividends say;
    - ``implausible_dividend``: a dividend of more than a tenth of the price, of which the price
      shows less than a quarter, and no better value is known;
    - ``missing_dividend_adjustment``, ``doubled_dividend_adjustment``,
      ``wrong_dividend_adjustment``: the adjusted closes before an ex-date don't fit the dividend.
      Both usual factors are accepted, 1 − D / close before and 1 / (1 + D / close). Adjusted closes
      that know none of several dividends are taken for prices that came without adjustment;
    - ``range``: a high below, or a low above, the open or the close, by more than 0.1 %;
    - ``volume``: none, or NaN, in a session whose price moved, where nine in ten have some.

    Parameters
    ----------
    frame : DataFrame
        A price frame (:mod:`stockanalyst.frames`), as far as it was known. Nothing is repaired.

    Returns
    -------
    DataFrame
        Columns :data:`FAULT_COLUMNS`, a row a fault, by session; none if nothing is wrong. The rows
        ``session`` to ``until`` of ``column`` are wrong by one factor; ``value`` is what stands at
        ``session`` and ``expected`` what should if this were the only fault, NaN where nobody
        knows. ``why`` is a sentence.
    """
    found: list[_Fault] = []
    sound = frame
    for find in (_split_faults, _unit_faults, _dividend_faults, _range_faults, _volume_faults):
        faults = list(find(sound))
        sound = _mended(sound, faults)
        found += faults
    rows = [_reported(frame, fault) for fault in found]
    report = pd.DataFrame(rows, columns=list(FAULT_COLUMNS))
    return report.sort_values(["session", "until", "column"], ignore_index=True)


def fault_notes(faults: pd.DataFrame) -> tuple[str, ...]:
    """A sentence a kind of fault: how many, and the latest of them.

    Parameters
    ----------
    faults : DataFrame
        What :func:`find_faults` says.
    """
    notes = []
    for _, found in faults.groupby("kind", sort=False):
        last = found.iloc[-1]
        others = f" ({len(found) - 1} more like it)" if len(found) > 1 else ""
        notes.append(f"Doubtful prices on {last['session']:%Y-%m-%d}: {last['why']}{others}")
    return tuple(notes)


def repaired(frame: pd.DataFrame, faults: pd.DataFrame) -> Repair:
    """Repair the faults that are handed over, all or a selection, and say what changed.

    Volumes that nobody knows become NaN; other values that nobody knows stay. Volumes in a stretch
    that wasn't adjusted for a split stay, too.

    Parameters
    ----------
    frame : DataFrame
        The price frame; left as it is.
    faults : DataFrame
        Rows of what :func:`find_faults` says of it.
    """
    mended = frame.copy()
    named = (faults[name] for name in ("session", "until", "column", "value", "expected"))
    for session, until, column, value, expected in zip(*named, strict=True):
        known = not np.isnan(expected)
        if known or column == "volume":
            rows = np.asarray((frame.index >= session) & (frame.index <= until))
            _scale(mended, column, rows, expected / value if known else np.nan)
    return Repair(mended, _changes(frame, mended))


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    same = (before == after) | (before.isna() & after.isna())
    rows, columns = np.nonzero(~same.to_numpy())
    return pd.DataFrame(
        {
            "session": before.index[rows],
            "column": before.columns[columns],
            "before": before.to_numpy()[rows, columns],
            "after": after.to_numpy()[rows, columns],
        }
    )


def _mended(frame: pd.DataFrame, faults: list[_Fault]) -> pd.DataFrame:
    if not faults:
        return frame
    mended = frame.copy()
    for fault in faults:
        if not np.isnan(fault.factor):
            _scale(mended, fault.column, slice(fault.first, fault.last + 1), fault.factor)
    return mended


def _scale(
    frame: pd.DataFrame, column: str, rows: NDArray[np.bool_] | slice, factor: float
) -> None:
    values = frame[column].to_numpy(np.float64, copy=True)
    values[rows] *= factor
    frame[column] = values


def _reported(frame: pd.DataFrame, fault: _Fault) -> tuple[object, ...]:
    value = float(frame[fault.column].iloc[fault.first])
    session, until = frame.index[fault.first], frame.index[fault.last]
    return session, until, fault.column, fault.kind, value, value * fault.factor, fault.why


def _unit_faults(frame: pd.DataFrame) -> Iterator[_Fault]:
    split = np.log(frame["split_ratio"].to_numpy())
    for column in (*_BARS, "adj_close"):
        prices = _log(frame[column])
        known = np.flatnonzero(~np.isnan(prices))
        jumps = np.diff(prices[known])
        labels = np.where(_near(np.abs(jumps), log(_UNIT), log(_UNIT) / 4), np.sign(jumps), 0)
        if column != "adj_close":  # as traded, a split of 100:1 is in order
            labels[_near(jumps, -split[known[1:]], log(2)) & (split[known[1:]] != 0)] = 0
        if not labels.any():
            continue
        states = np.concatenate([[0.0], np.cumsum(labels)])
        for first, last, state in _runs(states - _right_unit(states)):
            size = "large" if state > 0 else "small"
            why = f"{column} is about {_UNIT ** abs(state):g} times too {size} for its neighbours."
            rows = int(known[first]), int(known[last])
            yield _Fault(*rows, column, "unit", _UNIT**-state, why)


def _right_unit(states: Vector) -> float:
    changes = np.flatnonzero(np.diff(states))
    if states.size - 1 - changes[-1] > _RECENT:
        return float(states[-1])
    values, counts = np.unique(states, return_counts=True)
    return float(values[counts.argmax()])


def _split_faults(frame: pd.DataFrame) -> Iterator[_Fault]:
    adjusted = _log(frame["adj_close"])
    adjustment = adjusted - _log(frame["close"])
    moves = np.diff(adjusted, prepend=np.nan)
    usual = _spread(moves)
    ratios = frame["split_ratio"].to_numpy()
    for row in np.flatnonzero(ratios != 1).tolist():
        size = log(ratios[row])
        if abs(size) < max(_LEAST_SPLIT, 5 * usual):
            continue
        labels = _split_jumps(moves, row, size)
        states = np.cumsum(labels)
        for first, last, state in _runs(states - states[-1]):
            how = "not adjusted for it" if state > 0 else "adjusted for it twice"
            why = (
                f"Prices jump by the ratio of the split of {ratios[row]:g} on "
                f"{frame.index[row]:%Y-%m-%d}: the stretch is {how}."
            )
            parts = (abs(adjustment[end] - adjustment[end - 1]) for end in (first, last + 1) if end)
            columns = (*_BARS, "adj_close") if min(parts) < abs(size) / 2 else ("adj_close",)
            for column in columns:
                yield _Fault(first, last, column, "split_adjustment", exp(-state * size), why)


def _split_jumps(moves: Vector, row: int, size: float) -> Vector:
    """1 where adjusted closes rise by the split's log ratio, −1 where they fall by it, else 0."""
    labels = np.zeros(moves.size)
    near = slice(max(row - _NEAR_SPLIT, 1), row + _NEAR_SPLIT + 1)
    found = np.zeros(moves[near].size)
    found[_near(moves[near], size, abs(size) / 4)] = 1
    found[_near(moves[near], -size, abs(size) / 4)] = -1
    labels[near] = found
    if labels.sum() and not labels[max(row - 2, 0) : row + 3].any():
        return np.zeros(moves.size)  # a step that isn't at the split is a move
    return labels


def _dividend_faults(frame: pd.DataFrame) -> Iterator[_Fault]:
    rows, noise = _ex_dates(frame)
    faults, rows = _duplicates(frame, rows, noise)
    yield from faults
    if len(rows) > 1 and all(abs(event.given) <= noise for event in rows):
        return
    amounts = [event.amount for event in rows]
    usual = _spread(np.diff(_log(frame["close"])))
    for position, event in enumerate(rows):
        neighbours = amounts[max(position - 1, 0) : position] + amounts[position + 1 : position + 2]
        factor, fault = _amount_fault(event, neighbours, usual, noise)
        if fault is not None:
            yield fault
        if not np.isnan(factor):
            yield from _adjustment_fault(frame, event, factor, noise)


def _ex_dates(frame: pd.DataFrame) -> tuple[list[_ExDate], float]:
    """The dividends that have a close before them, and the rounding of the adjustment."""
    close, opened = frame["close"].to_numpy(), frame["open"].to_numpy()
    amounts, ratios = frame["dividend"].to_numpy(), frame["split_ratio"].to_numpy()
    adjustment = _log(frame["adj_close"]) - _log(frame["close"])
    known = np.flatnonzero(~np.isnan(adjustment))
    steps = np.diff(adjustment[known])
    quiet = (amounts[known[1:]] == 0) & (ratios[known[1:]] == 1)
    noise = max(3 * float(np.quantile(np.abs(steps[quiet]), 0.99)), 1e-5) if quiet.any() else 1e-5
    events = []
    for position in np.flatnonzero(amounts[known[1:]] > 0):
        before, row = int(known[position]), int(known[position + 1])
        given, base, split = float(steps[position]), float(close[before]), log(ratios[row])
        if split and abs(given - split) < abs(split) / 2:  # closes as traded
            given, base = given - split, base / ratios[row]
        amount = float(amounts[row])
        fall = 1 - float(np.fmin(opened[row], close[row])) / base
        wanted = _adjustments(amount, base, float(close[row]))
        events.append(_ExDate(row, amount, amount / base, fall, given, wanted))
    return events, noise


def _adjustments(amount: float, before: float, after: float) -> tuple[float, float]:
    return -log(1 - amount / before) if amount < before else inf, log(1 + amount / after)


def _duplicates(
    frame: pd.DataFrame, events: list[_ExDate], noise: float
) -> tuple[list[_Fault], list[_ExDate]]:
    faults, kept = [], list(events)
    gaps = np.diff([event.row for event in events])
    near = min(_TWINS, np.median(gaps) / 4) if gaps.size > 1 else _TWINS  # some pay every week
    for event, later in pairwise(events):
        if later.row - event.row > near or not _same(event.amount, later.amount, 0.2):
            continue
        real, copy = sorted((event, later), key=lambda each: _doubt(each, noise))
        if copy not in kept or real not in kept:
            continue
        kept.remove(copy)
        why = (
            f"The dividend of {copy.amount:g} on {frame.index[copy.row]:%Y-%m-%d} repeats the one "
            f"of {real.amount:g} on {frame.index[real.row]:%Y-%m-%d}."
        )
        faults.append(_Fault(copy.row, copy.row, "dividend", "duplicate_dividend", 0.0, why))
        if abs(copy.given) > noise:
            kind = "wrong_dividend_adjustment"
            faults.append(_Fault(0, copy.row - 1, "adj_close", kind, exp(copy.given), why))
    return faults, kept


def _doubt(event: _ExDate, noise: float) -> tuple[bool, bool, float]:
    """The larger, the likelier a dividend is the copy of another one nearby."""
    return event.share > 0.9, abs(event.given) <= noise, abs(event.fall - event.share)


def _same(one: float, other: float, tolerance: float) -> bool:
    """Whether two amounts are alike, maybe but for the unit."""
    distance = abs(log(one / other))
    return min(distance, abs(distance - log(_UNIT))) <= tolerance


def _amount_fault(
    event: _ExDate, neighbours: list[float], usual: float, noise: float
) -> tuple[float, _Fault | None]:
    """The factor by which a dividend wants multiplying (NaN: unknown), and the fault if not 1."""
    factor = 1.0
    large = event.share > max(_LARGE_YIELD, 5 * usual) and event.fall < event.share / 4
    if large or event.share > 0.9:
        small = event.share / _UNIT
        fits = any(0.9 < other * _UNIT / event.amount < 1.1 for other in neighbours)
        fits = fits or abs(event.given - small) < max(small / 5, noise)
        factor = 1 / _UNIT if fits else np.nan
    elif any(0.9 < event.amount * _UNIT / other < 1.1 for other in neighbours):
        factor = _UNIT if event.fall > event.share * _UNIT / 3 else 1.0
    if factor == 1:
        return factor, None
    kind = "implausible_dividend" if np.isnan(factor) else "dividend_unit"
    why = (
        f"A dividend of {event.amount:g} is {event.share:.2%} of the price, "
        f"which fell by {event.fall:.2%}."
    )
    return factor, _Fault(event.row, event.row, "dividend", kind, factor, why)


def _adjustment_fault(
    frame: pd.DataFrame, event: _ExDate, factor: float, noise: float
) -> Iterator[_Fault]:
    base, after = event.amount / event.share, float(frame["close"].iloc[event.row])
    amount = event.amount * factor
    wanted = _adjustments(amount, base, after)
    tolerance = max(wanted[1] / 10, 2 * noise)
    if wanted[1] <= tolerance or min(abs(event.given - want) for want in wanted) < tolerance:
        return
    kind, said = "wrong", f"by {1 - exp(-event.given):.2%}, not by {amount / base:.2%}"
    if abs(event.given) <= wanted[1] / 20 + noise:
        kind, said = "missing", "hardly or not at all"
    elif min(abs(event.given - 2 * want) for want in wanted) < tolerance:
        kind, said = "doubled", "twice"
    why = (
        f"Adjusted closes before {frame.index[event.row]:%Y-%m-%d} are adjusted {said} "
        f"for that day's dividend of {amount:g}."
    )
    move = exp(event.given - (wanted[0] if wanted[0] < inf else wanted[1]))
    yield _Fault(0, event.row - 1, "adj_close", f"{kind}_dividend_adjustment", move, why)


def _range_faults(frame: pd.DataFrame) -> Iterator[_Fault]:
    ends = frame[["open", "close"]]
    for column, outer, beyond in (("high", ends.max(axis=1), 1), ("low", ends.min(axis=1), -1)):
        given = frame[column]
        wrong = (outer / given - 1) * beyond > _INCONSISTENT
        for row in np.flatnonzero(wrong).tolist():
            expected = float(outer.iloc[row])
            side = "below" if beyond > 0 else "above"
            why = f"The {column} lies {side} the open or the close of its session."
            factor = expected / float(given.iloc[row])
            yield _Fault(row, row, column, "range", factor, why)


def _volume_faults(frame: pd.DataFrame) -> Iterator[_Fault]:
    some = frame["volume"].to_numpy() > 0
    moved = (frame["close"].pct_change().abs() > _INCONSISTENT).to_numpy()
    if some.mean() < _TRADED:
        return
    for row in np.flatnonzero(~some & moved).tolist():
        why = f"The close moved on {frame.index[row]:%Y-%m-%d}, and no volume is given."
        yield _Fault(row, row, "volume", "volume", np.nan, why)


def _log(prices: pd.Series) -> Vector:
    values = prices.to_numpy(np.float64)
    return np.log(np.where(values > 0, values, np.nan))


def _near(values: Vector, target: Vector | float, tolerance: float) -> NDArray[np.bool_]:
    return np.abs(values - target) < tolerance


def _spread(moves: Vector) -> float:
    """Standard deviation of log moves, judged by their median; at least 1 %."""
    known = np.abs(moves[~np.isnan(moves)])
    return max(1.4826 * float(np.median(known)), 0.01) if known.size else 0.01


def _runs(states: Vector) -> Iterator[tuple[int, int, float]]:
    """First and last position of every run of one state that isn't 0."""
    edges: IntVector = np.flatnonzero(np.diff(states)) + 1
    for run in np.split(np.arange(states.size), edges):
        if states[run[0]]:
            yield int(run[0]), int(run[-1]), float(states[run[0]])
