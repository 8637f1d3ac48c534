"""Forecasters of prices: the past in, the next sessions with intervals out."""
