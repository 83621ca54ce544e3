"""Ask for a code. Whether the phone is anybody's is found out later, by the job that sends: the answer cannot tell."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from procrastinate.contrib.django import app as queue

from fenqi.domain.errors import FenqiError
from fenqi.records import personal
from fenqi.records.accounts import SMS_COOL_DOWN_SECONDS
from fenqi.usecases import rate_limits
from fenqi.usecases.rate_limits import Rate

SEND_CODE = "send_sign_in_code"
VALIDITY = timedelta(minutes=5)


class InvalidPhone(FenqiError):
    """The text is no phone number at all."""

    code = "invalid_phone"
    status = 422
    zh = "这不是有效的手机号，请填 11 位数字。"
    en = "This is not a phone number: enter its 11 digits."


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent:
    """The same for every phone. Whole seconds."""

    resend_after: int
    expires_in: int


def request_code(phone: str, *, remote_address: str, now: datetime) -> CodeSent:
    """Queue a code for the phone, known or not. Raises InvalidPhone, TooManyRequests."""
    number = personal.normal_phone(phone)
    if number is None:
        raise InvalidPhone
    rate_limits.count(Rate.REQUEST_CODE, remote_address)
    queue.configure_task(SEND_CODE).defer(phone_index=personal.phone_index(number), asked_at=now.isoformat())
    return CodeSent(resend_after=SMS_COOL_DOWN_SECONDS, expires_in=int(VALIDITY.total_seconds()))
