from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.cube import ForecastCube

DAYS = pd.bdate_range("2013-03-04", periods=6)
LATE = DAYS + pd.Timedelta(days=14)


def cube(symbols: Sequence[str] = ("AAA", "BBB")) -> ForecastCube:
    """2 symbols, 2 models, 1 level, 3 cutoffs, 2 steps; each forecast is a number of its own.

    The digits of 1.2341 are symbol, model, cutoff and step, the last of them 1 for lower, 2 for
    upper.
    """
    s, k, m, h = np.ix_(range(len(symbols)), range(2), range(3), (1, 2))
    yhat = (1000 * (s + 1) + 100 * (k + 1) + 10 * (m + 1) + h).astype(np.float64)
    days = np.stack([index.to_numpy("datetime64[ns]") for index in (DAYS, LATE)])[: len(symbols)]
    return ForecastCube(
        symbols=tuple(symbols),
        models=("random_walk", "oracle"),
        levels=(0.995,),
        cutoffs=days[:, :3],
        sessions=np.stack([days[:, 1:4], days[:, 2:5]], axis=-1),
        base=yhat[:, 0, :, 0] / 2,
        y=yhat[:, 0] / 4,
        yhat=yhat,
        lower=(yhat + 0.1)[:, :, None],
        upper=(yhat + 0.2)[:, :, None],
        scale=np.arange(1.0, len(symbols) + 1),
    )


def test_the_frame_by_hand() -> None:
    """By symbol, model, cutoff and step; outcome and dates are the symbol's, not the model's."""
    frame = cube().frame()
    assert list(frame.columns) == [
        "symbol", "model", "cutoff", "session", "step", "yhat", "lo_99.5", "hi_99.5", "y",
    ]  # fmt: skip
    assert len(frame) == 2 * 2 * 3 * 2
    assert frame["yhat"].is_monotonic_increasing
    assert frame.iloc[1].to_list() == [
        "AAA", "random_walk", DAYS[0], DAYS[2], 2, 1112.0, 1112.1, 1112.2, 278.0,
    ]  # fmt: skip
    assert frame.iloc[21].to_list() == [
        "BBB", "oracle", LATE[1], LATE[3], 2, 2222.0, 2222.1, 2222.2, 530.5,
    ]  # fmt: skip
    kinds = {"symbol": "str", "model": "str", "cutoff": "datetime64[ns]", "step": "int64"}
    assert {name: str(frame[name].dtype) for name in kinds} == kinds


def test_one_symbol_of_a_cube() -> None:
    whole = cube()
    frame = whole.frame()
    for symbol, scale in (("AAA", 1.0), ("BBB", 2.0)):
        rows = frame[frame["symbol"] == symbol].reset_index(drop=True)
        one = whole.only(symbol)
        pd.testing.assert_frame_equal(one.frame(), rows, check_exact=True)
        assert (one.symbols, one.base.shape, one.scale.tolist()) == ((symbol,), (1, 3), [scale])
    with pytest.raises(ValueError, match="not in tuple"):
        whole.only("CCC")


def test_among_other_models() -> None:
    """In the order asked for; NaN where there is no such model; the original stays as it is."""
    whole = cube()
    assert whole.among(["random_walk", "oracle"]) is whole
    among = whole.among(["oracle", "absent", "random_walk"])
    assert among.models == ("oracle", "absent", "random_walk")
    for name in ("yhat", "lower", "upper"):
        made, given = getattr(among, name), getattr(whole, name)
        np.testing.assert_array_equal(made[:, [0, 2]], given[:, [1, 0]])
        assert np.isnan(made[:, 1]).all()
        assert not np.isnan(given).any()
    np.testing.assert_array_equal(among.y, whole.y)
