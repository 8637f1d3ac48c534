"""Prices as a model sees them."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stockanalyst.exceptions import InvalidCutoff

_LARGE_MOVE = 1 / 3
_LONG_GAP = pd.Timedelta(days=14)
_SCALED = ["open", "high", "low", "close", "dividend"]
_LARGE_SPLIT = np.log(2.0)


@dataclass(frozen=True)
class PriceHistory:
    """What a provider knows of one symbol.

    Attributes
    ----------
    symbol : str
        In the provider's spelling.
    frame : DataFrame
        A price frame (:mod:`stockanalyst.frames`).
    provider : str
        Which provider answered.
    today : Timestamp
        The provider's last possible cutoff, a plain date: the present day for a live one, the last
        session for embedded data and files.
    notes : tuple of str
        What a reader must know of the data, in sentences.
    folder : str
        Of files, where they are: two folders of one name hold different prices. Else empty.
    fetched_at : Timestamp, optional
        The moment in UTC at which a live provider gave these prices.
    shortfall : str
        Of an answer that another provider may better: what it is, such as "the past year". Else
        empty.
    """

    symbol: str
    frame: pd.DataFrame
    provider: str
    today: pd.Timestamp
    notes: tuple[str, ...] = ()
    folder: str = ""
    fetched_at: pd.Timestamp | None = None
    shortfall: str = ""

    @property
    def as_of(self) -> pd.Timestamp:
        """When these prices were so: the moment of fetching; of data that lies still, `today`."""
        return self.today if self.fetched_at is None else self.fetched_at

    @property
    def origin(self) -> str:
        """Provider, and of files the whole path: what was trained on one serves no other."""
        return f"{self.provider} in {self.folder}" if self.folder else self.provider

    def until(self, cutoff: pd.Timestamp | None) -> pd.DataFrame:
        """The rows that were known at the close of `cutoff`; all of them for None.

        Raises
        ------
        InvalidCutoff
            The cutoff lies before the first session or after `today`.
        """
        if cutoff is None:
            return self.frame
        first, last = self.frame.index[0], self.frame.index[-1]
        if cutoff < first or cutoff > max(last, self.today):
            where = "in the future" if cutoff > self.today else "before the data"
            raise InvalidCutoff(
                f"{cutoff:%Y-%m-%d}",
                f"is {where}: {self.symbol} ({self.provider}) has sessions from "
                f"{first:%Y-%m-%d} to {last:%Y-%m-%d}; give a date in that range",
            )
        return self.frame.loc[:cutoff]


def rebased_close(frame: pd.DataFrame) -> pd.Series:
    """Closes adjusted for splits and dividends, on the scale of the last close as traded.

    Returns are those of ``adj_close``; the last value is that of ``close``. So nothing that
    happened after the last row, not even a later split, changes what a model sees.

    Returns
    -------
    Series of float64, named ``"close"``, indexed as `frame`.
    """
    close, adjusted = frame["close"], frame["adj_close"]
    rebased: pd.Series = adjusted / adjusted.iloc[-1] * close.iloc[-1]
    return rebased.rename("close")


def as_traded(frame: pd.DataFrame) -> pd.DataFrame:
    """Prices and dividends as they were on their day, whether or not the vendor rescaled them.

    Some vendors divide all prices before a split by its ratio, others leave them as traded. Which
    it was is read off each split's own session: between two sessions a close left as traded moves
    by one over the ratio, a rescaled one by nothing, whichever is nearer in logarithm. A day's own
    move may be as large as a small ratio: where there is a true ``adj_close``, which goes through a
    split without a jump, what counts is how the close parts from that; but a doubling or a halving
    of shares that shows in the close itself was left as traded, whatever ``adj_close`` says.

    Parameters
    ----------
    frame : DataFrame
        A price frame (:mod:`stockanalyst.frames`).

    Returns
    -------
    DataFrame
        A new one: ``open``, ``high``, ``low``, ``close`` and ``dividend`` before each split that
        the vendor rescaled times its ratio; all else as it was.
    """
    rescaled = frame["split_ratio"].where(_was_rescaled(frame), 1.0)
    later = rescaled[::-1].cumprod()[::-1].shift(-1, fill_value=1.0)
    return frame.assign(**{name: frame[name] * later for name in _SCALED})


def _was_rescaled(frame: pd.DataFrame) -> pd.Series:
    """Of each session: whether a split on it moved prices of before; meant for those with one."""
    ratio = np.log(frame["split_ratio"])
    jump, adjusted = (np.log(frame[name]).diff() for name in ("close", "adj_close"))
    parts = _nearer(jump - adjusted, ratio)
    jumps = _nearer(jump, ratio) & (ratio.abs() >= _LARGE_SPLIT)
    untrue = (frame["adj_close"] == frame["close"]).all()
    return ~(_nearer(jump, ratio) if untrue else parts | jumps)


def _nearer(jump: pd.Series, ratio: pd.Series) -> pd.Series:
    """Whether a move in logarithms is nearer to that of a split than to none."""
    return (jump + ratio).abs() < jump.abs()


def doubts(closes: pd.Series) -> tuple[str, ...]:
    """Sentences on moves and gaps that look like faults of the data, the latest of each.

    A daily move by more than a third may be a split that isn't adjusted for; more than two weeks
    without a session may be missing rows.
    """
    found = []
    moves = closes.pct_change()
    large = moves[moves.abs() > _LARGE_MOVE]
    if len(large):
        percent = f"{large.iloc[-1] * 100:+.0f} %".replace("-", "−")
        found.append(
            f"The close moved by {percent} on {large.index[-1]:%Y-%m-%d}: "
            "if that was a split, the prices need adjusting."
        )
    gaps = closes.index.to_series().diff()
    long = gaps[gaps > _LONG_GAP]
    if len(long):
        found.append(
            f"No session for {long.iloc[-1].days} days before {long.index[-1]:%Y-%m-%d}: "
            "if rows are missing, what counts as one session's move is the move of all of them."
        )
    return tuple(found)


def digest(frame: pd.DataFrame | pd.Series) -> str:
    """SHA-256 of index, column names and values, in hexadecimal."""
    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    sha = hashlib.sha256()
    sha.update("\n".join(map(str, table.columns)).encode())
    sha.update(pd.DatetimeIndex(table.index).as_unit("ns").asi8.astype("<i8").tobytes())
    sha.update(np.ascontiguousarray(table.to_numpy(), dtype="<f8").tobytes())
    return sha.hexdigest()
