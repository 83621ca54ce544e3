"""The lists on the page of one customer: whatever grows there with the years is narrowed, sorted and taken along."""

from fenqi.interfaces.console.customer_lists.bought import ORDERS
from fenqi.interfaces.console.customer_lists.reading import Shown, read_customer_lists

__all__ = ["ORDERS", "Shown", "read_customer_lists"]
