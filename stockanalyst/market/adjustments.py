"""Dividends and splits, read back from how adjusted closes part from closes as traded."""

from fractions import Fraction

import numpy as np
import pandas as pd

from stockanalyst.exceptions import DataError

# Between two sessions without an event the ratio of the two series moves by rounding alone: less
# than 1e-12 with adjusted closes of 14 digits. The smallest dividends move it by 1e-4.
TOLERANCE = 1e-9
_LARGEST_TERM = 10  # of a split's smaller side: 3:2 and 11:10, but not 101:100
_SMALLEST_SPLIT = Fraction(5, 4)


def derive_events(close: pd.Series, adj_close: pd.Series) -> pd.DataFrame:
    """The dividend and the split of every session.

    A share held over the ex-date `t` becomes ``r`` shares, its dividend reinvested at that day's
    close: ``r = (close[t-1] / adj_close[t-1]) / (close[t] / adj_close[t])``, which is
    ``split_ratio`` on a split and ``1 + dividend / close[t]`` on a dividend. A session has one or
    the other: a ratio of small whole numbers, from 5:4 up or below 1, is a split. Quandl's WIKI
    prices are adjusted so; Yahoo's reinvest at the close before.

    Parameters
    ----------
    close, adj_close : Series of float64
        As traded, and adjusted backwards from the last session; the same sessions.

    Returns
    -------
    DataFrame
        Columns ``dividend`` (money a share as traded, to 6 decimals; 0 without one) and
        ``split_ratio`` (new shares for one old; 1 without a split), indexed as `close`.

    Raises
    ------
    DataError
        A ratio below 1 that isn't a split.
    """
    events = pd.DataFrame({"dividend": 0.0, "split_ratio": 1.0}, index=close.index)
    factor = close / adj_close
    shares = (factor.shift(1) / factor).fillna(1.0)
    for position in map(int, np.flatnonzero((shares - 1.0).abs() > TOLERANCE)):
        session, became = close.index[position], float(shares.iloc[position])
        split = _split_of(became)
        if split is not None:
            events.loc[session, "split_ratio"] = split
        elif became > 1.0:
            events.loc[session, "dividend"] = round((became - 1.0) * close.iloc[position], 6)
        else:
            raise DataError(
                f"adj_close: on {session:%Y-%m-%d} one share becomes {became:.6g}, which is neither"
                " a dividend nor a split; correct that day's close or adj_close"
            )
    return events


def _split_of(shares: float) -> float | None:
    larger = shares if shares > 1.0 else 1.0 / shares
    ratio = Fraction(larger).limit_denominator(_LARGEST_TERM)
    if abs(ratio / larger - 1.0) > TOLERANCE or 1.0 < shares < _SMALLEST_SPLIT:
        return None
    return float(ratio if shares > 1.0 else 1 / ratio)
