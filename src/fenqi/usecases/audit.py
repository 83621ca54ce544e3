"""Who looked at what and who did what: written in the transaction of the act, read by admins only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import Account, AuditRecord

SYSTEM = "system"


class Action(StrEnum):
    """What can be audited."""

    CUSTOMER_SEARCHED = "customer_searched"
    CUSTOMER_SEEN = "customer_seen"
    PERSONAL_DATA_REVEALED = "personal_data_revealed"
    AUDIT_SEEN = "audit_seen"
    REFUSED_CALLBACKS_SEEN = "refused_callbacks_seen"
    CHANNEL_ASKED = "channel_asked"
    REFUNDS_SEEN = "refunds_seen"
    TRANSFER_PROPOSED = "transfer_proposed"
    TRANSFER_APPROVED = "transfer_approved"
    TRANSFER_RECORDED = "transfer_recorded"
    TRANSFER_RETURNED = "transfer_returned"
    REFUND_OUTCOME_PROPOSED = "refund_outcome_proposed"
    REFUND_OUTCOME_APPROVED = "refund_outcome_approved"
    REFUND_ROUTE_GIVEN_UP = "refund_route_given_up"
    SIGNED_IN = "signed_in"
    NOTICE_SENT = "notice_sent"
    STAFF_CREATED = "staff_created"
    CUSTOMER_REGISTERED = "customer_registered"
    ORDER_REGISTERED = "order_registered"
    FINDING_REPAIRED = "finding_repaired"
    AGREEMENT_ENDED = "agreement_ended"
    CONDITION_ADDED = "condition_added"
    CONDITION_WITHDRAWN = "condition_withdrawn"
    POLICY_PUBLISHED = "policy_published"
    POLICY_WITHDRAWN = "policy_withdrawn"
    API_CLIENT_MADE = "api_client_made"
    API_CLIENT_REVOKED = "api_client_revoked"
    CARD_BOUND = "card_bound"
    CARD_REMOVED = "card_removed"
    PARTNER_EDITED = "partner_edited"
    PARTNER_REFUND_LOOKED_AT = "partner_refund_looked_at"
    CONVERSATION_TAKEN = "conversation_taken"
    CONVERSATION_ANSWERED = "conversation_answered"
    CONVERSATION_CLOSED = "conversation_closed"
    CONVERSATION_SEEN = "conversation_seen"
    RESERVE_ASKED_FOR = "reserve_asked_for"
    RESERVE_AGREED = "reserve_agreed"
    RESERVES_SEEN = "reserves_seen"
    RESERVE_RELEASED = "reserve_released"
    CAPTURE_PROPOSED = "capture_proposed"
    CAPTURE_APPROVED = "capture_approved"
    CAPTURE_WITHDRAWN = "capture_withdrawn"
    CASES_SEEN = "cases_seen"
    CASE_SEEN = "case_seen"
    EVIDENCE_SEEN = "evidence_seen"
    EVIDENCE_REMOVED = "evidence_removed"
    CASE_TAKEN = "case_taken"
    CASE_APPLIED_FOR = "case_applied_for"
    CASE_EVIDENCE_ASKED = "case_evidence_asked"
    CASE_APPROVED = "case_approved"
    CASE_REJECTED = "case_rejected"
    CASE_WITHDRAWN = "case_withdrawn"
    GOODS_RECEIVED = "goods_received"
    REPLACEMENT_SENT = "replacement_sent"
    REFUND_OFFERED_INSTEAD = "refund_offered_instead"
    LIST_TAKEN_ALONG = "list_taken_along"
    REPAYMENTS_SEEN = "repayments_seen"
    HELP_POLICY_PUBLISHED = "help_policy_published"
    COLLECTIONS_SEEN = "collections_seen"
    OVERDUE_PLAN_SEEN = "overdue_plan_seen"
    PROMISE_RECORDED = "promise_recorded"
    PROMISE_TAKEN_BACK = "promise_taken_back"
    RESCHEDULE_PROPOSED = "reschedule_proposed"
    WAIVER_PROPOSED = "waiver_proposed"
    CHARGE_OFF_PROPOSED = "charge_off_proposed"
    PLAN_CHANGE_APPROVED = "plan_change_approved"
    PLAN_CHANGE_TAKEN_BACK = "plan_change_taken_back"
    CONSENT_RECORDED = "consent_recorded"
    DEBT_CONTACT_LOGGED = "debt_contact_logged"
    DEBT_CONTACT_REFUSED = "debt_contact_refused"
    CREDIT_OBJECTION_ANSWERED = "credit_objection_answered"
    CREDIT_MARK_WITHDRAWN = "credit_mark_withdrawn"
    CREDIT_MARKS_EXPORTED = "credit_marks_exported"
    MIGRATION_DRAFTED = "migration_drafted"
    MIGRATION_REHEARSED = "migration_rehearsed"
    MIGRATION_PLAN_DROPPED = "migration_plan_dropped"
    MIGRATION_APPROVED = "migration_approved"
    MIGRATION_ANNOUNCED = "migration_announced"
    MIGRATION_CANCELLED = "migration_cancelled"
    MIGRATION_ROLLED_BACK = "migration_rolled_back"
    MIGRATION_SEEN = "migration_seen"
    MIGRATION_AGREED = "migration_agreed"
    MIGRATION_DECLINED = "migration_declined"
    PLAN_MOVED = "plan_moved"
    PLAN_MOVED_BACK = "plan_moved_back"
    DAILY_CLOSE_ASKED = "daily_close_asked"
    NOTICES_SEEN = "notices_seen"
    NOTICE_TEMPLATE_DRAFTED = "notice_template_drafted"
    NOTICE_TEMPLATE_PUBLISHED = "notice_template_published"
    NOTICE_TEMPLATE_WITHDRAWN = "notice_template_withdrawn"
    NOTICE_TEMPLATE_TRIED = "notice_template_tried"
    TICKET_HANDED_OVER = "ticket_handed_over"
    TICKET_RELEASED = "ticket_released"
    TICKET_NOTED = "ticket_noted"
    CALL_LOGGED = "call_logged"
    CALLBACK_PLANNED = "callback_planned"
    CALLBACK_ENDED = "callback_ended"
    SAVED_ANSWER_PUBLISHED = "saved_answer_published"
    SAVED_ANSWER_WITHDRAWN = "saved_answer_withdrawn"
    TEXT_WRITTEN = "text_written"
    TEXT_PUBLISHED = "text_published"
    TEXT_DROPPED = "text_dropped"
    TEXT_WITHDRAWN = "text_withdrawn"
    CUSTOMERS_VIEW_SEEN = "customers_view_seen"
    CLOSING_SEEN = "closing_seen"
    CLOSING_PLANNED = "closing_planned"
    CLOSING_APPROVED = "closing_approved"
    CLOSING_REJECTED = "closing_rejected"
    CLOSING_CANCELLED = "closing_cancelled"
    CLOSING_ENDED_EARLY = "closing_ended_early"
    CLOSING_EXTENDED = "closing_extended"
    ENTRY_PROPOSED = "entry_proposed"
    ENTRY_PUBLISHED = "entry_published"
    ENTRY_TURNED_DOWN = "entry_turned_down"
    APP_RECOGNISED = "app_recognised"
    PHONE_SHARED = "phone_shared"
    PHONE_CHANGED = "phone_changed"
    PHONE_CHANGE_PROPOSED = "phone_change_proposed"
    PHONE_CHANGE_APPROVED = "phone_change_approved"
    PHONE_CHANGE_STOPPED = "phone_change_stopped"
    DATA_EXPORTED = "data_exported"
    DISPUTE_FILE_MADE = "dispute_file_made"
    DISPUTE_FILE_FETCHED = "dispute_file_fetched"
    CLOSING_ASKED = "closing_asked"
    CLOSING_WITHDRAWN = "closing_withdrawn"
    ACCOUNT_ERASED = "account_erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """One act; `actor_name` is a member of staff's sign-in name, or the actor as it was written."""

    id: UUID
    actor: str
    actor_name: str
    action: str
    subject: str
    reason: str
    details: Mapping[str, Any]
    at: datetime


def staff(account_id: UUID) -> str:
    """A member of staff as an actor."""
    return f"staff:{account_id}"


def record(
    actor: str,
    action: Action,
    *,
    customer_id: UUID | None = None,
    subject: str = "",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime,
) -> UUID:
    """Write down an act; one that concerns no customer belongs to the house. Details hold no personal data.

    Gives the key of the record.
    """
    kept = AuditRecord.objects.create(
        customer_id=customer_id or HOUSE_ID,
        actor=actor,
        action=action.value,
        subject=subject,
        reason=reason,
        details=dict(details or {}),
        at=now,
    )
    return kept.id


def list_acts(
    customer_id: UUID = HOUSE_ID,
    *,
    actions: frozenset[Action] | None = None,
    between: tuple[datetime, datetime] | None = None,
    limit: int,
) -> tuple[list[AuditView], bool]:
    """Acts that concern the customer (or the house), newest first, and whether there are more than `limit`.

    `actions` keeps only those, `between` those from the first instant until before the second.
    """
    found = AuditRecord.objects.filter(customer_id=customer_id).order_by("-at", "-id")
    if actions is not None:
        found = found.filter(action__in=[action.value for action in actions])
    if between is not None:
        found = found.filter(at__gte=between[0], at__lt=between[1])
    rows = list(found[: limit + 1])
    names = names_of({row.actor for row in rows})
    return [_view(row, names) for row in rows[:limit]], len(rows) > limit


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Actor to sign-in name, for those who are staff."""
    ids = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    return {staff(account.id): account.username for account in Account.objects.filter(id__in=ids)}


def _view(row: AuditRecord, names: Mapping[str, str]) -> AuditView:
    return AuditView(
        id=row.id,
        actor=row.actor,
        actor_name=names.get(row.actor, row.actor),
        action=row.action,
        subject=row.subject,
        reason=row.reason,
        details=row.details,
        at=row.at,
    )
