"""Models walked forward through the past, and the scores that come of it."""
