"""What cannot go back the way it came: to a verified account of the same customer, by two members of staff (P206).

One proposes a debit card that the customer has bound with us, another approves, and whoever ordered the transfer at the
mall's bank writes down the bank's reference. Code refuses one person for both, and so does the database.
"""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.arrival import ArrivalRoute, arrival_window
from fenqi.domain.payments.refunds import RefundSignal, RefundState, RefundStep, next_refund_state
from fenqi.records import locks
from fenqi.records.models import BoundCard, CardState, RefundLeg, RefundRoute
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock
from fenqi.usecases.refunds.moves import move_leg
from fenqi.usecases.refunds.send import is_held
from fenqi.usecases.refunds.settle import find_leg
from fenqi.usecases.staff.permissions import Permission, Staff

_REFERENCE = re.compile(r"[0-9A-Za-z-]{6,64}")
_DEBIT = "debit"


class NoSuchAccount(FenqiError):
    """Money goes only to a debit card that this customer has bound and that can be used."""

    code = "no_such_account"
    status = 409
    zh = "只能转到该客户本人已绑定、可用的储蓄卡。请客户先绑定一张储蓄卡。"
    en = "Only to a debit card that this customer has bound and that works. Ask the customer to bind one."


class SamePerson(FenqiError):
    """Whoever proposed cannot approve."""

    code = "same_person"
    status = 409
    zh = "提议人不能自己批准，请另一位同事批准。"
    en = "Whoever proposed cannot approve: ask a colleague."


class TransferNotReady(FenqiError):
    """The step before this one is missing, or this one has been done."""

    code = "transfer_not_ready"
    status = 409
    zh = "这一步现在不能做：请先核对这笔转账目前的状态。"
    en = "This cannot be done now: look at where the transfer stands."


def propose_transfer(customer_id: UUID, leg_id: UUID, *, card_id: UUID, staff: Staff, now: datetime) -> None:
    """Name the account; until it is approved it may be named anew. Raises NotPermitted, NotFound, NoSuchAccount,
    TransferNotReady.
    """
    staff.require(Permission.PROPOSE_TRANSFER)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = _transfer(customer_id, leg_id, RefundState.CREATED)
        card = _usable_card(customer_id, card_id)
        changes = {"card_id": card.id, "proposed_by": staff.actor}
        _move(locked, leg, RefundState.CREATED, changes, now=now)
        _audit(staff, audit.Action.TRANSFER_PROPOSED, leg, now=now)


def approve_transfer(customer_id: UUID, leg_id: UUID, *, staff: Staff, now: datetime) -> None:
    """Allow it; from now on the account stands. Raises NotPermitted, NotFound, NoSuchAccount, TransferNotReady,
    SamePerson.
    """
    staff.require(Permission.APPROVE_TRANSFER)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = _transfer(customer_id, leg_id, RefundState.CREATED)
        if leg.card_id is None or not leg.proposed_by or is_held(leg):
            raise TransferNotReady
        if leg.proposed_by == staff.actor:
            raise SamePerson
        card = _usable_card(customer_id, leg.card_id)
        changes = {
            "approved_by": staff.actor,
            "approved_at": now,
            "submitted_at": now,
            "account": f"{card.bank} {card.last4}".strip(),
        }
        _move(locked, leg, RefundStep.SENT, changes, now=now)
        _audit(staff, audit.Action.TRANSFER_APPROVED, leg, now=now)


def record_transfer(customer_id: UUID, leg_id: UUID, *, reference: str, staff: Staff, now: datetime) -> None:
    """The bank has taken the order under this reference: it is booked as paid today. Raises NotPermitted, NotFound,
    InvalidInput, TransferNotReady.
    """
    staff.require(Permission.PROPOSE_TRANSFER)
    _check_reference(reference)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = _transfer(customer_id, leg_id, RefundState.SUBMITTED)
        window = arrival_window(ArrivalRoute.TRANSFER, clock.business_date(now))
        changes = {
            "transfer_reference": reference,
            "submitted_at": now,
            "refunded_at": now,
            "expected_from": window.from_on,
            "expected_by": window.by_on,
        }
        _move(locked, leg, Outcome.SUCCEEDED, changes, now=now)
        _audit(staff, audit.Action.TRANSFER_RECORDED, leg, now=now)


def record_return(customer_id: UUID, leg_id: UUID, *, reference: str, staff: Staff, now: datetime) -> None:
    """The bank has sent the transfer back, under this reference: it is owed again, and waits for another account.

    Raises NotPermitted, NotFound, InvalidInput, TransferNotReady.
    """
    staff.require(Permission.PROPOSE_TRANSFER)
    _check_reference(reference)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = _transfer(customer_id, leg_id, RefundState.SUCCEEDED)
        _move(locked, leg, Outcome.FAILED, {}, now=now)
        _audit(staff, audit.Action.TRANSFER_RETURNED, leg, reference=reference, now=now)


def give_up_route(customer_id: UUID, leg_id: UUID, *, staff: Staff, now: datetime) -> None:
    """A leg that hangs at its channel was called off there: what it was to carry is transferred instead.

    Raises NotPermitted, NotFound, UnlistedMove.
    """
    staff.require(Permission.PROPOSE_TRANSFER)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = find_leg(customer_id, leg_id)
        _move(locked, leg, RefundStep.GIVEN_UP, {}, now=now)
        _audit(staff, audit.Action.REFUND_ROUTE_GIVEN_UP, leg, now=now)


def _check_reference(reference: str) -> None:
    """Raises InvalidInput."""
    if _REFERENCE.fullmatch(reference) is None:
        raise InvalidInput(
            where="reference",
            problem="6 to 64 letters, digits and hyphens",
            problem_zh="应为 6 至 64 位字母、数字或短横",
        )


def _transfer(customer_id: UUID, leg_id: UUID, state: RefundState) -> RefundLeg:
    leg = find_leg(customer_id, leg_id)
    if leg.route != RefundRoute.TRANSFER or leg.state != state:
        raise TransferNotReady
    return leg


def _usable_card(customer_id: UUID, card_id: UUID) -> BoundCard:
    card = BoundCard.objects.filter(customer_id=customer_id, id=card_id, kind=_DEBIT, state=CardState.ACTIVE).first()
    if card is None:
        raise NoSuchAccount
    return card


def _move(
    locked: locks.LockedCustomer,
    leg: RefundLeg,
    signal: RefundSignal | RefundState,
    changes: dict[str, Any],
    *,
    now: datetime,
) -> None:
    after = signal if isinstance(signal, RefundState) else next_refund_state(RefundState(leg.state), signal)
    decision = Decision(locked.customer_id)
    move_leg(decision, locked, leg, after, changes=changes, now=now)
    write(decision)


def _audit(staff: Staff, action: audit.Action, leg: RefundLeg, *, now: datetime, **more: str) -> None:
    audit.record(
        staff.actor,
        action,
        customer_id=leg.customer_id,
        subject=f"refund_leg:{leg.id}",
        details={"amount_minor": leg.amount_minor, "currency": leg.currency, **more},
        now=now,
    )
