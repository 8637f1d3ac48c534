"""Honest stock forecasts, the random walk beside every one."""
