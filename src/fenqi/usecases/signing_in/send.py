"""Make a code and send it, if the phone is bound to a customer. The queue carries only the phone's keyed hash."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.sms import SmsOutcome
from fenqi.records import directory, personal
from fenqi.records.identifiers import derived_id
from fenqi.records.models import Account, Customer, DirectoryKind, SmsDevice
from fenqi.usecases.notices import providers
from fenqi.usecases.notices.templates import Message, template_code
from fenqi.usecases.signing_in.request import VALIDITY

_log = structlog.get_logger(__name__)


def send_code(phone_index: str, *, asked_at: datetime, now: datetime) -> SmsOutcome | None:
    """What the message service made of it; None when nothing was to be sent: an unknown phone, one that had a code a
    moment ago, or a request so old that nobody waits for it. Raises ChannelMisconfigured.
    """
    holder = directory.find(DirectoryKind.PHONE, phone_index)
    if holder is None or now - asked_at > VALIDITY:
        return None
    device = _fresh_code(holder.customer_id)
    if device is None:
        return None
    customer = Customer.objects.get(id=holder.customer_id)
    receipt = providers.send_code(
        phone=personal.decrypt(customer.phone_encrypted),
        template_code=template_code(Message.SIGN_IN_CODE, customer.language),
        params={"code": device.token},
        out_id=str(derived_id("sign_in_code", device.id, asked_at)),
        now=now,
    )
    if receipt.outcome is not SmsOutcome.ACCEPTED:
        device.cooldown_reset()  # the customer may ask again at once
        _log.warning("sign_in_code_not_sent", outcome=receipt.outcome, code=receipt.code)
    return receipt.outcome


@transaction.atomic
def _fresh_code(customer_id: UUID) -> SmsDevice | None:
    """The customer's phone with a new code on it; None while the last is too young, or when the account is closed."""
    account = Account.objects.for_customer(customer_id)
    SmsDevice.objects.get_or_create(user=account)
    device: SmsDevice = SmsDevice.objects.select_for_update().get(user=account)
    allowed, _ = device.generate_is_allowed()
    if not (allowed and account.is_active):
        return None
    device.generate_token(valid_secs=int(VALIDITY.total_seconds()), commit=False)
    device.cooldown_set(commit=True)
    return device
