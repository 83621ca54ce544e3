"""Tell a customer that a repayment was taken (R117)."""

from datetime import datetime, timedelta
from uuid import UUID

from fenqi.channels.sms import SmsOutcome
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.money import Money
from fenqi.records import personal
from fenqi.records.identifiers import derived_id
from fenqi.records.models import AuditRecord, Customer, OrderLine, Payment, PaymentState, Plan
from fenqi.usecases import audit
from fenqi.usecases.notices.templates import Message, language_of, template_code
from fenqi.usecases.rails import text_messages

_TITLE_CHARACTERS = 20  # a template's variable is short
NEWS_FOR = timedelta(days=1)
"""After this a repayment is history, not news: what is left may have changed since, and the pages tell it."""


class NoticeUnanswered(FenqiError):
    """The message service did not say whether it took the message; to send it again is the lesser harm."""

    code = "notice_unanswered"
    status = 503
    zh = "短信服务没有答复，稍后再发。"
    en = "The message service did not answer: it is sent again later."


def tell_repayment_succeeded(customer_id: UUID, payment_id: UUID, *, now: datetime) -> bool:
    """Send the message in the customer's language, once; whether one was sent by this call.

    Nothing is sent to a customer without a phone, nor of a repayment that is no news. Raises NotFound,
    NoticeUnanswered, ChannelMisconfigured.
    """
    payment = Payment.objects.filter(customer_id=customer_id, id=payment_id, state=PaymentState.SUCCEEDED).first()
    if payment is None:
        raise NotFound
    customer = Customer.objects.get(id=customer_id)
    subject = f"payment:{payment_id}"
    if not customer.phone_encrypted or _is_history(payment, now) or _was_told(customer_id, subject):
        return False
    receipt = text_messages().send(
        phone=personal.decrypt(customer.phone_encrypted),
        template_code=template_code(Message.REPAYMENT_SUCCEEDED, customer.language),
        params=_params(payment, language=language_of(customer.language)),
        out_id=str(derived_id("notice", Message.REPAYMENT_SUCCEEDED, payment_id)),
    )
    if receipt.outcome is SmsOutcome.UNKNOWN:
        raise NoticeUnanswered
    audit.record(
        audit.SYSTEM,
        audit.Action.NOTICE_SENT,
        customer_id=customer_id,
        subject=subject,
        details={
            "message": Message.REPAYMENT_SUCCEEDED.value,
            "by": "sms",
            "outcome": receipt.outcome.value,
            "code": receipt.code,
            "message_id": receipt.message_id,
        },
        now=now,
    )
    return receipt.outcome is SmsOutcome.ACCEPTED


def _is_history(payment: Payment, now: datetime) -> bool:
    return payment.succeeded_at is not None and now - payment.succeeded_at > NEWS_FOR


def _was_told(customer_id: UUID, subject: str) -> bool:
    """Told already, or refused by the service: neither is tried again."""
    acts = AuditRecord.objects.filter(customer_id=customer_id, action=audit.Action.NOTICE_SENT.value, subject=subject)
    return acts.exists()


def _params(payment: Payment, *, language: str) -> dict[str, str]:
    plan = Plan.objects.get(customer_id=payment.customer_id, id=payment.plan_id)
    line = OrderLine.objects.filter(customer_id=payment.customer_id, order_id=plan.order_id).order_by("line_no").first()
    return {
        "amount": _written(payment.amount_minor, payment.currency, language),
        "title": line.name[:_TITLE_CHARACTERS].strip() if line else "",
        "left": _written(plan.outstanding_minor, payment.currency, language),
    }


def _written(minor: int, currency: str, language: str) -> str:
    amount = f"{Money(minor, currency).as_decimal():,f}"
    return f"{amount} 元" if (currency, language) == ("CNY", "zh") else f"{currency} {amount}"
