"""Models by name."""

from collections.abc import Callable, Iterable

from stockanalyst.exceptions import InputError, did_you_mean
from stockanalyst.forecasting.arima import ARIMAForecaster
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.forecasting.ensemble import ENSEMBLE
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.forecasting.lstm import LSTMForecaster
from stockanalyst.forecasting.naive import Drift, RandomWalk

LSTM = LSTMForecaster.name

#: Models that need nothing but the prices of the symbol.
FACTORIES: dict[str, Callable[[], BaseForecaster]] = {
    RandomWalk.name: RandomWalk,
    Drift.name: Drift,
    LinearForecaster.name: LinearForecaster,
    ARIMAForecaster.name: ARIMAForecaster,
}
LABELS = {
    RandomWalk.name: "random walk",
    Drift.name: "drift",
    LinearForecaster.name: "linear regression",
    ARIMAForecaster.name: "ARIMA",
    LSTM: "LSTM",
    ENSEMBLE: "ensemble",
}
MODELS = tuple(LABELS)


def model_label(model: str) -> str:
    """A model's name for readers: ``"linear"`` is ``"linear regression"``."""
    return LABELS.get(model, model)


def check_models(names: Iterable[str]) -> tuple[str, ...]:
    """`names` in the order of :data:`MODELS`; the random walk is always among them.

    Raises
    ------
    InputError
        A name that isn't a model's.
    """
    wanted = {RandomWalk.name}
    for name in names:
        if name not in MODELS:
            hint = did_you_mean(name, MODELS)
            raise InputError("models", name, f"{hint} choose from {', '.join(MODELS)}".strip())
        wanted.add(name)
    return tuple(name for name in MODELS if name in wanted)
