"""Trained networks at rest."""
