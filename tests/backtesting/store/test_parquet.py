import json
import os
import stat
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from stockanalyst.backtesting.cube import ForecastCube
from stockanalyst.backtesting.store.parquet import ParquetCubes
from stockanalyst.exceptions import DataError

KEY = "0123abcd"


@pytest.fixture(scope="module")
def cube() -> ForecastCube:
    """3 symbols, 2 models, 2 levels, 40 cutoffs, 2 steps of noise; endless and unknown values."""
    rng = np.random.default_rng(5)
    days = pd.bdate_range("2019-12-02", periods=42).to_numpy("datetime64[ns]")
    y = rng.lognormal(size=(3, 40, 2))
    y[2, -1] = np.nan
    lower, upper = rng.lognormal(size=(2, 3, 2, 2, 40, 2))
    lower[0, 0, 1, 0], upper[0, 0, 1, 0] = 0.0, np.inf
    return ForecastCube(
        symbols=("BRK-B", 'Ünï, "x"', "^GSPC"),
        models=("random_walk", "linear"),
        levels=(0.8, 0.995),
        cutoffs=np.stack([days[:40] + np.timedelta64(s, "D") for s in range(3)]),
        sessions=np.stack([np.stack([days[1:41], days[2:42]], axis=-1)] * 3),
        base=rng.lognormal(size=(3, 40)),
        y=y,
        yhat=rng.lognormal(size=(3, 2, 40, 2)),
        lower=lower,
        upper=upper,
        scale=np.array([0.1, 0.0, 1 / 3]),
    )


def assert_same(one: ForecastCube, other: ForecastCube) -> None:
    for field in fields(ForecastCube):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            assert (left.dtype, left.shape) == (right.dtype, right.shape)
            assert left.tobytes() == right.tobytes(), field.name
        else:
            assert left == right


# "run=2" is how other tools write a column into a path; here it is a name
@pytest.mark.parametrize("name", ["results", "deep/er", "symbol=AAA/step=9"])
def test_what_is_saved_comes_back_to_the_bit(tmp_path: Path, cube: ForecastCube, name: str) -> None:
    store = ParquetCubes(tmp_path / name)
    assert not store.has(KEY)
    store.save(KEY, cube)
    assert store.has(KEY)
    assert not store.has("4567")
    assert_same(ParquetCubes(tmp_path / name).load(KEY), cube)


def test_any_tool_reads_a_forecast_frame(tmp_path: Path, cube: ForecastCube) -> None:
    ParquetCubes(tmp_path).save(KEY, cube)
    frame = pd.read_parquet(tmp_path / f"{KEY}.parquet")
    pd.testing.assert_frame_equal(frame.drop(columns="base"), cube.frame(), check_exact=True)
    rows = frame[(frame["symbol"] == "^GSPC") & (frame["step"] == 2) & (frame["model"] == "linear")]
    np.testing.assert_array_equal(rows["base"], cube.base[2])


def test_a_later_save_replaces_an_earlier_one(tmp_path: Path, cube: ForecastCube) -> None:
    store = ParquetCubes(tmp_path)
    store.save(KEY, cube)
    store.save(KEY, later := replace(cube, scale=cube.scale + 1))
    assert_same(store.load(KEY), later)
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.parquet"]


def test_others_may_read_what_the_folder_lets_them(tmp_path: Path, cube: ForecastCube) -> None:
    before = os.umask(0o022)
    try:
        ParquetCubes(tmp_path).save(KEY, cube)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / f"{KEY}.parquet").stat().st_mode) == 0o644


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_is_half_written_is_never_found(
    tmp_path: Path, cube: ForecastCube, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def half(_table: pa.Table, where: Path, **_options: object) -> None:
        Path(where).write_bytes(b"PAR1 and no more")
        assert not store.has(KEY)
        raise failure

    store = ParquetCubes(tmp_path)
    monkeypatch.setattr(parquet, "write_table", half)
    with pytest.raises((KeyboardInterrupt, DataError)) as caught:
        store.save(KEY, cube)
    assert not store.has(KEY)
    assert list(tmp_path.iterdir()) == []
    if isinstance(failure, OSError):
        expected = f"folder: {tmp_path} can't be written (No space left on device); give another"
        assert str(caught.value) == expected


def test_a_file_in_the_folders_place(tmp_path: Path, cube: ForecastCube) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(DataError, match=r"^folder: .*/taken can't be written \(File exists\)"):
        ParquetCubes(tmp_path / "taken").save(KEY, cube)
    assert not ParquetCubes(tmp_path / "taken").has(KEY)


def flipped(whole: bytes) -> bytes:
    """One bit of one forecast."""
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1],
        lambda whole: b"\0" * len(whole),
        flipped,
    ],
    ids=["empty", "half", "end", "zeros", "bit"],
)
def test_a_damaged_file_is_one_line(
    tmp_path: Path, cube: ForecastCube, damage: Callable[[bytes], bytes]
) -> None:
    store, path = ParquetCubes(tmp_path), tmp_path / f"{KEY}.parquet"
    store.save(KEY, cube)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError) as caught:
        store.load(KEY)
    assert str(caught.value) == f"folder: {path} can't be read; delete that file and go on"


@pytest.mark.parametrize("facts", [None, "no JSON", json.dumps({"symbols": ["AAA"]})])
def test_a_file_of_another_kind_is_one_line(tmp_path: Path, facts: str | None) -> None:
    table = pa.table({"yhat": [1.0, 2.0]})
    if facts is not None:
        table = table.replace_schema_metadata({"stockanalyst": facts})
    parquet.write_table(table, tmp_path / f"{KEY}.parquet")
    with pytest.raises(DataError, match=r"can't be read; delete that file and go on$"):
        ParquetCubes(tmp_path).load(KEY)
