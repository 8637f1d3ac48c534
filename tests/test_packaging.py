"""pyproject.toml, the lock and environment.yml speak of the same environment."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
UNLOCKED = {"train-text", "finbert"}  # torch, which few want and which weighs as much as the rest
LOCKED = [name for name in PROJECT["optional-dependencies"] if name not in UNLOCKED]
PYTHONS = ("3.11.7", "3.12.3", "3.13.1")


def pins(python: str) -> dict[str, Version]:
    """Versions that the lock pins on a Linux machine with that Python."""
    environment = {
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "extra": "",
    }
    found: dict[str, Version] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            assert requirement.name not in found, f"{line}: pinned twice for {python}"
            found[canonical(requirement.name)] = Version(pin.version)
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements() -> list[Requirement]:
    optional = PROJECT["optional-dependencies"]
    groups = [PROJECT["dependencies"], *(optional[name] for name in LOCKED)]
    return [Requirement(text) for group in groups for text in group]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_pins_every_requirement_as_the_project_asks(python: str) -> None:
    locked = pins(python)
    for requirement in requirements():
        version = locked.get(canonical(requirement.name))
        assert version is not None, f"{requirement.name} isn't locked: run `make lock`"
        assert requirement.specifier.contains(version), f"{requirement}: the lock has {version}"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_takes_cpu_builds(python: str) -> None:
    heavy = re.compile(r"nvidia|cuda|cupy|triton|tensorflow-gpu|onnxruntime-gpu|torch")
    assert [name for name in pins(python) if heavy.search(name)] == []


def test_every_python_of_the_lock_is_one_of_the_project() -> None:
    supported = SpecifierSet(PROJECT["requires-python"])
    assert all(supported.contains(python) for python in PYTHONS)
    assert not supported.contains("3.10.9")
    assert not supported.contains("3.14.0")


def test_conda_installs_the_project_by_the_same_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, by_pip = environment["dependencies"]
    assert environment["name"] == PROJECT["name"]
    assert pip == "pip"
    name, _, version = python.partition("=")
    assert name == "python"
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.0")
    extras = ",".join(LOCKED)
    assert by_pip == {"pip": ["--constraint constraints.txt", f"--editable .[{extras}]"]}


def test_the_version_is_the_same_everywhere() -> None:
    import stockanalyst

    assert stockanalyst.__version__ == PROJECT["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {PROJECT['version']}" in changelog
