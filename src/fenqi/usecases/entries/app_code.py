"""An app has a phone verified: a code of ours goes to the phone, and the app gives back what its user typed (R005).

Whether the phone is anybody's does not show before the code is right: every phone gets one, and every answer is alike.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings

from fenqi.channels.interface import ChannelMisconfigured
from fenqi.channels.sms import SmsOutcome
from fenqi.domain.errors import FenqiError
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import AppRecognition
from fenqi.usecases import rate_limits
from fenqi.usecases.notices import providers
from fenqi.usecases.notices.templates import Message, template_code
from fenqi.usecases.rate_limits import Rate, TooManyRequests
from fenqi.usecases.signing_in.request import InvalidPhone

_log = structlog.get_logger(__name__)

VALIDITY: Final = timedelta(minutes=5)
COOL_DOWN: Final = timedelta(seconds=60)
_LATELY: Final = timedelta(minutes=10)
_MOST_LATELY: Final = 4
_DIGITS: Final = 6


class CodeNotSent(FenqiError):
    """The message service did not take it."""

    code = "code_not_sent"
    status = 503
    zh = "验证码短信暂时发不出去，请稍后再试。"
    en = "The code could not be sent just now: try again in a little while."


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCode:
    """The same for every phone. Whole seconds."""

    recognition_id: UUID
    resend_after: int
    expires_in: int


def send_app_code(client: str, phone: str, *, language: str = "zh", now: datetime) -> AppCode:
    """Raises InvalidPhone, TooManyRequests, CodeNotSent."""
    number = personal.normal_phone(phone)
    if number is None:
        raise InvalidPhone
    index = personal.phone_index(number)
    rate_limits.count(Rate.APP_CODE, client)
    rate_limits.count(Rate.APP_CODE_TO_PHONE, index)
    _refuse_flooding(index, now)
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    kept = AppRecognition.objects.create(
        id=(recognition_id := new_id()),
        client=client,
        phone_index=index,
        code_hash=code_hash(recognition_id, code),
        asked_at=now,
        expires_at=now + VALIDITY,
    )
    try:
        receipt = providers.send_code(
            phone=number,
            template_code=template_code(Message.APP_CODE, language),
            params={"code": code},
            out_id=str(kept.id),
            now=now,
        )
    except ChannelMisconfigured as misconfigured:
        _log.exception("app_code_not_sent")
        raise CodeNotSent from misconfigured
    if receipt.outcome in (SmsOutcome.REFUSED, SmsOutcome.UNREACHED):
        raise CodeNotSent
    return AppCode(
        recognition_id=kept.id,
        resend_after=int(COOL_DOWN.total_seconds()),
        expires_in=int(VALIDITY.total_seconds()),
    )


def code_hash(recognition_id: UUID, code: str) -> str:
    """Keyed, so that six digits cannot be tried out on what is stored."""
    text = f"app_code:{recognition_id}:{code}"
    return hmac.new(settings.FENQI_INDEX_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def _refuse_flooding(index: str, now: datetime) -> None:
    """Over all processes and apps."""
    lately = AppRecognition.objects.filter(phone_index=index, asked_at__gt=now - _LATELY)
    newest = lately.order_by("-asked_at").values_list("asked_at", flat=True)[:_MOST_LATELY]
    found = list(newest)
    if found and now - found[0] < COOL_DOWN:
        raise TooManyRequests(minutes=1)
    if len(found) >= _MOST_LATELY:
        raise TooManyRequests(minutes=int(_LATELY.total_seconds()) // 60)
