"""A trained scorer as a value: its files, and what inference must know of them."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Json
from stockanalyst.exceptions import DataError


@dataclass(frozen=True)
class Artifact:
    """A trained scorer, outside any folder.

    Attributes
    ----------
    kind : str
        The scorer that it is for: ``compact``, ``tfidf`` or ``blend``.
    settings : dict
        What inference needs beside the files, such as the temperature.
    files : mapping of str to bytes
        By file name.
    origin : str
        Where it came from, for messages.
    """

    kind: str
    settings: Json
    files: Mapping[str, bytes] = field(repr=False)
    origin: str = "this artefact"

    def file(self, name: str) -> bytes:
        """A file's content.

        Raises
        ------
        DataError
            There is no such file.
        """
        if name not in self.files:
            raise self.fault(f"has no {name}")
        return self.files[name]

    def number(self, name: str) -> float:
        """A positive number among the settings.

        Raises
        ------
        DataError
            It isn't there, or isn't one.
        """
        return self._positive(name, self.settings.get(name))

    def _positive(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < np.inf:
            raise self.fault(f"model.json should give {name} as a positive number, not {value!r}")
        return float(value)

    def numbers(self, name: str, keys: Iterable[str]) -> dict[str, float]:
        """Positive numbers among the settings, under one name.

        Raises
        ------
        DataError
            One isn't there, or isn't one.
        """
        values = self.settings.get(name)
        table = values if isinstance(values, dict) else {}
        return {key: self._positive(f"{name}.{key}", table.get(key)) for key in keys}

    def arrays(self, name: str, shapes: Mapping[str, tuple[int | None, ...]]) -> dict[str, Any]:
        """Finite arrays of an ``.npz`` file; nothing pickled is ever opened.

        Parameters
        ----------
        name : str
            The file.
        shapes : mapping of str to tuple
            What it must hold; None is any length, the same for all.

        Raises
        ------
        DataError
            It doesn't hold them.
        """
        try:
            with np.load(io.BytesIO(self.file(name)), allow_pickle=False) as opened:
                found = {key: opened[key] for key in shapes}
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise self.fault(f"{name} doesn't hold arrays {', '.join(shapes)}") from error
        _check(self, name, found, shapes)
        return found

    def fault(self, problem: str) -> DataError:
        """An error that names the artefact and says how to mend it."""
        mend = "train it again, or install the package again if it came with it"
        return DataError(f"{self.origin}: {problem}; {mend}")


def packed(**arrays: NDArray[Any]) -> bytes:
    """Arrays as the content of an ``.npz`` file; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _check(
    artifact: Artifact,
    name: str,
    found: Mapping[str, NDArray[Any]],
    shapes: Mapping[str, tuple[int | None, ...]],
) -> None:
    length = len(next(iter(found.values())).ravel())
    for key, shape in shapes.items():
        expected = tuple(length if side is None else side for side in shape)
        array = found[key]
        if array.shape != expected or array.dtype.kind not in "iuf":
            raise artifact.fault(f"{name}: {key} is {array.dtype}{array.shape}, not {expected}")
        if not np.isfinite(array).all():
            raise artifact.fault(f"{name}: {key} isn't finite")
