"""Findings as bytes, for a cache."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from stockanalyst.sentiment.articles import Article, Findings, Observation


def encoded(findings: Findings) -> bytes:
    """Findings as JSON in UTF-8."""
    plain = {
        "articles": [asdict(each) for each in findings.articles],
        "observations": [asdict(each) for each in findings.observations],
        "faults": findings.faults,
        "notes": findings.notes,
    }
    return json.dumps(plain, default=datetime.isoformat).encode()


def decoded(text: bytes) -> Findings | None:
    """What :func:`encoded` was given; None for bytes of another origin or version."""
    try:
        plain = json.loads(text)
        return Findings(
            tuple(_article(row) for row in plain["articles"]),
            tuple(
                Observation(**{**row, "at": _moment(row["at"])}) for row in plain["observations"]
            ),
            tuple(plain["faults"]),
            tuple(plain["notes"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def _article(row: dict[str, Any]) -> Article:
    moment, symbols = _moment(row["published_at"]), tuple(row["symbols"])
    return Article(**{**row, "published_at": moment, "symbols": symbols})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
