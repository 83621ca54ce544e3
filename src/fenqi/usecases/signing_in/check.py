"""Check a code. Every refusal reads the same: a wrong code, an old one, too many tries, a phone that is nobody's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import FenqiError
from fenqi.records import directory, personal
from fenqi.records.models import Account, DirectoryKind, SmsDevice
from fenqi.usecases import audit, rate_limits
from fenqi.usecases.rate_limits import Rate


class CodeRefused(FenqiError):
    """The code does not open the account; which of the reasons it was is not told."""

    code = "code_refused"
    status = 422
    zh = "验证码不对或已失效。请核对最新一条短信；连续输错要等一会儿再试。"
    en = "The code is wrong or has expired. Check the newest message; after several wrong tries, wait a little."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Whose session it may become."""

    account: Account
    customer_id: UUID


def check_code(phone: str, code: str, *, remote_address: str, now: datetime) -> SignedIn:
    """Take the code, once. Raises CodeRefused, TooManyRequests."""
    rate_limits.count(Rate.CHECK_CODE, remote_address)
    number = personal.normal_phone(phone) or ""
    holder = directory.find(DirectoryKind.PHONE, personal.phone_index(number))
    with transaction.atomic():
        # An unknown phone looks for nobody's device: as many statements as for a known one.
        device = _device(holder.customer_id if holder else None)
        accepted = device is not None and _verify(device, code.strip())
    if device is None or holder is None or not accepted:
        raise CodeRefused
    audit.record(
        f"customer:{holder.customer_id}",
        audit.Action.SIGNED_IN,
        customer_id=holder.customer_id,
        details={"address": remote_address},
        now=now,
    )
    return SignedIn(account=device.user, customer_id=holder.customer_id)


def _device(customer_id: UUID | None) -> SmsDevice | None:
    """The phone, locked: two guesses at once are counted as two."""
    devices = SmsDevice.objects.select_for_update(of=("self",)).select_related("user")
    device: SmsDevice | None = devices.filter(user__customer_id=customer_id, user__is_active=True).first()
    return device if customer_id else None


def _verify(device: SmsDevice, code: str) -> bool:
    allowed, _ = device.verify_is_allowed()
    if not allowed:
        return False
    accepted: bool = device.verify_token(code)
    if accepted:
        device.throttle_reset()
    else:
        device.throttle_increment()
    return accepted
