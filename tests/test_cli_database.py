"""``db``, as its user sees it, on SQLite and on a real PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from stockanalyst.cli import main
from tests.portfolio.store.postgres_server import (
    APPLICATION,
    OWNER,
    PASSWORD,
    PostgresServer,
    binaries,
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STOCKANALYST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def postgres(missing: Callable[[str], NoReturn]) -> Iterator[PostgresServer]:
    """A server with a database ``copied`` that has nothing in it."""
    found = binaries()
    if found is None:
        missing("PostgreSQL (package postgresql of the system)")
    server = PostgresServer(found)
    server.start()
    try:
        server.new_database("copied")
        yield server
    finally:
        server.stop()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def ok(capsys: pytest.CaptureFixture[str], command: str) -> str:
    """What a command prints that does what it is asked to; its words stand apart by blanks."""
    status, out, err = run(capsys, *command.split())
    assert (status, err) == (0, "")
    return out


def test_a_database_is_made_checked_and_undone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "data" / "ledger.sqlite"
    status, out, err = run(capsys, "db", "check")
    assert (status, out) == (1, "there is no such file; upgrade makes it\n")
    assert err == f"stockanalyst: sqlite:///{file} isn't as this version needs it\n"
    assert not file.exists()
    made = ok(capsys, "db upgrade")
    assert made.startswith(f"sqlite:///{file} is at revision 0")
    assert ok(capsys, "db upgrade") == made
    assert ok(capsys, "db check") == made.replace("\n", ", nothing to do\n")
    assert ok(capsys, "db downgrade base --yes") == f"sqlite:///{file} is at revision base\n"
    status, out, _ = run(capsys, "db", "check")
    assert (status, out.startswith("it is at revision none, 0")) == (1, True)
    assert ok(capsys, "db downgrade base").endswith("nothing after revision base, nothing to do\n")


def test_a_downgrade_says_first_what_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    ok(capsys, "portfolio create main")
    status, out, err = run(capsys, "db", "downgrade", "base")
    assert status == 2
    assert "would undo 0001: Users and the ledger, and the tables of what is fetched.\n" in out
    assert "would be lost; copy the database, then say --yes\n" in err
    assert "main" in ok(capsys, "portfolio list")


def test_a_check_names_what_is_otherwise(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ok(capsys, "db upgrade")
    with sqlite3.connect(tmp_path / "data" / "ledger.sqlite") as connection:
        connection.execute("DROP TABLE vendor_usage")
    connection.close()
    status, out, _ = run(capsys, "db", "check")
    assert (status, out.count("\n")) == (1, 1)
    assert "vendor_usage" in out


def test_a_copy_is_counted_and_an_original_stays(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok(capsys, "portfolio create main")
    ok(capsys, "portfolio deposit main 10 --on 2024-01-02")
    target = f"sqlite:///{tmp_path}/copied/new.sqlite"
    rows = ok(capsys, f"db copy --to {target}").splitlines()
    counts = {name: count for name, count, _ in (row.split() for row in rows[1:-1])}
    assert (counts["users"], counts["ledger_event"], counts["transfer"]) == ("1", "1", "1")
    assert rows[-1] == (
        f"Copied from sqlite:///{tmp_path}/data/ledger.sqlite to {target}; "
        "counts and digests are the same in both."
    )
    status, _, err = run(capsys, "db", "copy", "--to", target)
    assert (status, "has rows in users already" in err) == (1, True)
    monkeypatch.setenv("STOCKANALYST_DATABASE_URL", target)
    assert ok(capsys, "ledger verify") == "main: 1 entry, as written\n"


def test_to_postgresql_and_its_application(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    postgres: PostgresServer,
) -> None:
    """The owner copies; the application then adds to the journal, and finds what was there."""
    ok(capsys, "portfolio create main")
    ok(capsys, "portfolio deposit main 10 --on 2024-01-02")
    owner, application = (
        postgres.url(role, "copied").render_as_string(hide_password=False)
        for role in (OWNER, APPLICATION)
    )
    assert PASSWORD in owner
    shown = f"postgresql://127.0.0.1:{postgres.port}/copied"
    assert f" to {shown}; counts" in ok(capsys, f"db copy --to {owner}")
    upgraded = ok(capsys, f"db upgrade --application-role {APPLICATION} --database {owner}")
    assert upgraded.startswith(f"{shown} is at revision 0")
    monkeypatch.setenv("STOCKANALYST_DATABASE_URL", application)
    assert ok(capsys, "db check").startswith(shown)
    assert ok(capsys, "portfolio deposit main 5 --on 2024-01-03") == (
        "deposited 5.00 USD (entry 2); cash 15.00 USD\n"
    )
    status, _, err = run(capsys, "db", "downgrade", "base", "--yes")
    assert (status, err.startswith("stockanalyst: database: ")) == (1, True)
    assert ok(capsys, "ledger verify") == "main: 2 entries, as written\n"


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("copy --to postgresql://somebody:PLANTED0@127.0.0.1:9/none", 1, "database: connection"),
        ("copy --to postgresql://somebody:PLANTED0@x:port/none", 2, "database '--to': isn't a"),
        ("copy --to mysql://somebody:PLANTED0@127.0.0.1/none", 2, "database '--to': isn't a"),
        ("copy --to PLANTED0", 2, "database '--to': isn't a database's URL; give one such as"),
        ("copy --from sqlite:////none/x --to sqlite:///y", 2, "there is no such file; check"),
        ("check --database sqlite://", 2, "database '--database': isn't a database's URL"),
        ("upgrade --application-role app", 2, "application_role 'app': SQLite has no roles"),
        ("downgrade 0999", 2, "revision '0999': choose from base, 0001"),
    ],
    ids=["nobody", "port", "dialect", "text", "missing", "memory", "role", "revision"],
)
def test_what_cant_be_is_one_line_without_a_password(
    capsys: pytest.CaptureFixture[str], command: str, status: int, message: str
) -> None:
    if "--from" not in command:
        ok(capsys, "db upgrade")
    got, out, err = run(capsys, "db", *command.split())
    assert (got, out, err.count("\n")) == (status, "", 1)
    assert message in err
    assert "PLANTED0" not in err


def test_a_password_with_an_at_sign_isnt_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy takes what follows the first of two for the host."""
    url = "postgresql://somebody:PLANTED0@PLANTED1@127.0.0.1:9/none"
    monkeypatch.setenv("STOCKANALYST_DATABASE_URL", url)
    status, out, err = run(capsys, "db", "check")
    assert (status, out) == (2, "")
    assert err == (
        "stockanalyst: database 'STOCKANALYST_DATABASE_URL': write an @ in its password as %40\n"
    )


def test_a_newer_database_asks_for_a_newer_version(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ok(capsys, "db upgrade")
    with sqlite3.connect(tmp_path / "data" / "ledger.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in ("db check", "db upgrade", "db downgrade base"):
        status, out, err = run(capsys, *command.split())
        assert (status, out) == (2, "")
        assert "is at revision 9999, which a newer version made; install that one" in err
