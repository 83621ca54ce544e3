"""Money out: what the mall owes back goes back by itself, once, and is followed until it has arrived."""
