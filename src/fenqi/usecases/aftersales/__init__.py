"""After-sales: from the application to the money back on the account."""
