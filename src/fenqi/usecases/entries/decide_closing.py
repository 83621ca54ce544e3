"""A second member of staff approves or turns down what was proposed for a closing; then the customers are told."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.records.models import EntryWindow
from fenqi.usecases import audit
from fenqi.usecases.entries.announce import queue_telling
from fenqi.usecases.entries.catalog import closing_of, ruling_entries
from fenqi.usecases.entries.errors import ClosingDecided, SamePerson
from fenqi.usecases.entries.plan_closing import one_after_the_other, record, refuse_shutting_out
from fenqi.usecases.staff.permissions import Permission, Staff


def approve_closing(staff: Staff, closing_id: UUID, version: int, *, now: datetime) -> None:
    """It rules from now on, and whoever has a bill due meanwhile is told. Approved before: nothing changes.

    Raises NotPermitted, NotFound, SamePerson, ClosingDecided, LastWayClosed, SuccessorNotOpen.
    """
    staff.require(Permission.APPROVE_CLOSINGS)
    with transaction.atomic(durable=True):
        one_after_the_other()
        row = _found(closing_id, version)
        if row.approved_by:
            return
        if row.rejected_by or row.ends_at <= now or _is_superseded(row):
            raise ClosingDecided
        if row.proposed_by == staff.actor:
            raise SamePerson
        known = {one.code: one for one in ruling_entries(now)}
        window = closing_of(row)
        row.touched = refuse_shutting_out(window, known[row.entry], known[row.successor]).to_mapping()
        row.approved_by, row.approved_at = staff.actor, now
        row.save(update_fields=["approved_by", "approved_at", "touched"])
        told = queue_telling(window, known[row.entry], version=version, now=now)
        record(staff, audit.Action.CLOSING_APPROVED, closing_id, details={"version": version, "to_tell": told}, now=now)


def reject_closing(staff: Staff, closing_id: UUID, version: int, *, reason: str, now: datetime) -> None:
    """Who proposed may take it back, too; what ruled before rules on. Raises NotPermitted, NotFound, ClosingDecided."""
    if not staff.may(Permission.PLAN_CLOSINGS):
        staff.require(Permission.APPROVE_CLOSINGS)
    with transaction.atomic(durable=True):
        one_after_the_other()
        row = _found(closing_id, version)
        if row.rejected_by:
            return
        if row.approved_by:
            raise ClosingDecided
        row.rejected_by, row.rejected_at = staff.actor, now
        row.save(update_fields=["rejected_by", "rejected_at"])
        record(staff, audit.Action.CLOSING_REJECTED, closing_id, reason=reason[:200], now=now)


def _found(closing_id: UUID, version: int) -> EntryWindow:
    row = EntryWindow.objects.filter(closing_id=closing_id, version=version).first()
    if row is None:
        raise NotFound
    return row


def _is_superseded(row: EntryWindow) -> bool:
    later = EntryWindow.objects.filter(closing_id=row.closing_id, version__gt=row.version)
    return later.exclude(approved_by="").exists()
