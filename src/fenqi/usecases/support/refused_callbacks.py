"""Callbacks that were not believed: a list for those who watch over the books."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from fenqi.records.models import RefusedCallback
from fenqi.usecases.paging import Page, from_time_cursor, page_of, to_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCallbackView:
    id: UUID
    channel: str
    reason: str
    remote_address: str
    body: str
    received_at: datetime


def list_refused_callbacks(*, after: str | None = None, limit: int = 50) -> Page[RefusedCallbackView]:
    """Newest first. Raises InvalidCursor."""
    found = RefusedCallback.objects.order_by("-received_at", "-id")
    if after is not None:
        received_at, callback_id = from_time_cursor(after)
        found = found.filter(Q(received_at__lt=received_at) | Q(received_at=received_at, id__lt=callback_id))
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
    return page_of(views, limit=limit, cursor_of=lambda last: to_cursor(last.received_at.isoformat(), last.id))
