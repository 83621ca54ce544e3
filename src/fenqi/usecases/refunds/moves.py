"""What follows from a leg's move: the entry, the next legs, the state of the refund, and what is done later."""

from collections.abc import Sequence
from datetime import date, datetime

from fenqi.channels.interface import RefundReply
from fenqi.domain.ledger import Account, Entry, clearing, refund_paid_entry, refund_returned_entry, transfer_paid_entry
from fenqi.domain.payments import RetryMark
from fenqi.domain.payments.refund_schedule import ask_refund_after
from fenqi.domain.payments.refunds import SPENT, RefundState
from fenqi.domain.payments.splitting import Split, split
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import PaymentAttempt, Refund, RefundCause, RefundLeg, RefundRoute, RefundStatus
from fenqi.records.posting import Decision, Row
from fenqi.usecases import clock, outbox
from fenqi.usecases.aftersales.refund_keys import case_of
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.refunds.rows import add_legs, columns_of, status_of
from fenqi.usecases.refunds.sources import sources_of
from fenqi.usecases.reserves.due import look_at_reserve

MOST_TRIES_OVER_ONE_PAYMENT = 2
_MAY_TRY_AGAIN = frozenset({RetryMark.NEW_ATTEMPT, RetryMark.SAME_REQUEST, RetryMark.LATER})
_ON_ITS_WAY = frozenset({RefundState.PROCESSING, RefundState.SUCCEEDED})
_GIVES_UP_ITS_PAYMENT = SPENT | {RefundState.ABNORMAL}


def move_leg(
    decision: Decision,
    locked: LockedCustomer,
    leg: RefundLeg,
    after: RefundState,
    *,
    changes: Row,
    told: RefundReply | None = None,
    now: datetime,
) -> None:
    """Put the move into the decision with all that follows: the entry, the next legs, the refund, the messages."""
    before = RefundState(leg.state)
    for name, value in changes.items():
        setattr(leg, name, value)
    leg.state, leg.updated_at = after.value, now
    refund = _refund_of(leg)
    added: Sequence[RefundLeg] = ()
    if after is not before:
        _post(decision, locked, refund, leg, after, now=now)
        if after in SPENT:
            added = _carry_on(decision, refund, leg, told, now=now)
        if after is RefundState.SUCCEEDED and leg.arrived_on is None and leg.expected_by is not None:
            outbox.look_at_arrival(decision, leg.id, at=clock.end_of_business_day(leg.expected_by), now=now)
        if after in _ON_ITS_WAY and before not in _ON_ITS_WAY and refund.cause == RefundCause.DUPLICATE:
            outbox.tell_on_its_way(decision, refund.id, now=now)
        follow_its_case(decision, refund, now=now)
    if changes or after is not before:
        decision.add("refund_leg", columns_of(leg))
        _settle_refund(decision, refund, [*_other_legs(leg), leg, *added], now=now)


def follow_its_case(decision: Decision, refund: Refund, *, now: datetime) -> None:
    """Where a leg of a case's refund got to may complete the case."""
    case_id = case_of(refund.source_key)
    if case_id is not None:
        outbox.about_case(decision, outbox.FOLLOW_CASE, case_id, now=now)


def _post(
    decision: Decision,
    locked: LockedCustomer,
    refund: Refund,
    leg: RefundLeg,
    after: RefundState,
    *,
    now: datetime,
) -> None:
    """Money that left has the day on which its channel took the order to send it, as on the channel's own bill."""
    if after is RefundState.SUCCEEDED:
        entry, on = _paid(leg), clock.business_date(leg.submitted_at or now)
    elif after is RefundState.RETURNED:
        entry, on = _returned(leg), clock.business_date(now)
    else:
        return
    columns, lines, head = entry_columns(
        entry,
        code=entry.code,
        on=on,
        currency=leg.currency,
        about=About(
            customer_id=leg.customer_id,
            plan_id=refund.plan_id,
            order_id=refund.order_id,
            payment_id=refund.payment_id,
        ),
        head=ChainHead(locked.entry_seq, locked.entry_hash),
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = head.seq
    if after is RefundState.SUCCEEDED:
        leg.entry_id = columns["id"]
    else:
        leg.arrived_on = None


def _paid(leg: RefundLeg) -> Entry:
    if leg.route == RefundRoute.TRANSFER:
        return transfer_paid_entry(leg.amount_minor)
    return refund_paid_entry(leg.amount_minor, source=clearing(leg.channel))


def _returned(leg: RefundLeg) -> Entry:
    is_transfer = leg.route == RefundRoute.TRANSFER
    source = Account.BANK_SETTLEMENT if is_transfer else clearing(leg.channel)
    return refund_returned_entry(leg.amount_minor, source=source)


def _carry_on(
    decision: Decision, refund: Refund, leg: RefundLeg, told: RefundReply | None, *, now: datetime
) -> Sequence[RefundLeg]:
    """What the spent leg was to carry goes by another: under a new number, over other payments, or by transfer."""
    retry = told.retry if told else None
    return add_legs(
        decision,
        refund.id,
        _next_way(refund, leg, told, on=clock.business_date(now)),
        currency=leg.currency,
        first_no=max(other.leg_no for other in [*_other_legs(leg), leg]) + 1,
        now=now,
        send_at=now + ask_refund_after(0, retry),
    )


def _next_way(refund: Refund, leg: RefundLeg, told: RefundReply | None, *, on: date) -> Split[PaymentAttempt]:
    """Once more over the same payment where the channel's answer allows it; never again over one that gave it back.

    Without a word of a channel staff have decided: it is transferred.
    """
    if told is None or leg.route == RefundRoute.TRANSFER:
        return Split((), leg.amount_minor)
    legs = [*_other_legs(leg), leg]
    tried = {one.attempt_id for one in legs if one.attempt_id and one.state in _GIVES_UP_ITS_PAYMENT}
    tries = sum(one.attempt_id == leg.attempt_id for one in legs)
    if leg.state == RefundState.FAILED and told.retry in _MAY_TRY_AGAIN and tries < MOST_TRIES_OVER_ONE_PAYMENT:
        tried -= {leg.attempt_id}
    sources = sources_of(
        leg.customer_id,
        plan_id=refund.plan_id,
        payment_id=refund.payment_id,
        currency=leg.currency,
        except_for=tried,
        without_leg=leg.id,
    )
    return split(leg.amount_minor, sources, on=on)


def _settle_refund(decision: Decision, refund: Refund, legs: Sequence[RefundLeg], *, now: datetime) -> None:
    status = status_of(refund.amount_minor, legs)
    completed_at = (refund.completed_at or now) if status is RefundStatus.COMPLETED else None
    if (status, completed_at) != (refund.status, refund.completed_at):
        decision.add("refund", columns_of(refund, status=status.value, completed_at=completed_at, updated_at=now))
        if status is RefundStatus.COMPLETED and refund.cause != RefundCause.RESERVE:
            look_at_reserve(decision, refund.order_id, now=now)


def _refund_of(leg: RefundLeg) -> Refund:
    return Refund.objects.get(customer_id=leg.customer_id, id=leg.refund_id)


def _other_legs(leg: RefundLeg) -> list[RefundLeg]:
    return list(RefundLeg.objects.filter(customer_id=leg.customer_id, refund_id=leg.refund_id).exclude(id=leg.id))
