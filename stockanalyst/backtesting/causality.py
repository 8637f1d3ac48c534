"""That no model sees the future: what it is shown, and how it is held to that."""

from copy import deepcopy

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import IntVector
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError, ModelUnavailable
from stockanalyst.forecasting.base import BaseForecaster, Panel, SeriesForecaster
from stockanalyst.forecasting.lstm import LSTMForecaster

Array = NDArray[np.float64]

_ROUNDING = 1e-9  # of a log price: linear algebra may group its sums otherwise


def forecasts_from(
    model: BaseForecaster, panel: Panel, cutoffs: IntVector, horizon: int, plan: WalkForward
) -> Array:
    """A model's forecasts from cutoffs, shape (S, N, H); it is shown nothing after the last.

    Raises
    ------
    InputError
        They aren't of that shape, or infinite.
    """
    end = int(cutoffs[-1]) + 1
    shown = Panel(panel.symbols, panel.sessions[:, :end], panel.log_price[:, :end])
    if model.is_foreign:
        model = deepcopy(model)  # it may change as it estimates, and threads may share it
    made = np.asarray(
        model.walk(shown, cutoffs, horizon, train_size=plan.train_size, refit=plan.refit)
    )
    expected = (len(panel.symbols), cutoffs.size, horizon)
    if made.shape != expected or np.isinf(made).any():
        mend = f"give log prices of shape {expected}, finite or NaN; these have {made.shape}"
        raise InputError("models", model.name, mend)
    return made


def is_looped(model: BaseForecaster) -> bool:
    """Whether a model is estimated window by window, by this package's own loop."""
    return type(model).walk is SeriesForecaster.walk


def require_causal(
    model: BaseForecaster, panel: Panel, cutoffs: IntVector, made: Array, *, plan: WalkForward
) -> None:
    """Ask a foreign model for some earlier cutoffs again, the later sessions left out.

    Raises
    ------
    InputError
        Its forecasts change.
    """
    block = min(plan.refit, cutoffs.size) if is_looped(model) else cutoffs.size
    some = (block + 1) // 2
    again = forecasts_from(model, panel, cutoffs[:some], made.shape[2], plan)
    if not np.allclose(again, made[:, :some], rtol=0, atol=_ROUNDING, equal_nan=True):
        raise InputError(
            "models",
            model.name,
            "its forecasts change when later sessions are left out, so it sees the future; "
            "use nothing after a cutoff",
        )


def require_unseen(model: LSTMForecaster, panel: Panel, cutoffs: IntVector) -> None:
    """Refuse a network that has seen prices after the first cutoff.

    Raises
    ------
    ModelUnavailable
    """
    first = pd.Timestamp(panel.sessions[:, cutoffs[0]].min())
    if first < model.training_cutoff:
        raise ModelUnavailable(
            model.name,
            f"it was trained on prices up to {model.training_cutoff:%Y-%m-%d}, after the first "
            f"cutoff, {first:%Y-%m-%d}",
            "judge it at later cutoffs, or train it on earlier prices",
        )
