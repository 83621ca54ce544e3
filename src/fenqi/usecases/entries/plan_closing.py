"""Staff plan to close an entry for a time: seen beforehand whom it touches, never the last way, decided by two."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from fenqi.domain.entries import EVERYBODY, Closing, Entry, Group
from fenqi.domain.errors import InvalidInput
from fenqi.records.identifiers import new_id
from fenqi.records.models import EntryWindow
from fenqi.usecases import audit, clock
from fenqi.usecases.entries.catalog import ruling_entries
from fenqi.usecases.entries.errors import ClosingInThePast, ClosingTooLong, LastWayClosed, SuccessorNotOpen
from fenqi.usecases.entries.touched import Touched, touched_by
from fenqi.usecases.staff.permissions import Permission, Staff

MOST_DAYS: Final = 60
LEEWAY: Final = timedelta(minutes=15)
"""How long ago a closing may begin that is meant to begin now."""

NOTICE_ZH_LENGTH, NOTICE_EN_LENGTH = 200, 400
MOST_LISTED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClosing:
    """What staff entered; instants are aware."""

    entry: str
    starts_at: datetime
    ends_at: datetime
    notice_zh: str
    notice_en: str
    successor: str
    group: Group = EVERYBODY
    reason: str = ""


def preview_closing(staff: Staff, asked: NewClosing, *, now: datetime) -> Touched:
    """Whom it would touch, whatever may be wrong with the texts. Raises NotPermitted and what its times do."""
    staff.require(Permission.PLAN_CLOSINGS)
    entry, _ = _named(asked, now)
    _check_times(asked.starts_at, asked.ends_at, now)
    return touched_by(closing_asked(asked, new_id()), entry)


def plan_closing(staff: Staff, asked: NewClosing, *, now: datetime) -> UUID:
    """Propose it; it rules once a colleague approves. Gives the closing's id.

    Raises NotPermitted, InvalidInput, ClosingInThePast, ClosingTooLong, LastWayClosed, SuccessorNotOpen.
    """
    staff.require(Permission.PLAN_CLOSINGS)
    entry, successor = _named(asked, now)
    _check_times(asked.starts_at, asked.ends_at, now)
    _check_texts(asked)
    closing_id = new_id()
    touched = refuse_shutting_out(closing_asked(asked, closing_id), entry, successor)
    with transaction.atomic(durable=True):
        EntryWindow.objects.create(
            id=new_id(),
            closing_id=closing_id,
            version=1,
            entry=entry.code,
            rules=asked.group.to_mapping(),
            starts_at=asked.starts_at,
            ends_at=asked.ends_at,
            notice_zh=asked.notice_zh.strip(),
            notice_en=asked.notice_en.strip(),
            successor=successor.code,
            reason=asked.reason.strip()[:200],
            proposed_by=staff.actor,
            proposed_at=now,
            touched=touched.to_mapping(),
        )
        record(staff, audit.Action.CLOSING_PLANNED, closing_id, reason=asked.reason, now=now)
    return closing_id


def refuse_shutting_out(window: Closing, entry: Entry, successor: Entry) -> Touched:
    """Whom it touches. Raises LastWayClosed, SuccessorNotOpen."""
    touched = touched_by(window, entry)
    if touched.shut_out:
        raise LastWayClosed(plans=touched.shut_out)
    led_on = {one.code: plans for one, plans in touched.stays}.get(successor.code, 0)
    if led_on < touched.plans:
        raise SuccessorNotOpen(plans=touched.plans - led_on)
    return touched


def closing_asked(asked: NewClosing, closing_id: UUID) -> Closing:
    zone = clock.mall_zone()
    return Closing(
        id=str(closing_id),
        entry=asked.entry,
        starts_at=asked.starts_at.astimezone(zone),
        ends_at=asked.ends_at.astimezone(zone),
        notice_zh=asked.notice_zh,
        notice_en=asked.notice_en,
        successor=asked.successor,
        group=asked.group,
    )


def one_after_the_other() -> None:
    """Decisions about closings wait for each other, so that two do not each leave the other's entry as the last."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE entry_window IN SHARE ROW EXCLUSIVE MODE")


def record(staff: Staff, action: audit.Action, closing_id: UUID, *, now: datetime, **more: Any) -> None:
    audit.record(staff.actor, action, subject=f"entry:{closing_id}", now=now, **more)


def _named(asked: NewClosing, now: datetime) -> tuple[Entry, Entry]:
    known = {one.code: one for one in ruling_entries(now)}
    if asked.entry not in known:
        raise InvalidInput(where="entry", problem="there is no such entry", problem_zh="没有这个入口")
    if asked.successor not in known or asked.successor == asked.entry:
        raise InvalidInput(
            where="successor", problem="name another entry to use instead", problem_zh="请选择另一个替代入口"
        )
    return known[asked.entry], known[asked.successor]


def _check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise InvalidInput(where="ends_at", problem="it ends before it begins", problem_zh="结束时间须晚于开始时间")
    if starts_at < now - LEEWAY or ends_at <= now:
        raise ClosingInThePast
    check_length(starts_at, ends_at)


def check_length(starts_at: datetime, ends_at: datetime) -> None:
    """Raises ClosingTooLong."""
    if ends_at - starts_at > timedelta(days=MOST_DAYS):
        raise ClosingTooLong(days=MOST_DAYS)


def _check_texts(asked: NewClosing) -> None:
    for name, text, longest in (
        ("notice_zh", asked.notice_zh, NOTICE_ZH_LENGTH),
        ("notice_en", asked.notice_en, NOTICE_EN_LENGTH),
    ):
        if not text.strip() or len(text) > longest:
            raise InvalidInput(
                where=name,
                problem=f"customers need it in both languages, up to {longest} characters",
                problem_zh=f"中英文说明都要填写，不超过 {longest} 字",
            )
    group = asked.group
    if not 0 <= group.share_from < group.share_to <= 100:  # noqa: PLR2004  # hundredths
        raise InvalidInput(where="share", problem="0 to 100, from less to more", problem_zh="应为 0 至 100，前小后大")
    if len(group.customers) > MOST_LISTED:
        raise InvalidInput(
            where="customers", problem=f"at most {MOST_LISTED}", problem_zh=f"最多列出 {MOST_LISTED} 位客户"
        )
