"""Facts of the market: symbols, sessions, prices."""
