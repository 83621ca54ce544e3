"""Evidence goes when it has served: after a day what was never handed in, three years after its case all (P1211)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from fenqi.records import evidence_files, locks
from fenqi.records.models import AftersalesCase, CaseEvidence
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.aftersales.evidence import erase

WAITS_FOR: Final = timedelta(days=1)
KEPT_YEARS: Final = 3
WORK_ENDS_AFTER: Final = timedelta(hours=1)
BATCH: Final = 200

Rows = QuerySet[CaseEvidence]
IsDue = Callable[[CaseEvidence], bool]


def remove_waiting(*, now: datetime) -> int:
    """What was uploaded more than a day ago for an application that never came; how many were removed."""
    rows = CaseEvidence.objects.filter(case_id=None, created_at__lt=now - WAITS_FOR)
    return _remove(rows, lambda row: row.case_id is None, now=now)


def remove_expired(*, now: datetime) -> int:
    """What belongs to cases that were closed three years ago; how many were removed. Each is a record of the audit."""
    closed = AftersalesCase.objects.filter(closed_at__lt=_years_before(now))
    of_closed = closed.filter(customer_id=OuterRef("customer_id"), id=OuterRef("case_id"))
    rows = CaseEvidence.objects.filter(Exists(of_closed), case_id__isnull=False, created_at__lt=_years_before(now))
    return _remove(rows, lambda row: closed.filter(customer_id=row.customer_id, id__in=[row.case_id]).exists(), now=now)


def put_right(*, seconds: float = WORK_ENDS_AFTER.total_seconds()) -> int:
    """Clear what uploads left whose process died; how many. A piece that was recorded stays, any other goes."""
    cleared = 0
    for work in evidence_files.left_behind(seconds=seconds):
        if not CaseEvidence.objects.filter(customer_id=work.customer_id, id=work.evidence_id).exists():
            evidence_files.remove(work.customer_id, work.evidence_id)
        evidence_files.forget(work)
        cleared += 1
    return cleared


def _remove(rows: Rows, is_due: IsDue, *, now: datetime) -> int:
    removed = 0
    while found := _batch(rows):
        removed += sum(_remove_one(customer_id, evidence_id, is_due, now=now) for customer_id, evidence_id in found)
    return removed


def _batch(rows: Rows) -> list[tuple[UUID, UUID]]:
    with across_customers():
        return list(rows.order_by("created_at", "id").values_list("customer_id", "id")[:BATCH])


def _remove_one(customer_id: UUID, evidence_id: UUID, is_due: IsDue, *, now: datetime) -> bool:
    """Looked at again under the lock: it may have been handed in meanwhile."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = CaseEvidence.objects.filter(customer_id=customer_id, id=evidence_id).first()
        if row is None or not is_due(row):
            return False
        erase(row)
        if row.case_id is not None:
            audit.record(
                audit.SYSTEM,
                audit.Action.EVIDENCE_REMOVED,
                customer_id=customer_id,
                subject=f"evidence:{evidence_id}",
                details={"case": str(row.case_id)},
                now=now,
            )
    return True


def _years_before(now: datetime) -> datetime:
    try:
        return now.replace(year=now.year - KEPT_YEARS)
    except ValueError:  # 29 February
        return now.replace(year=now.year - KEPT_YEARS, day=28)
