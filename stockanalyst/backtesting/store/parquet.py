"""Forecasts in a folder of Parquet files, one a symbol, for this package and for any other tool."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from stockanalyst._typing import Json
from stockanalyst.backtesting.cube import ForecastCube
from stockanalyst.exceptions import DataError
from stockanalyst.frames import level_columns

_FACTS = b"stockanalyst"


@dataclass(frozen=True)
class ParquetCubes:
    """A :class:`~stockanalyst.backtesting.protocols.CubeStore`.

    A file is a forecast frame with a column ``base``, the price at the cutoff; its name is the key.

    Parameters
    ----------
    folder : Path
        Made when first needed.
    """

    folder: Path

    def has(self, key: str) -> bool:
        """See the protocol."""
        return self._path(key).is_file()

    def save(self, key: str, cube: ForecastCube) -> None:
        """See the protocol.

        Raises
        ------
        DataError
            The folder can't be written.
        """
        facts = {
            "symbols": cube.symbols,
            "models": cube.models,
            "levels": cube.levels,
            "horizon": cube.yhat.shape[-1],
            "scale": cube.scale.tolist(),
            "stride": cube.stride,
        }
        frame = cube.frame()
        rows = np.repeat(cube.base[:, None], len(cube.models), axis=1)
        frame["base"] = np.repeat(rows, cube.yhat.shape[-1])
        table = pa.Table.from_pandas(frame, preserve_index=False)
        table = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), _FACTS: json.dumps(facts).encode()}
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self.folder, prefix=".") as unfinished:
                part = Path(unfinished) / "part"
                parquet.write_table(table, part, write_page_checksum=True)
                part.replace(self._path(key))
        except OSError as error:
            raise DataError(
                f"folder: {self.folder} can't be written ({error.strerror}); give another"
            ) from error

    def load(self, key: str) -> ForecastCube:
        """See the protocol.

        Raises
        ------
        DataError
            The file can't be read.
        """
        path = self._path(key)
        try:
            # A folder may be named "run=2", which is no column.
            table = parquet.read_table(path, partitioning=None, page_checksum_verification=True)
            facts = json.loads((table.schema.metadata or {})[_FACTS])
            return _cube(table.to_pandas(), facts)
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise DataError(f"folder: {path} can't be read; delete that file and go on") from error

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"


def _cube(frame: pd.DataFrame, facts: Json) -> ForecastCube:
    symbols, models, horizon = tuple(facts["symbols"]), tuple(facts["models"]), facts["horizon"]
    levels = tuple(facts["levels"])
    shape = (len(symbols), len(models), -1, horizon)

    def values(name: str) -> NDArray[np.float64]:
        return frame[name].to_numpy().reshape(shape)

    def dates(name: str) -> NDArray[np.datetime64]:
        return frame[name].to_numpy("datetime64[ns]").reshape(shape)[:, 0]

    bounds = [values(name) for name in level_columns(levels)]
    return ForecastCube(
        symbols=symbols,
        models=models,
        levels=levels,
        cutoffs=dates("cutoff")[:, :, 0],
        sessions=dates("session"),
        base=values("base")[:, 0, :, 0],
        y=values("y")[:, 0],
        yhat=values("yhat"),
        lower=np.stack(bounds[::2], axis=2),
        upper=np.stack(bounds[1::2], axis=2),
        scale=np.array(facts["scale"]),
        stride=facts["stride"],
    )
