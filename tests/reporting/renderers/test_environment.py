"""Versions, and the commit of a checkout made for the purpose."""

import platform
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import pytest

from stockanalyst.reporting.renderers.environment import read_environment

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: Callable[[str], NoReturn]) -> Git:
    """Run git in a fresh repository with one commit."""
    if shutil.which("git") is None:
        missing("git")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> str:
        command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    call("init", "--quiet")
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("x = 1\n")
    call("add", "--all")
    call("commit", "--quiet", "--message", "first")
    return call


def test_versions_are_those_that_run(tmp_path: Path) -> None:
    found = read_environment(tmp_path / "pkg")
    assert found.python == platform.python_version()
    assert found.packages["pandas"] == version("pandas")
    assert {"stockanalyst", "numpy", "papermill", "nbconvert"} <= set(found.packages)


def test_a_checkout_has_its_commit(tmp_path: Path, git: Git) -> None:
    git("tag", "v1")
    assert read_environment(tmp_path / "pkg").commit == git("rev-parse", "HEAD")


def test_changed_files_are_told(tmp_path: Path, git: Git) -> None:
    (tmp_path / "pkg" / "__init__.py").write_text("x = 2\n")
    assert read_environment(tmp_path / "pkg").commit == f"{git('rev-parse', 'HEAD')}-dirty"


def test_a_package_installed_inside_another_checkout_has_none(tmp_path: Path, git: Git) -> None:
    installed = tmp_path / "venv" / "pkg"
    installed.mkdir(parents=True)
    assert git("rev-parse", "HEAD")
    assert read_environment(installed).commit is None


def test_outside_a_checkout_there_is_none(tmp_path: Path) -> None:
    assert read_environment(tmp_path / "pkg").commit is None


def test_without_git_there_is_none(
    tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_environment(tmp_path / "pkg").commit is None
