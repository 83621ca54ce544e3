"""A customer's inbox: everything that was told, the newest first, each with the page it leads to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from fenqi.domain.errors import NotFound
from fenqi.records.models import Notice, NoticeState
from fenqi.usecases.notices import subjects
from fenqi.usecases.notices.wording import MAIL, filled, wording
from fenqi.usecases.paging import Page, from_time_cursor, page_of, to_cursor

MOST_COUNTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """`path` is the page of the portal that it leads to, or empty; `language` is that of title and text."""

    notice_id: UUID
    message: str
    title: str
    text: str
    language: str
    path: str
    at: datetime
    is_read: bool


def inbox(customer_id: UUID, *, after: str | None = None, limit: int = 30) -> Page[NoticeView]:
    """Raises InvalidCursor."""
    found = _told(customer_id).order_by("-told_at", "-id")
    if after is not None:
        at, notice_id = from_time_cursor(after)
        found = found.filter(Q(told_at__lt=at) | Q(told_at=at, id__lt=notice_id))
    views = [notice_view(notice) for notice in found[: limit + 1]]
    return page_of(views, limit=limit, cursor_of=lambda view: to_cursor(view.at.isoformat(), view.notice_id))


def unread_count(customer_id: UUID) -> int:
    """At most MOST_COUNTED: nobody needs to know more."""
    return len(_told(customer_id).filter(read_at__isnull=True).values_list("id", flat=True)[:MOST_COUNTED])


def open_notice(customer_id: UUID, notice_id: UUID, *, now: datetime) -> NoticeView:
    """The notice, which is read from now on. Raises NotFound."""
    notice = _told(customer_id).filter(id=notice_id).first()
    if notice is None:
        raise NotFound
    _told(customer_id).filter(id=notice_id, read_at__isnull=True).update(read_at=now)
    return notice_view(notice)


def mark_all_read(customer_id: UUID, *, now: datetime) -> int:
    """How many were not."""
    return _told(customer_id).filter(read_at__isnull=True).update(read_at=now)


def notice_view(notice: Notice) -> NoticeView:
    """In the words that were in force when it was told."""
    at = notice.told_at or notice.due_at
    words = wording(notice.message, notice.language, MAIL, at=at)
    return NoticeView(
        notice_id=notice.id,
        message=notice.message,
        title=filled(words.title, notice.params),
        text=filled(words.text, notice.params),
        language=notice.language,
        path=subjects.path_of(notice),
        at=at,
        is_read=notice.read_at is not None,
    )


def _told(customer_id: UUID) -> QuerySet[Notice]:
    return Notice.objects.filter(customer_id=customer_id, state=NoticeState.TOLD)
