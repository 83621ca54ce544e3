"""Who has the money of an order, for the customer, the agent and finance alike."""
