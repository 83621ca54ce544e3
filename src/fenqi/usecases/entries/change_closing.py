"""A closing changes: cancelled before it begins, ended early, or extended. Giving back takes one person, more two."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.records.identifiers import new_id
from fenqi.records.models import EntryWindow
from fenqi.usecases import audit
from fenqi.usecases.entries.announce import queue_telling_open
from fenqi.usecases.entries.catalog import closing_of, ruling_entries, ruling_windows
from fenqi.usecases.entries.errors import ClosingDecided, ClosingHasBegun
from fenqi.usecases.entries.guard_days import guard_closings
from fenqi.usecases.entries.plan_closing import check_length, one_after_the_other, record, refuse_shutting_out
from fenqi.usecases.staff.permissions import Permission, Staff


def cancel_closing(staff: Staff, closing_id: UUID, *, reason: str, now: datetime) -> None:
    """It never happens. Raises NotPermitted, NotFound, ClosingHasBegun, ClosingDecided."""
    staff.require(Permission.PLAN_CLOSINGS)
    with transaction.atomic(durable=True):
        row = _ruling(closing_id)
        if row.starts_at <= now:
            raise ClosingHasBegun
        _add_version(row, staff, reason=reason, now=now, is_cancelled=True, **_by_one(staff, now))
        queue_telling_open(closing_id, now=now)
        record(staff, audit.Action.CLOSING_CANCELLED, closing_id, reason=reason[:200], now=now)


def end_closing_early(staff: Staff, closing_id: UUID, *, reason: str, now: datetime) -> None:
    """The entry is open again from now on. Raises NotPermitted, NotFound, ClosingDecided."""
    staff.require(Permission.PLAN_CLOSINGS)
    with transaction.atomic(durable=True):
        row = _ruling(closing_id)
        if not row.starts_at < now < row.ends_at:
            raise ClosingDecided
        _add_version(row, staff, reason=reason, now=now, ends_at=now, **_by_one(staff, now))
        queue_telling_open(closing_id, now=now)
        record(staff, audit.Action.CLOSING_ENDED_EARLY, closing_id, reason=reason[:200], now=now)
    guard_closings(now=now)


def extend_closing(staff: Staff, closing_id: UUID, *, ends_at: datetime, reason: str, now: datetime) -> int:
    """Propose a later end; it rules once a colleague approves, and until then the old one does. Gives the version.

    Raises NotPermitted, NotFound, InvalidInput, ClosingDecided, ClosingTooLong, LastWayClosed, SuccessorNotOpen.
    """
    staff.require(Permission.PLAN_CLOSINGS)
    with transaction.atomic(durable=True):
        row = _ruling(closing_id)
        if row.ends_at <= now:
            raise ClosingDecided
        if ends_at <= row.ends_at:
            raise InvalidInput(
                where="ends_at", problem="it must be later than the end so far", problem_zh="须晚于现在的结束时间"
            )
        check_length(row.starts_at, ends_at)
        known = {one.code: one for one in ruling_entries(now)}
        row.ends_at = ends_at
        touched = refuse_shutting_out(closing_of(row), known[row.entry], known[row.successor])
        version = _add_version(row, staff, reason=reason, now=now, ends_at=ends_at, touched=touched.to_mapping())
        record(
            staff, audit.Action.CLOSING_EXTENDED, closing_id, reason=reason[:200], details={"version": version}, now=now
        )
    return version


def _ruling(closing_id: UUID) -> EntryWindow:
    """The version that rules. Raises NotFound, ClosingDecided when none does any more."""
    one_after_the_other()
    versions = list(EntryWindow.objects.filter(closing_id=closing_id))
    if not versions:
        raise NotFound
    found = ruling_windows(versions)
    if not found:
        raise ClosingDecided
    return found[0]


def _by_one(staff: Staff, now: datetime) -> dict[str, Any]:
    return {"needs_two": False, "approved_by": staff.actor, "approved_at": now}


def _add_version(row: EntryWindow, staff: Staff, *, reason: str, now: datetime, **changes: Any) -> int:
    newest = EntryWindow.objects.filter(closing_id=row.closing_id).order_by("-version").first()
    version = (newest.version if newest else 0) + 1
    kept = {
        name: getattr(row, name)
        for name in ("closing_id", "entry", "rules", "starts_at", "ends_at", "notice_zh", "notice_en", "successor")
    }
    said = {"reason": reason.strip()[:200], "proposed_by": staff.actor, "proposed_at": now}
    EntryWindow.objects.create(id=new_id(), version=version, **{**kept, **said, **changes})
    return version
