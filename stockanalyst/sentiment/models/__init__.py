"""Trained scorers on disk: those that the package ships, and those that users train."""
