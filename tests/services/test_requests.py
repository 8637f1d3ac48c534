"""What callers write."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from stockanalyst.exceptions import InputError, InvalidCutoff, InvalidHorizon
from stockanalyst.services.requests import check_folder, options


@pytest.mark.parametrize("horizon", [0, -1, 61, 10**6, 1.5, "7", True, None])
def test_a_horizon_is_a_whole_number_from_1_to_60(horizon: object) -> None:
    with pytest.raises(InvalidHorizon) as caught:
        options(horizon=horizon)
    message = str(caught.value)
    assert message == f"horizon {horizon!r}: give a whole number of sessions from 1 to 60"


@pytest.mark.parametrize(
    "cutoff",
    [
        "",
        "tomorrow",
        "2013-13-01",
        "2013-02-30",
        "2012",
        "today",
        "2013-03-01T10:00",
        5.5,
        "x" * 300,
    ],
)
def test_a_cutoff_is_a_date(cutoff: object) -> None:
    with pytest.raises(InvalidCutoff, match=r"cutoff .*give a date as YYYY-MM-DD") as caught:
        options(cutoff=cutoff)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    "cutoff", ["2013-01-02", date(2013, 1, 2), pd.Timestamp("2013-01-02 16:00")]
)
def test_a_date_may_be_written_in_several_ways(cutoff: object) -> None:
    assert options(cutoff=cutoff).cutoff == pd.Timestamp("2013-01-02")


@pytest.mark.parametrize("level", [80, 0, 1, -0.1, 0.999, "x", None, float("nan")])
def test_a_level_is_a_decimal(level: object) -> None:
    with pytest.raises(InputError, match=r"level .*give a decimal from 0\.5 to 0\.99"):
        options(levels=[level])


def test_levels_are_sorted_and_single() -> None:
    assert options(levels=[0.95, 0.8, 0.95]).levels == (0.8, 0.95)


def test_an_unknown_model_is_named_with_the_nearest_known() -> None:
    with pytest.raises(InputError, match=r"models 'arma': did you mean arima\? choose from random"):
        options(models=["linear", "arma"])


def test_the_random_walk_is_always_among_the_models() -> None:
    assert options(models=["arima"]).models == ("random_walk", "arima")


def test_the_first_and_the_last_step_are_scored() -> None:
    assert options(horizon=7).steps == (1, 7)
    assert options(horizon=1).steps == (1,)


def test_one_model_needs_no_list() -> None:
    assert options(models="arima").models == ("random_walk", "arima")


@pytest.mark.parametrize("folder", ["", "a\0b", "x" * 256, "x/" * 3000, "\ud800"], ids=len)
def test_a_folder_has_a_path_that_may_be(folder: str) -> None:
    with pytest.raises(InputError, match=r"^folder .*: give a path that a folder may have$"):
        check_folder(folder)


def test_a_folder_may_be_there_or_not(tmp_path: Path) -> None:
    for folder in (tmp_path, str(tmp_path / "new" / "newer"), "/dev/null/x"):
        assert check_folder(folder) == Path(folder)
    assert check_folder(None) is None
