"""From forecasts and their past skill to BUY, SELL, HOLD or no call, with the reasons as data."""
