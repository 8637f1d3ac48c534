"""Honest stock forecasts, the random walk beside every one.

``import stockanalyst as sa`` costs nothing; what a name needs is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stockanalyst.api import analyze, backtest, fan_chart, load_prices, render_report

__version__ = "0.1.0"
__all__ = ["__version__", "analyze", "backtest", "fan_chart", "load_prices", "render_report"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("stockanalyst.api"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
