"""Price protection: prices that are seen, drops that are found and offered, and differences that are given back."""
