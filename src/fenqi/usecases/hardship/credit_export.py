"""The file for the lender with the licence: marks to report, and corrections of those it has."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from fenqi.domain.hardship.credit import MarkState
from fenqi.records.models import CreditMark, Customer, Order, Plan
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.staff.permissions import Permission, Staff

HEADINGS = (
    "mark_id",
    "action",
    "customer_ref",
    "order_no",
    "installment",
    "due_on",
    "amount_minor",
    "currency",
    "counted_days",
    "warned_at",
    "marked_at",
    "cleared_on",
    "reason",
)
MOST_LINES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A CSV in UTF-8, and how many lines it has."""

    text: str
    lines: int


def export_marks(staff: Staff, *, now: datetime) -> Exported:
    """What the lender has not been given yet; afterwards it counts as given. Raises NotPermitted.

    `report` sets a mark, `update` tells that it was paid since, `correct` takes it back. A mark that was withdrawn
    before the lender had it is in no file.
    """
    staff.require(Permission.EXPORT_CREDIT_MARKS)
    with transaction.atomic(), across_customers():
        marks = list(_due().select_for_update().order_by("marked_at", "id")[:MOST_LINES])
        text = _written(marks)
        for mark in marks:
            _note(mark, now=now)
        audit.record(
            staff.actor,
            audit.Action.CREDIT_MARKS_EXPORTED,
            subject="credit_marks",
            details={"lines": len(marks)},
            now=now,
        )
    return Exported(text=text, lines=len(marks))


def waiting_for_export() -> int:
    """How many lines the next file has."""
    with across_customers():
        return _due().count()


def _due() -> QuerySet[CreditMark]:
    new = Q(state=MarkState.MARKED.value, exported_at=None)
    corrected = Q(state=MarkState.WITHDRAWN.value, exported_at__isnull=False, correction_exported_at=None)
    paid = Q(
        state=MarkState.MARKED.value,
        exported_at__isnull=False,
        cleared_on__isnull=False,
        correction_exported_at=None,
    )
    return CreditMark.objects.filter(new | corrected | paid)


def _note(mark: CreditMark, *, now: datetime) -> None:
    is_new = mark.exported_at is None
    changes = {"exported_at": now} if is_new else {"correction_exported_at": now}
    if is_new and mark.cleared_on is not None:
        changes["correction_exported_at"] = now  # the line said so already
    CreditMark.objects.filter(customer_id=mark.customer_id, id=mark.id).update(**changes)


def _written(marks: list[CreditMark]) -> str:
    refs = dict(Customer.objects.filter(id__in={mark.customer_id for mark in marks}).values_list("id", "ref"))
    plans = Plan.objects.filter(id__in={mark.plan_id for mark in marks})
    orders = dict(plans.values_list("id", "order_id"))
    numbers = dict(Order.objects.filter(id__in=orders.values()).values_list("id", F("order_no")))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for mark in marks:
        writer.writerow(_line(mark, refs[mark.customer_id], numbers[orders[mark.plan_id]]))
    return out.getvalue()


def _line(mark: CreditMark, ref: str, order_no: str) -> list[str | int | UUID]:
    known = "correct" if mark.state == MarkState.WITHDRAWN else "update"
    action = "report" if mark.exported_at is None else known
    return [
        mark.id,
        action,
        _plain(ref),
        _plain(order_no),
        mark.n,
        mark.due_on.isoformat(),
        mark.amount_minor,
        mark.currency,
        mark.days_past_due,
        mark.warned_at.isoformat() if mark.warned_at else "",
        mark.marked_at.isoformat() if mark.marked_at else "",
        mark.cleared_on.isoformat() if mark.cleared_on else "",
        _plain(mark.ended_reason),
    ]


def _plain(text: str) -> str:
    """A spreadsheet must not take it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
