"""Do intervals keep their word? Arrays of shape (n,), NaN for n = 0 or where one holds NaN."""

from math import nan

import numpy as np

from stockanalyst._typing import Vector


def coverage(y: Vector, lower: Vector, upper: Vector) -> float:
    """Share of values inside [lower, upper], bounds included."""
    if not y.size or np.isnan([y, lower, upper]).any():
        return nan
    return float(np.mean((lower <= y) & (y <= upper)))
