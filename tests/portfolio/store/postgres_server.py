"""PostgreSQL on this machine: a real server of the tests' own, with its safety on."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

OWNER, APPLICATION = "stockanalyst_owner", "stockanalyst_app"
PASSWORD = "PLANTED0POSTGRES"  # noqa: S105  of a server that ends with the tests
ACCOUNT = "postgres"  # the server refuses root
_PATIENCE = 60  # seconds until it takes connections


def binaries() -> Path | None:
    """The folder of the newest server on this machine; Debian keeps it off the path."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    newest = sorted(folders, key=lambda path: float(path.parts[-3]))
    return newest[-1].parent if newest else None


def unprivileged(*command: str | Path) -> list[str]:
    """A command as it runs without root's rights, which database servers refuse."""
    words = [str(word) for word in command]
    if os.getuid() == 0:
        words = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups", *words]
    return words


def free_port() -> int:
    """One where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@dataclass
class PostgresServer:
    """A cluster in a temporary folder, that listens to this machine alone."""

    binaries: Path
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="stockanalyst-pg-")))
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Make the cluster and its roles, and wait until it takes connections."""
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.folder, password):
                shutil.chown(path, ACCOUNT, ACCOUNT)
        make = unprivileged(
            *(self.binaries / "initdb", f"--pgdata={self._data}", f"--pwfile={password}"),
            *("--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
        )
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        for _ in range(5):  # a free port may be taken meanwhile
            self.port = free_port()
            if self._is_started():
                break
        else:
            pytest.fail("the PostgreSQL server doesn't start")
        self.execute(
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{PASSWORD}'",
        )

    def kill(self) -> None:
        """End its first process as ``kill -9`` does; the others see that, and end themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """After :meth:`kill`, on the same port: it reads its log again, and takes connections."""
        deadline = time.monotonic() + _PATIENCE
        while not self._is_started():  # before the last of the others has ended
            assert time.monotonic() < deadline, self._last_words()

    def stop(self) -> None:
        """End it, and remove what it kept."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(_PATIENCE)
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

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _is_started(self) -> bool:
        """Start it; False where it ends at once, as on a port that is taken."""
        command = unprivileged(
            *(self.binaries / "postgres", "-D", self._data, "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
        )
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, cwd=self.folder)
        deadline = time.monotonic() + _PATIENCE
        while self.process.poll() is None:
            if self._is_ready(self.process.pid):
                return True
            assert time.monotonic() < deadline, self._last_words()
            time.sleep(0.02)
        return False

    def _is_ready(self, process: int) -> bool:
        """Whether it says so, in the file that its own tools look at."""
        file = self._data / "postmaster.pid"
        lines = file.read_text().splitlines() if file.exists() else []
        return lines[:1] == [str(process)] and lines[7:8] == ["ready   "]

    def _last_words(self) -> str:
        return (self.folder / "log").read_text()[-2000:]
