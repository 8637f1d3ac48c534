"""Honest stock forecasts, the random walk beside every one.

``import stockanalyst as sa`` costs nothing; what a name needs is imported when it is first used.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stockanalyst.api import (
        Costs,
        Instruction,
        SeriesForecaster,
        analyze,
        backtest,
        coverage_over_time,
        create_portfolio,
        error_by_horizon,
        fan_chart,
        find_faults,
        forecast_against_actual,
        load_closes,
        load_prices,
        portfolio,
        portfolios,
        rank_forecast,
        render_report,
        repaired,
        run_strategy,
        sentiment,
        sentiment_by_day,
        simulate,
        skill_by_year,
        skill_heat_map,
        sources,
        target_weights,
    )

__version__ = "0.1.0"
__all__ = [
    "Costs",
    "Instruction",
    "SeriesForecaster",
    "__version__",
    "analyze",
    "backtest",
    "coverage_over_time",
    "create_portfolio",
    "error_by_horizon",
    "fan_chart",
    "find_faults",
    "forecast_against_actual",
    "load_closes",
    "load_prices",
    "portfolio",
    "portfolios",
    "rank_forecast",
    "render_report",
    "repaired",
    "run_strategy",
    "sentiment",
    "sentiment_by_day",
    "simulate",
    "skill_by_year",
    "skill_heat_map",
    "sources",
    "target_weights",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("stockanalyst.api"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps ``sa.sentiment`` the verb: the import system would hang the folder of that name there.

    What is inside the folder is imported as ever, ``from stockanalyst.sentiment import …``.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
