"""``sentiment``, ``sentiment train`` and ``sources``, as their user sees them."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from stockanalyst.cli import main
from stockanalyst.infra.db import sqlite_url
from stockanalyst.infra.limits import VendorLimits
from stockanalyst.infra.usage_store import SqlUsageStore
from stockanalyst.sentiment import compact_training

SAMPLE = ("--sources", "sample_news,sample_wire", "--cutoff", "2013-03-01")
GOOD = ("profit rises", "record sales", "raises its dividend", "beats forecasts", "wins orders")
BAD = ("profit falls", "issues a warning", "cuts its dividend", "misses forecasts", "recalls cars")
CALM = ("holds a meeting", "names a date", "moves its office", "publishes a list", "has a stand")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_one_symbol(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "sentiment", "aapl", *SAMPLE)
    assert status == 0
    first, second, *_ = out.splitlines()
    assert first.startswith("AAPL (Apple): ")
    assert second == "Published from 2013-02-22 23:59 to 2013-03-01 23:59 UTC."
    assert out.count("headlines invented for the sample") == 2
    assert "Newest headlines" in out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "sentiment", "AAPL", "IBM", *SAMPLE, "--json")
    assert status == 0
    apple, ibm = json.loads(out)
    assert (apple["symbol"], ibm["symbol"]) == ("AAPL", "IBM")
    assert -1 <= apple["polarity"] <= 1
    assert apple["coverage"] == 1.0
    assert [each["kind"] for each in apple["outcomes"]] == ["ok", "ok"]
    assert max(each["published_at"] for each in apple["articles"]) < "2013-03-02"


def test_many_symbols_a_row_each(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "sentiment", "AAPL", "IBM", "TSLA", *SAMPLE)
    assert status == 0
    assert "TSLA    no signal" in out
    assert "2 of 3 symbols with a signal" in out
    silent = out.partition("Who was silent\n")[2]
    assert "sample_wire: empty for 1 of 3: nothing about it in the window" in silent


def test_alerts_stand_beside_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__ALERTS__MEAN", "0.01")
    status, out, err = run(capsys, "sentiment", "AAPL", *SAMPLE, "--json")
    assert (status, len(json.loads(out))) == (0, 1)
    assert "Alert: mean polarity 0." in err


def test_without_a_network_it_says_who_was_silent_and_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__SOURCES", '["finviz", "finnhub"]')
    status, out, _ = run(capsys, "sentiment", "AAPL")
    assert status == 0
    assert out.startswith("AAPL (Apple): no signal, no source was asked.\n")
    assert "no key; set STOCKANALYST_FINNHUB_KEY" in out
    assert "not opted in; add finviz to STOCKANALYST_SENTIMENT__OPT_IN" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("AAPL", "--preset", "hf"), "preset 'hf': did you mean hft? choose from hft, retail,"),
        (("AAPL", "--sources", "bbc"), "source 'bbc': choose from eodhd, alpha_vantage, finnhub,"),
        (("AAPL", "--scorer", "vade"), "scorer 'vade': did you mean vader? choose from"),
        (("AAPL", "--scorer", "tfidf"), "scorer 'tfidf': needs a model; set STOCKANALYST_SENT"),
        (("AAPL", "--window", "7"), "window '7': give up to a year, such as 36h, 7d or 2w"),
        (("A B",), "symbol 'A B': isn't a ticker;"),
    ],
)
def test_what_cant_be_asked_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    status, out, err = run(capsys, "sentiment", *arguments)
    assert (status, out) == (2, "")
    last = err.splitlines()[-1]
    assert last.startswith(f"stockanalyst: {message}")


def test_sources(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_EODHD_KEY", "CANARY")
    status, out, _ = run(capsys, "sources")
    assert status == 0
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert "ready" in rows["eodhd"]
    assert "0 of 20 used" in rows["eodhd"]
    assert "no key; set STOCKANALYST_ALPHA_VANTAGE_KEY" in rows["alpha_vantage"]
    assert "ready" in rows["google_news"]
    assert "CANARY" not in out


def test_a_scorer_that_isnt_there_is_told_before_any_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__SCORER", "vade")
    status, out, err = run(capsys, "analyze", "AAPL", "--provider", "sample")
    assert (status, out) == (2, "")
    assert err.startswith(
        "stockanalyst: STOCKANALYST_SENTIMENT__SCORER 'vade': did you mean vader? choose from blend"
    )


def test_a_source_that_pauses_is_asked_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    usage = SqlUsageStore(sqlite_url(tmp_path / "cache" / "usage.sqlite"))
    now = pd.Timestamp.now("UTC")
    VendorLimits("google_news", usage, lambda: now).failed("blocked", "HTTP 403")
    assert "blocked until" in run(capsys, "sources")[1]
    status, out, _ = run(capsys, "sources", "--retry", "google_news")
    assert status == 0
    assert "blocked" not in out
    assert "blocked" not in run(capsys, "sources")[1]
    status, _, err = run(capsys, "sources", "--retry", "google")
    assert status == 2
    assert "source 'google': did you mean google_news?" in err


def test_without_the_extra_no_file_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact_training, "find_spec", lambda _name: None)
    asked = ("--data", "nowhere.csv", "--model", "compact", "--output", "made")
    status, _, err = run(capsys, "sentiment", "train", *asked)
    assert status == 1
    mend = "its training needs torch and transformers; pip install 'stockanalyst[train-text]'"
    assert err == f"stockanalyst: compact: {mend}\n"


def test_only_compact_starts_from_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--data", "nowhere.csv", "--base", "mpnet", "--output", "made")
    status, _, err = run(capsys, "sentiment", "train", *asked)
    assert status == 2
    assert err == "stockanalyst: base 'mpnet': only compact starts from one; add --model compact\n"


def test_a_base_that_isnt_there_is_told_before_a_file_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compact_training, "find_spec", lambda _name: 1)
    monkeypatch.chdir(tmp_path)
    asked = ("--data", "nowhere.csv", "--model", "compact", "--output", "made", "--base")
    status, _, err = run(capsys, "sentiment", "train", *asked, "mpnet")
    assert status == 2
    mend = "there is no such folder; name a folder with a BERT or an MPNet without capitals"
    assert err == f"stockanalyst: base 'mpnet': {mend}\n"
    status, _, err = run(capsys, "sentiment", "train", *asked, " ")
    assert err == "stockanalyst: base ' ': give a folder\n"
    assert not (tmp_path / "made").exists()


def write_labelled(path: Path, name: str = "") -> Path:
    rows = [
        f"{company} {number} {text}{name},{label}"
        for label, texts in (("positive", GOOD), ("negative", BAD), ("neutral", CALM))
        for text in texts
        for number, company in enumerate(("Acme", "Bolt", "Cube", "Dyno", "Echo", "Flux"))
    ]
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return path


def test_a_scorer_is_trained_and_used(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, made = write_labelled(tmp_path / "rows.csv"), tmp_path / "made"
    asked = ("sentiment", "train", "--data", str(data), "--output", str(made))
    status, out, err = run(capsys, *asked)
    assert (status, err) == (0, "Training …\n")
    assert out.startswith((made / "MODEL_CARD.md").read_text(encoding="utf-8"))
    assert out.endswith(f"SCORER=tfidf STOCKANALYST_SENTIMENT__MODEL={made}\n")
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__MODEL", str(made))
    status, out, _ = run(capsys, "sentiment", "AAPL", "--scorer", "tfidf", *SAMPLE)
    assert status == 0
    assert "read by tfidf." in out


def test_the_folder_is_told_absolute_and_repeated_texts_are_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = write_labelled(tmp_path / "rows.csv")
    with data.open("a", encoding="utf-8") as file:
        file.write("\nAcme 0 profit rises,positive\nBolt 1 profit rises,negative\n")
    asked = ("sentiment", "train", "--data", "rows.csv", "--model", "blend", "--output", "made")
    status, out, _ = run(capsys, *asked)
    assert status == 0
    assert out.endswith(f"SCORER=blend STOCKANALYST_SENTIMENT__MODEL={tmp_path / 'made'}\n")
    assert "stood there already: 1; texts with two\nlabels, kept with both: 1." in out
    assert "most tweets" not in out
    kept = json.loads((tmp_path / "made" / "report.json").read_text(encoding="utf-8"))
    assert kept["repeats"] == {"duplicates": 1, "contradicting": 1}


def test_a_model_is_used_by_the_scorer_that_is_named_with_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, made = write_labelled(tmp_path / "rows.csv"), tmp_path / "made"
    run(capsys, "sentiment", "train", "--data", str(data), "--output", str(made))
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__MODEL", str(made))
    for arguments in ((), ("--scorer", "blend")):
        status, out, _ = run(capsys, "sentiment", "AAPL", *arguments, *SAMPLE)
        assert status == 0
        assert "read by blend." in out
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__SCORER", "blend")
    status, _, err = run(capsys, "sentiment", "AAPL", *SAMPLE)
    assert status == 2
    assert (
        "holds a 'tfidf' scorer, not 'blend'; set STOCKANALYST_SENTIMENT__SCORER to 'tfidf'" in err
    )
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__MODEL", " ")
    assert run(capsys, "sentiment", "AAPL", *SAMPLE)[0] == 0


def test_a_folder_of_the_users_is_refused_before_the_training(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = write_labelled(tmp_path / "rows.csv")
    status, out, err = run(
        capsys, "sentiment", "train", "--data", str(data), "--output", str(tmp_path)
    )
    assert (status, out) == (2, "")
    mend = "holds files, but no trained scorer of ours; name an empty or new folder"
    assert err == f"stockanalyst: {tmp_path}: {mend}\n"


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("SECTORS", "bank", "'bank': did you mean banks?"),
        ("PHRASES", '{"to the moon": 9}', "9.0: the weight of 'to the moon' must lie"),
        ("PHRASES", '{" ": 1}', "' ': give at least one word"),
        ("LEXICON", "none.csv", "'none.csv': can't be read ("),
    ],
)
def test_what_a_lexicon_refuses_is_told_by_its_variable(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    told: str,
) -> None:
    monkeypatch.setenv(f"STOCKANALYST_SENTIMENT__{setting}", value)
    status, _, err = run(capsys, "sentiment", "AAPL", *SAMPLE)
    assert status == 2
    assert f"stockanalyst: STOCKANALYST_SENTIMENT__{setting} {told}" in err


def test_a_file_that_isnt_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = ("--data", "nowhere.csv", "--output", str(tmp_path / "made"))
    status, _, err = run(capsys, "sentiment", "train", *asked)
    assert status == 2
    assert "nowhere.csv" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "made").exists()


def test_the_verb_stays_a_verb_whatever_is_imported() -> None:
    code = (
        "import stockanalyst as sa, stockanalyst.sentiment.articles\n"
        "from stockanalyst.sentiment import articles\n"
        "assert articles.Article.__module__ == 'stockanalyst.sentiment.articles'\n"
        "assert sa.sentiment.__name__ == 'sentiment' and callable(sa.sentiment)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
