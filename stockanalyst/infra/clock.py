"""The one module that asks what time it is."""

from datetime import UTC, datetime

import pandas as pd


def now() -> pd.Timestamp:
    """The present moment, in UTC."""
    return pd.Timestamp(datetime.now(UTC))  # noqa: TID251  the clock itself
