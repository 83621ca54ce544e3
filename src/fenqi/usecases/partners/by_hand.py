"""What staff do about a return at a lender: refund it at the acquirer where there is no interface, or send it again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.channels.partner import PartnerEffect, PartnerPlanState, PartnerRefundReply
from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.refunds import RefundState, RefundStep, next_refund_state
from fenqi.records import locks
from fenqi.records.models import PartnerRefund
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit
from fenqi.usecases.partners.refunding import BY_HAND, find, keep, refund_over_partner, settle
from fenqi.usecases.staff.permissions import Permission, Staff

_LONGEST_REFERENCE = 64


class NotByHand(FenqiError):
    """The refund goes over the lender's interface, or is settled: there is nothing to record."""

    code = "partner_refund_not_by_hand"
    status = 409
    zh = "这笔退款不需要人工登记，请刷新看最新状态。"
    en = "This refund is not recorded by hand. Reload to see how it stands."


class SamePerson(FenqiError):
    """Two members of staff are needed."""

    code = "second_person_needed"
    status = 409
    zh = "需要另一位同事复核，登记人不能复核自己的登记。"
    en = "Another member of staff must approve: whoever recorded it cannot."


class ReferenceChanged(FenqiError):
    """It was recorded again under another number after the approver had looked."""

    code = "partner_refund_reference_changed"
    status = 409
    zh = "收单机构的退款编号在此期间被改过，没有复核。请刷新，核对新的编号再复核。"
    en = "The acquirer's number of the refund has changed since; nothing was approved. Reload and check the new number."


def propose(staff: Staff, customer_id: UUID, refund_id: UUID, *, reference: str, now: datetime) -> None:
    """Say that it was refunded at the acquirer, under its reference. Raises NotPermitted, NotByHand, InvalidInput."""
    staff.require(Permission.PROPOSE_TRANSFER)
    reference = reference.strip()
    if not 0 < len(reference) <= _LONGEST_REFERENCE:
        raise InvalidInput(where="reference", problem="the acquirer's number", problem_zh="请填写收单机构的退款编号")
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = _by_hand(customer_id, refund_id)
        row.state = next_refund_state(RefundState(row.state), RefundStep.SENT).value
        row.reference, row.proposed_by = reference, staff.actor
        row.submitted_at = row.updated_at = now
        keep(row)
        _audit(staff, row, "proposed", now=now)


def approve(staff: Staff, customer_id: UUID, refund_id: UUID, *, reference: str, now: datetime) -> RefundState:
    """The second person has seen it, too, under this `reference`: it is booked.

    Raises NotPermitted, NotByHand, SamePerson, ReferenceChanged.
    """
    staff.require(Permission.APPROVE_TRANSFER)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = _by_hand(customer_id, refund_id)
        if not row.proposed_by:
            raise NotByHand
        if row.proposed_by == staff.actor:
            raise SamePerson
        if row.reference != reference:
            raise ReferenceChanged
        row.approved_by, row.updated_at = staff.actor, now
        keep(row)
        _audit(staff, row, "approved", now=now)
    return settle(customer_id, refund_id, _done(row, now=now), now=now)


def send_again(staff: Staff, customer_id: UUID, refund_id: UUID, *, now: datetime) -> UUID:
    """The lender refused it, and the cause is out of the way: send it under a new number, once. Its alert says that a
    person must see to it, and ends with this. Raises NotPermitted, NotByHand.
    """
    staff.require(Permission.PROPOSE_TRANSFER)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = find(customer_id, refund_id)
        if row.state != RefundState.FAILED or not row.alert:
            raise NotByHand
        decision = Decision(customer_id)
        new_id = refund_over_partner(
            decision,
            plan_id=row.plan_id,
            order_id=row.order_id,
            case_id=row.case_id,
            amount=Money(row.amount_minor, row.currency),
            effective_on=row.effective_on,
            actor=staff.actor,
            now=now,
        )
        row.alert, row.updated_at = "", now
        keep(row)
        _audit(staff, row, "sent again", now=now)
        write(decision)
    return new_id


def _by_hand(customer_id: UUID, refund_id: UUID) -> PartnerRefund:
    row = find(customer_id, refund_id)
    if row.alert != BY_HAND or row.state not in (RefundState.CREATED, RefundState.SUBMITTED):
        raise NotByHand
    return row


def _done(row: PartnerRefund, *, now: datetime) -> PartnerRefundReply:
    """All of it is a credit on the statement; what the bank does with its own plan is between it and its customer."""
    effect = PartnerEffect(
        amount=row.amount_minor,
        cancelled_principal=0,
        dropped_fees=0,
        surplus=row.amount_minor,
        commission_back=0,
        subsidy_back=0,
        plan_state=PartnerPlanState.ACTIVE,
    )
    return PartnerRefundReply(outcome=Outcome.SUCCEEDED, number=row.number, effect=effect, accepted_at=now)


def _audit(staff: Staff, row: PartnerRefund, what: str, *, now: datetime) -> None:
    audit.record(
        staff.actor,
        audit.Action.PARTNER_REFUND_LOOKED_AT,
        customer_id=row.customer_id,
        subject=f"partner_refund:{row.id}",
        details={"what": what, "reference": row.reference},
        now=now,
    )
