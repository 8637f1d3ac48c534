"""The chain of hashes: each row of a journal vouches for all before it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stockanalyst.portfolio.entries import Entry, digest

FIRST = "0" * 64
"""What the first row of a journal follows."""
_HASHED = (
    "prev_hash", "user_id", "portfolio_id", "seq", "idempotency_key", "payload_hash", "type",
    "symbol", "reverses",
)  # fmt: skip


def said_twice(entry: Entry) -> dict[str, object]:
    """Columns that repeat what the payload says, for the database to look at."""
    return {
        "type": entry.type.value,
        "symbol": entry.symbol,
        "effective_date": entry.on,
        "reverses": entry.reverses or None,
    }


def sealed(row: Mapping[str, Any], entry: Entry, *, recorded_at: datetime) -> dict[str, Any]:
    """A whole row from its owner, number, key and predecessor's hash, and the entry."""
    payload = entry.payload()
    whole = {
        **row,
        **said_twice(entry),
        "recorded_at": recorded_at,
        "payload": payload,
        "payload_hash": digest(payload),
    }
    return {**whole, "row_hash": row_hash(whole)}


def row_hash(row: Mapping[str, Any]) -> str:
    """The hash of a row of ``ledger_event`` with all but its payload, whose hash it has."""
    words = [row[name] for name in _HASHED]
    dates = [row["effective_date"].isoformat(), row["recorded_at"].isoformat()]
    return digest(json.dumps([*words, *dates]))
