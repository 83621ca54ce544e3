"""A new phone for who has lost the old one: two members of staff, a waiting time, and word to the old number.

One makes sure who asks and proposes the new number, which has shown by a code that it is in the asker's hand. Another
approves. For three days whoever has the old number can stop it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import locks, personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import CodePurpose, PhoneChange, PhoneChangeState
from fenqi.records.posting import Decision, write
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, outbox
from fenqi.usecases.accounts.codes import ask_code, use_code
from fenqi.usecases.accounts.phone import PhoneNotFree, bind_phone, new_number
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.staff.permissions import Permission, Staff

WAITING_TIME: Final = timedelta(hours=72)
SHORTEST_CHECK: Final = 8
_OPEN: Final = (PhoneChangeState.PROPOSED, PhoneChangeState.APPROVED)


class CheckMissing(FenqiError):
    """How it was made sure who asks is not said."""

    code = "identity_check_missing"
    status = 422
    zh = "请写明如何核实了客户身份，例如核对了哪几笔订单和还款。"
    en = "Say how you made sure who asks, for instance which orders and repayments were compared."


class PhoneChangeOpen(FenqiError):
    """Another change of this customer's phone is under way."""

    code = "phone_change_open"
    status = 409
    zh = "这位客户已有一个换号申请在处理中，请先完成或停止它。"
    en = "A change of this customer's phone is under way already: finish or stop it first."


class SecondPersonNeeded(FenqiError):
    """Whoever proposed it may not approve it."""

    code = "second_person_needed"
    status = 403
    zh = "提出的人不能自己批准，请另一位同事核对后批准。"
    en = "Whoever proposed it cannot approve it: ask a colleague to check and approve."


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChangeView:
    change_id: UUID
    customer_id: UUID
    phone_masked: str
    state: PhoneChangeState
    checked: str
    proposed_by: str
    asked_at: datetime
    takes_effect_at: datetime | None
    stopped_why: str


def ask_new_phone(staff: Staff, customer_id: UUID, phone: str, *, now: datetime) -> None:
    """A code to the new number, which its holder reads out. Raises NotPermitted, InvalidPhone, SamePhone."""
    staff.require(Permission.PROPOSE_PHONE_CHANGE)
    ask_code(customer_id, CodePurpose.PHONE_NEW, phone=new_number(customer_id, phone), now=now)


def propose(staff: Staff, customer_id: UUID, phone: str, *, code: str, checked: str, now: datetime) -> UUID:
    """Raises NotPermitted, CheckMissing, AccountCodeRefused, PhoneChangeOpen."""
    staff.require(Permission.PROPOSE_PHONE_CHANGE)
    words = " ".join(checked.split())[:200]
    if len(words) < SHORTEST_CHECK:
        raise CheckMissing
    number = new_number(customer_id, phone)
    if open_change(customer_id) is not None:
        raise PhoneChangeOpen
    use_code(customer_id, CodePurpose.PHONE_NEW, code, phone=number, now=now)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        if open_change(customer_id) is not None:
            raise PhoneChangeOpen
        change = PhoneChange.objects.create(
            customer_id=customer_id,
            id=new_id(),
            phone_encrypted=personal.encrypt(number),
            phone_index=personal.phone_index(number),
            state=PhoneChangeState.PROPOSED,
            checked=words,
            proposed_by=staff.actor,
            asked_at=now,
        )
        _audit(staff.actor, audit.Action.PHONE_CHANGE_PROPOSED, change, reason=words, now=now)
    return change.id


def approve(staff: Staff, customer_id: UUID, change_id: UUID, *, now: datetime) -> datetime:
    """When it takes effect; the old number is told. Raises NotPermitted, SecondPersonNeeded, NotFound."""
    staff.require(Permission.APPROVE_PHONE_CHANGE)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        change = _change(customer_id, change_id)
        if change.state == PhoneChangeState.APPROVED and change.takes_effect_at is not None:
            return change.takes_effect_at
        if change.state != PhoneChangeState.PROPOSED:
            raise NotFound
        if change.proposed_by == staff.actor:
            raise SecondPersonNeeded
        at = now + WAITING_TIME
        _rows(change).update(state=PhoneChangeState.APPROVED, approved_by=staff.actor, takes_effect_at=at)
        _audit(staff.actor, audit.Action.PHONE_CHANGE_APPROVED, change, now=now)
        decision = Decision(customer_id)
        outbox.tell_of_account(decision, Message.PHONE_CHANGE_ANNOUNCED, change_id, now=now)
        write(decision)
    return at


def stop(customer_id: UUID, change_id: UUID, *, by: str, why: str = "", now: datetime) -> None:
    """By the customer, signed in by the old number, or by staff. Stopped already, it stays so. Raises NotFound."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        change = _change(customer_id, change_id)
        if change.state in _OPEN:
            _stopped(change, by=by, why=why, now=now)


def carry_out_due(*, now: datetime, limit: int = 200) -> int:
    """Bind what has waited long enough, unless somebody else took the number meanwhile. How many were looked at."""
    with across_customers():
        due = PhoneChange.objects.filter(state=PhoneChangeState.APPROVED, takes_effect_at__lte=now)
        found = list(due.order_by("takes_effect_at").values_list("customer_id", "id")[:limit])
    for customer_id, change_id in found:
        _carry_out(customer_id, change_id, now=now)
    return len(found)


def open_change(customer_id: UUID) -> PhoneChangeView | None:
    change = PhoneChange.objects.filter(customer_id=customer_id, state__in=_OPEN).first()
    return _view(change) if change else None


def changes_to_approve(*, limit: int = 100) -> tuple[PhoneChangeView, ...]:
    with across_customers():
        return tuple(map(_view, PhoneChange.objects.filter(state__in=_OPEN).order_by("asked_at")[:limit]))


def _carry_out(customer_id: UUID, change_id: UUID, *, now: datetime) -> None:
    try:
        with transaction.atomic(durable=True):
            locks.customer(customer_id)
            change = _change(customer_id, change_id)
            if change.state != PhoneChangeState.APPROVED:
                return
            _rows(change).update(state=PhoneChangeState.DONE, ended_at=now)
            bind_phone(customer_id, personal.decrypt(change.phone_encrypted), actor=change.approved_by, now=now)
    except PhoneNotFree:
        stop(customer_id, change_id, by=audit.SYSTEM, why=PhoneNotFree.code, now=now)


def _stopped(change: PhoneChange, *, by: str, why: str, now: datetime) -> None:
    _rows(change).update(state=PhoneChangeState.STOPPED, stopped_by=by, stopped_why=why[:200], ended_at=now)
    _audit(by, audit.Action.PHONE_CHANGE_STOPPED, change, reason=why[:200], now=now)


def _change(customer_id: UUID, change_id: UUID) -> PhoneChange:
    change = PhoneChange.objects.filter(customer_id=customer_id, id=change_id).first()
    if change is None:
        raise NotFound
    return change


def _rows(change: PhoneChange) -> QuerySet[PhoneChange]:
    return PhoneChange.objects.filter(customer_id=change.customer_id, id=change.id)


def _audit(actor: str, action: audit.Action, change: PhoneChange, *, reason: str = "", now: datetime) -> None:
    audit.record(
        actor, action, customer_id=change.customer_id, subject=f"phone_change:{change.id}", reason=reason, now=now
    )


def _view(change: PhoneChange) -> PhoneChangeView:
    return PhoneChangeView(
        change_id=change.id,
        customer_id=change.customer_id,
        phone_masked=personal.mask_phone(personal.decrypt(change.phone_encrypted)),
        state=PhoneChangeState(change.state),
        checked=change.checked,
        proposed_by=change.proposed_by,
        asked_at=change.asked_at,
        takes_effect_at=change.takes_effect_at,
        stopped_why=change.stopped_why,
    )
