"""Stores of prices: adapters, wired by ``bootstrap`` alone."""
