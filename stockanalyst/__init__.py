"""Honest stock forecasts, the random walk beside every one.

``import stockanalyst as sa`` costs nothing; what a name needs is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stockanalyst.api import (
        Costs,
        SeriesForecaster,
        analyze,
        backtest,
        coverage_over_time,
        error_by_horizon,
        fan_chart,
        find_faults,
        forecast_against_actual,
        load_closes,
        load_prices,
        rank_forecast,
        render_report,
        repaired,
        run_strategy,
        simulate,
        skill_by_year,
        skill_heat_map,
        target_weights,
    )

__version__ = "0.1.0"
__all__ = [
    "Costs",
    "SeriesForecaster",
    "__version__",
    "analyze",
    "backtest",
    "coverage_over_time",
    "error_by_horizon",
    "fan_chart",
    "find_faults",
    "forecast_against_actual",
    "load_closes",
    "load_prices",
    "rank_forecast",
    "render_report",
    "repaired",
    "run_strategy",
    "simulate",
    "skill_by_year",
    "skill_heat_map",
    "target_weights",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("stockanalyst.api"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
