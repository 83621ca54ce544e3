"""Auto-debit: the customer's agreement to it, each debit under it, and its end."""
