"""The code that is running: versions, and the commit of its checkout."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from stockanalyst.reporting.manifest import Environment

_PACKAGES = (
    "arch",
    "bokeh-sampledata",
    "exchange-calendars",
    "holoviews",
    "matplotlib",
    "nbconvert",
    "numpy",
    "onnxruntime",
    "pandas",
    "papermill",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "stockanalyst",
    "yfinance",
)


def read_environment(package: Path) -> Environment:
    """Versions of Python and of the packages that decide about numbers and pages.

    Parameters
    ----------
    package : Path
        The package's own folder; directly in the root of a checkout, or somewhere installed.
    """
    return Environment(
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        commit=_commit(package.parent),
    )


def _commit(root: Path) -> str | None:
    """None where `root` isn't itself a checkout: it may be installed inside somebody else's."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root.resolve():
        return None
    return _git(root, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(root), "--no-optional-locks", *arguments]
    try:
        # S603: fixed words and the package's own path.
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
