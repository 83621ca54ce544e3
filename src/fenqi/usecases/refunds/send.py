"""Send a leg to its channel: stored as sent before the first byte leaves, called outside any transaction."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import ChannelRefuses, RefundReply, RefundRequest
from fenqi.domain.errors import NotFound
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.payments.refund_schedule import ask_refund_after, pause_between_refunds
from fenqi.domain.payments.refunds import RefundState, RefundStep, next_refund_state
from fenqi.records import locks
from fenqi.records.models import PaymentAttempt, Refund, RefundLeg, RefundRoute
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox
from fenqi.usecases.rails import rail
from fenqi.usecases.refunds.rows import columns_of, is_contradicted
from fenqi.usecases.refunds.settle import find_leg, settle_leg
from fenqi.usecases.repayment.resolve import charge_ref

_REFUSED_BY_US = Verdict(Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEVER)
_REFUSED_AGAIN = Verdict(Outcome.NOT_EXECUTED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEVER, alert=True)


def send_leg(customer_id: UUID, leg_id: UUID, *, now: datetime) -> RefundState:
    """Send a leg that has not been sent; where it stands then. One that has been is asked about by its schedule.

    Two refunds of one payment keep the pause that their channel asks for. Raises NotFound, UnknownChannel,
    AmountMismatch.
    """
    leg = _mark_as_sent(customer_id, leg_id, now=now)
    if leg is None:
        return RefundState(find_leg(customer_id, leg_id).state)
    return settle_leg(customer_id, leg_id, request_refund(leg, is_first=True), now=now)


def request_refund(leg: RefundLeg, *, is_first: bool) -> RefundReply:
    """One call, with the number and the amount of every other one for this leg.

    What our own rules of the channel refuse has never left, if this is the first call; of an earlier one that says
    nothing.
    """
    request = refund_request(leg)
    try:
        return rail(leg.channel).refund(request)
    except ChannelRefuses as refusal:
        verdict = _REFUSED_BY_US if is_first else _REFUSED_AGAIN
        return RefundReply(
            outcome=verdict.outcome,
            code=refusal.code,
            verdict=verdict,
            out_trade_no=request.charge.out_trade_no,
            out_request_no=request.out_request_no,
        )


def refund_request(leg: RefundLeg) -> RefundRequest:
    """What names the leg at its channel. Raises NotFound for a transfer, which has none."""
    attempt = PaymentAttempt.objects.filter(customer_id=leg.customer_id, id__in=[leg.attempt_id]).first()
    if attempt is None:
        raise NotFound
    reason = Refund.objects.values_list("reason", flat=True).get(customer_id=leg.customer_id, id=leg.refund_id)
    return RefundRequest(
        charge=charge_ref(attempt),
        out_request_no=leg.out_refund_no,
        amount=Money(leg.amount_minor, leg.currency),
        reason=reason,
        notify_url=f"{settings.FENQI_PUBLIC_URL}/channels/{leg.channel}/notify",
        submitted_at=leg.submitted_at or leg.created_at,
    )


def _mark_as_sent(customer_id: UUID, leg_id: UUID, *, now: datetime) -> RefundLeg | None:
    """The leg, now stored as sent and with its first question planned; None when it is not to be sent now."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        leg = find_leg(customer_id, leg_id)
        if leg.state != RefundState.CREATED or leg.route != RefundRoute.ORIGINAL or is_held(leg):
            return None
        rail(leg.channel)
        decision = Decision(customer_id)
        wait = _pause(leg, now=now)
        if wait > timedelta():
            outbox.send_refund(decision, leg.id, at=now + wait, now=now)
            write(decision)
            return None
        leg.state = next_refund_state(RefundState(leg.state), RefundStep.SENT).value
        leg.submitted_at = leg.updated_at = now
        leg.next_query_at = now + ask_refund_after(0, None)
        decision.add("refund_leg", columns_of(leg))
        outbox.ask_refund(decision, leg.id, at=leg.next_query_at, now=now)
        write(decision)
    return leg


def is_held(leg: RefundLeg) -> bool:
    """A channel contradicts what is known of the leg's refund: it might go twice, so a person looks first."""
    return any(map(is_contradicted, RefundLeg.objects.filter(customer_id=leg.customer_id, refund_id=leg.refund_id)))


def _pause(leg: RefundLeg, *, now: datetime) -> timedelta:
    """How long to wait after the newest refund of the same payment."""
    sent = RefundLeg.objects.filter(customer_id=leg.customer_id, attempt_id=leg.attempt_id, submitted_at__isnull=False)
    newest = sent.order_by("-submitted_at").values_list("submitted_at", flat=True).first()
    return newest + pause_between_refunds(leg.channel) - now if newest else timedelta()
