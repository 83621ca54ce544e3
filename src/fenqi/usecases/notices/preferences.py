"""What a customer wishes of notices, and the e-mail address, once it is confirmed."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.html import escape

from fenqi.channels.email import Mail, MailOutcome
from fenqi.domain.errors import FenqiError
from fenqi.domain.notices import Pace, Wishes
from fenqi.records import locks, personal
from fenqi.records.identifiers import derived_id
from fenqi.records.models import Customer, NoticePreference
from fenqi.usecases.notices.templates import Message, language_of
from fenqi.usecases.notices.wording import MAIL, filled, wording
from fenqi.usecases.rails import mail as mailer

CODE_VALID = timedelta(minutes=10)
COOL_DOWN = timedelta(seconds=60)
MOST_TRIES = 5
LONGEST = 254
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+"
)


class InvalidEmail(FenqiError):
    code = "invalid_email"
    status = 422
    zh = "这不是有效的邮箱地址，请核对后再填。"
    en = "This is not an e-mail address. Please check it."


class EmailCodeRefused(FenqiError):
    """Wrong, used up or over: they read the same."""

    code = "email_code_refused"
    status = 422
    zh = "验证码不对或已失效，请核对，或重新发送。"
    en = "The code is wrong or no longer valid. Check it, or have a new one sent."


class EmailTooSoon(FenqiError):
    code = "email_too_soon"
    status = 429
    zh = "验证码刚刚发过，请一分钟后再试。"
    en = "A code was sent a moment ago. Try again in a minute."


class EmailNotSent(FenqiError):
    code = "email_not_sent"
    status = 503
    zh = "邮件没有发出去，请稍后再试，或换一个邮箱地址。"
    en = "The mail could not be sent. Try again later, or give another address."


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """`email` is the confirmed address, `waiting` one whose code has not come back."""

    by_sms: bool = True
    by_email: bool = True
    pace: str = Pace.ALL.value
    email: str = ""
    waiting: str = ""

    @property
    def wishes(self) -> Wishes:
        return Wishes(by_sms=self.by_sms, by_email=self.by_email)


def preferences_of(customer_id: UUID) -> Preferences:
    row = NoticePreference.objects.filter(customer_id=customer_id).first()
    if row is None:
        return Preferences()
    return Preferences(
        by_sms=row.by_sms,
        by_email=row.by_email,
        pace=row.pace,
        email=personal.decrypt(row.email_encrypted),
        waiting=personal.decrypt(row.new_email_encrypted),
    )


def wish(customer_id: UUID, *, by_sms: bool, by_email: bool, pace: Pace, now: datetime) -> None:
    """Keep what the customer wishes; critical messages go on as before."""
    _keep(customer_id, now=now, by_sms=by_sms, by_email=by_email, pace=pace.value)


def mask_email(address: str) -> str:
    """`c***n@example.com`."""
    name, _, host = address.partition("@")
    return f"{name[:1]}***{name[-1:] if len(name) > 1 else ''}@{host}" if host else ""


def ask_email_code(customer_id: UUID, address: str, *, now: datetime) -> None:
    """Send a code to the address. Raises InvalidEmail, EmailTooSoon, EmailNotSent."""
    address = address.strip()
    service = mailer()
    if not is_email(address):
        raise InvalidEmail
    if service is None:
        raise EmailNotSent
    code = f"{secrets.randbelow(10**6):06}"
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = NoticePreference.objects.filter(customer_id=customer_id).first()
        if row is not None and row.code_asked_at is not None and now - row.code_asked_at < COOL_DOWN:
            raise EmailTooSoon
        _keep(
            customer_id,
            now=now,
            new_email_encrypted=personal.encrypt(address),
            code_hash=_digest(customer_id, address, code),
            code_expires_at=now + CODE_VALID,
            code_asked_at=now,
            code_tries=0,
        )
    receipt = service.send(_code_mail(customer_id, address, code, now=now))
    if receipt.outcome is not MailOutcome.ACCEPTED:
        NoticePreference.objects.filter(customer_id=customer_id).update(code_asked_at=None)
        raise EmailNotSent


def confirm_email(customer_id: UUID, code: str, *, now: datetime) -> None:
    """The address is the customer's from now on. Raises EmailCodeRefused."""
    refused = False
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        row = NoticePreference.objects.filter(customer_id=customer_id).first()
        if row is None or row.code_expires_at is None or now > row.code_expires_at or row.code_tries >= MOST_TRIES:
            raise EmailCodeRefused
        address = personal.decrypt(row.new_email_encrypted)
        right = hmac.compare_digest(row.code_hash, _digest(customer_id, address, code.strip()))
        if not right:
            NoticePreference.objects.filter(customer_id=customer_id).update(code_tries=row.code_tries + 1)
            refused = True
        else:
            _keep(
                customer_id,
                now=now,
                email_encrypted=bytes(row.new_email_encrypted),
                email_verified_at=now,
                **_NO_CODE,
            )
    if refused:
        raise EmailCodeRefused


def remove_email(customer_id: UUID, *, now: datetime) -> None:
    """Nothing goes there any more."""
    _keep(customer_id, now=now, email_encrypted=b"", email_verified_at=None, **_NO_CODE)


def is_email(text: str) -> bool:
    """Whether it has the form of an address."""
    return len(text.strip()) <= LONGEST and _ADDRESS.fullmatch(text.strip()) is not None


def suggest_email(customer_id: UUID, address: str, *, now: datetime) -> bool:
    """Keep an address that the mall told us, to be confirmed by the customer; whether it was kept."""
    address = address.strip()
    if not is_email(address) or preferences_of(customer_id).email:
        return False
    _keep(customer_id, now=now, new_email_encrypted=personal.encrypt(address))
    return True


def forget_preferences(customer_id: UUID) -> None:
    """Of a customer whose account is closed."""
    NoticePreference.objects.filter(customer_id=customer_id).delete()


_NO_CODE = {"new_email_encrypted": b"", "code_hash": "", "code_expires_at": None, "code_asked_at": None}


def _keep(customer_id: UUID, *, now: datetime, **fields: object) -> None:
    NoticePreference.objects.get_or_create(
        customer_id=customer_id, defaults={"id": derived_id("notice_preference", customer_id), "updated_at": now}
    )
    NoticePreference.objects.filter(customer_id=customer_id).update(**fields, updated_at=now)


def _digest(customer_id: UUID, address: str, code: str) -> str:
    """Binds the code to the address that it was sent to."""
    said = f"email_code|{customer_id}|{address}|{code}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()


def _code_mail(customer_id: UUID, address: str, code: str, *, now: datetime) -> Mail:
    language = language_of(Customer.objects.values_list("language", flat=True).get(id=customer_id))
    words = wording(Message.EMAIL_CODE, language, MAIL, at=now)
    text = filled(words.text, {"code": code})
    return Mail(
        to=address,
        subject=words.title,
        text=text + "\n",
        html=f"<p>{escape(text)}</p>",
        message_id=f"<{secrets.token_hex(16)}@fenqi>",
        language=language,
    )
