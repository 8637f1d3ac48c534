"""``portfolio`` and ``ledger``, as their user sees them."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from stockanalyst.cli import main
from tests.test_imports import HEAVY, modules_after

SAMPLE = ("--provider", "sample")
LAST = ("--on", "2013-03-01")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STOCKANALYST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def ok(capsys: pytest.CaptureFixture[str], command: str) -> str:
    """What a command prints that does what it is asked to; its words stand apart by blanks."""
    status, out, err = run(capsys, *command.split())
    assert (status, err) == (0, "")
    return "\n".join(line.rstrip() for line in out.splitlines())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ledger of :func:`main_portfolio`."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKANALYST_DATA_DIR", str(folder))
        for command in (
            "create main",
            "deposit main 10000 --on 2012-12-03",
            "buy main AAPL 10 400 --fee 1 --on 2012-12-04",
        ):
            assert main(["portfolio", *command.split()]) == 0
    return folder


@pytest.fixture
def main_portfolio(made: Path, tmp_path: Path) -> None:
    """``main``: 10,000 dollars, and 10 AAPL at 400 with a fee of 1."""
    shutil.copytree(made, tmp_path / "data")


@pytest.fixture
def prices(tmp_path: Path) -> str:
    """ACME in dollars, split 2:1 on 2024-01-10; BETA in euros; the euro falls on that day."""
    days = pd.bdate_range("2023-12-27", "2024-01-15")
    later = days >= pd.Timestamp("2024-01-10")
    folder = tmp_path / "prices"
    folder.mkdir()
    for name, before, after in (("ACME", 100, 62), ("BETA", 25, 30), ("EURUSD=X", 1.1, 1.05)):
        closes = [after if late else before for late in later]
        lines = [f"{day:%Y-%m-%d},{close}" for day, close in zip(days, closes, strict=True)]
        (folder / f"{name}.csv").write_text("\n".join(["date,close", *lines]) + "\n")
    return f"files:{folder}"


STORY = """\
create main
    made portfolio main: USD, fifo
deposit main 10000 --on 2024-01-02
    deposited 10,000.00 USD (entry 1); cash 10,000.00 USD
buy main ACME 10 100 --fee 1 --on 2024-01-03
    bought 10 ACME for 1,000.00 USD + 1.00 fee (entry 2); cash 8,999.00 USD
exchange main 1100 USD 1000 EUR --on 2024-01-03
    exchanged 1,100.00 USD for 1,000.00 EUR (entry 3); cash 7,899.00 USD, 1,000.00 EUR
buy main BETA 20 25 --currency EUR --fee 2 --on 2024-01-04
    bought 20 BETA for 500.00 EUR + 2.00 fee (entry 4); cash 498.00 EUR
dividend main ACME --price 0.5 --tax 1 --on 2024-01-08
    dividend of ACME, 5.00 USD − 1.00 tax (entry 5); cash 7,903.00 USD
split main ACME 2:1 --on 2024-01-10
    split ACME 2:1, 10 more (entry 6); 20 ACME left
split main ACME 2:1 --on 2024-01-10
    was there already as entry 6
sell main ACME 5 60 --fee 1 --on 2024-01-11
    sold 5 ACME for 300.00 USD − 1.00 fee (entry 7); 15 ACME left, cash 8,202.00 USD
withdraw main 200 --on 2024-01-12
    withdrew 200.00 USD (entry 8); cash 8,002.00 USD"""


def told(capsys: pytest.CaptureFixture[str]) -> None:
    """The story, each command of which prints what stands beneath it."""
    lines = STORY.splitlines()
    for command, printed in zip(lines[::2], lines[1::2], strict=True):
        assert ok(capsys, f"portfolio {command}") == printed.strip()


def test_the_story_of_a_newcomer(capsys: pytest.CaptureFixture[str], prices: str) -> None:
    """By hand: 15 ACME cost 1,001 × 15/20 = 750.75 and are worth 15 × 62 = 930.

    20 BETA cost 502 EUR and are worth 600 EUR = 630 USD. Money: 8,002 + 498 × 1.05 = 8,524.90. All:
    10,084.90 = 9,800 paid in + 179.25 + 98 × 1.05 + (299 − 250.25) + (5 − 1) − 50 by the euro.
    """
    told(capsys)
    shown = ok(capsys, f"portfolio show main --on 2024-01-15 --provider {prices}")
    assert shown.startswith(
        "main on 2024-01-15: 10,084.90 USD\n"
        "Prices: closes of 2024-01-15. Lots: a sale closes the oldest lots.\n"
    )
    assert shown.endswith("""
Held
Symbol  Currency  Units  Average cost  Price   Value  Weight
ACME    USD          15         50.05  62.00  930.00   9.2 %
BETA    EUR          20         25.10  30.00  600.00   6.2 %

What each symbol has brought
Symbol  Currency    Cost  Unrealised  of cost  Realised  Income
ACME    USD       750.75     +179.25  +23.9 %    +48.75   +4.00
BETA    EUR       502.00      +98.00  +19.5 %      0.00    0.00

Money
Currency      Cash  in USD     Rate of
USD       8,002.00
EUR         498.00    1.05  2024-01-15

How the value came about
Item                                            USD
Paid in, less what was paid out            9,800.00
Unrealised gain                             +282.15
Realised gain                                +48.75
Dividends and interest                        +4.00
Fees                                           0.00
Taxes                                          0.00
Exchanges, and money in other currencies     −50.00
Value                                     10,084.90
Commissions of 4.10 USD are in costs, proceeds and income already.""")


def test_the_lots_of_the_story(capsys: pytest.CaptureFixture[str], prices: str) -> None:
    told(capsys)
    shown = ok(capsys, f"portfolio lots main --on 2024-01-15 --provider {prices}")
    assert shown.endswith("""
Open lots
Symbol  Currency    Acquired  Units    Cost   Value  Unrealised
ACME    USD       2024-01-03     15  750.75  930.00     +179.25
BETA    EUR       2024-01-04     20  502.00  600.00      +98.00

Closed lots
Symbol  Currency    Acquired      Closed  Units    Cost  Proceeds  Realised
ACME    USD       2024-01-03  2024-01-11      5  250.25    299.00    +48.75""")


def test_the_gain_of_the_story_comes_from_somewhere(
    capsys: pytest.CaptureFixture[str], prices: str
) -> None:
    """By hand: ACME 930 − 1,001 + 299 + 4; BETA 630 − 502 × 1.10; euros 522.90 − 1,100 + 552.20."""
    told(capsys)
    asked = f"portfolio performance main --until 2024-01-15 --provider {prices}"
    shown = ok(capsys, asked)
    assert shown.startswith("main, 2024-01-01 to 2024-01-15: gain +284.90 USD\n")
    gains = {
        line.split("  ")[0]: line.split()[-3]
        for line in shown.partition("Where the gain came from\n")[2].splitlines()[1:]
    }
    assert gains == {
        "ACME": "+232.00",
        "BETA": "+77.80",
        "Exchange": "0.00",
        "EUR, money": "−24.90",
        "USD, money": "0.00",
        "Together": "+284.90",
    }
    facts = json.loads(ok(capsys, f"{asked} --json --benchmark ACME"))
    assert (facts["opening"], facts["flows"], facts["closing"]) == ("0.00", "9800.00", "10084.90")
    assert facts["beside"]["benchmark"] == pytest.approx(62 / 100 - 1)


def test_json_has_money_as_text(capsys: pytest.CaptureFixture[str], prices: str) -> None:
    told(capsys)
    facts = json.loads(
        ok(capsys, f"portfolio show main --on 2024-01-15 --json --provider {prices}")
    )
    assert (facts["value"], facts["cash"]) == ("10084.90", {"USD": "8002.00", "EUR": "498.00"})
    assert facts["holdings"][0]["units"] == "15.00000000"
    entries = json.loads(ok(capsys, "portfolio transactions main --json"))
    assert [entry["type"] for entry in entries][:3] == ["deposit", "buy", "exchange"]
    assert json.loads(ok(capsys, "portfolio list --json")) == [
        {"name": "main", "currency": "USD", "method": "fifo"}
    ]


@pytest.mark.usefixtures("main_portfolio")
def test_an_allocation_is_arithmetic_on_the_past(capsys: pytest.CaptureFixture[str]) -> None:
    """10,000 − 4,001 + 10 × 430.47 = 10,303.70, less 6.00 for trades: half of it each."""
    shown = ok(
        capsys,
        "portfolio allocate main --method equal_weight --symbols AAPL,IBM --on 2013-03-01 "
        "--provider sample",
    )
    assert "Symbol     Now  Target  Trade, USD    Units  Price, USD" in shown
    assert "AAPL    41.8 %  50.0 %     +844.15   +1.961      430.47" in shown
    assert "IBM      0.0 %  50.0 %   +5,148.85  +25.375      202.91" in shown
    assert "cash    58.2 %   0.1 %   −5,993.00" in shown
    assert "Turnover 58.2 % of the value; cost 5.99 USD." in shown
    assert shown.endswith("This is arithmetic on past prices: no forecast, and no advice.")


@pytest.mark.usefixtures("main_portfolio")
def test_what_was_taken_back_stays_in_the_journal(capsys: pytest.CaptureFixture[str]) -> None:
    assert ok(capsys, "portfolio reverse main 2 --note wrong") == (
        "took entry 2 back (entry 3); 0 AAPL left, cash 10,000.00 USD"
    )
    again = ok(capsys, "portfolio reverse main 2 --note wrong")
    assert again == "was there already as entry 3"
    second, third = ok(capsys, "portfolio transactions main").splitlines()[2:]
    assert second.endswith("bought 10 AAPL for 4,000.00 USD + 1.00 fee  taken back")
    assert third.endswith("took entry 2 back                           wrong")


@pytest.mark.usefixtures("main_portfolio")
def test_the_same_key_is_booked_once(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("portfolio", "fee", "main", "3", "--on", "2012-12-05", "--key", "december")
    assert run(capsys, *asked)[1] == "fee, 3.00 USD (entry 3); cash 5,996.00 USD\n"
    assert run(capsys, *asked)[1] == "was there already as entry 3\n"
    status, out, err = run(capsys, *asked[:3], "4", *asked[4:])
    assert (status, out) == (1, "")
    assert "december" in err


@pytest.mark.usefixtures("main_portfolio")
def test_a_transfer_takes_from_one_and_gives_to_the_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ok(capsys, "portfolio create savings --method average")
    assert ok(capsys, "portfolio transfer main savings 500 --on 2012-12-05") == (
        "moved 500.00 USD out (entry 3); cash 5,499.00 USD"
    )
    moved = "portfolio transfer main savings --symbol AAPL --units 4 --on 2012-12-05"
    assert ok(capsys, moved) == "moved 4 AAPL out (entry 4); 6 AAPL left"
    assert ok(capsys, "portfolio transactions savings") == (
        "Entry        Date  What happened        Note\n"
        "    1  2012-12-05  moved 500.00 USD in  from main\n"
        "    2  2012-12-05  moved 4 AAPL in      from main"
    )


@pytest.mark.usefixtures("main_portfolio")
def test_a_broker_gives_the_fee(capsys: pytest.CaptureFixture[str]) -> None:
    """0.1 % of 2 × 400 is 0.80, below its minimum of 1; of 3 × 400 it is 1.20."""
    assert "No broker yet" in ok(capsys, "portfolio brokers")
    shown = ok(capsys, "portfolio broker save north --rate 0.001 --minimum 1")
    assert shown == ok(capsys, "portfolio brokers")
    assert shown.splitlines()[1].split() == [
        "north", "0.1", "%", "0.00", "0.00", "1.00", "–", "USD", "yes",
    ]  # fmt: skip
    buy = "portfolio buy main AAPL {} 400 --broker north --on 2012-12-05"
    assert " + 1.00 fee (entry 3)" in ok(capsys, buy.format(2))
    assert " + 1.20 fee (entry 4)" in ok(capsys, buy.format(3))
    ok(capsys, "portfolio broker save north --rate 0.001 --inactive")
    status, _, err = run(capsys, *buy.format(1).split())
    assert (status, err) == (
        2,
        "stockanalyst: broker 'north': isn't active; choose another, or activate it\n",
    )


@pytest.mark.usefixtures("main_portfolio")
def test_users_see_their_own_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No portfolio yet" in ok(capsys, "portfolio list --user beth")
    status, out, err = run(capsys, "portfolio", "show", "main", "--user", "beth", *SAMPLE)
    assert (status, out) == (2, "")
    assert err.startswith("stockanalyst: portfolio 'main': isn't there")
    ok(capsys, "portfolio create main --currency EUR --method average --user beth")
    assert ok(capsys, "portfolio list --user beth").splitlines()[1] == (
        "main       EUR       a sale closes lots at their average cost"
    )


@pytest.mark.usefixtures("main_portfolio")
@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("deposit main -5", 2, "amount '-5': give an amount above zero"),
        ("deposit main 0", 2, "amount '0': give an amount above zero"),
        ("deposit main nan", 2, "amount 'nan': give a finite number"),
        ("deposit main 1e30", 2, "amount '1e30': is too large"),
        ("deposit main 0.001", 2, "amount '0.001': USD has 2 decimals; round it"),
        (f"deposit main 0.{'1' * 60}", 2, "give a finite number of at most 40 digits"),
        ("deposit main 5 --currency XXQ", 2, "currency 'XXQ':"),
        ("deposit main 5 --on 2999-01-01", 2, "on '2999-01-01':"),
        ("withdraw main 10000", 1, "USD: 10000.00 asked, 5999.00 available"),
        ("sell main AAPL 11 400 --on 2013-01-02", 1, "AAPL: 11"),
        ("sell main AAPL 1 400 --on 2012-12-03", 1, "AAPL"),
        ("buy main AAPL 1", 2, "price None: buy needs a price or an amount"),
        ("buy main A/B 1 1", 2, "symbol 'A/B': isn't a ticker"),
        ("buy main AAPL 1 1 --broker none", 2, "broker 'none': isn't one of this user's"),
        ("dividend main IBM 5 --on 2013-01-02", 1, "IBM"),
        ("split main AAPL 2 --on 2013-01-02", 2, "ratio '2':"),
        ("reverse main 7", 2, "reverses 7:"),
        ("transfer main main 5", 2, "to 'main': give another portfolio of the same user"),
        ("transfer main mian 5", 2, "portfolio 'mian': isn't there; did you mean main?"),
        ("show mian", 2, "portfolio 'mian': isn't there; did you mean main?"),
        ("show main --provider bloomberg", 2, "provider 'bloomberg': choose from auto"),
        ("show main --on soon", 2, "on 'soon':"),
        ("create main", 1, "portfolio 'main': is there already; choose another name"),
        ("create other --method filo", 2, "method 'filo': give one of fifo, lifo, average"),
        ("allocate main --method hpr --provider sample --on 2013-03-01", 2, "method 'hpr':"),
        ("export main lost", 2, "what 'lost': did you mean lots? choose from transactions,"),
        ("broker save x --rate 2", 2, "rate Decimal('2'): give a share of at most 1"),
    ],
)
def test_what_cant_be_is_one_line_and_nothing_is_posted(
    capsys: pytest.CaptureFixture[str], command: str, status: int, message: str
) -> None:
    got, out, err = run(capsys, "portfolio", *command.split())
    assert (got, out) == (status, "")
    assert err.startswith("stockanalyst: ")
    assert err.count("\n") == 1
    assert message in err
    assert len(ok(capsys, "portfolio transactions main").splitlines()) == 3


TRADES = """\
date,type,symbol,units,price,amount,fee,note
2012-12-05,sell,AAPL,4,410,,1,
2012-12-06,withdrawal,,,,100,,"=cmd|' /C calc'!A0"
"""


@pytest.mark.usefixtures("main_portfolio")
def test_a_file_is_imported_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """4 × 410 − 1 = 1,639, and 5,999 + 1,639 − 100 = 7,538."""
    (tmp_path / "trades.csv").write_text(TRADES)
    table = (
        "Line  Verdict        Date  What happened\n"
        "   2  new      2012-12-05  sold 4 AAPL for 1,640.00 USD − 1.00 fee\n"
        "   3  new      2012-12-06  withdrew 100.00 USD\n"
    )
    asked = "portfolio import main trades.csv"
    dry = "2 new rows, 0 there already; nothing was posted, for this is a dry run."
    assert ok(capsys, f"{asked} --dry-run") == table + dry
    assert ok(capsys, asked) == f"{table}2 new rows, 0 there already; posted."
    assert ok(capsys, asked).endswith("0 new rows, 2 there already; there was nothing to post.")
    facts = json.loads(ok(capsys, "portfolio show main --json --on 2013-03-01 --provider sample"))
    assert facts["cash"] == {"USD": "7538.00"}


@pytest.mark.usefixtures("main_portfolio")
@pytest.mark.parametrize("option", [(), ("--dry-run",), ("--json",)])
def test_a_refused_row_stops_them_all(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: tuple[str, ...]
) -> None:
    (tmp_path / "trades.csv").write_text(f"{TRADES}2012-12-07,sell,AAPL,7,1,,,\n")
    status, out, err = run(capsys, "portfolio", "import", "main", "trades.csv", *option)
    assert (status, err.count("\n"), "refused" in out) == (2, 1, True)
    assert "file 'trades.csv': a row is refused, so nothing was posted; mend the file" in err
    assert len(ok(capsys, "portfolio transactions main").splitlines()) == 3


@pytest.mark.usefixtures("main_portfolio")
def test_files_that_arent_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(104_857_600)
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "blob.csv").write_bytes(b"\xff\xfe\x00")
    for name, message in {
        "large.csv": "file 'large.csv': has 104,857,600 bytes, at most 10,000,000 are read;",
        "pipe.csv": "file 'pipe.csv': isn't a file; give a CSV file's path",
        ".": "file '.': isn't a file; give a CSV file's path",
        "none.csv": "file 'none.csv': can't be read (No such file or directory)",
        "blob.csv": "csv ",
    }.items():
        status, out, err = run(capsys, "portfolio", "import", "main", name)
        assert (status, out) == (2, "")
        assert err.startswith(f"stockanalyst: {message}")


@pytest.mark.usefixtures("main_portfolio")
def test_an_export_is_written_as_a_whole_or_not_at_all(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    printed = run(capsys, "portfolio", "export", "main", "transactions")[1]
    assert printed.splitlines()[2].startswith("2012-12-04,buy,AAPL,10,4000.00,USD,1.00")
    kept = tmp_path / "kept.csv"
    kept.write_text("old")
    before = sorted(path.name for path in tmp_path.iterdir())
    for what, output in (("lost", "kept.csv"), ("lots", "nowhere/x"), ("lots", "/dev/null")):
        status, out, _ = run(capsys, "portfolio", "export", "main", what, "--output", output)
        assert (status, out) == (2, "")
    assert kept.read_text() == "old"
    assert Path("/dev/null").is_char_device()
    assert ok(capsys, "portfolio export main transactions --output kept.csv") == "kept.csv"
    assert kept.read_bytes().decode() == printed
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.usefixtures("main_portfolio")
def test_every_export_has_its_holdings(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("lots", "beancount", "holdings"):
        assert "AAPL" in ok(capsys, f"portfolio export main {what} --provider sample")


@pytest.mark.usefixtures("main_portfolio")
def test_verification_names_what_somebody_changed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ok(capsys, "portfolio create sound")
    assert (
        ok(capsys, "ledger verify") == "main: 2 entries, as written\nsound: 0 entries, as written"
    )
    with sqlite3.connect(tmp_path / "data" / "ledger.sqlite") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE ledger_event SET payload = payload || ' ' WHERE seq = 2")
    connection.close()
    status, out, err = run(capsys, "ledger", "verify")
    assert (status, out) == (1, "")
    assert err.startswith("stockanalyst: portfolio 'main', entry 2: its content isn't what was")
    assert ok(capsys, "ledger verify sound") == "sound: 0 entries, as written"


def test_a_database_that_isnt_there_is_told_as_such(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://somebody:PLANTED0@127.0.0.1:9/none"
    monkeypatch.setenv("STOCKANALYST_DATABASE_URL", url)
    for command in ("portfolio list", "portfolio deposit main 5", "ledger verify", "db check"):
        status, out, err = run(capsys, *command.split())
        assert (status, out) == (1, "")
        assert err.startswith("stockanalyst: database: ")
        assert err.count("\n") == 1
        assert "PLANTED0" not in err


def test_a_folder_that_cant_be_made_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKANALYST_DATA_DIR", "/dev/null/data")
    status, _, err = run(capsys, "portfolio", "list")
    assert (status, err) == (1, "stockanalyst: /dev/null/data: Not a directory\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("portfolio --help", ("create", "spin-off", "performance", "first steps:", "broker")),
        ("portfolio buy --help", ("NAME SYMBOL UNITS [PRICE]", "--broker", "--key", "--note")),
        ("portfolio broker --help", ("save",)),
        ("portfolio broker save --help", ("0.001 is 0.1 %", "--inactive")),
        ("ledger verify --help", ("[NAME]", "--user")),
        ("db copy --help", ("--from URL", "--to URL")),
        ("--help", ("portfolio", "ledger", "db")),
    ],
)
def test_each_level_has_its_help(
    capsys: pytest.CaptureFixture[str], arguments: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments.split())
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(word in out for word in words)


@pytest.mark.parametrize("arguments", ["portfolio", "portfolio buyy", "db", "ledger verify a b"])
def test_wrong_words_are_one_line_that_says_where_help_is(
    capsys: pytest.CaptureFixture[str], arguments: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments.split())
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("stockanalyst: ")
    assert err.endswith(" --help\n")
    assert err.count("\n") == 1


def test_help_imports_nothing_heavy() -> None:
    statement = (
        "from stockanalyst.cli import main\n"
        "try: main(['portfolio', 'buy', '--help'])\n"
        "except SystemExit: pass"
    )
    assert modules_after(statement) & (HEAVY | {"sqlalchemy", "alembic"}) == set()
