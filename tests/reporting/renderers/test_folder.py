"""A report is there whole, or as it was."""

from contextlib import suppress
from pathlib import Path

import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.reporting.renderers.folder import published


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_report_is_published_when_it_is_done(tmp_path: Path) -> None:
    target = tmp_path / "reports" / "AAPL-2013-03-01"
    with published(target) as draft:
        (draft / "report.html").write_text("new")
        assert not target.exists()
        assert draft.stat().st_dev == tmp_path.stat().st_dev
    assert contents(tmp_path) == {"reports/AAPL-2013-03-01/report.html": "new"}


def test_an_earlier_report_goes_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "r"
    with published(target) as draft:
        (draft / "report.html").write_text("old")
        (draft / "manifest.json").write_text("old")
    with published(target) as draft:
        (draft / "report.html").write_text("new")
        assert contents(target) == {"report.html": "old", "manifest.json": "old"}
    assert contents(tmp_path) == {"r/report.html": "new"}


def test_a_failure_leaves_the_earlier_report_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "r"
    with published(target) as draft:
        (draft / "report.html").write_text("old")
    with suppress(ZeroDivisionError), published(target) as draft:
        (draft / "report.html").write_text("half")
        raise ZeroDivisionError
    assert contents(tmp_path) == {"r/report.html": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_the_earlier_report_comes_back_when_publishing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "r"
    with published(target) as draft:
        (draft / "report.html").write_text("old")
    rename = Path.rename

    def failing(self: Path, to: Path) -> Path:
        if self.name == "draft":
            raise OSError(28, "No space left on device")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="No space"), published(target) as draft:
        (draft / "report.html").write_text("new")
    assert contents(tmp_path) == {"r/report.html": "old"}


def test_an_empty_folder_may_be_taken(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    with published(tmp_path / "r") as draft:
        (draft / "report.html").write_text("new")
    assert contents(tmp_path) == {"r/report.html": "new"}


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    refused = pytest.raises(InputError, match=r"holds 'thesis\.tex', which is no report")
    with refused, published(tmp_path):
        pytest.fail("must not be entered")
    assert contents(tmp_path) == {"thesis.tex": "mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("mine")
    with pytest.raises(InputError, match="is a file; give a folder"), published(tmp_path / "f"):
        pytest.fail("must not be entered")
    with pytest.raises(InputError, match="can't be written"), published(tmp_path / "f" / "r"):
        pytest.fail("must not be entered")
