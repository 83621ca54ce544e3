"""Send a notice by text message: by the first service that takes it, and never by two.

What a service did not answer is asked about before anything is sent again. Only a service that certainly did not take
the message hands over to the next.
"""

from datetime import datetime, timedelta

import structlog

from fenqi.channels.sms import SmsFate, SmsGateway, SmsOutcome, SmsProblem, SmsReceipt
from fenqi.domain.notices import Way
from fenqi.records import personal
from fenqi.records.models import Customer, DeliveryState, Notice, NoticeDelivery
from fenqi.usecases import clock
from fenqi.usecases.notices import providers
from fenqi.usecases.notices.moves import (
    ACCEPTED,
    Done,
    claim,
    claim_again,
    deliveries_of,
    put_on_record,
    settle,
)
from fenqi.usecases.notices.wording import SMS, Wording, code_at, variables_in, wording
from fenqi.usecases.rails import text_messages

LEASE = timedelta(seconds=60)
"""So long may one worker be at it; afterwards it died, and nobody knows whether the message left."""
SHOWN_WITHIN = timedelta(minutes=2)
"""A service that took a message shows it by then."""
MOST_TRIES = 5

STATE_OF_FATE = {
    SmsFate.UNDER_WAY: DeliveryState.ACCEPTED,
    SmsFate.DELIVERED: DeliveryState.DELIVERED,
    SmsFate.UNDELIVERED: DeliveryState.UNDELIVERED,
}
_OTHERS_MAY = frozenset({SmsProblem.ACCOUNT, SmsProblem.CONTENT})
"""Refusals that say nothing about the customer's number: another service may take the message."""

_log = structlog.get_logger(__name__)


def send(customer: Customer, notice: Notice, *, now: datetime) -> Done:
    """Raises ChannelMisconfigured."""
    phone = personal.decrypt(customer.phone_encrypted)
    known = deliveries_of(notice, Way.SMS)
    if any(one.state in ACCEPTED for one in known):
        return Done.BEFORE
    if any(one.state == DeliveryState.REFUSED for one in known):
        return Done.NOT
    for open_one in (one for one in known if one.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN)):
        found = _asked(open_one, phone, now=now)
        if found is not None:
            if found is Done.NOW:
                put_on_record(notice, open_one, now=now)
            return found
    return _sent_by_somebody(notice, phone, {one.provider: one for one in known}, now=now)


def _asked(delivery: NoticeDelivery, phone: str, *, now: datetime) -> Done | None:
    """What became of a message that nobody answered for; None when it certainly was not sent."""
    if delivery.state == DeliveryState.SENDING and now - delivery.sent_at < LEASE:
        return Done.UNANSWERED
    gateway = next((one for one in text_messages() if one.name == delivery.provider), None)
    if gateway is None:
        return Done.UNANSWERED
    report = gateway.ask(phone=phone, out_id=delivery.number, sent_on=clock.business_date(delivery.sent_at))
    if report.fate in STATE_OF_FATE:
        settle(delivery, STATE_OF_FATE[report.fate], code=report.code, provider_number=report.message_id, now=now)
        return Done.NOW
    if report.fate is SmsFate.NOT_THERE and now - delivery.sent_at >= SHOWN_WITHIN:
        settle(delivery, DeliveryState.UNREACHED, code="not_there", now=now)
        return None
    return Done.UNANSWERED


def _sent_by_somebody(notice: Notice, phone: str, known: dict[str, NoticeDelivery], *, now: datetime) -> Done:
    words = wording(notice.message, notice.language, SMS, at=now)
    # Who did not take it comes after those who were not asked yet.
    gateways = sorted(providers.in_order(text_messages(), now=now), key=lambda gateway: gateway.name in known)
    for gateway in gateways:
        earlier = known.get(gateway.name)
        if earlier is not None and earlier.tries >= MOST_TRIES:
            continue
        delivery = _claimed(notice, earlier, gateway, words, now=now)
        if delivery is None:
            return Done.UNANSWERED
        receipt = _handed(gateway, phone, notice, delivery, words)
        providers.heard_of(gateway.name, receipt.outcome, now=now)
        done = _kept(notice, delivery, receipt, is_last=gateway is gateways[-1], now=now)
        if done is not None:
            return done
    is_over = all((one := known.get(gateway.name)) and one.tries + 1 >= MOST_TRIES for gateway in gateways)
    return Done.NOT if is_over else Done.UNANSWERED


def _claimed(
    notice: Notice, earlier: NoticeDelivery | None, gateway: SmsGateway, words: Wording, *, now: datetime
) -> NoticeDelivery | None:
    if earlier is None:
        return claim(notice, Way.SMS, gateway.name, version=words.version, now=now)
    return earlier if claim_again(earlier, now=now) else None


def _handed(gateway: SmsGateway, phone: str, notice: Notice, delivery: NoticeDelivery, words: Wording) -> SmsReceipt:
    params = {name: str(notice.params.get(name, "")) for name in variables_in(words.text)}
    return gateway.send(
        phone=phone,
        template_code=code_at(gateway.name, words, notice.message, notice.language),
        params=params,
        out_id=delivery.number,
    )


def _kept(
    notice: Notice, delivery: NoticeDelivery, receipt: SmsReceipt, *, is_last: bool, now: datetime
) -> Done | None:
    """What the answer means; None when the next service may be asked."""
    code, number = receipt.code or "", receipt.message_id or ""
    match receipt.outcome:
        case SmsOutcome.ACCEPTED:
            settle(delivery, DeliveryState.ACCEPTED, code=code, provider_number=number, now=now)
            put_on_record(notice, delivery, now=now)
            return Done.NOW
        case SmsOutcome.UNKNOWN:
            settle(delivery, DeliveryState.UNKNOWN, code=code, now=now)
            return Done.UNANSWERED
        case SmsOutcome.UNREACHED:
            settle(delivery, DeliveryState.UNREACHED, code=code, now=now)
            return None
    if receipt.alert:
        _log.warning("sms_refused", provider=delivery.provider, code=code, message=notice.message)
    if receipt.problem in _OTHERS_MAY and not is_last:
        settle(delivery, DeliveryState.UNREACHED, code=code, now=now)
        return None
    settle(delivery, DeliveryState.REFUSED, code=code, now=now)
    put_on_record(notice, delivery, now=now)
    return Done.NOT
