"""One symbol: forecasts, how good such forecasts have been, and what follows."""
