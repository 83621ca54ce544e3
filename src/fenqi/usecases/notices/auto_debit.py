"""Tell a customer that auto-debit was switched on or off, and of every debit that did not go through."""

from datetime import datetime, timedelta
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.domain.payments.auto_debit import BEIJING
from fenqi.records.models import (
    AgreementStatus,
    BoundCard,
    DebitAgreement,
    OrderLine,
    Payment,
    PaymentAttempt,
    Plan,
)
from fenqi.usecases import plan_file
from fenqi.usecases.agreements.planning import amount_above
from fenqi.usecases.agreements.settle import ABOVE_LIMIT
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message

NEWS_FOR = timedelta(days=1)
"""Afterwards it is history: the next try has been made, and the pages tell it."""

_MESSAGES = {"signed": Message.AUTO_DEBIT_SIGNED, "ended": Message.AUTO_DEBIT_ENDED}
_NAMES = {
    "alipay": ("支付宝", "Alipay"),
    "wechat_pay": ("微信支付", "WeChat Pay"),
    "bank_card": ("银行卡", "bank card"),
}
_REASONS = {
    FailureCategory.INSUFFICIENT_BALANCE: ("余额不足", "not enough balance"),
    FailureCategory.WRONG_ACCOUNT_INFO: ("账户信息有误", "the account details do not match"),
    FailureCategory.METHOD_UNAVAILABLE: ("这个账户现在不能扣款", "this account cannot be debited"),
    FailureCategory.LIMIT_EXCEEDED: ("超出限额", "over a limit"),
    FailureCategory.CHANNEL_MAINTENANCE: ("支付渠道维护中", "the channel is under maintenance"),
}
_NO_REASON = ("支付渠道没有扣成", "the channel did not take it")


def tell_of_agreement(customer_id: UUID, agreement_id: UUID, news: str, *, now: datetime) -> bool:
    """`signed` or `ended`, once each, `above_limit` once for each installment; whether a message was sent.

    Raises NotFound, NoticeUnanswered.
    """
    agreement = DebitAgreement.objects.filter(customer_id=customer_id, id=agreement_id).first()
    if agreement is None:
        raise NotFound
    if news == ABOVE_LIMIT:
        return _tell_above_limit(agreement, now=now)
    if now - agreement.updated_at > NEWS_FOR or (news == "signed" and agreement.status != AgreementStatus.ACTIVE):
        return False

    def params(language: str) -> dict[str, str]:
        told = {"title": _title(customer_id, agreement.plan_id), "account": account_name(agreement, language)}
        return {**told, "next": written_instant(agreement.next_try_at, language)} if news == "signed" else told

    return send_once(customer_id, _MESSAGES[news], subject=f"agreement:{agreement_id}:{news}", params=params, now=now)


def _tell_above_limit(agreement: DebitAgreement, *, now: datetime) -> bool:
    """What is due is more than may be debited; nothing is said of it once it is repaid or auto-debit is off."""
    customer_id = agreement.customer_id
    file = plan_file.read(customer_id, agreement.plan_id)
    above_minor = amount_above(file, most_minor=agreement.limit_minor, at=now)
    if agreement.status != AgreementStatus.ACTIVE or not above_minor:
        return False

    def params(language: str) -> dict[str, str]:
        return {
            "title": _title(customer_id, agreement.plan_id),
            "amount": written_amount(above_minor, agreement.currency, language),
            "limit": written_amount(agreement.limit_minor, agreement.currency, language),
        }

    due_on = min(row.due_on for row in file.state().rows if row.outstanding.total)
    subject = f"agreement:{agreement.id}:{ABOVE_LIMIT}:{due_on}"
    return send_once(customer_id, Message.AUTO_DEBIT_ABOVE_LIMIT, subject=subject, params=params, now=now)


def tell_debit_failed(customer_id: UUID, attempt_id: UUID, *, now: datetime) -> bool:
    """Why, that nothing was charged, and when the next try is. Raises NotFound, NoticeUnanswered."""
    attempt = PaymentAttempt.objects.filter(customer_id=customer_id, id=attempt_id).first()
    if attempt is None or attempt.agreement_id is None:
        raise NotFound
    took_money = attempt.state == AttemptState.SUCCEEDED
    if took_money or (attempt.resolved_at is not None and now - attempt.resolved_at > NEWS_FOR):
        return False
    payment = Payment.objects.get(customer_id=customer_id, id=attempt.payment_id)
    agreement = DebitAgreement.objects.get(customer_id=customer_id, id=attempt.agreement_id)
    again_at = agreement.next_try_at if agreement.status == AgreementStatus.ACTIVE else None

    def params(language: str) -> dict[str, str]:
        told = {
            "amount": written_amount(attempt.amount_minor, attempt.currency, language),
            "title": _title(customer_id, payment.plan_id),
            "reason": _reason(attempt.category, language),
        }
        return {**told, "next": written_instant(again_at, language)} if again_at else told

    message = Message.AUTO_DEBIT_FAILED if again_at else Message.AUTO_DEBIT_GIVEN_UP
    return send_once(customer_id, message, subject=f"debit:{attempt_id}", params=params, now=now)


def account_name(agreement: DebitAgreement, language: str) -> str:
    """`支付宝`, `bank card 1234`."""
    zh, en = _NAMES.get(agreement.channel, (agreement.channel, agreement.channel))
    name = zh if language == "zh" else en
    if agreement.card_id is None:
        return name
    card = BoundCard.objects.get(customer_id=agreement.customer_id, id=agreement.card_id)
    return f"{name} {card.last4}"


def written_instant(at: datetime | None, language: str) -> str:
    """`11月25日 08:00`, `25 Nov 08:00`; of none: when the next installment falls due."""
    if at is None:
        return "下一期还款日" if language == "zh" else "the next due date"
    local = at.astimezone(BEIJING)
    return f"{local.month}月{local.day}日 {local:%H:%M}" if language == "zh" else f"{local.day} {local:%b %H:%M}"


def _reason(category: str, language: str) -> str:
    known = {one.value: words for one, words in _REASONS.items()}
    zh, en = known.get(category, _NO_REASON)
    return zh if language == "zh" else en


def _title(customer_id: UUID, plan_id: UUID) -> str:
    order_id = Plan.objects.values_list("order_id", flat=True).get(customer_id=customer_id, id=plan_id)
    line = OrderLine.objects.filter(customer_id=customer_id, order_id=order_id).order_by("line_no").first()
    return line.name[:TITLE_CHARACTERS].strip() if line else ""
