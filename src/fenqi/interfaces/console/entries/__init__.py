"""Where customers repay, and closing an entry for a time."""
