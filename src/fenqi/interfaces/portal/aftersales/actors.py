"""Who acts on the customer's pages, as the records name them."""

from uuid import UUID


def customer_actor(customer_id: UUID) -> str:
    return f"customer:{customer_id}"
