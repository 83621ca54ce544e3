"""Send one message about one thing, once, and write down that it was sent."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from fenqi.channels.sms import SmsOutcome
from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.records import personal
from fenqi.records.identifiers import derived_id
from fenqi.records.models import AuditRecord, Customer
from fenqi.usecases import audit
from fenqi.usecases.notices.templates import Message, language_of, template_code
from fenqi.usecases.rails import text_messages


class NoticeUnanswered(FenqiError):
    """The message service did not say whether it took the message; to send it again is the lesser harm."""

    code = "notice_unanswered"
    status = 503
    zh = "短信服务没有答复，稍后再发。"
    en = "The message service did not answer: it is sent again later."


TITLE_CHARACTERS = 20
"""A template's variable is short."""


def send_once(
    customer_id: UUID, message: Message, *, subject: str, params: Callable[[str], Mapping[str, str]], now: datetime
) -> bool:
    """Send it in the customer's language unless it was sent, or refused, before; whether this call sent it.

    `subject` is what it tells of: each is told once. `params` is given the language, `zh` or `en`. A customer without
    a phone is told nothing. Raises NoticeUnanswered, ChannelMisconfigured.
    """
    customer = Customer.objects.get(id=customer_id)
    if not customer.phone_encrypted or _was_told(customer_id, subject):
        return False
    receipt = text_messages().send(
        phone=personal.decrypt(customer.phone_encrypted),
        template_code=template_code(message, customer.language),
        params=params(language_of(customer.language)),
        out_id=str(derived_id("notice", message, subject)),
    )
    if receipt.outcome is SmsOutcome.UNKNOWN:
        raise NoticeUnanswered
    audit.record(
        audit.SYSTEM,
        audit.Action.NOTICE_SENT,
        customer_id=customer_id,
        subject=subject,
        details={
            "message": message.value,
            "by": "sms",
            "outcome": receipt.outcome.value,
            "code": receipt.code,
            "message_id": receipt.message_id,
        },
        now=now,
    )
    return receipt.outcome is SmsOutcome.ACCEPTED


def _was_told(customer_id: UUID, subject: str) -> bool:
    """Told already, or refused by the service: neither is tried again."""
    acts = AuditRecord.objects.filter(customer_id=customer_id, action=audit.Action.NOTICE_SENT.value, subject=subject)
    return acts.exists()


def written_amount(minor: int, currency: str, language: str) -> str:
    """An amount inside a message."""
    amount = f"{Money(minor, currency).as_decimal():,f}"
    return f"{amount} 元" if (currency, language) == ("CNY", "zh") else f"{currency} {amount}"
