"""Close an account: refused with the list of what is open, else all personal data goes after a while (P1208, P1209).

The books, the events and what the law has us keep stay; they name nobody any more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.hardship.changes import ChangeState
from fenqi.domain.hardship.promises import PromiseState
from fenqi.domain.payments import AttemptState
from fenqi.domain.reserves import HoldState
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    AccountClosing,
    AftersalesCase,
    AgreementStatus,
    ClosingState,
    CodePurpose,
    Customer,
    DebitAgreement,
    Order,
    PartnerRefund,
    PassedRepayment,
    PaymentAttempt,
    PaymentPromise,
    Plan,
    PlanChange,
    PlanMigrationItem,
    Refund,
    RefundStatus,
    ReserveHold,
    SupportThread,
    ThreadState,
)
from fenqi.records.posting import Decision, write
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, outbox
from fenqi.usecases.accounts.codes import ask_code, use_code
from fenqi.usecases.accounts.erasing import erase, forget_cards
from fenqi.usecases.accounts.lost_phone import open_change
from fenqi.usecases.notices.templates import Message

WAITING_TIME: Final = timedelta(days=15)
CONSENT_VERSION: Final = "1"
_BEING_MOVED: Final = ["listed", "ready", "differs", "frozen", "asked", "moved", "revoking"]
_ATTEMPTS_OPEN: Final = [AttemptState.CREATED, AttemptState.SUBMITTED, AttemptState.UNKNOWN]


class HindranceKind(StrEnum):
    PLAN = "plan"  # something is still owed
    BALANCE = "balance"  # credit that is the customer's
    PAYMENT = "payment"  # its outcome is not known yet
    REFUND = "refund"
    RESERVE = "reserve"
    AGREEMENT = "agreement"
    CASE = "case"
    CONVERSATION = "conversation"
    PHONE_CHANGE = "phone_change"
    PROMISE = "promise"  # to pay by a day
    SCHEDULE = "schedule"  # that waits for the customer's word
    MOVE = "move"  # of a plan, to another finance partner


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindrance:
    """What has to end first. `subject_id` is what its page is found by; `number` names it to the customer."""

    kind: HindranceKind
    subject_id: UUID
    number: str = ""
    amount_minor: int | None = None
    currency: str = "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingView:
    closing_id: UUID
    state: ClosingState
    asked_at: datetime
    takes_effect_at: datetime


class AccountNotClosable(FenqiError):
    """Something is still open; the page lists it."""

    code = "account_not_closable"
    status = 409
    zh = "账户暂时不能注销：还有 {count} 项没有结束，请逐项处理后再申请。"
    en = "The account cannot be closed yet: {count} matters are still open. Please end them first."


def hindrances(customer_id: UUID) -> tuple[Hindrance, ...]:
    """All that is open, most important first. Empty: the account may be closed."""
    return tuple(_hindrances(customer_id))


def ask_closing_code(customer_id: UUID, *, now: datetime) -> None:
    """Raises AccountNotClosable, PhoneMissing, TooManyRequests."""
    _require_nothing_open(customer_id)
    ask_code(customer_id, CodePurpose.CLOSE, now=now)


def ask_closing(
    customer_id: UUID, code: str, *, consent: str, language: str, remote_address: str, now: datetime
) -> ClosingView:
    """From now on it waits, and may be taken back. Asked for already, it stays. Raises AccountCodeRefused,
    AccountNotClosable.
    """
    use_code(customer_id, CodePurpose.CLOSE, code, now=now)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        _require_nothing_open(customer_id)
        waiting = closing_under_way(customer_id)
        if waiting is not None:
            return waiting
        row = AccountClosing.objects.create(
            customer_id=customer_id,
            id=new_id(),
            state=ClosingState.WAITING,
            consent={"text": consent, "version": CONSENT_VERSION, "language": language, "at": now.isoformat()},
            asked_at=now,
            takes_effect_at=now + WAITING_TIME,
        )
        _tell(row, Message.CLOSING_ASKED, now=now)
        audit.record(
            f"customer:{customer_id}",
            audit.Action.CLOSING_ASKED,
            customer_id=customer_id,
            subject=f"account:{row.id}",
            details={"address": remote_address},
            now=now,
        )
    return _view(row)


def take_back(customer_id: UUID, *, now: datetime) -> None:
    """The account stays. With nothing waiting, nothing changes."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        for row in AccountClosing.objects.filter(customer_id=customer_id, state=ClosingState.WAITING):
            _withdrawn(row, actor=f"customer:{customer_id}", now=now)


def closing_under_way(customer_id: UUID) -> ClosingView | None:
    row = AccountClosing.objects.filter(customer_id=customer_id, state=ClosingState.WAITING).first()
    return _view(row) if row else None


def close_due(*, now: datetime, limit: int = 200) -> int:
    """Erase those whose waiting time is over; one with something open again is not closed. How many were looked at."""
    with across_customers():
        due = AccountClosing.objects.filter(state=ClosingState.WAITING, takes_effect_at__lte=now)
        customers = list(due.order_by("takes_effect_at").values_list("customer_id", flat=True)[:limit])
    for customer_id in customers:
        close(customer_id, now=now)
    return len(customers)


def close(customer_id: UUID, *, now: datetime) -> ClosingState:
    """Raises NotFound when nothing waits."""
    if not hindrances(customer_id):
        forget_cards(customer_id, now=now)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = AccountClosing.objects.filter(customer_id=customer_id, state=ClosingState.WAITING).first()
        if row is None:
            raise NotFound
        if hindrances(customer_id):
            _withdrawn(row, actor=audit.SYSTEM, now=now)
            _tell(row, Message.CLOSING_STOPPED, now=now)
            return ClosingState.WITHDRAWN
        _rows(row).update(state=ClosingState.DONE, ended_at=now)
        erase(customer_id, now=now)
        audit.record(
            audit.SYSTEM,
            audit.Action.ACCOUNT_ERASED,
            customer_id=customer_id,
            subject=f"account:{row.id}",
            now=now,
        )
    return ClosingState.DONE


def is_erased(customer_id: UUID) -> bool:
    return Customer.objects.filter(id=customer_id, erased_at__isnull=False).exists()


def _require_nothing_open(customer_id: UUID) -> None:
    found = hindrances(customer_id)
    if found:
        raise AccountNotClosable(count=len(found))


def _withdrawn(row: AccountClosing, *, actor: str, now: datetime) -> None:
    _rows(row).update(state=ClosingState.WITHDRAWN, ended_at=now)
    audit.record(
        actor, audit.Action.CLOSING_WITHDRAWN, customer_id=row.customer_id, subject=f"account:{row.id}", now=now
    )


def _tell(row: AccountClosing, message: Message, *, now: datetime) -> None:
    decision = Decision(row.customer_id)
    outbox.tell_of_account(decision, message, row.id, now=now)
    write(decision)


def _rows(row: AccountClosing) -> QuerySet[AccountClosing]:
    return AccountClosing.objects.filter(customer_id=row.customer_id, id=row.id)


def _view(row: AccountClosing) -> ClosingView:
    return ClosingView(
        closing_id=row.id,
        state=ClosingState(row.state),
        asked_at=row.asked_at,
        takes_effect_at=row.takes_effect_at,
    )


# What is open --------------------------------------------------------------------------------------------------------


def _hindrances(customer_id: UUID) -> Iterator[Hindrance]:
    yield from _plans(customer_id)
    yield from _payments(customer_id)
    yield from _refunds(customer_id)
    yield from _reserves(customer_id)
    for agreement in _of(DebitAgreement, customer_id, status__in=[AgreementStatus.ACTIVE, AgreementStatus.SIGNING]):
        yield Hindrance(kind=HindranceKind.AGREEMENT, subject_id=agreement.plan_id, number=agreement.number)
    for case in _of(AftersalesCase, customer_id, closed_at=None):
        yield Hindrance(kind=HindranceKind.CASE, subject_id=case.id, number=case.case_no)
    for thread in SupportThread.objects.filter(customer_id=customer_id).exclude(state=ThreadState.CLOSED):
        yield Hindrance(kind=HindranceKind.CONVERSATION, subject_id=thread.id, number=thread.ticket_no)
    yield from _arrangements(customer_id)
    change = open_change(customer_id)
    if change is not None:
        yield Hindrance(kind=HindranceKind.PHONE_CHANGE, subject_id=change.change_id)


def _of(model: Any, customer_id: UUID, **more: object) -> Any:
    return model.objects.filter(customer_id=customer_id, **more).order_by("id")


def _plans(customer_id: UUID) -> Iterator[Hindrance]:
    numbers = dict(Order.objects.filter(customer_id=customer_id).values_list("id", "order_no"))
    for plan in _of(Plan, customer_id).filter(Q(outstanding_minor__gt=0) | Q(balance_minor__gt=0)):
        owes = plan.outstanding_minor > 0
        yield Hindrance(
            kind=HindranceKind.PLAN if owes else HindranceKind.BALANCE,
            subject_id=plan.order_id,
            number=numbers[plan.order_id],
            amount_minor=plan.outstanding_minor if owes else plan.balance_minor,
            currency=plan.currency,
        )


def _payments(customer_id: UUID) -> Iterator[Hindrance]:
    for attempt in _of(PaymentAttempt, customer_id, state__in=_ATTEMPTS_OPEN):
        yield Hindrance(
            kind=HindranceKind.PAYMENT,
            subject_id=attempt.payment_id,
            number=attempt.out_trade_no,
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
        )


def _arrangements(customer_id: UUID) -> Iterator[Hindrance]:
    """What was agreed or offered about plans, and money that is on its way to whoever holds one now."""
    for promise in _of(PaymentPromise, customer_id, state=PromiseState.OPEN.value):
        yield Hindrance(
            kind=HindranceKind.PROMISE,
            subject_id=promise.plan_id,
            amount_minor=promise.amount_minor,
            currency=promise.currency,
        )
    for change in _of(PlanChange, customer_id, state=ChangeState.OFFERED.value):
        yield Hindrance(kind=HindranceKind.SCHEDULE, subject_id=change.id)
    for item in _of(PlanMigrationItem, customer_id, state__in=_BEING_MOVED, told_at__isnull=False):
        yield Hindrance(kind=HindranceKind.MOVE, subject_id=item.id, number=item.order_no)
    for passed in _of(PassedRepayment, customer_id, state="waiting"):
        yield Hindrance(
            kind=HindranceKind.PAYMENT,
            subject_id=passed.payment_id,
            number=passed.number,
            amount_minor=passed.amount_minor,
            currency=passed.currency,
        )


def _refunds(customer_id: UUID) -> Iterator[Hindrance]:
    for refund in _of(Refund, customer_id).exclude(status=RefundStatus.COMPLETED):
        yield Hindrance(
            kind=HindranceKind.REFUND,
            subject_id=refund.id,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
        )
    for refund in _of(PartnerRefund, customer_id).exclude(state__in=["succeeded", "failed"]):
        yield Hindrance(kind=HindranceKind.REFUND, subject_id=refund.order_id, number=refund.number)


def _reserves(customer_id: UUID) -> Iterator[Hindrance]:
    for hold in _of(ReserveHold, customer_id).exclude(state__in=[HoldState.ENDED, HoldState.CLOSED]):
        yield Hindrance(
            kind=HindranceKind.RESERVE,
            subject_id=hold.id,
            number=hold.reserve_no,
            amount_minor=hold.amount_minor,
            currency=hold.currency,
        )
