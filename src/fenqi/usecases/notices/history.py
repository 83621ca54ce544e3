"""What one customer was told, when and by which way, and what came of it: for the story that staff read."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fenqi.records.models import Notice, NoticeDelivery
from fenqi.usecases.paging import newest

MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeMoment:
    """One notice without its words: they stand on the page of notices. `ways` are (way, what came of it)."""

    at: datetime
    message: str
    subject: str
    state: str
    reason: str
    is_read: bool
    ways: tuple[tuple[str, str], ...]


def notice_history(customer_id: UUID) -> tuple[tuple[NoticeMoment, ...], bool]:
    """The newest, in no order, and whether there are older ones. Two statements."""
    rows, is_cut = newest(Notice.objects.filter(customer_id=customer_id).order_by("-created_at", "-id"), MOST)
    found = NoticeDelivery.objects.filter(customer_id=customer_id, notice_id__in=[row.id for row in rows])
    ways: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for one in found.order_by("created_at", "id"):
        ways[one.notice_id].append((one.way, one.state))
    moments = tuple(
        NoticeMoment(
            at=row.told_at or row.due_at,
            message=row.message,
            subject=row.subject,
            state=row.state,
            reason=row.reason,
            is_read=row.read_at is not None,
            ways=tuple(ways[row.id]),
        )
        for row in rows
    )
    return moments, is_cut
