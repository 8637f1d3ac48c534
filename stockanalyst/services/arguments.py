"""What callers give to a verb, held to what its annotations say, and an error in one line."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import signature
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd

from stockanalyst.backtesting.costs import Costs
from stockanalyst.backtesting.results import Backtest
from stockanalyst.exceptions import FrameSchema, InputError
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.frames import FORECAST_KEYS
from stockanalyst.market.faults import FAULT_COLUMNS
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.protocols import Progress

Given = ParamSpec("Given")
Result = TypeVar("Result")

_WORDS: dict[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Literal: "a text",
    Path: "a path",
    Iterable: "a list",
    Mapping: "a dict of what backtest() returned",
    pd.DataFrame: "a DataFrame",
    np.random.Generator: "a generator, such as numpy.random.default_rng(0)",
    BaseForecaster: "a forecaster",
    Backtest: "what backtest() returned",
    Analysis: "what analyze() returned",
    Costs: "costs, such as Costs(commission=5)",
    Progress: "a function of a task and its share",
}
_INSTANCES: dict[Any, Any] = {
    bool: bool | np.bool_,
    int: int | np.integer,
    float: int | float | np.integer | np.floating,
    Literal: str,
    Progress: Callable,
}
# Frames by the name of the parameter: the columns that they must have, and who gives them.
_FRAMES = {
    "faults": (FAULT_COLUMNS, "give rows of what find_faults() returned"),
    "forecasts": ((*FORECAST_KEYS, "yhat"), "give the forecasts of what backtest() returned"),
}


def checked(verb: Callable[Given, Result]) -> Callable[Given, Result]:
    """The same verb, which refuses an argument that isn't of the annotated kind.

    Only the kind is looked at; whether a value can be used is for the verb itself to say. It raises
    InputError for an argument of another kind, FrameSchema for a frame without its columns.
    """
    names = list(signature(verb).parameters)
    hints = get_type_hints(verb, localns={"Analysis": Analysis})
    kinds = {name: _alternatives(hints[name]) for name in names if hints[name] is not object}
    mends = {name: f"give {_in_words(kind)}" for name, kind in kinds.items()}

    @wraps(verb)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        for name, value in {**dict(zip(names, args, strict=False)), **kwargs}.items():
            if not any(_fits(value, kind) for kind in kinds.get(name, (object,))):
                plain = value is None or isinstance(value, str | int | float)
                raise InputError(name, value if plain else type(value), mends[name])
            if name in _FRAMES:
                _require_columns(name, value)
        return verb(*args, **kwargs)

    return call


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


def _in_words(kinds: tuple[Any, ...]) -> str:
    words = [_WORDS[get_origin(kind) or kind] for kind in kinds if kind is not NoneType]
    return ", or ".join(words)


def _fits(value: object, kind: Any) -> bool:
    origin = get_origin(kind) or kind
    if isinstance(value, bool) and origin in {int, float}:
        return False
    if isinstance(value, Mapping) and origin is Mapping:
        key_kind, value_kind = get_args(kind)
        return all(_fits(k, key_kind) and _fits(v, value_kind) for k, v in value.items())
    return isinstance(value, _INSTANCES.get(origin, origin))


def _require_columns(name: str, frame: Any) -> None:
    columns, mend = _FRAMES[name]
    for column in columns:
        if list(frame.columns).count(column) != 1:
            problem = "is there twice" if column in frame else "is missing"
            raise FrameSchema(name, column, problem, mend)
