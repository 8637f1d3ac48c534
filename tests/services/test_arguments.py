"""What callers give, of every kind that is there."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.costs import Costs
from stockanalyst.backtesting.results import Backtest
from stockanalyst.exceptions import FrameSchema, InputError
from stockanalyst.services.arguments import checked
from stockanalyst.services.protocols import Progress, silent

TABLE = pd.DataFrame({"A": [1.0]})


@checked
def verb(
    prices: pd.DataFrame | str | Iterable[str],
    horizon: int = 7,
    *,
    share: float = 0.5,
    short: bool = False,
    method: Literal["filtered", "blend"] = "blend",
    n_jobs: int | None = None,
    rng: np.random.Generator | None = None,
    costs: Costs = Costs(),  # noqa: B008  it can't change
    beside: Mapping[str, Backtest] | None = None,
    progress: Progress = silent,
    cutoff: object = None,
) -> str:
    """It takes everything."""
    progress("", share)
    return (
        f"{len(list(prices))} {horizon} {short} {method} {n_jobs} {rng} {costs} {beside} {cutoff}"
    )


def test_a_verb_stays_what_it_was() -> None:
    assert (verb.__name__, verb.__doc__) == ("verb", "It takes everything.")
    assert verb("AB", 3, method="filtered", cutoff=5).startswith("2 3 False filtered None None")


@pytest.mark.parametrize(
    "given",
    [
        {"prices": TABLE, "share": 1},
        {"prices": ("A", "B"), "share": np.float32(0.5)},
        {"prices": iter("AB"), "share": np.int64(2)},
        {"horizon": np.int64(3)},
        {"short": np.bool_(True)},
        {"method": "unknown"},  # which the verb itself has to see
        {"n_jobs": None},
        {"rng": np.random.default_rng(0)},
        {"beside": {}},
        {"progress": lambda _task, _share: None},
        {"cutoff": [TABLE]},
    ],
    ids=range(11),
)
def test_the_kinds_that_are_asked_for(given: dict[str, Any]) -> None:
    assert verb(**{"prices": "A", **given})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prices": 5}, "prices 5: give a DataFrame, or a text, or a list"),
        ({"prices": None}, "prices None: give a DataFrame, or a text, or a list"),
        ({"horizon": "7"}, "horizon '7': give a whole number"),
        ({"horizon": 7.0}, "horizon 7.0: give a whole number"),
        ({"horizon": True}, "horizon True: give a whole number"),
        ({"horizon": None}, "horizon None: give a whole number"),
        ({"share": "0.5"}, "share '0.5': give a number"),
        ({"share": True}, "share True: give a number"),
        ({"short": "no"}, "short 'no': give True or False"),
        ({"method": 5}, "method 5: give a text"),
        ({"n_jobs": "2"}, "n_jobs '2': give a whole number"),
        ({"rng": 42}, "rng 42: give a generator, such as numpy.random.default_rng(0)"),
        ({"costs": 0.001}, "costs 0.001: give costs, such as Costs(commission=5)"),
        ({"costs": TABLE}, "costs <class 'pandas.DataFrame'>: give costs, such as Costs("),
        ({"beside": {"it": 5}}, "beside <class 'dict'>: give a dict of what backtest() returned"),
        ({"progress": None}, "progress None: give a function of a task and its share"),
    ],
)
def test_another_kind_is_one_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        verb(**{"prices": "A", **given})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_an_argument_by_its_place_is_checked_too() -> None:
    with pytest.raises(InputError, match=r"^horizon 'x'"):
        verb("A", "x")  # type: ignore[arg-type]


def test_arguments_that_are_missing_or_unknown_are_for_python_to_refuse() -> None:
    with pytest.raises(TypeError, match=r"verb\(\) missing 1 required .*'prices'"):
        verb()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"verb\(\) got an unexpected .*'price'"):
        verb("A", price=5)  # type: ignore[call-arg]


@checked
def of_frames(forecasts: pd.DataFrame) -> int:
    """It takes forecasts."""
    return len(forecasts)


def test_a_frame_needs_its_columns() -> None:
    columns = ["symbol", "model", "cutoff", "session", "step", "yhat"]
    assert of_frames(pd.DataFrame([range(6)], columns=columns)) == 1
    mend = "; give the forecasts of what backtest"
    for given, problem in ((columns[:3], "'session' is missing"), (columns * 2, "is there twice")):
        with pytest.raises(FrameSchema, match=f"^forecasts: column .*{problem}{mend}"):
            of_frames(pd.DataFrame(columns=given))
