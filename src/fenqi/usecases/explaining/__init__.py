"""Explain this amount: what a bill is made of, from the terms over every event to the entries in the books."""
