import io
import pickle
from typing import Any

import numpy as np
import pytest

from stockanalyst.exceptions import DataError
from stockanalyst.sentiment.artifact import Artifact, packed

SHAPES = {"keys": (None,), "weights": (None, 3)}


def artifact(content: bytes, **settings: object) -> Artifact:
    return Artifact("tfidf", settings, {"weights.npz": content}, origin="/models/mine")


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_arrays_come_back_as_they_were_packed() -> None:
    keys, weights = np.array([3, 5], np.uint32), np.arange(6, dtype=np.float16).reshape(2, 3)
    content = packed(keys=keys, weights=weights)
    found = artifact(content).arrays("weights.npz", SHAPES)
    assert found["keys"].dtype == np.uint32
    assert found["weights"].tolist() == weights.tolist()
    assert packed(keys=keys, weights=weights) == content


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "doesn't hold arrays"),
        (b"PK\x03\x04 cut short", "doesn't hold arrays"),
        (pickle.dumps([1, 2, 3]), "doesn't hold arrays"),
        (npz(keys=[1, 2]), "doesn't hold arrays"),
        (npz(keys=[1, 2], weights=np.array([{}, {}], object)), "doesn't hold arrays"),
        (npz(keys=[1, 2], weights=np.ones((3, 3))), r"weights is float64\(3, 3\)"),
        (npz(keys=[1, 2], weights=np.full((2, 3), np.nan)), "weights isn't finite"),
        (npz(keys=["a", "b"], weights=np.ones((2, 3))), "keys is"),
    ],
    ids=["empty", "cut", "pickle", "missing", "objects", "shape", "nan", "text"],
)
def test_files_that_hold_something_else_are_refused_by_name(content: bytes, problem: str) -> None:
    with pytest.raises(DataError, match=rf"^/models/mine: weights.npz.*{problem}"):
        artifact(content).arrays("weights.npz", SHAPES)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(DataError, match=r"^/models/mine: has no network.onnx; train it again"):
        artifact(b"").file("network.onnx")


@pytest.mark.parametrize("value", [None, "2", True, 0, -1.0, float("inf"), float("nan")])
def test_a_setting_that_is_no_positive_number_is_named(value: object) -> None:
    with pytest.raises(DataError, match="temperature as a positive number"):
        artifact(b"", temperature=value).number("temperature")
    assert artifact(b"", temperature=2).number("temperature") == 2.0
