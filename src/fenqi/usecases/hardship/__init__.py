"""Helping customers who cannot pay in time, and what follows when nothing helps."""
