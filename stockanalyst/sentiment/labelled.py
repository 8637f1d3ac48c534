"""Labelled texts: reading them from files, and parting them so that no news is in two parts."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import IntVector
from stockanalyst.exceptions import DataError, InputError
from stockanalyst.sentiment.labelled_files import LEFT_OUT, read_file
from stockanalyst.sentiment.protocols import LABELS

PARTS = ("test", "calibration", "training")
TEST_SHARE, CALIBRATION_SHARE = 0.25, 0.05

_LEAST = {"test": 0, "calibration": 0, "training": 2}  # texts of each label in a part
_ALIKE = 0.7  # cosine from which two texts tell the same news
_COMMON = 100  # texts; a run in fewer always counts
_BLOCK = 1000  # rows of similarities that are in memory at once


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with labels, in parts that share no news.

    Attributes
    ----------
    texts : ndarray of str, shape (n,)
    labels : ndarray of int, shape (n,)
        Positions in :data:`LABELS`.
    files : ndarray of str, shape (n,)
        The name of the file that each came from.
    parts : ndarray of str, shape (n,)
        Each one of :data:`PARTS`.
    digests : mapping of str to str
        SHA-256 of each file, by name.
    duplicates : int
        Rows left out, because their text stood there already with the same label.
    contradicting : int
        Texts that stand there with two labels or more.
    """

    texts: NDArray[np.object_]
    labels: IntVector
    files: NDArray[np.object_]
    parts: NDArray[np.str_]
    digests: Mapping[str, str]
    duplicates: int = 0
    contradicting: int = 0

    def of(self, part: str) -> tuple[list[str], IntVector]:
        """Texts and labels of one of :data:`PARTS`."""
        rows = self.parts == part
        return list(self.texts[rows]), self.labels[rows]


def read_labelled(paths: Sequence[Path]) -> LabelledTexts:
    """Labelled texts of files, in parts.

    Parameters
    ----------
    paths : sequence of Path
        CSV or Parquet with columns ``text`` and ``label`` (negative, neutral or positive; rows
        labelled mixed are left out), and perhaps ``group``: what shares one is never parted.

    Returns
    -------
    LabelledTexts
        Near-duplicates are never parted either. The part follows from the group, or from the text
        where there is none, and not from a seed: what is held back stays so however one trains.

    Raises
    ------
    InputError
        No file, two of one name, or one that is neither CSV nor Parquet or isn't there.
    FrameSchema
        A column is missing, or holds what it shouldn't.
    DataError
        A file can't be read, or there are too few texts.
    """
    names = [path.name for path in paths]
    if not names or len(set(names)) < len(names):
        raise InputError("data", names, "name CSV or Parquet files, each with a name of its own")
    frame = pd.concat([read_file(path) for path in paths], ignore_index=True)
    told = frame[frame["label"] != LEFT_OUT]
    frame = told.drop_duplicates(["text", "label"])
    if frame.empty:
        raise DataError("data: there is no text with a label to train on; give some of each")
    texts = frame["text"].to_numpy(object)
    labelled = LabelledTexts(
        texts=texts,
        labels=frame["label"].map(LABELS.index).to_numpy(np.intp),
        files=frame["file"].to_numpy(object),
        parts=parts_of(_keys(texts, frame["group"])),
        digests={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths},
        duplicates=len(told) - len(frame),
        contradicting=int((frame["text"].value_counts() > 1).sum()),
    )
    _check_counts(labelled)
    return labelled


def parts_of(groups: Iterable[object]) -> NDArray[np.str_]:
    """The part of each group: 25 % of them test, 5 % calibration, the others training.

    It follows from the group's name alone: what is held back stays so, whatever comes beside it.
    """
    bounds = [TEST_SHARE, TEST_SHARE + CALIBRATION_SHARE]
    places = [_place(str(group)) for group in groups]
    return np.array(PARTS)[np.searchsorted(bounds, places, side="right")]


def near_duplicates(texts: Sequence[str]) -> IntVector:
    """Number of the cluster of nearly identical texts that each belongs to, shape (n,).

    Two texts are near when the cosine of their TF-IDF vectors of four-character runs is above 0.7;
    runs in more than one text of twenty (and in 100) don't count. A chain of near texts is one
    cluster.
    """
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    runs = TfidfVectorizer(analyzer="char", ngram_range=(4, 4), dtype=np.float32)
    vectors = runs.fit_transform([f"{text:3}\x03" for text in texts])
    rare = vectors.getnnz(axis=0) <= max(_COMMON, len(texts) // 20)
    vectors.data *= rare[vectors.indices]
    vectors = normalize(vectors)
    near = [
        vectors[first : first + _BLOCK] @ vectors.T > _ALIKE
        for first in range(0, len(texts), _BLOCK)
    ]
    clusters: IntVector = connected_components(sparse.vstack(near))[1].astype(np.intp)
    return clusters


def _keys(texts: NDArray[np.object_], groups: pd.Series) -> list[str]:
    """A name for each set of texts that share a group or are nearly the same, in a chain."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    given = groups.notna() & (groups != "")
    own = pd.Series(texts, dtype=object).where(~given.to_numpy(), groups.to_numpy()).map(str)
    n = len(own)
    clusters = n + near_duplicates(list(texts))
    named = clusters.max() + 1 + pd.factorize(own)[0]
    edges = (np.tile(np.arange(n), 2), np.concatenate([clusters, named]))
    nodes = int(named.max()) + 1
    graph = sparse.coo_array((np.ones(2 * n), edges), shape=(nodes, nodes))
    _, joined = connected_components(graph, directed=False)
    return list(own.groupby(joined[:n]).transform("min"))


def _place(name: str) -> float:
    """Where a name falls in [0, 1), as if by chance."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _check_counts(labelled: LabelledTexts) -> None:
    for part, least in _LEAST.items():
        _, labels = labelled.of(part)
        counts = np.bincount(labels, minlength=len(LABELS))
        if not labels.size or counts.min() < least:
            found = ", ".join(
                f"{count} {label}" for count, label in zip(counts, LABELS, strict=True)
            )
            raise DataError(
                f"data: too few different texts: {found} in the {part} part; give more of each"
            )
