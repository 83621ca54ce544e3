"""Tell one customer one thing, once: in the inbox, and on the ways that the customer takes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.domain.money import Money
from fenqi.records.identifiers import derived_id
from fenqi.records.models import AuditRecord, Customer, Notice, NoticeState
from fenqi.usecases import audit
from fenqi.usecases.notices.delivering import NoticeUnanswered, deliver
from fenqi.usecases.notices.reasons_to_wait import ACCOUNT_CLOSED, is_closed
from fenqi.usecases.notices.templates import Message, language_of, weight_of

__all__ = ["TITLE_CHARACTERS", "NoticeUnanswered", "send_once", "written_amount"]

TITLE_CHARACTERS = 20
"""A template's variable is short."""


def send_once(
    customer_id: UUID, message: Message, *, subject: str, params: Callable[[str], Mapping[str, str]], now: datetime
) -> bool:
    """Tell it in the customer's language unless it was told before; whether this call sent it by SMS or e-mail.

    `subject` is what it tells of, as `<kind>:<id>[:detail]`: each message is told once of each. `params` is given the
    language, `zh` or `en`. A customer without phone and e-mail finds it in the inbox; a closed account is told nothing.
    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    notice = _noted(customer, message, subject, params, now=now)
    return notice is not None and deliver(customer, notice, now=now)


def _noted(
    customer: Customer, message: Message, subject: str, params: Callable[[str], Mapping[str, str]], *, now: datetime
) -> Notice | None:
    """The notice as it stands; None of what was told before notices were kept."""
    known = Notice.objects.filter(customer_id=customer.id, message=message, subject=subject).first()
    if known is not None:
        return known
    if _was_told_long_ago(customer.id, message, subject):
        return None
    language = language_of(customer.language)
    closed = is_closed(customer)
    with transaction.atomic():
        notice, _is_new = Notice.objects.get_or_create(
            customer_id=customer.id,
            message=message.value,
            subject=subject,
            defaults={
                "id": derived_id("notice", customer.id, message, subject),
                "weight": weight_of(message).value,
                "params": {} if closed else dict(params(language)),
                "language": language,
                "state": NoticeState.HELD if closed else NoticeState.TOLD,
                "reason": ACCOUNT_CLOSED if closed else "",
                "due_at": now,
                "created_at": now,
                "told_at": None if closed else now,
            },
        )
    return notice


def _was_told_long_ago(customer_id: UUID, message: Message, subject: str) -> bool:
    acts = AuditRecord.objects.filter(customer_id=customer_id, action=audit.Action.NOTICE_SENT.value, subject=subject)
    return acts.filter(details__message=message.value).exists()


def written_amount(minor: int, currency: str, language: str) -> str:
    """An amount inside a message."""
    amount = f"{Money(minor, currency).as_decimal():,f}"
    return f"{amount} 元" if (currency, language) == ("CNY", "zh") else f"{currency} {amount}"
