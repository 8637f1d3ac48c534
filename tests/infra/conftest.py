"""What tests of the technical base share."""

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

from tests.infra.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[RedisServer]:
    """Started anew for each test."""
    if find_spec("redis") is None:
        missing("redis (extra [redis])")
    if shutil.which("redis-server") is None:
        missing("redis-server (a package of the system)")
    server = RedisServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()
