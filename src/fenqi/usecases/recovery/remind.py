"""Remind a customer, once, when a repayment that failed may work again (R140)."""

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.payments import FailureCategory
from fenqi.domain.payments.recovery import HelpKind
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import OrderLine, RetryReminder
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox, plan_file
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.recovery.situation import situation
from fenqi.usecases.repayment import queries

WAITING: Final = "waiting"
SENT: Final = "sent"
DROPPED: Final = "dropped"


class NothingToRemindOf(FenqiError):
    """The repayment is paid, or its outcome is not known yet."""

    code = "nothing_to_remind_of"
    status = 409
    zh = "这笔还款现在不需要提醒。请看一下它的结果。"
    en = "There is nothing to remind of now. Please look at the outcome of this repayment."


def ask_reminder(
    customer_id: UUID, payment_id: UUID, *, now: datetime, told: FailureCategory | None = None
) -> datetime:
    """When the reminder rings; asked again, the first answer stands. Raises NotFound, NothingToRemindOf."""
    payment = queries.payment_view(customer_id, payment_id)
    found = situation(customer_id, payment, now=now, told=told)
    if found is not None and found.reminder_at is not None:
        return found.reminder_at
    helps = found.advice.helps if found else ()
    at = next((one.at for one in helps if one.kind is HelpKind.REMIND_ME and one.at), None)
    if found is None or at is None:
        raise NothingToRemindOf
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        reminder_id = derived_id("retry_reminder", payment_id)
        _reminder, is_new = RetryReminder.objects.get_or_create(
            customer_id=customer_id,
            payment_id=payment_id,
            defaults={
                "id": reminder_id,
                "plan_id": payment.plan_id,
                "cause": found.advice.cause.value,
                "remind_at": at,
                "state": WAITING,
                "created_at": now,
            },
        )
        if is_new:
            decision = Decision(customer_id)
            outbox.remind_of_retry(decision, reminder_id, at=at, now=now)
            write(decision)
    return at


def send_reminder(customer_id: UUID, reminder_id: UUID, *, now: datetime) -> bool:
    """Send it in the customer's language if the sum is still owed; whether this call sent it. Never twice.

    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    reminder = RetryReminder.objects.filter(customer_id=customer_id, id=reminder_id).first()
    if reminder is None:
        raise NotFound
    if reminder.state != WAITING:
        return False
    owed = _still_owed(reminder)
    sent = bool(owed) and send_once(
        customer_id,
        Message.RETRY_REMINDER,
        subject=f"reminder:{reminder_id}",
        params=partial(_params, reminder, owed),
        now=now,
    )
    kept = RetryReminder.objects.filter(customer_id=customer_id, id=reminder_id)
    kept.update(state=SENT if sent else DROPPED, sent_at=now if sent else None)
    return sent


def _still_owed(reminder: RetryReminder) -> int:
    """Minor units that are open of what the payment was for; 0 while another payment is under way."""
    payment = queries.payment_view(reminder.customer_id, reminder.payment_id)
    if queries.has_open_attempt(reminder.customer_id, reminder.plan_id):
        return 0
    file = plan_file.read(reminder.customer_id, reminder.plan_id)
    return sum(row.outstanding.total for row in file.state().rows if row.n in payment.installments)


def _params(reminder: RetryReminder, owed: int, language: str) -> dict[str, str]:
    file = plan_file.read(reminder.customer_id, reminder.plan_id)
    line = (
        OrderLine.objects.filter(customer_id=reminder.customer_id, order_id=file.order_id).order_by("line_no").first()
    )
    return {
        "amount": written_amount(owed, file.terms.currency, language),
        "title": line.name[:TITLE_CHARACTERS].strip() if line else "",
    }
