"""Where payment channels tell us what became of a payment."""
