"""Lists of the console: any of them is filtered, sorted, and taken along as CSV or XLSX, by one small vocabulary."""

from fenqi.interfaces.console.lists.columns import Column, Kind, Value, amount, worded
from fenqi.interfaces.console.lists.listing import MOST_READ, Listing, read_listing
from fenqi.interfaces.console.lists.pages import list_page, lists_page
from fenqi.interfaces.console.lists.period import Period, read_period

__all__ = [
    "MOST_READ",
    "Column",
    "Kind",
    "Listing",
    "Period",
    "Value",
    "amount",
    "list_page",
    "lists_page",
    "read_listing",
    "read_period",
    "worded",
]
