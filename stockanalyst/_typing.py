"""Array aliases, named by rank."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]
"""Shape (n,)."""
Matrix: TypeAlias = NDArray[np.float64]
"""Shape (n, m)."""
Cube: TypeAlias = NDArray[np.float64]
"""Shape (n, m, k)."""
IntVector: TypeAlias = NDArray[np.intp]
"""Positions, shape (n,)."""
Json: TypeAlias = dict[str, Any]
"""An object that :func:`json.dumps` takes as it is."""
