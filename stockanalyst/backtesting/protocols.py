"""What a walk-forward asks of the place where its forecasts are kept."""

from typing import Protocol

from stockanalyst.backtesting.cube import ForecastCube


class CubeStore(Protocol):
    """Forecasts by key."""

    def has(self, key: str) -> bool:
        """Whether the forecasts of a key are there, whole."""

    def save(self, key: str, cube: ForecastCube) -> None:
        """Keep them, whole or not at all."""

    def load(self, key: str) -> ForecastCube:
        """The forecasts of a key, bit for bit as they were saved."""
