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


def test_a_scorer_of_another_kind_is_refused_and_the_mend_names_it(kept: Path) -> None:
    mend = "set STOCKANALYST_SENTIMENT__SCORER to 'tfidf'"
    with pytest.raises(DataError, match=f"holds a 'tfidf' scorer, not 'compact'; {mend}"):
        folder.read(kept, kind="compact")


@pytest.mark.parametrize("name", ["report.json", "MODEL_CARD.md", "model.json"])
def test_a_folder_with_files_of_others_is_refused_and_left_as_it_is(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text('{"mine": 1}')
    with pytest.raises(DataError, match="no trained scorer of ours; name an empty or new folder"):
        folder.prepare(tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, '{"mine": 1}')]


def test_an_empty_folder_a_new_one_and_one_of_ours_are_taken(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for each in (tmp_path / "empty", tmp_path / "new" / "one", kept):
        before = sorted(each.glob("*"))
        folder.prepare(each)
        assert sorted(each.iterdir()) == before


NEXT = Trained(Artifact("compact", {}, {"network.onnx": b"net"}), {"next": 1}, "# Next\n")


def test_another_kind_leaves_nothing_of_the_earlier_one_and_all_that_is_the_users(
    kept: Path,
) -> None:
    (kept / "notes.txt").write_text("mine")
    folder.prepare(kept)
    folder.write(kept, NEXT)
    assert folder.read(kept, kind="compact").files == {"network.onnx": b"net"}
    names = sorted(path.name for path in kept.iterdir())
    assert names == ["MODEL_CARD.md", "model.json", "network.onnx", "notes.txt", "report.json"]


def test_what_cant_be_kept_whole_changes_nothing(kept: Path) -> None:
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    (kept / "report.json.part").mkdir()  # in the way of the second file
    with pytest.raises(DataError, match="can't keep the trained scorer there"):
        folder.write(kept, NEXT)
    (kept / "report.json.part").rmdir()
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


def test_a_folder_that_cant_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't keep the trained scorer there"):
        folder.write(tmp_path / "file", Trained(ARTIFACT, {}, ""))
