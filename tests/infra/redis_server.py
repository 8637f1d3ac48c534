"""Redis on this machine: a real server of the test's own."""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PASSWORD = "PLANTED0REDIS"  # noqa: S105  of a server that ends with the test


@dataclass
class RedisServer:
    """A process that listens to this machine alone, and keeps nothing."""

    folder: Path
    port: int = 0
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        """With its password."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Wait until it takes connections; on the port of before if it has had one."""
        for _ in range(5):  # a free port may be taken meanwhile
            port = self.port or _free_port()
            words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
            words += ["--dir", str(self.folder), "--requirepass", PASSWORD]
            self.process = subprocess.Popen(
                ["redis-server", *words], stdout=subprocess.PIPE, text=True
            )
            assert self.process.stdout is not None
            if any("Ready to accept connections" in line for line in self.process.stdout):
                self.port = port
                return
            self.stop()
        pytest.fail("redis-server doesn't start")

    def stop(self) -> None:
        """End it, if it is there."""
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=30)
            self.process = None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
