"""Check what the main job printed and wrote: ``check_main_job.py ANALYSIS.JSON REPORT_FOLDER``."""

import json
import sys
from pathlib import Path

MODELS = {"random_walk", "drift", "linear", "arima", "lstm", "ensemble"}


def check_analysis(analysis: dict) -> None:
    """The sample's AAPL: seven NYSE sessions, six models, intervals in order, a known answer."""
    assert (analysis["symbol"], analysis["provider"]) == ("AAPL", "sample")
    assert (analysis["cutoff"], analysis["last_close"]) == ("2013-03-01", 430.47)
    assert analysis["missing"] == []
    rows = analysis["forecast"]
    assert {row["model"] for row in rows} == MODELS
    for model in MODELS:
        sessions = [row["session"] for row in rows if row["model"] == model]
        assert sessions == [f"2013-03-{day:02d}" for day in (4, 5, 6, 7, 8, 11, 12)]
    for row in rows:
        assert row["lo_95"] < row["lo_80"] < row["yhat"] < row["hi_80"] < row["hi_95"], row
    assert {(row["step"], row["model"]) for row in analysis["skill"]} == {
        (step, model) for step in (1, 7) for model in MODELS
    }
    assert all(row["n"] >= 250 for row in analysis["skill"])
    assert analysis["lstm"]["training_cutoff"] < analysis["walk_forward"]["first_cutoff"]
    assert analysis["recommendation"]["action"] == "NO CALL"
    assert analysis["recommendation"]["reasons"][0]["code"] == "no_skill"


def check_report(folder: Path, analysis: dict) -> None:
    """The three files, and a manifest that speaks of the same data."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "AAPL" in page
    assert "NO CALL" in page
    assert (folder / "report.ipynb").stat().st_size > 0
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["data"]["digest"] == analysis["data"]["digest"]


if __name__ == "__main__":
    printed = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    check_analysis(printed)
    check_report(Path(sys.argv[2]), printed)
    sys.stdout.write("main job: as expected\n")
