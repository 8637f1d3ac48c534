"""Do intervals keep their word? Arrays of shape (n,), NaN for n = 0."""

from math import nan

import numpy as np

from stockanalyst._typing import Vector


def coverage(y: Vector, lower: Vector, upper: Vector) -> float:
    """Share of values inside [lower, upper], bounds included."""
    return float(np.mean((lower <= y) & (y <= upper))) if y.size else nan
