import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stockanalyst.exceptions import DataError
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.models import folder
from stockanalyst.sentiment.training import Trained

ARTIFACT = Artifact("tfidf", {"temperature": 1.5}, {"weights.npz": b"\x00weights\xff"})


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "mine"
    folder.write(path, Trained(ARTIFACT, {"test": {"accuracy": 0.9}}, "# Card\n"))
    return path


def edited(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def edit(kept: Path) -> None:
        description = json.loads((kept / "model.json").read_text())
        change(description)
        (kept / "model.json").write_text(json.dumps(description))

    return edit


def test_what_is_written_is_read_as_it_was(kept: Path) -> None:
    found = folder.read(kept, kind="tfidf")
    assert (found.kind, found.settings, dict(found.files)) == (
        ARTIFACT.kind,
        ARTIFACT.settings,
        ARTIFACT.files,
    )
    names = sorted(path.name for path in kept.iterdir())
    assert names == ["MODEL_CARD.md", "model.json", "report.json", "weights.npz"]
    assert json.loads((kept / "report.json").read_text()) == {"test": {"accuracy": 0.9}}


@pytest.mark.parametrize(
    ("spoil", "named", "problem"),
    [
        (lambda kept: (kept / "model.json").unlink(), "model.json", "no such file"),
        (lambda kept: (kept / "model.json").write_bytes(b"\xff{"), "model.json", "isn't JSON"),
        (lambda kept: (kept / "model.json").write_text("[" * 99_999), "model.json", "isn't JSON"),
        (lambda kept: (kept / "model.json").write_text("[1]"), "model.json", "doesn't describe"),
        (edited(lambda it: it.update(format=2)), "model.json", "format 2 isn't 1"),
        (edited(lambda it: it.update(files=[])), "model.json", "should give kind, settings, files"),
        (edited(lambda it: it.update(files={"../x": ""})), "model.json", "outside its folder"),
        (lambda kept: (kept / "weights.npz").unlink(), "weights.npz", "No such file"),
        (
            lambda kept: (kept / "weights.npz").write_bytes(b"\x00weightz\xff"),
            "weights.npz",
            r"isn't the file that model\.json describes",
        ),
    ],
    ids=["none", "bytes", "deep", "list", "format", "files", "outside", "gone", "digest"],
)
def test_a_spoilt_folder_is_refused_by_the_files_name(
    kept: Path, spoil: Callable[[Path], object], named: str, problem: str
) -> None:
    spoil(kept)
    with pytest.raises(DataError, match=problem) as raised:
        folder.read(kept, kind="tfidf")
    assert str(raised.value).startswith(str(kept / named))
    assert "\n" not in str(raised.value)


def test_a_scorer_of_another_kind_is_refused(kept: Path) -> None:
    with pytest.raises(DataError, match="holds a 'tfidf' scorer, not 'compact'"):
        folder.read(kept, kind="compact")


def test_a_folder_that_cant_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't keep the trained scorer there"):
        folder.write(tmp_path / "file", Trained(ARTIFACT, {}, ""))
