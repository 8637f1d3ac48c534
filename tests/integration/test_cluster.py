"""A real cluster on loopback: two worker processes, one of which is killed in the middle."""

import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any, ClassVar, NoReturn

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.backtesting import engine
from stockanalyst.backtesting.engine import Setup, walk_forward
from stockanalyst.backtesting.results import Backtest
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.cli import main
from stockanalyst.forecasting.arima import ARIMAForecaster
from stockanalyst.forecasting.base import SeriesForecaster
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.forecasting.naive import RandomWalk

SETUP = Setup(horizon=2, plan=WalkForward(n_cutoffs=10, train_size=220), ensembles=("ensemble",))
N_SYMBOLS = 6

Simulate = Callable[..., pd.Series]


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> Iterator[Any]:
    try:
        from distributed import LocalCluster
    except ImportError:
        missing("distributed (extra [cluster])")
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=str(tmp_path_factory.mktemp("dask")),
        silence_logs=50,
    ) as made:
        yield made


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    from distributed import Client

    with Client(cluster) as made:
        yield made


@pytest.fixture(scope="module")
def prices(simulate: Simulate) -> pd.DataFrame:
    closes = [simulate(520, seed=seed, name=f"S{seed}") for seed in range(N_SYMBOLS)]
    return pd.concat(closes, axis=1)


class Knocking(SeriesForecaster):
    """A random walk that tells a port of loopback its process, and waits until it may go on."""

    name: ClassVar[str] = "knocking"

    def __init__(self, port: int | None) -> None:
        self.port = port

    def estimate(self, log_price: Vector) -> None:  # noqa: ARG002  it learns nothing
        if self.port is None:
            return
        with socket.create_connection(("127.0.0.1", self.port)) as door:
            self.port = None
            door.sendall(f"{os.getpid()}\n".encode())
            door.recv(1)

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        return np.repeat(log_price[origins][:, None], horizon, axis=1)


class Door(ThreadingTCPServer):
    """Lets every process in but the third that knocks, which it kills."""

    def __init__(self) -> None:
        self.knocked: list[int] = []
        super().__init__(("127.0.0.1", 0), Doorman)


class Doorman(StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Door)
        process = int(self.rfile.readline())
        self.server.knocked.append(process)
        if len(self.server.knocked) == 3:
            os.kill(process, signal.SIGKILL)


@pytest.fixture
def door() -> Iterator[Door]:
    with Door() as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def walk(prices: pd.DataFrame, port: int | None) -> Backtest:
    models = [RandomWalk(), LinearForecaster(), ARIMAForecaster(), Knocking(port)]
    parts = list(walk_forward(prices, models, SETUP, steps=(1, 2)))
    return Backtest.of(parts, symbols=prices.columns.to_list())


def test_a_worker_that_dies_in_the_middle_changes_nothing(
    client: Any, prices: pd.DataFrame, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its chunk, and what it had finished and not handed over, is made by another."""
    monkeypatch.setattr(engine, "_PAIRS", 1)
    alone = walk(prices, None)
    workers = set(client.run(os.getpid).values())
    assert len(workers) == 2
    with parallel_config(backend="dask"):
        past = walk(prices, door.server_address[1])
    assert door.knocked[2] in workers
    assert door.knocked[2] not in door.knocked[3:]
    assert len(door.knocked) > N_SYMBOLS
    pd.testing.assert_frame_equal(past.forecasts, alone.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(past.skill, alone.skill, check_exact=True)
    pd.testing.assert_frame_equal(past.scores.pooled, alone.scores.pooled, check_exact=True)


BACKTEST = ("backtest", "AAPL", "MSFT", "--provider", "sample", "--models", "drift,linear")


@pytest.mark.usefixtures("own_folders")
def test_the_command_line_walks_on_the_cluster(
    cluster: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(BACKTEST) == 0
    alone = capsys.readouterr()
    assert main([*BACKTEST, "--cluster", cluster.scheduler_address]) == 0
    assert capsys.readouterr() == alone


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def own_folders(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("own_folders", "cluster")
@pytest.mark.parametrize("address", ["nobody", "nonsense", "smoke://127.0.0.1:8786", ""])
def test_an_address_where_no_scheduler_is_is_one_line(
    nobody: str, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    address = nobody if address == "nobody" else address
    status = main([*BACKTEST, "--cluster", address])
    gc.collect()  # a client that never was one blocks for 10 s if it is collected in another's loop
    assert status == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == (
        f"stockanalyst: cluster '{address}': no scheduler answers there; "
        "start one with: dask scheduler"
    )
    assert "Traceback" not in captured.err
