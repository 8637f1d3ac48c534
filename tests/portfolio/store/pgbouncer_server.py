"""PgBouncer on this machine, in transaction mode: one server connection for many clients."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.portfolio.store.postgres_server import (
    ACCOUNT,
    APPLICATION,
    PASSWORD,
    PostgresServer,
    free_port,
    unprivileged,
)

_PATIENCE = 60  # seconds until it takes connections


def program() -> str | None:
    """Where it is; Debian keeps it off the path of users."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@dataclass
class PgBouncer:
    """Before a server, whose folder holds its files; it listens to this machine alone."""

    program: str
    server: PostgresServer
    pool_size: int
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Wait until it takes connections."""
        folder = self.server.folder / "bouncer"
        folder.mkdir(exist_ok=True)
        users = folder / "users"
        users.write_text(f'"{APPLICATION}" "{PASSWORD}"\n')
        for _ in range(5):  # a free port may be taken meanwhile
            self.port = free_port()
            settings = folder / "settings.ini"
            settings.write_text(self._settings(users))
            if os.getuid() == 0:
                for path in (folder, users, settings):
                    shutil.chown(path, ACCOUNT, ACCOUNT)
            command = unprivileged(self.program, "--quiet", settings)
            self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
            if self._listens():
                return
        pytest.fail("PgBouncer doesn't start")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(_PATIENCE)

    def url(self) -> URL:
        """Of the ledger, for the application."""
        return self.server.url(APPLICATION, "ledger").set(port=self.port)

    def _settings(self, users: Path) -> str:
        return f"""[databases]
ledger = host=127.0.0.1 port={self.server.port} dbname=ledger
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {self.pool_size}
"""

    def _listens(self) -> bool:
        """Whether it comes to listen, rather than to an end."""
        assert self.process is not None
        deadline = time.monotonic() + _PATIENCE
        while self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return True
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return False
