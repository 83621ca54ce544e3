"""Bank cards that customers bind, so that a card is a way to repay (R108, R118)."""
