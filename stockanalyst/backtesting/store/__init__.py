"""Where a walk-forward's forecasts are kept."""
