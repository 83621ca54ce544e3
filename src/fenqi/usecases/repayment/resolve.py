"""Learn what became of a payment: by asking its channel, by its word, or by ending it there.

Every call to a channel happens outside a transaction; what it answered is then settled under the customer's lock.
"""

from datetime import datetime
from uuid import UUID

import structlog

from fenqi.channels.interface import (
    Acknowledgement,
    AgreementReply,
    Callback,
    ChannelReply,
    ChargeRef,
    NotificationRefused,
    RefundReply,
    RefusalReason,
    Reply,
    ReserveReply,
)
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.money import Money
from fenqi.domain.payments import AmountMismatch, AttemptState, Outcome, Step
from fenqi.records import directory
from fenqi.records.models import AttemptMethod, DirectoryKind, PaymentAttempt, RefusedCallback
from fenqi.usecases.agreements.settle import receive_agreement
from fenqi.usecases.rails import rail
from fenqi.usecases.refunds.notifications import take_refund
from fenqi.usecases.repayment.settle import Evidence, settle_attempt
from fenqi.usecases.reserves.notifications import take_reserve

_log = structlog.get_logger(__name__)
_SETTLED = frozenset({AttemptState.SUCCEEDED.value, AttemptState.FAILED.value, AttemptState.CLOSED.value})
_STORED_BODY = 8_000


def ask_channel(customer_id: UUID, attempt_id: UUID, *, now: datetime) -> AttemptState:
    """Ask, and settle the answer. An unpaid trade whose window has ended is closed. Raises NotFound, AmountMismatch."""
    attempt = _attempt(customer_id, attempt_id)
    if attempt.state in _SETTLED:
        return AttemptState(attempt.state)
    channel = rail(attempt.channel)
    reply = channel.query(charge_ref(attempt))
    if now >= attempt.expires_at and reply.outcome in (Outcome.WAITING, Outcome.NOT_FOUND):
        return _end(attempt, reply, now=now)
    return settle_attempt(customer_id, attempt_id, reply, actor="channel:" + attempt.channel, now=now, asked=True)


def close_attempt(customer_id: UUID, attempt_id: UUID, *, now: datetime) -> AttemptState:
    """End an attempt at its channel so that another may begin. Whatever the channel says of it is the answer."""
    attempt = _attempt(customer_id, attempt_id)
    if attempt.state in _SETTLED:
        return AttemptState(attempt.state)
    reply = rail(attempt.channel).query(charge_ref(attempt))
    if reply.outcome in (Outcome.WAITING, Outcome.NOT_FOUND):
        return _end(attempt, reply, now=now)
    return settle_attempt(customer_id, attempt_id, reply, actor="channel:" + attempt.channel, now=now, asked=True)


def _end(attempt: PaymentAttempt, last: ChannelReply, *, now: datetime) -> AttemptState:
    """Close the trade. A channel that knows no trade has none to pay: its cashier was never opened.

    A cashier that is opened later finds the window shut only at `expires_at`; money that comes even so is booked. A
    debit that is not known yet may still be on its way: only the end of its window ends it.
    """
    reply = rail(attempt.channel).close(charge_ref(attempt))
    signal: ChannelReply | Step = reply
    may_come = attempt.method != AttemptMethod.CASHIER and now < attempt.expires_at
    if reply.outcome is Outcome.NOT_FOUND and last.outcome is Outcome.NOT_FOUND and not may_come:
        signal = Step.EXPIRED
    return settle_attempt(
        attempt.customer_id, attempt.id, signal, actor="channel:" + attempt.channel, now=now, asked=True
    )


def receive_notification(
    channel_name: str, callback: Callback, *, remote_address: str, now: datetime
) -> Acknowledgement:
    """Believe a callback only when its signature holds and its number and amount are ours; then settle it.

    The answer is what the channel waits for. Raises NotificationRefused, AmountMismatch; both are recorded.
    """
    channel = rail(channel_name)
    try:
        notification = channel.read_notification(callback)
        evidence = Evidence(channel=channel_name, notify_id=notification.notify_id, body=notification.raw)
        _take(notification.reply, evidence, now=now)
    except (NotificationRefused, AmountMismatch) as refusal:
        _record_refusal(channel_name, refusal, callback, remote_address=remote_address, now=now)
        raise
    return channel.acknowledge()


def _take(reply: Reply, evidence: Evidence, *, now: datetime) -> None:
    """What a notification is about decides who settles it."""
    match reply:
        case ChannelReply():
            _take_payment(reply, evidence, now=now)
        case RefundReply():
            take_refund(reply, evidence, now=now)
        case AgreementReply():
            receive_agreement(evidence.channel, reply, now=now)
        case ReserveReply():
            take_reserve(evidence.channel, reply, now=now)
        case _:
            raise NotificationRefused(channel=evidence.channel, reason=RefusalReason.MALFORMED)


def _take_payment(reply: ChannelReply, evidence: Evidence, *, now: datetime) -> None:
    holder = directory.find(DirectoryKind.OUT_TRADE_NO, reply.out_trade_no)
    if holder is None:
        raise NotificationRefused(channel=evidence.channel, reason=RefusalReason.MALFORMED)
    settle_attempt(
        holder.customer_id, holder.target_id, reply, actor="channel:" + evidence.channel, now=now, evidence=evidence
    )


def charge_ref(attempt: PaymentAttempt) -> ChargeRef:
    """What names the attempt at its channel."""
    return ChargeRef(
        out_trade_no=attempt.out_trade_no,
        amount=Money(attempt.amount_minor, attempt.currency),
        submitted_at=attempt.created_at,
        trade_no=attempt.trade_no,
    )


def _record_refusal(
    channel: str, refusal: FenqiError, callback: Callback, *, remote_address: str, now: datetime
) -> None:
    reason = str(refusal.details.get("reason", refusal.code))
    RefusedCallback.objects.create(
        channel=channel,
        reason=reason,
        remote_address=remote_address[:64],
        body=callback.body[:_STORED_BODY].decode(errors="replace").replace("\x00", ""),
        received_at=now,
    )
    _log.warning("callback_refused", channel=channel, reason=reason)


def _attempt(customer_id: UUID, attempt_id: UUID) -> PaymentAttempt:
    attempt = PaymentAttempt.objects.filter(customer_id=customer_id, id=attempt_id).first()
    if attempt is None:
        raise NotFound
    return attempt
