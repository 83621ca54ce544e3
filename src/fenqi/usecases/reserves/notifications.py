"""What a channel tells of a reserve without being asked."""

from datetime import datetime

import structlog

from fenqi.channels.interface import NotificationRefused, RefusalReason, ReserveReply
from fenqi.domain.payments import Outcome
from fenqi.records import directory
from fenqi.records.models import DirectoryKind, ReserveHold, ReserveMove
from fenqi.usecases.reserves.settle import settle_hold, settle_release

_log = structlog.get_logger(__name__)


def take_reserve(channel: str, reply: ReserveReply, *, now: datetime) -> None:
    """Settle what is said of a hold or a release of ours; one whose sums do not add up is believed in nothing.

    Raises NotificationRefused for one about no number of ours.
    """
    holder = directory.find(DirectoryKind.RESERVE_NO, reply.number)
    if holder is None or reply.outcome is Outcome.UNKNOWN:
        raise NotificationRefused(channel=channel, reason=RefusalReason.MALFORMED)
    key = {"customer_id": holder.customer_id, "id": holder.target_id}
    if ReserveHold.objects.filter(**key, channel=channel).exists():
        settle_hold(holder.customer_id, holder.target_id, reply, now=now)
        return
    move = ReserveMove.objects.filter(**key).first()
    if (
        move is None
        or not ReserveHold.objects.filter(customer_id=holder.customer_id, id=move.hold_id, channel=channel).exists()
    ):
        raise NotificationRefused(channel=channel, reason=RefusalReason.MALFORMED)
    settle_release(holder.customer_id, move.id, reply, now=now)
