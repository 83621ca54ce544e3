"""One-time codes for what a session alone does not allow: a new phone, a copy of all data, closing the account.

A code is worked out from its row with a key, so neither the table nor the queue holds it. It is good for ten minutes
and five tries, once.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.sms import SmsOutcome
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import locks, personal
from fenqi.records.identifiers import derived_id, new_id
from fenqi.records.models import AccountCode, CodePurpose, Customer
from fenqi.records.posting import Decision, write
from fenqi.records.scope import across_customers
from fenqi.usecases import outbox, rate_limits
from fenqi.usecases.notices.providers import send_code
from fenqi.usecases.notices.sending import NoticeUnanswered
from fenqi.usecases.notices.templates import Message, language_of, template_code
from fenqi.usecases.rate_limits import Rate

VALIDITY: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
DIGITS: Final = 6

_WHAT_FOR: Mapping[tuple[CodePurpose, str], str] = {
    (CodePurpose.PHONE_OLD, "zh"): "更换手机号",
    (CodePurpose.PHONE_OLD, "en"): "to bind another phone",
    (CodePurpose.PHONE_NEW, "zh"): "绑定这个手机号",
    (CodePurpose.PHONE_NEW, "en"): "to bind this phone",
    (CodePurpose.EXPORT, "zh"): "导出全部个人数据",
    (CodePurpose.EXPORT, "en"): "to export all your data",
    (CodePurpose.CLOSE, "zh"): "注销账户",
    (CodePurpose.CLOSE, "en"): "to close your account",
}


class AccountCodeRefused(FenqiError):
    """The code is wrong, old, used, or was tried too often; which of them is not told."""

    code = "account_code_refused"
    status = 422
    zh = "验证码不对或已失效。请核对最新一条短信，或重新获取。"
    en = "The code is wrong or has expired. Check the newest message, or ask for another."


class PhoneMissing(FenqiError):
    """There is no phone to send a code to."""

    code = "phone_missing"
    status = 409
    zh = "账户没有绑定手机号，请联系客服。"
    en = "No phone is bound to this account: please contact our customer service."


def ask_code(customer_id: UUID, purpose: CodePurpose, *, phone: str = "", now: datetime) -> None:
    """Send a code to `phone`, a normal number, or to the bound one. Raises PhoneMissing, TooManyRequests."""
    customer = Customer.objects.filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    number = phone or personal.decrypt(customer.phone_encrypted)
    if not number:
        raise PhoneMissing
    index = personal.phone_index(number)
    rate_limits.count(Rate.ACCOUNT_CODE, str(customer_id))
    rate_limits.count(Rate.ACCOUNT_CODE_TO_PHONE, index)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        code = AccountCode.objects.create(
            customer_id=customer_id,
            id=new_id(),
            purpose=purpose,
            phone_encrypted=personal.encrypt(number),
            phone_index=index,
            asked_at=now,
            expires_at=now + VALIDITY,
        )
        decision = Decision(customer_id)
        outbox.send_account_code(decision, code.id, now=now)
        write(decision)


def send_account_code(customer_id: UUID, code_id: UUID, *, now: datetime) -> None:
    """Nobody waits for one that is used or old. Raises NoticeUnanswered, ChannelMisconfigured."""
    code = AccountCode.objects.filter(customer_id=customer_id, id=code_id).first()
    if code is None or code.used_at is not None or now >= code.expires_at:
        return
    customer = Customer.objects.get(id=customer_id)
    what = _WHAT_FOR[CodePurpose(code.purpose), language_of(customer.language)]
    receipt = send_code(
        phone=personal.decrypt(code.phone_encrypted),
        template_code=template_code(Message.ACCOUNT_CODE, customer.language),
        params={"code": _figures(code), "what": what},
        out_id=str(derived_id("account_code", code_id)),
        now=now,
    )
    if receipt.outcome in (SmsOutcome.UNKNOWN, SmsOutcome.UNREACHED):
        raise NoticeUnanswered


@dataclass(frozen=True, slots=True)
class Try:
    """A code as it was typed; `phone`, where it is given, must be the one that the code went to."""

    purpose: CodePurpose
    text: str
    phone: str = ""


def use_code(customer_id: UUID, purpose: CodePurpose, text: str, *, phone: str = "", now: datetime) -> None:
    """Take the newest code of that purpose, once. Raises AccountCodeRefused."""
    use_codes(customer_id, Try(purpose, text, phone), now=now)


def use_codes(customer_id: UUID, *tries: Try, now: datetime) -> None:
    """All or none are taken; a wrong one is counted even though it is refused. Raises AccountCodeRefused."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        found = [(one, _newest(customer_id, one.purpose, now=now)) for one in tries]
        wrong = [code for one, code in found if code is None or not _is_right(code, one)]
        for code in wrong:
            if code is not None:
                _update(code, tries=code.tries + 1)
        for _one, code in found:
            if code is not None and not wrong:
                _update(code, used_at=now)
    if wrong:
        raise AccountCodeRefused


def remove_expired(*, now: datetime) -> None:
    """Whose time is over: a phone that is not bound is nobody's business longer than its code is good."""
    with across_customers():
        AccountCode.objects.filter(expires_at__lte=now).delete()


def _newest(customer_id: UUID, purpose: CodePurpose, *, now: datetime) -> AccountCode | None:
    """That may still be used."""
    code = AccountCode.objects.filter(customer_id=customer_id, purpose=purpose).order_by("-asked_at", "-id").first()
    is_good = code is not None and code.used_at is None and now < code.expires_at and code.tries < MOST_TRIES
    return code if is_good else None


def _is_right(code: AccountCode, tried: Try) -> bool:
    went_there = not tried.phone or personal.phone_index(tried.phone) == code.phone_index
    return went_there and hmac.compare_digest(_figures(code).encode(), "".join(tried.text.split()).encode())


def _update(code: AccountCode, **columns: object) -> None:
    AccountCode.objects.filter(customer_id=code.customer_id, id=code.id).update(**columns)


def _figures(code: AccountCode) -> str:
    digest = hmac.new(settings.FENQI_INDEX_KEY.encode(), f"account code {code.id}".encode(), sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 10**DIGITS:0{DIGITS}}"
