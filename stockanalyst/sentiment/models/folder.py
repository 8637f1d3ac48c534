"""A trained scorer in a folder: ``model.json`` beside the files that it lists with digests."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from stockanalyst._typing import Json
from stockanalyst.exceptions import DataError, shown
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.training import Trained

FORMAT = 1
SHIPPED = Path(__file__).parent / "shipped"
"""Holds one folder a kind that the package ships."""

_DESCRIPTION = "model.json"


def read(folder: Path, *, kind: str) -> Artifact:
    """The trained scorer in a folder.

    Parameters
    ----------
    folder : Path
    kind : str
        Of which it must be.

    Raises
    ------
    DataError
        There is none, it is of another kind or format, or a file isn't the one that was trained.
    """
    description = _description(folder / _DESCRIPTION)
    if description["format"] != FORMAT:
        raise _fault(folder / _DESCRIPTION, f"format {description['format']!r} isn't {FORMAT}")
    if description["kind"] != kind:
        raise _other_kind(folder / _DESCRIPTION, description["kind"], kind)
    files = {name: _checked(folder / name, digest) for name, digest in description["files"].items()}
    return Artifact(kind, description["settings"], files, origin=str(folder))


def prepare(folder: Path) -> None:
    """Make a folder that can be written, before hours of work for it.

    Raises
    ------
    DataError
        It can't be made or written, or holds files that aren't a trained scorer's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and _ours(folder) is None:
            mend = "name an empty or new folder"
            raise DataError(f"{folder}: holds files, but no trained scorer of ours; {mend}")
        probe = folder / f"{_DESCRIPTION}.part"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from error


def write(folder: Path, trained: Trained) -> None:
    """Keep a trained scorer, its report and its model card; the description comes last.

    They replace the files of a scorer that was there, and what only that one had is removed.

    Raises
    ------
    DataError
        The folder can't be written.
    """
    artifact = trained.artifact
    description = {
        "format": FORMAT,
        "kind": artifact.kind,
        "settings": artifact.settings,
        "files": {name: _digest(content) for name, content in artifact.files.items()},
    }
    contents: Mapping[str, bytes] = {
        **artifact.files,
        "report.json": _json(trained.report),
        "MODEL_CARD.md": trained.card.encode(),
        _DESCRIPTION: _json(description),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stale = set(_ours(folder) or ()) - set(contents)
        _replace(folder, contents)
        for name in stale:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _replace(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Put files in the place of those of their names, once all are written."""
    parts = {folder / name: folder / f"{name}.part" for name in contents}
    try:
        for part, content in zip(parts.values(), contents.values(), strict=True):
            part.write_bytes(content)
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _ours(folder: Path) -> list[str] | None:
    """Names of the files of the trained scorer in a folder; None if it holds none."""
    try:
        return list(_description(folder / _DESCRIPTION)["files"])
    except DataError:
        return None


def _unwritable(folder: Path, error: OSError) -> DataError:
    return DataError(f"{folder}: can't keep the trained scorer there ({error.strerror or error})")


def _description(path: Path) -> Json:
    try:
        description = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise _fault(path, "there is no such file") from error
    except (ValueError, OSError, RecursionError) as error:
        raise _fault(path, "isn't JSON that can be read") from error
    if not isinstance(description, dict) or "format" not in description:
        raise _fault(path, "doesn't describe a trained scorer")
    expected = {"kind": str, "settings": dict, "files": dict}
    if any(not isinstance(description.get(name), of) for name, of in expected.items()):
        raise _fault(path, f"should give {', '.join(expected)}")
    if any(Path(name).name != name for name in description["files"]):
        raise _fault(path, "names a file outside its folder")
    return description


def _checked(path: Path, digest: object) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _fault(path, error.strerror or str(error)) from error
    if _digest(content) != digest:
        raise _fault(path, f"isn't the file that {_DESCRIPTION} describes")
    return content


def _other_kind(path: Path, found: str, asked: str) -> DataError:
    mend = f"set STOCKANALYST_SENTIMENT__SCORER to {shown(found)}, or name another folder"
    return DataError(f"{path}: holds a {shown(found)} scorer, not {asked!r}; {mend}")


def _fault(path: Path, problem: str) -> DataError:
    mend = "train it with `stockanalyst sentiment train`"
    return DataError(f"{path}: {problem}; {mend}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(value: Json) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
