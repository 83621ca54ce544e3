"""What the mall said about an order, in one digest: a repeat is told from a change by it."""

import hashlib
import json
from dataclasses import is_dataclass
from datetime import date, datetime
from typing import Any

from fenqi.usecases.orders.inputs import OrderInput

# What may move on after an order was taken; all else is a conflict when it changes.
_PROGRESS = ("status", "approved_at", "delivered_at", "source")


def order_digest(order: OrderInput) -> bytes:
    """sha256 over all that may not change once the order was taken."""
    said = {name: value for name, value in _plain(order).items() if name not in _PROGRESS}
    return hashlib.sha256(_ENCODER.encode(said).encode()).digest()


# Fields that came later count only when something is said in them: orders taken before keep their digests.
_CAME_LATER = ("no_return_confirmed_at", "no_return_text_version", "partner")


def _plain(value: object) -> Any:
    """What JSON makes of a value it does not know: field by field, which is ten times quicker than `asdict`."""
    if is_dataclass(value):
        said = {field: getattr(value, field) for field in value.__dataclass_fields__}
        return {field: found for field, found in said.items() if found or field not in _CAME_LATER}
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


_ENCODER = json.JSONEncoder(sort_keys=True, default=_plain, ensure_ascii=False)
