"""The customer agrees, and allows the sum at the channel: by scanning a code to freeze it, or at a cashier to pay it.

On a bound card the agreement is enough: its bank is asked at once, and decides without a page.

What was agreed to and our number are stored before the first byte leaves; begun again, it is the same hold.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import ChannelRefuses, Redirect, ReserveReply, ReserveRequest, ScanCode
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, FailureCategory, Outcome, RetryMark, Verdict, next_query_at
from fenqi.domain.reserves import HoldKind, HoldState, HoldStep, next_hold_state
from fenqi.records import locks
from fenqi.records.models import (
    AttemptMethod,
    BoundCard,
    OrderLine,
    PaymentAttempt,
    PaymentPurpose,
    ReserveHold,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.cards.tokens import token_of
from fenqi.usecases.repayment.methods import MethodKey, MethodUnavailable
from fenqi.usecases.repayment.sending import Sending, store_attempt
from fenqi.usecases.repayment.start import CASHIER_WINDOW, Next, Payer, send_attempt
from fenqi.usecases.reserves.consent import conditions_of
from fenqi.usecases.reserves.errors import ReserveClosed, ReserveConsentChanged
from fenqi.usecases.reserves.rows import find_hold, keep
from fenqi.usecases.reserves.send import channel_of, notify_url
from fenqi.usecases.reserves.settle import settle_hold
from fenqi.usecases.reserves.ways import ReserveWay, chosen_way

_REFUSED_BY_US = Verdict(Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEVER)
_BEGINS = (HoldState.WANTED, HoldState.OFFERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedReserve:
    """Where the payer's browser goes; `redirect_url` and `scan_code` are empty unless `next` says so."""

    hold_id: UUID
    next: Next
    redirect_url: str = ""
    scan_code: str = ""


def start_reserve(
    customer_id: UUID,
    hold_id: UUID,
    *,
    consent: Consent,
    way: MethodKey | None = None,
    payer: Payer | None = None,
    now: datetime,
) -> StartedReserve:
    """Keep the consent, and ask the channel. Begun again while it waits for the payer, it leads to the same place.

    `way`: where a sum is frozen, `alipay` or `bank_card:<id of a bound card>`; without one, at the channel that the
    mall asked for. Raises NotFound, MethodUnavailable, ReserveConsentChanged, ReserveClosed, UnknownChannel.
    """
    hold, is_new = _agreed(customer_id, hold_id, consent, way, payer or Payer(), now=now)
    if HoldState(hold.state) not in _BEGINS:
        return StartedReserve(hold_id=hold.id, next=Next.RESULT)
    if hold.kind == HoldKind.PREPAID:
        return _to_cashier(hold, payer or Payer(), now=now)
    if hold.card_id is not None:
        return _on_card(hold, is_new=is_new, now=now)
    return _to_code(hold, now=now)


def _agreed(
    customer_id: UUID, hold_id: UUID, consent: Consent, way: MethodKey | None, payer: Payer, *, now: datetime
) -> tuple[ReserveHold, bool]:
    """The hold, with the consent kept and stored as sent; and whether that was done now."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        hold = find_hold(customer_id, hold_id)
        if hold.state == HoldState.CLOSED:
            raise ReserveClosed
        if hold.state != HoldState.WANTED:
            return hold, False
        if hold.kind == HoldKind.FROZEN:
            _choose(hold, chosen_way(hold, way))
        text = conditions_of(hold, language=consent.language)
        if text.digest != consent.digest:
            raise ReserveConsentChanged
        hold.consent, hold.consented_at = consent.evidence(text, at=now), now
        hold.state = next_hold_state(HoldState.WANTED, HoldStep.SENT).value
        hold.submitted_at, hold.expires_at, hold.updated_at = now, now + CASHIER_WINDOW, now
        decision = Decision(customer_id)
        if hold.kind == HoldKind.PREPAID:
            hold.payment_id = _store_payment(decision, hold, payer, now=now)
        else:
            hold.next_query_at = next_query_at(0, now) or now
            outbox.ask_reserve(decision, hold.id, at=hold.next_query_at, now=now)
        write(decision)
        keep(hold)
        audit.record(
            f"customer:{customer_id}",
            audit.Action.RESERVE_AGREED,
            customer_id=customer_id,
            subject=f"reserve:{hold.id}",
            details={"version": text.version, "digest": text.digest},
            now=now,
        )
    return hold, True


def _choose(hold: ReserveHold, way: ReserveWay | None) -> None:
    """Raises MethodUnavailable where a card was to be chosen."""
    if way is None:
        raise MethodUnavailable(reason="no_card")
    if way.channel != hold.channel:
        hold.asked_channel, hold.channel = hold.channel, way.channel
    hold.card_id = way.card.card_id if way.card else None


def _on_card(hold: ReserveHold, *, is_new: bool, now: datetime) -> StartedReserve:
    """One request. Begun again, the gateway is asked first, and told the same again only where it knows of nothing."""
    reply = None if is_new else channel_of(hold).query_reserve(number=hold.reserve_no, submitted_at=hold.submitted_at)
    is_in_time = hold.expires_at is not None and now < hold.expires_at
    if reply is None or (is_in_time and reply.outcome is Outcome.NOT_FOUND):
        answer = _asked(hold)
        assert isinstance(answer, ReserveReply)  # a bank has no page
        reply = answer
    settle_hold(hold.customer_id, hold.id, reply, now=now)
    return StartedReserve(hold_id=hold.id, next=Next.RESULT)


def _to_code(hold: ReserveHold, *, now: datetime) -> StartedReserve:
    """The code that the payer scans, ordered as it was first."""
    if hold.scan_code or (hold.expires_at and now >= hold.expires_at):
        return _led_to(hold)
    answer = _asked(hold)
    if isinstance(answer, ScanCode):
        _keep_code(hold, answer.text)
        return StartedReserve(hold_id=hold.id, next=Next.SCAN, scan_code=answer.text)
    if isinstance(answer, Redirect):
        return StartedReserve(hold_id=hold.id, next=Next.CHANNEL, redirect_url=answer.url)
    settle_hold(hold.customer_id, hold.id, answer, now=now)
    return StartedReserve(hold_id=hold.id, next=Next.RESULT)


def _led_to(hold: ReserveHold) -> StartedReserve:
    if not hold.scan_code:
        return StartedReserve(hold_id=hold.id, next=Next.RESULT)
    return StartedReserve(hold_id=hold.id, next=Next.SCAN, scan_code=hold.scan_code)


def _asked(hold: ReserveHold) -> Redirect | ScanCode | ReserveReply:
    assert hold.submitted_at and hold.expires_at  # noqa: PT018 - stored with OFFERED
    request = ReserveRequest(
        number=hold.reserve_no,
        amount=Money(hold.amount_minor, hold.currency),
        subject=_subject(hold),
        notify_url=notify_url(hold),
        return_url=f"{settings.FENQI_PUBLIC_URL}/reserves/{hold.id}",
        submitted_at=hold.submitted_at,
        expires_at=hold.expires_at,
        authority=_authority(hold),
    )
    try:
        return channel_of(hold).freeze(request)
    except ChannelRefuses as refusal:
        return ReserveReply(
            outcome=_REFUSED_BY_US.outcome, number=hold.reserve_no, code=refusal.code, verdict=_REFUSED_BY_US
        )


def _authority(hold: ReserveHold) -> str:
    if hold.card_id is None:
        return ""
    return token_of(BoundCard.objects.get(customer_id=hold.customer_id, id=hold.card_id))


def _subject(hold: ReserveHold) -> str:
    """What the payer reads in the app: that it is the reserve, and of what."""
    line = OrderLine.objects.filter(customer_id=hold.customer_id, order_id=hold.order_id).order_by("line_no").first()
    return f"备用金 {line.name[:50]}" if line else "备用金"


def _keep_code(hold: ReserveHold, code: str) -> None:
    with transaction.atomic(durable=True):
        locks.customer(hold.customer_id)
        waiting = ReserveHold.objects.filter(customer_id=hold.customer_id, id=hold.id, state=HoldState.OFFERED.value)
        waiting.update(scan_code=code)


def _store_payment(decision: Decision, hold: ReserveHold, payer: Payer, *, now: datetime) -> UUID:
    """Payment and attempt as they are sent, with the number that the channel will know."""
    assert hold.plan_id and hold.expires_at  # noqa: PT018 - asked for a plan, stored with OFFERED
    sending = Sending(
        plan_id=hold.plan_id,
        purpose=PaymentPurpose.RESERVE,
        amount_minor=hold.amount_minor,
        currency=hold.currency,
        channel=hold.channel,
        method=AttemptMethod.CASHIER,
        quoted_on=clock.business_date(now),
        expires_at=hold.expires_at,
        request_key=f"reserve:{hold.id}",
        cashier={"device": payer.device.value, "payer_ip": payer.address},
    )
    return store_attempt(decision, sending, now=now).payment_id


def _to_cashier(hold: ReserveHold, payer: Payer, *, now: datetime) -> StartedReserve:
    attempt = PaymentAttempt.objects.get(customer_id=hold.customer_id, payment_id__in=[hold.payment_id])
    if attempt.state != AttemptState.SUBMITTED or now >= attempt.expires_at:
        return StartedReserve(hold_id=hold.id, next=Next.RESULT)
    started = send_attempt(attempt, payer, now=now)
    return StartedReserve(
        hold_id=hold.id, next=started.next, redirect_url=started.redirect_url, scan_code=started.scan_code
    )
