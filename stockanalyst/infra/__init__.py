"""Technical base: settings and the clock."""
