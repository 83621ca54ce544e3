"""What a channel tells of a refund without being asked."""

from datetime import datetime

import structlog
from django.db import transaction

from fenqi.channels.interface import NotificationRefused, RefundReply, RefusalReason
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.refunds import ASKED_ABOUT
from fenqi.records import directory, locks
from fenqi.records.directory import Holder
from fenqi.records.models import DirectoryKind, RefundLeg
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox
from fenqi.usecases.refunds.settle import find_leg, settle_leg
from fenqi.usecases.repayment.settle import Evidence, notification_row

_log = structlog.get_logger(__name__)


def take_refund(reply: RefundReply, evidence: Evidence, *, now: datetime) -> None:
    """Settle what is said of a leg of ours; what only says that something moved is asked about at once.

    A refund that is not ours, made by hand at the channel, is kept and told to operations: the daily bill explains it.
    Raises NotificationRefused when the payment is not ours either.
    """
    paid = directory.find(DirectoryKind.OUT_TRADE_NO, reply.out_trade_no)
    if paid is None:
        raise NotificationRefused(channel=evidence.channel, reason=RefusalReason.MALFORMED)
    holder = directory.find(DirectoryKind.OUT_REFUND_NO, reply.out_request_no) if reply.out_request_no else None
    if holder is not None and _is_about(holder, paid, evidence.channel) and reply.outcome is not Outcome.WAITING:
        settle_leg(holder.customer_id, holder.target_id, reply, now=now, evidence=evidence)
        return
    _ask_about(paid, reply, evidence, now=now)


def _is_about(holder: Holder, paid: Holder, channel: str) -> bool:
    """The refund is one of that payment, at the channel that says so."""
    if holder.customer_id != paid.customer_id:
        return False
    leg = find_leg(holder.customer_id, holder.target_id)
    return (leg.attempt_id, leg.channel) == (paid.target_id, channel)


def _ask_about(paid: Holder, reply: RefundReply, evidence: Evidence, *, now: datetime) -> None:
    """Keep the notification, and ask about every leg of the payment whose end is open."""
    with transaction.atomic(durable=True):
        locks.customer(paid.customer_id)
        decision = Decision(paid.customer_id)
        decision.add("channel_notification", notification_row(paid.target_id, evidence, reply.outcome, now))
        legs = list(RefundLeg.objects.filter(customer_id=paid.customer_id, attempt_id=paid.target_id))
        for leg in legs:
            if leg.state in ASKED_ABOUT:
                outbox.ask_refund(decision, leg.id, at=now, now=now)
        write(decision)
    if not any(leg.out_refund_no == reply.out_request_no for leg in legs) and (reply.out_request_no or not legs):
        _log.error("refund_not_ours", channel=evidence.channel, out_trade_no=reply.out_trade_no)
