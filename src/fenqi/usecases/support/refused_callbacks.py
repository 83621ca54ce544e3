"""Callbacks that were not believed: a list for those who watch over the books."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fenqi.records.models import RefusedCallback


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCallbackView:
    id: UUID
    channel: str
    reason: str
    remote_address: str
    body: str
    received_at: datetime


def list_refused_callbacks(*, limit: int) -> tuple[list[RefusedCallbackView], bool]:
    """Newest first; whether there are more than `limit`."""
    found = RefusedCallback.objects.order_by("-received_at", "-id")
    views = [
        RefusedCallbackView(
            id=row.id,
            channel=row.channel,
            reason=row.reason,
            remote_address=row.remote_address,
            body=row.body,
            received_at=row.received_at,
        )
        for row in found[: limit + 1]
    ]
    return views[:limit], len(views) > limit
