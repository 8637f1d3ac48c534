"""What a report was made from: the same for every run with the same inputs.

No time, no path of the machine and nothing secret stands in it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from stockanalyst._typing import Json
from stockanalyst.exceptions import ReportError
from stockanalyst.reporting.context import MIME_TYPE

_FILES = "files:"


@dataclass(frozen=True)
class Environment:
    """Code that a report was made with.

    Attributes
    ----------
    python : str
        Its version.
    packages : mapping of str to str
        Versions by name.
    commit : str or None
        Of the checkout, with ``-dirty`` behind it where files had changed; None outside one.
    """

    python: str
    packages: Mapping[str, str]
    commit: str | None


@dataclass(frozen=True)
class Parameters:
    """Parameters of a notebook, three times.

    Attributes
    ----------
    given : mapping
        As they were asked for.
    default : mapping
        As the notebook declares them.
    resolved : mapping
        As the notebook ran.
    """

    given: Mapping[str, object]
    default: Mapping[str, object]
    resolved: Mapping[str, object]


def make_manifest(
    *,
    name: str,
    notebook: Json,
    executed: Json,
    parameters: Parameters,
    environment: Environment,
) -> Json:
    """Everything that a report depends on, as plain data.

    Parameters
    ----------
    name : str
        File name of the notebook.
    notebook, executed : mapping
        As it came and as it ran, in nbformat 4.
    parameters : Parameters
    environment : Environment

    Raises
    ------
    ReportError
        The executed notebook shows no analysis.
    """
    analysis = analysis_output(executed, name=name)
    return {
        "data": {**analysis["data"], "provider": without_folder(analysis["provider"])},
        "git_commit": environment.commit,
        "notebook": {"digest": notebook_digest(notebook), "name": name},
        "packages": dict(environment.packages),
        "parameters": {
            "default": _shared(parameters.default),
            "given": _shared(parameters.given),
            "resolved": _shared(parameters.resolved),
        },
        "python": environment.python,
        "recommendation": analysis["recommendation"]["action"],
        "seed": analysis["lstm"]["seed"] if analysis["lstm"] else None,
    }


def manifest_text(manifest: Json) -> str:
    """The manifest as JSON, keys sorted."""
    return json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def manifest_facts(manifest: Json) -> list[tuple[str, str]]:
    """The manifest for readers: what, and its value."""
    data, notebook, parameters = manifest["data"], manifest["notebook"], manifest["parameters"]
    packages = ", ".join(f"{name} {version}" for name, version in manifest["packages"].items())
    sessions = f"{data['first_session']} to {data['last_session']}, {data['n_sessions']:,} sessions"
    seed = manifest["seed"]
    return [
        ("Asked for", _assignments(parameters["given"])),
        ("Run with", _assignments(parameters["resolved"])),
        ("Prices", f"{data['provider']}, {sessions}"),
        ("SHA-256 of the closes", data["digest"]),
        ("Notebook", notebook["name"]),
        ("SHA-256 of its cells", notebook["digest"]),
        ("Code", manifest["git_commit"] or "as installed, no git checkout"),
        ("Python", manifest["python"]),
        ("Packages", packages),
        ("Seed", "none: no network took part" if seed is None else str(seed)),
    ]


def analysis_output(executed: Json, *, name: str) -> Json:
    """The analysis that a notebook shows, as :meth:`Analysis.to_dict` gave it.

    Raises
    ------
    ReportError
        No cell shows one.
    """
    cells = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        for output in cell["outputs"]:
            if MIME_TYPE in output.get("data", {}):
                found: Json = output["data"][MIME_TYPE]
                return found
    raise ReportError(name, len(cells), "no cell up to here shows an analysis")


def notebook_digest(notebook: Json) -> str:
    """SHA-256 of kinds and sources of the cells, in hexadecimal; outputs don't count."""
    cells = [[cell["cell_type"], cell["source"]] for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def without_folder(provider: str) -> str:
    """The provider's name, of ``files:FOLDER`` only the last part of the folder."""
    if not provider.startswith(_FILES):
        return provider
    return _FILES + PurePath(provider.removeprefix(_FILES)).name


def _shared(parameters: Mapping[str, object]) -> Json:
    """Parameters as others may see them."""
    shown = dict(parameters)
    if isinstance(provider := shown.get("provider"), str):
        shown["provider"] = without_folder(provider)
    return shown


def _assignments(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())
