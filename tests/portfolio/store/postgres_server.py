"""PostgreSQL on this machine: a real server of the tests' own, with its safety on."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

OWNER, APPLICATION = "stockanalyst_owner", "stockanalyst_app"
PASSWORD = "PLANTED0POSTGRES"  # noqa: S105  of a server that ends with the tests
_ACCOUNT = "postgres"  # the server refuses root


def binaries() -> Path | None:
    """The folder of the newest server on this machine; Debian keeps it off the path."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    newest = sorted(folders, key=lambda path: float(path.parts[-3]))
    return newest[-1].parent if newest else None


@dataclass
class PostgresServer:
    """A cluster in a temporary folder, that listens to this machine alone."""

    binaries: Path
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="stockanalyst-pg-")))
    port: int = 0

    def start(self) -> None:
        """Make the cluster and its roles, and wait until it takes connections."""
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.folder, password):
                shutil.chown(path, _ACCOUNT, _ACCOUNT)
        self._run(
            "initdb", "--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C",
        )  # fmt: skip
        for _ in range(5):  # a free port may be taken meanwhile
            self.port = _free_port()
            options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
            log = f"--log={self.folder / 'log'}"
            if self._run("pg_ctl", "start", "--wait", log, f"--options={options}") == 0:
                break
        else:
            pytest.fail("the PostgreSQL server doesn't start")
        self.execute(
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{PASSWORD}'",
        )

    def stop(self) -> None:
        """End it, and remove what it kept."""
        self._run("pg_ctl", "stop", "--mode=immediate")
        shutil.rmtree(self.folder)

    def new_database(self, name: str) -> None:
        """Make an empty one."""
        self.execute(f"CREATE DATABASE {name} OWNER {OWNER}")

    def url(self, role: str, database: str) -> URL:
        """For a role, with its password."""
        host = "127.0.0.1"
        return URL.create("postgresql", role, PASSWORD, host, self.port, database)

    def execute(self, *statements: str) -> None:
        """As the superuser, each on its own."""
        url = self.url("postgres", "postgres").set(drivername="postgresql+psycopg2")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def _run(self, program: str, *words: str) -> int:
        command: Sequence[str] = [str(self.binaries / program), f"--pgdata={self.folder / 'data'}"]
        if os.getuid() == 0:
            command = ["setpriv", f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups",
                       *command]  # fmt: skip
        # Not into a pipe, which the server would hold open.
        done = subprocess.run(
            [*command, *words], check=False, stdout=subprocess.DEVNULL, cwd=self.folder
        )
        return done.returncode


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
