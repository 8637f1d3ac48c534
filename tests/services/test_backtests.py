"""Walk-forwards over tables of prices, with a folder that keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.backtesting import engine
from stockanalyst.backtesting.results import Backtest, MissingModel
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.backtesting.store.parquet import ParquetCubes
from stockanalyst.exceptions import DataError, FrameSchema, InputError, InsufficientHistory
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.base import SeriesForecaster
from stockanalyst.forecasting.intervals import Intervals
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.services.backtests import BacktestService
from stockanalyst.services.networks import NetworkService
from tests.services.conftest import CONFIG, MemoryProvider

PLAN = WalkForward(n_cutoffs=8, train_size=300, refit=4)
LEVELS = (0.8, 0.95)

Simulate = Callable[..., pd.Series]


@pytest.fixture
def service(tmp_path: Path) -> BacktestService:
    """Without tensorflow."""
    networks = NetworkService(
        provider=lambda _name: MemoryProvider({}),
        artifacts=FolderArtifacts(own=tmp_path / "own", shipped=tmp_path / "shipped"),
        trainer=None,
        config=CONFIG,
        plan=PLAN,
    )
    return BacktestService(networks=networks, store=ParquetCubes)


@pytest.fixture(scope="module")
def prices(simulate: Simulate) -> pd.DataFrame:
    closes = [simulate(520, seed=seed, phi=0.2, name=name) for seed, name in enumerate("ABC")]
    return pd.concat(closes, axis=1)


def walk(
    service: BacktestService,
    prices: pd.DataFrame,
    models: Sequence[Any] = ("drift", "linear"),
    **changed: Any,
) -> Backtest:
    asked: dict[str, Any] = {
        "horizon": 2,
        "plan": PLAN,
        "levels": LEVELS,
        "intervals": Intervals(),
    }
    return service.of_table(prices, models, **{**asked, **changed})


class Own(SeriesForecaster):
    """Half way back to the mean of the training window; it may fail."""

    name: ClassVar[str] = "half_way"
    estimates: ClassVar[int] = 0
    fails_at: ClassVar[int] = 0

    def estimate(self, log_price: Vector) -> None:
        type(self).estimates += 1
        if self.estimates == self.fails_at:
            raise RuntimeError("broken off")
        self.mean = log_price.mean()

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        last = log_price[origins]
        half: Matrix = np.repeat(((last + self.mean) / 2)[:, None], horizon, axis=1)
        return half


# Tables


def test_every_step_is_scored(service: BacktestService, prices: pd.DataFrame) -> None:
    past = walk(service, prices, horizon=3)
    assert past.symbols == ("A", "B", "C")
    assert sorted(set(past.skill["step"])) == [1, 2, 3]
    assert list(dict.fromkeys(past.forecasts["model"])) == ["random_walk", "drift", "linear"]
    assert len(past.forecasts) == 3 * 3 * 8 * 3


@pytest.mark.parametrize(
    "change",
    [
        lambda prices: prices.tz_localize("America/New_York"),
        lambda prices: prices.set_axis(prices.index + pd.Timedelta("16h")).tz_localize("Japan"),
        lambda prices: prices.astype(object),
        lambda prices: prices.astype("Float64"),
        lambda prices: prices.map(repr),
        lambda prices: prices.set_index(prices.index.as_unit("s")),
    ],
    ids=["timezone", "hour", "object", "nullable", "text", "unit"],
)
def test_the_same_numbers_in_another_dress(
    service: BacktestService,
    prices: pd.DataFrame,
    change: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    pd.testing.assert_frame_equal(
        walk(service, change(prices)).forecasts, walk(service, prices).forecasts, check_exact=True
    )


def test_symbols_of_different_lengths_are_walked_as_alone(
    service: BacktestService, prices: pd.DataFrame
) -> None:
    """B begins later, C ends earlier; in the middle of C one session is missing."""
    ragged = prices.copy()
    ragged.iloc[:9, 1] = np.nan
    ragged.iloc[515:, 2] = np.nan
    ragged.iloc[300, 2] = np.nan
    frame = walk(service, ragged).forecasts
    alone = [walk(service, ragged[[name]].dropna()).forecasts for name in "ABC"]
    pd.testing.assert_frame_equal(frame, pd.concat(alone, ignore_index=True), check_exact=True)
    last = frame.groupby("symbol")["session"].max()
    assert last.to_list() == [ragged.index[519], ragged.index[519], ragged.index[514]]


def with_value(prices: pd.DataFrame, value: Any) -> pd.DataFrame:
    """Of B in the sixth session, 2000-01-10."""
    changed = prices.astype(object)
    changed.iloc[5, 1] = value
    return changed


def with_date(prices: pd.DataFrame, date: str) -> pd.DataFrame:
    """In place of 2000-01-10."""
    dates = prices.index.to_series()
    dates.iloc[5] = pd.Timestamp(date)
    return prices.set_axis(pd.DatetimeIndex(dates))


POSITIVE = "every close must be a number from 1e-09 to 1e+12, or NaN"
ASCENDING = "sort the rows, keep one a date"
BAD_TABLES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "no row": (lambda p: p.iloc[:0], "'symbol' is empty; give sessions by symbols"),
    "no symbol": (lambda p: p.iloc[:, :0], "'symbol' is empty; give sessions by symbols"),
    "twice": (
        lambda p: p.set_axis([1, "1", 2], axis=1),
        "'symbol' holds '1' twice; keep one column each",
    ),
    "no dates": (
        lambda p: p.reset_index(drop=True),
        "'session' holds '0', no date; give the table a DatetimeIndex",
    ),
    "backwards": (
        lambda p: p.iloc[::-1],
        f"'session' isn't ascending: 2001-12-27 follows 2001-12-28; {ASCENDING}",
    ),
    "one day": (
        lambda p: with_date(p, "2000-01-07 16:00"),
        f"'session' isn't ascending: 2000-01-07 follows 2000-01-07; {ASCENDING}",
    ),
    "no date": (
        lambda p: with_date(p, "NaT"),
        f"'session' isn't ascending: NaT follows 2000-01-07; {ASCENDING}",
    ),
    "zero": (lambda p: with_value(p, 0.0), f"'close' is 0.0 for B on 2000-01-10; {POSITIVE}"),
    "negative": (lambda p: with_value(p, -3), f"'close' is -3 for B on 2000-01-10; {POSITIVE}"),
    "infinite": (
        lambda p: with_value(p, np.inf),
        f"'close' is inf for B on 2000-01-10; {POSITIVE}",
    ),
    "text": (lambda p: with_value(p, "n/a"), f"'close' is n/a for B on 2000-01-10; {POSITIVE}"),
    "long": (
        lambda p: with_value(p, "x" * 300),
        f"'close' is {'x' * 40} for B on 2000-01-10; {POSITIVE}",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_a_table_that_cant_be_used_is_one_line(
    service: BacktestService,
    prices: pd.DataFrame,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    message: str,
) -> None:
    with pytest.raises(FrameSchema) as caught:
        walk(service, change(prices))
    assert str(caught.value) == f"prices: column {message}"


def test_a_column_without_a_price(service: BacktestService, prices: pd.DataFrame) -> None:
    with pytest.raises(InsufficientHistory, match=r"^symbol 'B': 0 sessions .* 510 are needed"):
        walk(service, prices.assign(B=np.nan))


# Plans


@pytest.mark.parametrize(
    ("plan", "first", "count"),
    [
        (WalkForward(n_cutoffs=None, train_size=510), 509, 9),
        (WalkForward(n_cutoffs=None, train_size=505, step=5), 507, 3),
        (WalkForward(n_cutoffs=3, train_size=100, step=5, refit=21), 507, 3),
        (WalkForward(n_cutoffs=8, train_size=700, refit=21), 510, 8),
    ],
)
def test_plans(
    service: BacktestService, prices: pd.DataFrame, plan: WalkForward, first: int, count: int
) -> None:
    """The last cutoff of 520 sessions at horizon 2 is the 518th, position 517."""
    frame = walk(service, prices, ["linear", "arima", "theta"], plan=plan).forecasts
    cutoffs = frame["cutoff"].unique()
    assert list(cutoffs) == list(prices.index[first : 518 : plan.step])
    assert len(cutoffs) == count
    assert not frame.isna().any(axis=None)


# Models


def test_the_lstm_is_missing_without_tensorflow(
    service: BacktestService, prices: pd.DataFrame
) -> None:
    past = walk(service, prices, ["lstm", "drift"], plan=replace(PLAN, train_size=400))
    assert set(past.forecasts["model"]) == {"random_walk", "drift"}
    (gap,) = past.missing
    assert (gap.symbol, gap.model) == ("all symbols", "lstm")
    assert "tensorflow" in gap.reason
    assert gap.mend == "run: pip install 'stockanalyst[train]'"


def test_a_model_of_ones_own_takes_part(service: BacktestService, prices: pd.DataFrame) -> None:
    """Also in the ensemble; its forecasts are those that the class says, by hand."""
    past = walk(service, prices, ["linear", Own(), "ensemble"])
    names = ["random_walk", "linear", "half_way", "ensemble"]
    assert list(dict.fromkeys(past.forecasts["model"])) == names
    assert past.missing == ()
    logs = np.log(prices["A"])
    # The last cutoff is the eighth, at 517; its block of 4 was estimated at 514, on 300 sessions.
    expected = np.exp((logs.iloc[517] + logs.iloc[215:515].mean()) / 2)
    own = past.forecasts.query("symbol == 'A' and model == 'half_way'")
    np.testing.assert_allclose(own["yhat"].iloc[-2:], expected, rtol=1e-13)


def test_an_ensemble_of_one_is_missing(service: BacktestService, prices: pd.DataFrame) -> None:
    past = walk(service, prices[["A"]], ["linear", "ensemble"])
    assert past.missing == (
        MissingModel(
            "A",
            "ensemble",
            "it needs two models besides the baselines",
            "add one, such as: --models linear,arima,ensemble",
        ),
    )


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (
            ["linear", LinearForecaster(5)],
            "models 'linear': is there twice; give each model a name",
        ),
        ([Own(), Own()], "models 'half_way': is there twice; give each model a name"),
        (["linaer"], "models 'linaer': did you mean linear?"),
        ([LinearForecaster], "models <class '"),
        ([None], "models None: give names of models, or forecasters"),
    ],
)
def test_models_that_cant_be_used_are_one_line(
    service: BacktestService, prices: pd.DataFrame, models: list[Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        walk(service, prices, models)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_no_job_at_all_is_refused(service: BacktestService, prices: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"^n_jobs 0: give 1 to 1,000, or -1 for all cores$"):
        walk(service, prices, n_jobs=0)


def test_progress_tells_the_task_and_rises_to_one(
    service: BacktestService, prices: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PAIRS", 1)
    told: list[tuple[str, float]] = []
    walk(service, prices, progress=lambda task, share: told.append((task, share)))
    task = "Walking 3 symbols forward over past cutoffs"
    assert told == [(task, share) for share in (0.0, 1 / 3, 2 / 3, 1.0)]


# Folders


def test_a_run_that_was_broken_off_goes_on_from_the_folder(
    service: BacktestService,
    prices: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It fails in the third chunk: 63 blocks to calibrate, 2 to judge and a look are a symbol's."""
    monkeypatch.setattr(engine, "_PAIRS", 1)
    models = ["linear", "arima", "ensemble", Own()]
    whole = walk(service, prices, models)
    folder = tmp_path / "results"
    monkeypatch.setattr(Own, "estimates", 0)
    monkeypatch.setattr(Own, "fails_at", 2 * 66 + 7)
    with pytest.raises(RuntimeError, match="broken off"):
        walk(service, prices, models, folder=folder)
    assert len(list(folder.iterdir())) == 2
    monkeypatch.setattr(Own, "estimates", 0)
    past = walk(service, prices, models, folder=folder)
    assert Own.estimates == 66
    assert len(list(folder.iterdir())) == 3
    pd.testing.assert_frame_equal(past.forecasts, whole.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(past.skill, whole.skill, check_exact=True)
    pd.testing.assert_frame_equal(past.scores.pooled, whole.scores.pooled, check_exact=True)
    files = pd.concat([pd.read_parquet(path) for path in folder.iterdir()])
    assert len(files) == len(whole.forecasts)
    assert set(whole.forecasts.columns) <= set(files.columns)


def test_a_damaged_file_is_named(
    service: BacktestService, prices: pd.DataFrame, tmp_path: Path
) -> None:
    walk(service, prices, folder=tmp_path / "results")
    file = min((tmp_path / "results").iterdir())
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DataError) as caught:
        walk(service, prices, folder=tmp_path / "results")
    assert str(caught.value) == f"folder: {file} can't be read; delete that file and go on"
    file.unlink()
    assert walk(service, prices, folder=tmp_path / "results").symbols == ("A", "B", "C")


def test_a_folder_that_cant_be_written_is_one_line(
    service: BacktestService, prices: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "results").write_text("taken")
    with pytest.raises(DataError, match=r"^folder: .*results can't be written \(File exists\)"):
        walk(service, prices, folder=tmp_path / "results")
