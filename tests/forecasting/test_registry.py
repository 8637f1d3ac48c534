import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.registry import (
    DEFAULT_MODELS,
    FACTORIES,
    MODELS,
    check_models,
    members,
    model_label,
)

ORDER = (
    "random_walk",
    "drift",
    "seasonal_naive",
    "linear",
    "ridge",
    "arima",
    "auto_arima",
    "theta",
    "lstm",
    "ensemble",
    "ensemble_inverse",
    "ensemble_stacked",
)


def test_the_models_by_name() -> None:
    assert ORDER == MODELS
    assert set(DEFAULT_MODELS) <= set(MODELS)
    assert list(FACTORIES) == list(ORDER[:8])
    assert all(factory().name == name for name, factory in FACTORIES.items())


def test_labels_for_readers() -> None:
    assert model_label("linear") == "linear regression"
    assert model_label("of one's own") == "of one's own"
    assert len({model_label(name) for name in MODELS}) == len(MODELS)


def test_an_ensemble_is_made_of_neither_baselines_nor_ensembles() -> None:
    assert members(ORDER) == ["linear", "ridge", "arima", "auto_arima", "theta", "lstm"]
    assert members(["mine", "drift"]) == ["mine"]


@given(st.lists(st.sampled_from(ORDER)))
def test_any_choice_comes_in_one_order_with_the_random_walk(names: list[str]) -> None:
    chosen = check_models(names)
    assert set(chosen) == {"random_walk", *names}
    assert list(chosen) == sorted(chosen, key=ORDER.index)
    assert check_models(chosen) == chosen


def test_a_slip_of_the_pen() -> None:
    with pytest.raises(InputError) as caught:
        check_models(["linear", "arma"])
    assert str(caught.value) == f"models 'arma': did you mean arima? choose from {', '.join(ORDER)}"


@pytest.mark.parametrize("name", ["", "ARIMA", "prophet", "x" * 300])
def test_an_unknown_name_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError) as caught:
        check_models([name])
    assert caught.value.parameter == "models"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
