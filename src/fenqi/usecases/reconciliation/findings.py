"""Findings as staff see them, and the repairs they choose: each with its reason, and written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.channels.bills import BillKind
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.reconciliation import Cause, Repair, RepairNotFitting, fitting_repairs, suspense_repair_entry
from fenqi.records.models import ChannelBill, FindingState, ReconciliationFinding
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, clock
from fenqi.usecases.reconciliation.resolving import settle_by_line
from fenqi.usecases.reconciliation.settlement import HouseBooks, Standing, bring_to_zero, keep, standings

MOST_SHOWN: Final = 200
SHORTEST_NOTE: Final = 4
LONGEST_NOTE: Final = 200


class ExplanationMissing(FenqiError):
    """A repair that moves money says why."""

    code = "explanation_missing"
    status = 422
    zh = "请写明原因（至少 4 个字）。"
    en = "Say why, in at least 4 characters."


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """`standing_minor` is what stands on suspense for it; `customer_id` is None for what is nobody's."""

    id: UUID
    customer_id: UUID | None
    owner_id: UUID
    channel: str
    day: date
    kind: str
    line_kind: str
    number: str
    channel_no: str
    bill_minor: int | None
    our_minor: int | None
    currency: str
    cause: Cause
    state: str
    repair: str
    note: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    standing_minor: int
    repairs: Sequence[Repair]


def findings_of(channel: str, day: date, *, limit: int = MOST_SHOWN) -> list[FindingView]:
    """Those of one bill: open ones first, and at most `limit`."""
    with across_customers():
        found = ReconciliationFinding.objects.filter(channel=channel, bill_date=day)
        rows = list(found.filter(state=FindingState.OPEN).order_by("kind", "number", "id")[:limit])
        rows += list(found.exclude(state=FindingState.OPEN).order_by("kind", "number", "id")[: limit - len(rows)])
    return _views(channel, rows)


def open_findings(channel: str, *, limit: int = MOST_SHOWN) -> list[FindingView]:
    """Those of all days that wait for an explanation, the oldest first."""
    with across_customers():
        found = ReconciliationFinding.objects.filter(channel=channel, state=FindingState.OPEN)
        rows = list(found.order_by("bill_date", "kind", "id")[:limit])
    return _views(channel, rows)


def count_open_of(channel: str) -> int:
    with across_customers():
        return ReconciliationFinding.objects.filter(channel=channel, state=FindingState.OPEN).count()


def _views(channel: str, rows: Sequence[ReconciliationFinding]) -> list[FindingView]:
    standing = standings(channel, [row.id for row in rows])
    return [_view(row, standing.get(row.id, Standing()).suspense) for row in rows]


def _view(row: ReconciliationFinding, standing: int) -> FindingView:
    cause = Cause(row.cause)
    is_ours = row.attempt_id is not None or row.leg_id is not None
    return FindingView(
        id=row.id,
        customer_id=row.customer_id if is_ours else None,
        owner_id=row.customer_id,
        channel=row.channel,
        day=row.bill_date,
        kind=row.kind,
        line_kind=row.line_kind,
        number=row.number,
        channel_no=row.channel_no,
        bill_minor=row.bill_minor,
        our_minor=row.our_minor,
        currency=row.currency,
        cause=cause,
        state=row.state,
        repair=row.repair,
        note=row.note,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        standing_minor=standing,
        repairs=fitting_repairs(cause, standing=standing) if row.state == FindingState.OPEN else (),
    )


def repair(
    owner_id: UUID, finding_id: UUID, chosen: Repair, *, note: str, actor: str, now: datetime
) -> ReconciliationFinding:
    """Carry out what a member of staff chose; the finding. `note` says why; it holds no personal data.

    Raises NotFound, RepairNotFitting, ExplanationMissing, and what settling raises.
    """
    finding = _find(owner_id, finding_id)
    if chosen is Repair.BOOK_LATE:
        _book_late(finding, actor=actor, now=now)
        return finding
    reason = " ".join(note.split())[:LONGEST_NOTE]
    if len(reason) < SHORTEST_NOTE:
        raise ExplanationMissing
    _explain(finding, chosen, reason=reason, actor=actor, now=now)
    return finding


def _find(owner_id: UUID, finding_id: UUID) -> ReconciliationFinding:
    finding = ReconciliationFinding.objects.filter(customer_id=owner_id, id=finding_id).first()
    if finding is None:
        raise NotFound
    return finding


def _book_late(finding: ReconciliationFinding, *, actor: str, now: datetime) -> None:
    """Settling locks its customer and commits by itself; what stood on suspense then goes."""
    standing = standings(finding.channel, [finding.id]).get(finding.id, Standing()).suspense
    if finding.state != FindingState.OPEN or Repair.BOOK_LATE not in fitting_repairs(
        Cause(finding.cause), standing=standing
    ):
        raise RepairNotFitting
    _write_down(finding, Repair.BOOK_LATE, reason="", actor=actor, now=now)
    if not settle_by_line(finding, now=now):
        raise RepairNotFitting
    bring_to_zero(_bill_of(finding), now=now)


def _explain(seen: ReconciliationFinding, chosen: Repair, *, reason: str, actor: str, now: datetime) -> None:
    with transaction.atomic():
        books = HouseBooks(seen.channel, currency=seen.currency, now=now)
        finding = _find(seen.customer_id, seen.id)  # as its last keeper left it
        standing = standings(finding.channel, [finding.id]).get(finding.id, Standing()).suspense
        if finding.state != FindingState.OPEN or chosen not in fitting_repairs(Cause(finding.cause), standing=standing):
            raise RepairNotFitting
        entry = suspense_repair_entry(chosen, standing=standing)
        finding.entry_id = books.post(entry, on=clock.business_date(now), finding=finding.id)
        finding.state, finding.repair, finding.note = FindingState.EXPLAINED, chosen.value, reason
        finding.closed_at, finding.closed_by = now, actor
        keep(finding)
        _write_down(finding, chosen, reason=reason, actor=actor, now=now)
        books.write()


def _write_down(finding: ReconciliationFinding, chosen: Repair, *, reason: str, actor: str, now: datetime) -> None:
    is_ours = finding.attempt_id is not None or finding.leg_id is not None
    audit.record(
        actor,
        audit.Action.FINDING_REPAIRED,
        customer_id=finding.customer_id if is_ours else None,
        subject=f"finding:{finding.id}",
        reason=reason,
        details={
            "repair": chosen.value,
            "channel": finding.channel,
            "day": str(finding.bill_date),
            "kind": finding.kind,
            "line": BillKind(finding.line_kind).value if finding.number else "",
        },
        now=now,
    )


def _bill_of(finding: ReconciliationFinding) -> ChannelBill:
    return ChannelBill.objects.get(channel=finding.channel, bill_date=finding.bill_date)
