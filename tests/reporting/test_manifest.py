"""The manifest, from notebooks written by hand."""

import hashlib
import json
from typing import Any

import pytest

from stockanalyst.exceptions import ReportError
from stockanalyst.reporting.manifest import (
    Environment,
    Parameters,
    analysis_output,
    make_manifest,
    manifest_facts,
    manifest_text,
    notebook_digest,
    without_folder,
)

MIME = "application/vnd.stockanalyst.analysis+json"
SOURCE = {
    "cells": [
        {"cell_type": "markdown", "source": "# T", "metadata": {}},
        {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []},
    ]
}
DATA = {
    "digest": "ab" * 32,
    "first_session": "2000-01-03",
    "last_session": "2004-12-31",
    "n_sessions": 1258,
}


def executed(provider: str = "sample", lstm: dict[str, Any] | None = None) -> dict[str, Any]:
    shown = {
        "data": DATA,
        "provider": provider,
        "recommendation": {"action": "NO CALL", "model": None},
        "lstm": lstm,
    }
    return {
        "cells": [
            {"cell_type": "markdown", "source": "# T", "metadata": {}},
            {
                "cell_type": "code",
                "source": "x = 1",
                "metadata": {},
                "outputs": [
                    {"output_type": "stream", "name": "stdout", "text": "…"},
                    {"output_type": "execute_result", "data": {"text/plain": "A", MIME: shown}},
                ],
            },
        ]
    }


def manifest(**changes: Any) -> dict[str, Any]:
    given = {"symbol": "aapl", "provider": "auto"}
    return make_manifest(
        **{
            "name": "n.ipynb",
            "notebook": SOURCE,
            "executed": executed(),
            "parameters": Parameters(
                given=given,
                default={"symbol": "IBM", "provider": "sample"},
                resolved={"symbol": "AAPL", "provider": "sample"},
            ),
            "environment": Environment("3.11.7", {"pandas": "3.1.1", "numpy": "2.4.6"}, None),
            **changes,
        }
    )


def test_it_holds_what_the_report_depends_on_and_nothing_else() -> None:
    assert manifest() == {
        "data": {**DATA, "provider": "sample"},
        "git_commit": None,
        "notebook": {
            "digest": hashlib.sha256(b'[["markdown", "# T"], ["code", "x = 1"]]').hexdigest(),
            "name": "n.ipynb",
        },
        "packages": {"numpy": "2.4.6", "pandas": "3.1.1"},
        "parameters": {
            "default": {"provider": "sample", "symbol": "IBM"},
            "given": {"provider": "auto", "symbol": "aapl"},
            "resolved": {"provider": "sample", "symbol": "AAPL"},
        },
        "python": "3.11.7",
        "recommendation": "NO CALL",
        "seed": None,
    }


def test_the_seed_is_that_of_the_network_that_took_part() -> None:
    assert manifest(executed=executed(lstm={"seed": 7}))["seed"] == 7


def test_text_has_sorted_keys_and_readable_letters() -> None:
    text = manifest_text(manifest(environment=Environment("3.11.7", {}, "é")))
    assert '"git_commit": "é"' in text
    assert text.endswith("}\n")
    levels = [json.loads(text), json.loads(text)["parameters"]]
    assert all(list(level) == sorted(level) for level in levels)


@pytest.mark.parametrize(
    ("provider", "shared"),
    [
        ("sample", "sample"),
        ("files:prices", "files:prices"),
        ("files:/home/alice/private/prices", "files:prices"),
        ("files:prices.csv", "files:prices.csv"),
    ],
)
def test_no_folder_of_the_machine_is_told(provider: str, shared: str) -> None:
    assert without_folder(provider) == shared
    parameters = Parameters(given={"provider": provider}, default={}, resolved={})
    found = manifest(parameters=parameters, executed=executed(provider))
    assert found["parameters"]["given"] == {"provider": shared}
    assert found["data"]["provider"] == shared
    assert "alice" not in manifest_text(found)


def test_outputs_and_metadata_do_not_change_the_digest() -> None:
    assert notebook_digest(executed()) == notebook_digest(SOURCE)
    changed = {"cells": [SOURCE["cells"][0], {**SOURCE["cells"][1], "source": "x = 2"}]}
    assert notebook_digest(changed) != notebook_digest(SOURCE)


def test_a_notebook_that_shows_no_analysis_is_refused() -> None:
    with pytest.raises(ReportError, match=r"n\.ipynb, cell 1: no cell up to here shows"):
        analysis_output(SOURCE, name="n.ipynb")


def test_readers_are_told_the_same() -> None:
    facts = dict(manifest_facts(manifest()))
    assert facts["Asked for"] == "symbol='aapl', provider='auto'"
    assert facts["Run with"] == "symbol='AAPL', provider='sample'"
    assert facts["Prices"] == "sample, 2000-01-03 to 2004-12-31, 1,258 sessions"
    assert facts["SHA-256 of the closes"] == "ab" * 32
    assert facts["Code"] == "as installed, no git checkout"
    assert facts["Seed"] == "none: no network took part"
    assert facts["Packages"] == "pandas 3.1.1, numpy 2.4.6"
