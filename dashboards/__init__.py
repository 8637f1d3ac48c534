"""Pages for ``panel serve dashboards/pages/<page>.py``."""
