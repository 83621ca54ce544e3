"""What is stored of a customer, table by table, as it may be handed out: to the customer, or to staff.

A table that is not named here is handed to nobody, and a column that tells of our staff or of our defences is left out
for the customer. Nothing that is encrypted ever leaves this way.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db.models import Model, Q

from fenqi.records.kinds import SPREAD_TABLES

TOLD: Final = frozenset(
    {
        "orders",
        "order_line",
        "order_payment",
        "plan",
        "plan_event",
        "installment",
        "payment",
        "payment_attempt",
        "journal_entry",
        "journal_line",
        "bound_card",
        "debit_agreement",
        "debit_notice",
        "refund",
        "refund_leg",
        "no_fault_period",
        "retry_reminder",
        "aftersales_case",
        "aftersales_case_line",
        "aftersales_case_step",
        "refund_quote",
        "aftersales_evidence",
        "reserve_hold",
        "reserve_move",
        "price_offer",
        "price_difference",
        "partner_plan",
        "partner_refund",
        "issued_paper",
        "account_closing",
        "late_fee_accrual",
        "payment_promise",
        "plan_change",
        "credit_mark",
        "debt_contact",
        "plan_migration_item",
        "passed_repayment",
        "notice",
        "notice_delivery",
        "notice_preference",
    }
)
"""Tables of which the customer gets the rows. Conversations are told as their page shows them, not by their tables."""

FOR_STAFF: Final = frozenset(
    {
        "audit_record",
        "channel_notification",
        "support_thread",
        "support_message",
        "support_event",
        "support_callback",
        "phone_change",
        "made_file",
    }
)
"""Tables that staff get beside these."""

KEPT_BACK: Final = frozenset(
    {"customer", "idempotency_record", "outbox", "bill_line", "reconciliation_finding", "account_code", "safe_word"}
)
"""Of nobody's use outside the house, or told otherwise: a customer's own row is in the file's head. A safe word is no
word of safety in a file that is passed on.
"""

_NEVER = re.compile(r"pk|.*_encrypted|phone_index|token.*|code_hash")
_OURS_ALONE = re.compile(
    r"actor|agent|.*_by|stopped_why|reply|callback|details|story|facts|cashier|asked|next_query_at|version|body_digest"
)
_OURS_IN: Final = {
    "reserve_move": frozenset({"note"}),
    "reserve_hold": frozenset({"scan_code", "request_key"}),
    "payment_promise": frozenset({"note", "request_key"}),
    "plan_change": frozenset({"reason", "consent", "needs_second", "request_key"}),
    "credit_mark": frozenset({"tries", "ended_reason"}),
    "debt_contact": frozenset({"note", "request_key"}),
    "plan_migration_item": frozenset(
        {"problems", "theirs", "price_minor", "interest_minor", "fee_minor", "in_number", "out_number", "next_at"}
    ),
    "notice_delivery": frozenset({"code", "provider_number", "tries"}),
    "notice_preference": frozenset({"code_expires_at", "code_asked_at", "code_tries"}),
}
_NOT_TOLD_YET: Final = {"plan_change": Q(state="proposed"), "plan_migration_item": Q(told_at=None)}
"""What staff still weigh among themselves: the customer gets these rows once they were told of them."""

_MAY_BE_TOLD = frozenset({"law_by", "promise_by", "expected_by"})
_LINKS = (
    "order_id",
    "plan_id",
    "payment_id",
    "attempt_id",
    "refund_id",
    "hold_id",
    "case_id",
    "entry_id",
    "thread_id",
    "agreement_id",
)
Rows = Mapping[str, list[dict[str, Any]]]


def tables(*, for_staff: bool) -> tuple[str, ...]:
    wanted = TOLD | FOR_STAFF if for_staff else TOLD
    return tuple(table for table in SPREAD_TABLES if table in wanted)


def all_rows(customer_id: UUID) -> Rows:
    """Everything the customer may have of their own, by table; tables without rows are left out."""
    return _without_empty((table, _rows(table, Q(customer_id=customer_id))) for table in tables(for_staff=False))


def rows_about(customer_id: UUID, ids: Iterable[UUID], *, for_staff: bool) -> Rows:
    """What hangs on the order whose id (and plan's) is given, however far: by the ids that its rows have."""
    known = set(ids)
    found: dict[str, list[Model]] = {}
    while True:
        before = len(known)
        for table in tables(for_staff=for_staff):
            found[table] = (
                list(_about(customer_id, table, known, for_staff=for_staff)) if table != "audit_record" else []
            )
            known |= {row.id for row in found[table]}  # type: ignore[attr-defined]  # every spread table has an id
        if len(known) == before:
            break
    if for_staff:
        found["audit_record"] = _acts_about(customer_id, known)
    return _without_empty((table, [_told(row, for_staff=for_staff) for row in rows]) for table, rows in found.items())


def _about(customer_id: UUID, table: str, known: set[UUID], *, for_staff: bool) -> Iterable[Model]:
    model = _models()[table]
    names = {field.name for field in model._meta.get_fields()}  # noqa: SLF001 - Django's documented way to a model's fields
    hangs_on = Q(id__in=known)
    for link in _LINKS:
        if link in names:
            hangs_on |= Q(**{f"{link}__in": known})
    if not for_staff and table in _NOT_TOLD_YET:
        hangs_on &= ~_NOT_TOLD_YET[table]
    return model._default_manager.filter(hangs_on, customer_id=customer_id).order_by("id")  # noqa: SLF001 - as above


def _acts_about(customer_id: UUID, known: set[UUID]) -> list[Model]:
    words = {str(one) for one in known}
    acts = _models()["audit_record"]._default_manager.filter(customer_id=customer_id).order_by("at", "id")  # noqa: SLF001 - as above
    return [act for act in acts if set(re.findall(r"[0-9a-f-]{36}", act.subject)) & words]  # type: ignore[attr-defined]


def _rows(table: str, where: Q) -> list[dict[str, Any]]:
    if table in _NOT_TOLD_YET:
        where &= ~_NOT_TOLD_YET[table]
    rows = _models()[table]._default_manager.filter(where).order_by("id")  # noqa: SLF001 - as above
    return [_told(row, for_staff=False) for row in rows]


def _told(row: Model, *, for_staff: bool) -> dict[str, Any]:
    told = {}
    ours = _OURS_IN.get(row._meta.db_table, frozenset())  # noqa: SLF001 - as above
    for field in row._meta.concrete_fields:  # noqa: SLF001 - as above
        name = field.name
        hidden = not for_staff and (name in ours or (_OURS_ALONE.fullmatch(name) and name not in _MAY_BE_TOLD))
        if not (hidden or _NEVER.fullmatch(name)):
            told[name] = _plain(getattr(row, name))
    return told


def _plain(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return bytes(value).hex()
        case UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case None | str() | bool() | int() | dict() | list():
            return value
    return str(value)


def _models() -> Mapping[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_app_config("records").get_models()}  # noqa: SLF001 - as above


def _without_empty(found: Iterable[tuple[str, list[dict[str, Any]]]]) -> Rows:
    return {table: rows for table, rows in found if rows}


def undeclared() -> Iterator[str]:
    """Tables of which nobody has said whether a customer gets them."""
    return (table for table in SPREAD_TABLES if table not in TOLD | FOR_STAFF | KEPT_BACK)
