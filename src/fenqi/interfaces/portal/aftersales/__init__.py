"""After-sales as the customer sees it: applying, the refund quote, and the case until everything has arrived."""
