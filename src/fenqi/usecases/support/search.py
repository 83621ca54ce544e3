"""Find a customer by any number a person may have at hand. Each is looked up whole: nobody browses customers."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from fenqi.records import directory, personal
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import DirectoryKind
from fenqi.usecases.customers import customer_view
from fenqi.usecases.views import CustomerView

LONGEST_TEXT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A customer and by which number the text names them."""

    customer: CustomerView
    found_by: tuple[DirectoryKind, ...]


def search_customers(text: str) -> tuple[Hit, ...]:
    """Whoever has that phone, order number, customer number or payment number; the house is nobody's customer."""
    found = defaultdict[UUID, list[DirectoryKind]](list)
    for kind, key in _readings(text.strip()[:LONGEST_TEXT].replace("\x00", "")):
        holder = directory.find(kind, key)
        if holder is not None and holder.customer_id != HOUSE_ID:
            found[holder.customer_id].append(kind)
    return tuple(
        Hit(customer=customer_view(customer_id), found_by=tuple(kinds)) for customer_id, kinds in found.items()
    )


def _readings(text: str) -> Iterator[tuple[DirectoryKind, str]]:
    """What the text may be; numbers are read out in groups, so blanks inside are taken off, too."""
    if not text:
        return
    if phone := personal.normal_phone(text):
        yield DirectoryKind.PHONE, personal.phone_index(phone)
    for spelling in dict.fromkeys((text, "".join(text.split()))):
        yield DirectoryKind.ORDER_NO, spelling
        yield DirectoryKind.CUSTOMER_REF, spelling
        yield DirectoryKind.OUT_TRADE_NO, spelling.upper()
