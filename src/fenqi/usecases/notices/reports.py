"""Delivery reports: what a text-message service tells of by itself about a message that it took."""

from collections.abc import Iterable
from datetime import datetime

from fenqi.channels.sms import SmsReport
from fenqi.records.models import DeliveryState, NoticeDelivery
from fenqi.usecases.notices.moves import whose
from fenqi.usecases.notices.texting import STATE_OF_FATE

_MAY_CHANGE = (DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.ACCEPTED, DeliveryState.UNREACHED)


def take_reports(provider: str, reports: Iterable[SmsReport], *, now: datetime) -> int:
    """Keep what became of our messages; how many were news. A number that is not ours says nothing.

    What is known for good stays: a report told again, or in the wrong order, changes nothing.
    """
    return sum(_taken(provider, report, now=now) for report in reports)


def _taken(provider: str, report: SmsReport, *, now: datetime) -> int:
    owner = whose(report.out_id)
    if owner is None or report.fate not in STATE_OF_FATE:
        return 0
    customer_id, delivery_id = owner
    return NoticeDelivery.objects.filter(
        customer_id=customer_id, id=delivery_id, provider=provider, number=report.out_id, state__in=_MAY_CHANGE
    ).update(state=STATE_OF_FATE[report.fate], code=report.code, provider_number=report.message_id, settled_at=now)
