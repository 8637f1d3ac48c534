"""News and social sentiment about a company, as of a moment, and who was silent and why."""
