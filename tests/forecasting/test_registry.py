import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.registry import FACTORIES, MODELS, check_models

ORDER = ("random_walk", "drift", "linear", "arima", "lstm", "ensemble")


def test_the_models_by_name() -> None:
    assert ORDER == MODELS
    assert all(factory().name == name for name, factory in FACTORIES.items())


@given(st.lists(st.sampled_from(ORDER)))
def test_any_choice_comes_in_one_order_with_the_random_walk(names: list[str]) -> None:
    chosen = check_models(names)
    assert set(chosen) == {"random_walk", *names}
    assert list(chosen) == sorted(chosen, key=ORDER.index)
    assert check_models(chosen) == chosen


def test_a_slip_of_the_pen() -> None:
    with pytest.raises(InputError) as caught:
        check_models(["linear", "arma"])
    assert str(caught.value) == (
        "models 'arma': did you mean arima? choose from "
        "random_walk, drift, linear, arima, lstm, ensemble"
    )


@pytest.mark.parametrize("name", ["", "ARIMA", "prophet", "x" * 300])
def test_an_unknown_name_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError) as caught:
        check_models([name])
    assert caught.value.parameter == "models"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
