"""What every test stands on: closed sockets, seeded prices, a tiny network, a word for gaps."""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from stockanalyst._typing import Vector
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig, TrainingLosses

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

Garble = Callable[..., Vector]
Simulate = Callable[..., pd.Series]
_NOBODY = ("127.0.0.1", 9)


def _is_here(address: Any) -> bool:
    """Whether an address stays on this machine: a path, loopback, or every interface."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if address == _NOBODY:
        return False
    if host in {None, "", "localhost", socket.gethostname()}:
        return True
    text = host.decode() if isinstance(host, bytes) else host
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return False
    return ip.is_loopback or ip.is_unspecified


@pytest.fixture(autouse=True)
def closed_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse whatever would leave this machine, and fail the test that tried, thread or not.

    Child processes and libcurl don't pass through here: they get a proxy where nobody listens.
    """
    tried: list[Any] = []

    def guarded(call: Callable[..., Any], address_of: Callable[..., Any]) -> Callable[..., Any]:
        def checked(*args: Any, **kwargs: Any) -> Any:
            address = address_of(*args, **kwargs)
            if _is_here(address):
                return call(*args, **kwargs)
            tried.append(address)
            raise ConnectionRefusedError(f"closed in tests: {address}")

        return checked

    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)
        guard = guarded(original, lambda _socket, address: address)
        monkeypatch.setattr(socket.socket, name, guard)
    lookup = guarded(socket.getaddrinfo, lambda host, *_args, **_kwargs: (host,))
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{_NOBODY[0]}:{_NOBODY[1]}")
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__SOURCES", "[]")  # whoever wants news names sources
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "localhost,127.0.0.1,::1")
    yield
    if tried:
        pytest.fail(f"the test asked for {tried}; only loopback is open")


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Say by name what this machine lacks: the test is skipped; under ``CI=true`` it fails."""

    def say(part: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"missing: {part}")
        pytest.skip(f"missing: {part}")

    return say


@pytest.fixture(scope="session")
def simulate() -> Simulate:
    """Closes whose log returns are AR(1) with normal innovations, on weekdays from 2000-01-03."""

    def closes(
        n_sessions: int, *, seed: int, phi: float = 0.0, volatility: Any = 0.01, name: str = "AAA"
    ) -> pd.Series:
        shocks = np.random.default_rng(seed).standard_normal(n_sessions) * volatility
        returns = shocks.copy()
        for day in range(1, n_sessions):
            returns[day] += phi * returns[day - 1]
        sessions = pd.bdate_range("2000-01-03", periods=n_sessions, name="session")
        return pd.Series(100 * np.exp(np.cumsum(returns)), index=sessions, name=name)

    return closes


@pytest.fixture(scope="session")
def garbled() -> Garble:
    """A copy in which everything after a position is garbage: huge positive numbers, or NaN."""

    def copy(values: Vector, position: int, *, seed: int = 0, nan: bool = False) -> Vector:
        future = values.copy()
        garbage = np.random.default_rng(seed).uniform(1e2, 1e6, size=values.shape)
        future[position + 1 :] = np.nan if nan else garbage[position + 1 :]
        return future

    return copy


@pytest.fixture(scope="session")
def tiny_artifact(missing: Callable[[str], NoReturn]) -> LSTMArtifact:
    """A network that isn't one: step 1 is the newest input, step 2 the sum of all three."""
    try:
        from onnx import TensorProto, helper
    except ImportError:
        missing("onnx (extra [train])")
    weights = [0.0, 1.0, 0.0, 1.0, 1.0, 1.0]
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["window"], ["row"]),
            helper.make_node("MatMul", ["row", "weights"], ["moves"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, [None, 3, 1])],
        [helper.make_tensor_value_info("moves", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor("weights", TensorProto.FLOAT, [3, 2], weights)],
    )
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return LSTMArtifact(
        symbols=("AAA",),
        provider="test",
        training_cutoff=pd.Timestamp("2000-01-03"),
        config=LSTMConfig(lookback=3, units=1, horizon=2),
        n_windows=250,
        losses=TrainingLosses(epochs=1, training=1.0, validation=None, random_walk=None),
        mean=0.1,
        scale=2.0,
        data_digest="0" * 64,
        packages={"onnx": "1"},
        network=model.SerializeToString(),
    )
