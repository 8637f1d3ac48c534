"""Reports as folders that are there whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from stockanalyst.exceptions import InputError

_FILES = {"report.html", "report.ipynb", "manifest.json"}


@contextmanager
def published(target: Path) -> Iterator[Path]:
    """A :class:`~stockanalyst.services.protocols.Publisher`.

    The draft lies beside `target`, on the same file system, so that a rename publishes it. A
    report that is already there goes only then; any other folder is left alone.
    """
    _require_replaceable(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        raise InputError("folder", str(target), f"can't be written: {error.strerror}") from error
    with beside as place:
        draft = Path(place) / "draft"
        draft.mkdir()
        yield draft
        _swap(draft, target, Path(place) / "earlier")


def _require_replaceable(target: Path) -> None:
    if target.is_dir():
        others = {path.name for path in target.iterdir()} - _FILES
        if others:
            mend = f"holds {min(others)!r}, which is no report; give a new folder"
            raise InputError("folder", str(target), mend)
    elif target.exists():
        raise InputError("folder", str(target), "is a file; give a folder")


def _swap(draft: Path, target: Path, earlier: Path) -> None:
    if target.exists():
        target.rename(earlier)
    try:
        draft.rename(target)
    except OSError:
        if earlier.exists():
            earlier.rename(target)
        raise
