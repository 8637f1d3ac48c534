"""A user's own list of words, such as the one of Loughran and McDonald."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from stockanalyst.exceptions import InputError

GREATEST = 4.0
"""Largest size of a weight, as in VADER."""
OF_A_LIST = 1.3
"""Weight of a word of a list that gives no weights."""

_Row: TypeAlias = dict[str, str]

_MEND = (
    "give a CSV file in UTF-8 with the columns term and weight, or with the columns Word, Negative "
    "and Positive of the Loughran–McDonald master dictionary"
)


def read_lexicon(path: Path) -> dict[str, float]:
    """Weights of words, for :class:`~stockanalyst.sentiment.lexicon.FinanceLexiconScorer`.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8, its columns in any order and in any case: either ``term`` and
        ``weight`` (from −4 to 4), or ``Word``, ``Negative`` and ``Positive``, where a year above 0
        says that the word is in that list.

    Raises
    ------
    InputError
        It can't be read, has other columns or no word, or holds a weight that isn't one.

    References
    ----------
    Loughran, McDonald: When is a liability not a liability? Journal of Finance 66, 2011. Their
    list may be used in research, not passed on: each user takes it from the authors.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            weights = dict(_weights(path, csv.DictReader(file)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("lexicon", str(path), f"can't be read ({error}); {_MEND}") from error
    if not weights:
        raise InputError("lexicon", str(path), f"holds no word with a weight; {_MEND}")
    return weights


def checked_weight(parameter: str, term: str, weight: float) -> float:
    """A weight that can be used.

    Raises
    ------
    InputError
        It isn't finite, or lies outside [−4, 4].
    """
    if not math.isfinite(weight) or abs(weight) > GREATEST:
        raise InputError(parameter, weight, f"the weight of {term!r} must lie from −4 to 4")
    return weight


def _weights(path: Path, table: "csv.DictReader[str]") -> Iterator[tuple[str, float]]:
    columns = {(name or "").strip().lower(): name for name in table.fieldnames or ()}
    if {"term", "weight"} <= columns.keys():
        weigh, term = _weighted, columns["term"]
    elif {"word", "negative", "positive"} <= columns.keys():
        weigh, term = _listed, columns["word"]
    else:
        raise InputError("lexicon", str(path), _MEND)
    for row in table:
        named = {low: (row[name] or "").strip() for low, name in columns.items()}
        try:
            weight = weigh(named)
        except ValueError as error:
            mend = f"line {table.line_num}: {error}; {_MEND}"
            raise InputError("lexicon", str(path), mend) from error
        if weight and row[term]:
            yield row[term].strip().lower(), weight


def _weighted(row: _Row) -> float:
    return checked_weight("lexicon", row["term"], float(row["weight"]))


def _listed(row: _Row) -> float:
    return OF_A_LIST * ((float(row["positive"]) > 0) - (float(row["negative"]) > 0))
