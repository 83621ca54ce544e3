"""What a simulated year came to: counted in the house's own records."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Count

from fenqi.interfaces.commands.demo_year.progressed import Year
from fenqi.interfaces.commands.demo_year.year import Told
from fenqi.records.models import (
    AftersalesCase,
    AuditRecord,
    ChannelBill,
    CloseRun,
    DebitAgreement,
    EntryWindow,
    FindingState,
    Notice,
    NoticeDelivery,
    Order,
    OutboxMessage,
    PaymentAttempt,
    PaymentPromise,
    Plan,
    PlanChange,
    PlanMigrationItem,
    ReconciliationFinding,
    Refund,
    SupportEvent,
    SupportThread,
    TicketEventKind,
)
from fenqi.records.scope import across_customers
from fenqi.usecases import audit

_STANDING = """
SELECT account, sum(debit_minor - credit_minor) AS standing FROM journal_line
WHERE account LIKE 'clearing.%' OR account LIKE 'suspense%' GROUP BY account HAVING sum(debit_minor - credit_minor) <> 0
"""


def figures_of(year: Year, told: Told) -> dict[str, Any]:
    """Counts by name; `not_reconciled` is what is not as it should be: findings that nobody explained."""
    with across_customers():
        return {
            "days": year.days,
            "customers": year.customers,
            "orders": Order.objects.count(),
            "plans": Plan.objects.count(),
            "attempts": _by(PaymentAttempt, "state"),
            "failures": _failures(),
            "refunds": _by(Refund, "status"),
            "cases": _by(AftersalesCase, "state"),
            "conversations": _by(SupportThread, "state"),
            "ratings": _ratings(),
            "reminders": _by(Notice.objects.filter(weight="reminder"), "state"),
            "messages": _by(NoticeDelivery, "state"),
            "promises": _by(PaymentPromise, "state"),
            "plan_changes": _by(PlanChange, "kind"),
            "plan_changes_by_state": _by(PlanChange, "state"),
            "moved_plans": _by(PlanMigrationItem, "state"),
            "closings": _by(EntryWindow.objects.exclude(approved_by=""), "entry"),
            "days_closed": _by(CloseRun, "state"),
            "phones_changed": AuditRecord.objects.filter(action=audit.Action.PHONE_CHANGED).count(),
            "agreements": _by(DebitAgreement, "status"),
            "bills_taken": ChannelBill.objects.count(),
            "findings_by_state": _by(ReconciliationFinding, "state"),
            "not_reconciled": ReconciliationFinding.objects.filter(state=FindingState.OPEN).count(),
            "standing": dict(_standing()),
            "messages_waiting": OutboxMessage.objects.filter(done_at=None).count(),
            "jobs_given_up": dict(told.queue.given_up),
            "deeds": dict(told.world.done),
            "refused": dict(told.world.refused),
            "desk": dict(told.desk.done),
            "desk_refused": dict(told.desk.refused),
            "bills": dict(told.bills),
            "calls_to_control": told.world.town.calls,
        }


def _by(model: Any, field: str) -> Mapping[str, int]:
    rows = getattr(model, "objects", model).values_list(field).annotate(n=Count("id")).order_by(field)
    return {str(value): n for value, n in rows}


def _ratings() -> Mapping[str, int]:
    rated = SupportEvent.objects.filter(kind=TicketEventKind.RATED).values_list("details", flat=True)
    return dict(Counter(str(details["helped"]) for details in rated))


def _failures() -> Mapping[str, int]:
    rows = PaymentAttempt.objects.filter(state="failed").values_list("category").annotate(n=Count("id"))
    return {str(category): n for category, n in rows.order_by("category")}


def _standing() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        return [(account, int(standing)) for account, standing in cursor.fetchall()]
