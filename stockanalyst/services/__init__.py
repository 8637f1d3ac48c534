"""The use cases, over protocols."""
