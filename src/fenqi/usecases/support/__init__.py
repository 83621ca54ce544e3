"""What staff need to help one customer from start to end."""
