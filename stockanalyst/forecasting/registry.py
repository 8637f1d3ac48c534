"""Models by name."""

from collections.abc import Callable, Iterable

from stockanalyst.exceptions import check_choice
from stockanalyst.forecasting.arima import ARIMAForecaster, AutoARIMA
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.linear import LinearForecaster, RidgeForecaster
from stockanalyst.forecasting.lstm import LSTMForecaster
from stockanalyst.forecasting.naive import BASELINES, Drift, RandomWalk, SeasonalNaive
from stockanalyst.forecasting.smoothing import ThetaForecaster

LSTM = LSTMForecaster.name

#: Models that need nothing but prices.
FACTORIES: dict[str, Callable[[], BaseForecaster]] = {
    RandomWalk.name: RandomWalk,
    Drift.name: Drift,
    SeasonalNaive.name: SeasonalNaive,
    LinearForecaster.name: LinearForecaster,
    RidgeForecaster.name: RidgeForecaster,
    ARIMAForecaster.name: ARIMAForecaster,
    AutoARIMA.name: AutoARIMA,
    ThetaForecaster.name: ThetaForecaster,
}
LABELS = {
    RandomWalk.name: "random walk",
    Drift.name: "drift",
    SeasonalNaive.name: "seasonal naive",
    LinearForecaster.name: "linear regression",
    RidgeForecaster.name: "ridge regression",
    ARIMAForecaster.name: "ARIMA",
    AutoARIMA.name: "auto ARIMA",
    ThetaForecaster.name: "theta",
    LSTM: "LSTM",
    "ensemble": "ensemble",
    "ensemble_inverse": "inverse-error ensemble",
    "ensemble_stacked": "stacked ensemble",
}
MODELS = tuple(LABELS)
#: What an analysis compares: each further model is one more chance to be taken in by luck.
DEFAULT_MODELS = ("random_walk", "drift", "linear", "arima", "lstm", "ensemble")


def model_label(model: str) -> str:
    """A model's name for readers: ``"linear"`` is ``"linear regression"``."""
    return LABELS.get(model, model)


def members(names: Iterable[str]) -> list[str]:
    """The models that an ensemble is made of: neither baselines nor ensembles."""
    return [name for name in names if name not in BASELINES and name not in COMBINATIONS]


def check_models(names: Iterable[str]) -> tuple[str, ...]:
    """`names` in the order of :data:`MODELS`; the random walk is always among them.

    Raises
    ------
    InputError
        A name that isn't a model's.
    """
    wanted = {RandomWalk.name}
    for name in names:
        check_choice("models", name, MODELS)
        wanted.add(name)
    return tuple(name for name in MODELS if name in wanted)
