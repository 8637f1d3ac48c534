"""Texts as counts of their words, word pairs and parts of words, each known by a 32-bit hash."""

import re
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Vector

LONGEST_TEXT = 4000  # characters; what comes later is left out

_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"[$#@]?[^\W\d_]+(?:[&'’.-][^\W_]+)*|\d[\d.,]*|[%+!?-]")
_SPAN = 6  # a pair's words are fewer places apart
_STEM = 5  # letters of each that count in a pair
_SHORTEST_PART, _LONGEST_PART = 2, 5
_LONGEST_WORD = 40
_CACHED_WORDS = 50_000

Hashes = NDArray[np.uint32]


def hashes(texts: Sequence[str]) -> tuple[Hashes, IntVector]:
    """Hashes of all features of the texts, one text after another, and where each text begins.

    Features are single words, two and three in a row, pairs of word stems within six words, and
    the runs of two to five characters of each word. Digits are all alike; addresses are left out.

    Returns
    -------
    hashes : ndarray of shape (m,)
    bounds : ndarray of shape (n_texts + 1,)
    """
    parts = [part for text in texts for part in _features(text)]
    sizes = np.array([part.size for part in parts], dtype=np.intp).reshape(-1, 2).sum(axis=1)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    return np.concatenate([np.empty(0, np.uint32), *parts]), bounds


def counts(found: Hashes, bounds: IntVector, keys: Hashes) -> Any:
    """How often each text has each feature, as a sparse array of shape (n_texts, n_keys).

    Parameters
    ----------
    found, bounds
        Of :func:`hashes`.
    keys : ndarray of shape (n_keys,)
        Hashes of the features that count, ascending.
    """
    from scipy import sparse

    places = np.minimum(np.searchsorted(keys, found), keys.size - 1).astype(np.int32)
    known = keys[places] == found
    starts = np.concatenate([[0], np.cumsum(known)])[bounds].astype(np.int32)
    ones = np.ones(starts[-1], dtype=np.float32)
    matrix = sparse.csr_array((ones, places[known], starts), shape=(bounds.size - 1, keys.size))
    matrix.sum_duplicates()
    return matrix


def weighted(matrix: Any, idf: Vector) -> Any:
    """TF-IDF of counts: (1 + log count) × idf, each row of length 1."""
    logs = matrix.astype(np.float64)
    logs.data = (1 + np.log(logs.data)) * idf[logs.indices]
    rows = np.repeat(np.arange(logs.shape[0]), np.diff(logs.indptr))
    logs.data /= np.sqrt(np.bincount(rows, weights=logs.data**2))[rows]
    return logs


def _features(text: str) -> Iterator[Hashes]:
    words = _TOKEN.findall(_DIGIT.sub("0", _ADDRESS.sub(" ", text[:LONGEST_TEXT].lower())))
    yield _hashed(_runs_of_words(words))
    yield np.concatenate([np.empty(0, np.uint32), *map(_parts, words)])


def _runs_of_words(words: Sequence[str]) -> list[str]:
    stems = [word[:_STEM] for word in words]
    runs = [f"w{word}" for word in words]
    for apart in range(1, _SPAN):
        runs += [f"p{a} {b}" for a, b in zip(stems, stems[apart:], strict=False)]
    runs += [f"w{a} {b}" for a, b in pairwise(words)]
    runs += [f"w{a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:], strict=False)]
    return runs


@lru_cache(_CACHED_WORDS)
def _parts(word: str) -> Hashes:
    whole = f" {word[:_LONGEST_WORD]} "
    return _hashed(
        [
            f"c{whole[first : first + size]}"
            for size in range(_SHORTEST_PART, min(_LONGEST_PART, len(whole)) + 1)
            for first in range(len(whole) - size + 1)
        ]
    )


def _hashed(features: Sequence[str]) -> Hashes:
    encoded = [zlib.crc32(feature.encode("utf-8", "surrogatepass")) for feature in features]
    return np.array(encoded, dtype=np.uint32)
