"""Users' portfolios: a ledger of what happened, and what is computed from it."""
