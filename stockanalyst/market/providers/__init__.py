"""Providers of prices, one module each; only ``bootstrap`` names them."""
