"""Fenqi: servicing of installment orders for an online mall."""
