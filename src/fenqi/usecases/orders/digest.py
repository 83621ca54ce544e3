"""What the mall said about an order, in one digest: a repeat is told from a change by it."""

import hashlib
import json
from dataclasses import asdict
from datetime import date, datetime

from fenqi.usecases.orders.inputs import OrderInput

# What may move on after an order was taken; all else is a conflict when it changes.
_PROGRESS = ("status", "approved_at", "delivered_at", "source")


def order_digest(order: OrderInput) -> bytes:
    """sha256 over all that may not change once the order was taken."""
    said = asdict(order)
    for name in _PROGRESS:
        del said[name]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=_text, ensure_ascii=False).encode()).digest()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
