"""Closings of repayment entries, for the tests: planned by one member of staff and approved by another."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fenqi.usecases.entries.decide_closing import approve_closing
from fenqi.usecases.entries.plan_closing import NewClosing, plan_closing
from staff_members import finance

PLANNER, APPROVER = finance("planner"), finance("approver")


def asked(starts_at: datetime, *, hours: float = 24, **more: Any) -> NewClosing:
    said: dict[str, Any] = {
        "entry": "mall_page",
        "ends_at": starts_at + timedelta(hours=hours),
        "notice_zh": "系统升级",
        "notice_en": "An upgrade",
        "successor": "message_link",
    }
    return NewClosing(starts_at=starts_at, **said | more)


def closed(starts_at: datetime, *, now: datetime | None = None, hours: float = 24, **more: Any) -> UUID:
    """An approved closing."""
    at = now or starts_at
    closing_id = plan_closing(PLANNER, asked(starts_at, hours=hours, **more), now=at)
    approve_closing(APPROVER, closing_id, 1, now=at)
    return closing_id
