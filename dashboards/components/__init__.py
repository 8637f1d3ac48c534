"""Parts that pages share: each a class here and the script beside it, nothing from elsewhere."""
