"""The command line, as its user sees it: what it prints, where, and with which status."""

import gc
import json
import re
import subprocess
import sys
from pathlib import Path

import joblib
import pandas as pd
import pytest

from stockanalyst.backtesting import engine
from stockanalyst.cli import main

QUICK = ("--models", "drift,linear,ensemble")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def write_prices(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def closes(n: int, **odd: str) -> str:
    """CSV of `n` rising closes on weekdays; `odd` maps row numbers (``r5``) to lines."""
    days = pd.bdate_range("2020-01-01", periods=n)
    rows = [f"{day:%Y-%m-%d},{100 + k}" for k, day in enumerate(days)]
    for key, line in odd.items():
        rows[int(key[1:])] = line
    return "\n".join(["date,close", *rows]) + "\n"


def test_analyze_prints_forecasts_scores_and_the_recommendation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = run(capsys, "analyze", "AAPL", "--provider", "sample")
    assert status == 0
    assert out.startswith("AAPL closed at 430.47 on 2013-03-01\n")
    for words in (
        "end on 2013-03-01",
        "random walk",
        "linear regression",
        "ARIMA",
        "LSTM",
        "ensemble",
        "80 % interval",
        "95 % interval",
        "2013-03-12",
        "DM p",
        "NO CALL",
        "No model beats the random walk on AAPL at horizon 1 or 7 (best: ",
        "150 past cutoffs",
    ):
        assert words in out


def test_json_holds_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "analyze", "ibm", "--provider", "sample", "--json", *QUICK)
    parsed = json.loads(out)
    assert status == 0
    assert (parsed["symbol"], parsed["cutoff"], parsed["horizon"]) == ("IBM", "2013-03-01", 7)


def test_options_reach_the_analysis(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--horizon", "3", "--cutoff", "2012-10-26", "--level", "0.9", "--level", "0.5")
    status, out, _ = run(
        capsys, "analyze", "MSFT", "--provider", "sample", "--json", *QUICK, *options
    )
    parsed = json.loads(out)
    assert status == 0
    assert parsed["levels"] == [0.5, 0.9]
    walk = [row for row in parsed["forecast"] if row["model"] == "random_walk"]
    # New York didn't trade on 29 and 30 October 2012, because of a hurricane.
    assert [row["session"] for row in walk] == ["2012-10-31", "2012-11-01", "2012-11-02"]
    assert {"lo_50", "hi_50", "lo_90", "hi_90"} <= set(walk[0])


def test_backtest_prints_the_table_alone(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "backtest", "AAPL", "MSFT", "--provider", "sample", *QUICK)
    assert status == 0
    assert "Recommendation" not in out
    rows = [line for line in out.splitlines() if line.startswith(("AAPL", "MSFT"))]
    models = ["random walk", "drift", "linear regression"]
    for number, row in enumerate(rows):
        symbol, horizon = ("AAPL", "MSFT")[number // 6], "17"[number // 3 % 2]
        assert row.split(maxsplit=2)[:2] == [symbol, horizon]
        assert f"  {models[number % 3]}  " in row
    assert len(rows) == 12
    for symbol in ("AAPL", "MSFT"):
        assert f"no model beats the random walk on {symbol} at horizon 7 (best: " in out
    assert "No ensemble of all symbols: it needs two models besides the baselines" in out


SMALL = ("--provider", "sample", "--models", "drift,arima", "--cutoffs", "20")


def test_backtest_goes_on_from_its_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run walks only the symbol that is missing; both print what one without does."""
    monkeypatch.setattr(engine, "_PAIRS", 1)
    folder = tmp_path / "results"
    status, alone, _ = run(capsys, "backtest", "AAPL", "MSFT", *SMALL)
    run(capsys, "backtest", "AAPL", *SMALL, "--folder", str(folder))
    (first,) = folder.iterdir()
    before = first.stat().st_mtime_ns, first.stat().st_ino
    for _ in range(2):
        assert run(capsys, "backtest", "AAPL", "MSFT", *SMALL, "--folder", str(folder))[:2] == (
            status,
            alone,
        )
    assert len(list(folder.iterdir())) == 2
    assert (first.stat().st_mtime_ns, first.stat().st_ino) == before
    assert set(pd.read_parquet(first)["symbol"]) == {"AAPL"}


def test_backtest_by_two_at_once_prints_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PAIRS", 1)
    alone = run(capsys, "backtest", "AAPL", "MSFT", *SMALL)
    asked: list[object] = []

    class Noted(joblib.Parallel):  # type: ignore[misc]
        def __init__(self, **how: object) -> None:
            asked.append(how["n_jobs"])
            super().__init__(**how)

    monkeypatch.setattr(joblib, "Parallel", Noted)
    with joblib.parallel_config(backend="threading"):
        assert run(capsys, "backtest", "AAPL", "MSFT", *SMALL, "--jobs", "2") == alone
    assert asked == [2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cutoffs", "0"), "n_cutoffs 0: give a whole number from 1"),
        (
            ("--cutoffs", "100000"),
            "symbol 'AAPL': 3270 sessions up to the cutoff, 100507 are needed",
        ),
        (("--refit", "-1"), "refit -1: give a whole number from 1"),
        (("--jobs", "0"), "n_jobs 0: give 1 to 1,000, or -1 for all cores"),
        (
            ("--folder", "/dev/null"),
            "folder: /dev/null can't be written (File exists); give another",
        ),
        (("--folder", ""), "folder '': give a path that a folder may have"),
    ],
)
def test_bad_options_of_a_backtest_are_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], message: str
) -> None:
    status, out, err = run(capsys, "backtest", "AAPL", *SMALL, *arguments)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"stockanalyst: {message}")
    assert "Traceback" not in err


def test_a_backtest_needs_the_history_of_its_own_plan(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """550 sessions: 20 cutoffs need 527, the 250 of the settings 757."""
    write_prices(tmp_path / "prices", "NEW.csv", closes(550))
    asked = ("NEW", "--provider", f"files:{tmp_path / 'prices'}", "--models", "drift")
    status, out, _ = run(capsys, "backtest", *asked, "--cutoffs", "20")
    assert (status, "drift" in out) == (0, True)
    status, out, err = run(capsys, "backtest", *asked)
    assert (status, out) == (2, "")
    assert "550 sessions up to the cutoff, 757 are needed" in err


def test_a_folder_that_cant_be_written_is_one_line_however_many_walk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are cut off in the middle, of which joblib would warn."""
    monkeypatch.setattr(engine, "_PAIRS", 1)
    monkeypatch.setattr(engine, "_FEWEST", 1)
    asked = ("AAPL", "MSFT", "IBM", "GOOG", *SMALL, "--jobs", "2", "--folder", "/dev/null")
    with joblib.parallel_config(backend="threading"):
        status, out, err = run(capsys, "backtest", *asked)
        gc.collect()
    *told, last = err.splitlines()
    assert (status, out) == (2, "")
    assert last == "stockanalyst: folder: /dev/null can't be written (File exists); give another"
    assert all(line.endswith(" …") for line in told)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    for command in ("analyze", "report", "backtest", "train"):
        assert f"\n  {command}" in out or f"\n    {command}" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["AAPLE"], "did you mean AAPL?"),
        ([""], "symbol '': is empty"),
        (["A" * 300], "(300 characters)"),
        (["../../etc/passwd"], "symbol '../../etc/passwd': isn't a ticker"),
        (["AAPL", "--horizon", "0"], "horizon 0: give a whole number of sessions from 1 to 60"),
        (["AAPL", "--horizon", "-1"], "horizon -1: give a whole number"),
        (["AAPL", "--horizon", "1000000"], "horizon 1000000: give a whole number"),
        (["AAPL", "--horizon", "seven"], "horizon 'seven': give a whole number"),
        (["AAPL", "--cutoff", "2030-01-01"], "cutoff '2030-01-01': is in the future"),
        (["AAPL", "--cutoff", "1999-01-01"], "cutoff '1999-01-01': is before the data"),
        (["AAPL", "--cutoff", "soon"], "cutoff 'soon': give a date as YYYY-MM-DD"),
        (["AAPL", "--cutoff", "2000-06-01"], "symbol 'AAPL': 65 sessions up to the cutoff, 757"),
        (["AAPL", "--models", "prophet"], "models 'prophet': choose from random_walk"),
        (["AAPL", "--level", "95"], "level 95.0: give a decimal from 0.5 to 0.99"),
        (["AAPL", "--provider", "bloomberg"], "provider 'bloomberg': choose from auto"),
        (["AAPL", "--provider", "files:/nowhere"], "provider"),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "report"])
def test_bad_input_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    command: str,
    arguments: list[str],
    message: str,
) -> None:
    provider = [] if "--provider" in arguments else ["--provider", "sample"]
    status, out, err = run(capsys, command, *arguments, *provider)
    last = err.strip().splitlines()[-1]
    assert status == 2
    assert out == ""
    assert last.startswith("stockanalyst: ")
    assert message in last
    assert "Traceback" not in err
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (closes(20), "20 sessions up to the cutoff, 757 are needed"),
        (closes(800, r5="2020-01-08,"), "'close' is nan on 2020-01-08"),
        (closes(800, r5="2020-01-08,0"), "'close' is 0 on 2020-01-08"),
        (closes(800, r5="2020-01-08,-3"), "'close' is -3 on 2020-01-08"),
        (closes(800, r5="2020-01-07,105"), "has 2020-01-07 twice"),
        (closes(800, r5="2019-01-07,105"), "2019-01-07 follows 2020-01-07"),
        (closes(800, r5="2020-01-08T00:00:00+05:00,105"), "mixes timezones"),
        ("date,high\n2020-01-01,5\n", "'close' is missing"),
        ("\x00\x01\x02PNG", "ODD"),
        ("", "ODD"),
    ],
)
def test_a_bad_file_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, message: str
) -> None:
    write_prices(tmp_path / "prices", "ODD.csv", content)
    status, out, err = run(capsys, "analyze", "ODD", "--provider", f"files:{tmp_path / 'prices'}")
    last = err.strip().splitlines()[-1]
    assert status == 2
    assert out == ""
    assert last.startswith("stockanalyst: ")
    assert message in last
    assert "Traceback" not in err


def test_a_wrong_option_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["analyze", "AAPL", "--horizont", "3"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        "stockanalyst: unrecognized arguments: --horizont 3; see stockanalyst --help\n"
    )


def test_a_folder_of_files_is_analysed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_prices(tmp_path / "prices", "UP.csv", closes(900))
    provider = f"files:{tmp_path / 'prices'}"
    status, out, _ = run(capsys, "analyze", "UP", "--provider", provider, "--json", *QUICK)
    assert status == 0
    assert json.loads(out)["last_close"] == 999.0


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_no_cell_is_cut_however_narrow_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = run(capsys, "analyze", "AAPL", "--provider", "sample", *QUICK)
    assert "…" not in out
    assert re.search(r" \d{3}\.\d\d – \d{3}\.\d\d\n", out)
    assert "1        linear regression  11.66   8.40  2.47" in out


def shell(tmp_path: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in a shell, as installed beside this Python."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        ["/bin/bash", "-c", command],
        env={"PATH": path, "HOME": str(tmp_path), **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


ANALYZE = "stockanalyst analyze AAPL --provider sample --models drift"


@pytest.mark.parametrize("option", ["", " --json"])
def test_a_terminal_without_unicode_gets_what_it_can_show(tmp_path: Path, option: str) -> None:
    done = shell(tmp_path, ANALYZE + option, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "NO CALL" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    done = shell(tmp_path, f"{ANALYZE} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "stockanalyst: output: No space left on device"


def test_a_reader_may_leave_early(tmp_path: Path) -> None:
    done = shell(tmp_path, f"{ANALYZE} | head -n 1")
    assert (done.returncode, done.stdout) == (0, "AAPL closed at 430.47 on 2013-03-01\n")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
