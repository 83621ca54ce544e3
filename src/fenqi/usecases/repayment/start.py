"""A customer confirms a repayment: our number is stored, then the customer is sent on, or the card is debited.

Whatever is asked of a channel is asked outside a transaction, and only about an attempt that is stored. Asked again
under the same key, a cashier is opened again under the same number; a card is never debited a second time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import (
    CashierChannel,
    ChannelRefuses,
    ChannelReply,
    ChargeRequest,
    DebitChannel,
    DebitRequest,
    Device,
    Redirect,
    ScanCode,
)
from fenqi.domain.entries import EntryKind
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.money import Money
from fenqi.domain.payments import (
    AttemptState,
    FailureCategory,
    Outcome,
    RetryMark,
    Verdict,
)
from fenqi.records import locks
from fenqi.records.models import (
    AttemptMethod,
    BoundCard,
    OrderLine,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PaymentState,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import plan_file
from fenqi.usecases.cards.tokens import token_of
from fenqi.usecases.entries.guard import require_open
from fenqi.usecases.rails import rail
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.methods import Method, MethodKey, usable_method
from fenqi.usecases.repayment.quote import QuoteExpired, RepaymentQuote, quote_on_file, read_token
from fenqi.usecases.repayment.sending import Sending, store_attempt
from fenqi.usecases.repayment.settle import settle_attempt

CASHIER_WINDOW = timedelta(minutes=15)
_REFUSED_BY_RULE = Verdict(Outcome.NOT_EXECUTED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEW_ATTEMPT)
_OPEN = frozenset({AttemptState.CREATED, AttemptState.SUBMITTED, AttemptState.UNKNOWN})


class PaymentUnderWay(FenqiError):
    """An earlier payment of the plan is not ended; its outcome must be known first."""

    code = "outcome_unknown"
    status = 409
    zh = "上一笔还款的结果还不知道，请先别再付一次。我们正在向支付渠道查询。"
    en = "The outcome of the earlier payment is not known yet. Please do not pay again: we are asking the channel."

    def __init__(self, *, payment_id: UUID) -> None:
        self.payment_id = payment_id
        super().__init__(payment_id=str(payment_id))


class AlreadyPaid(PaymentUnderWay):
    """The earlier payment turned out to have succeeded."""

    code = "already_paid"
    zh = "刚才那笔还款已经成功，不需要再付。"
    en = "The earlier payment has succeeded: there is no need to pay again."


class Next(StrEnum):
    """Where the payer's browser goes."""

    CHANNEL = "redirect"  # to the channel's own page
    SCAN = "scan"  # to a code that the channel's app scans
    RESULT = "result"  # nowhere: what became of it, or that nobody knows yet, can be read


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRepayment:
    """`redirect_url` and `scan_code` are empty unless `next` says so."""

    payment_id: UUID
    attempt_id: UUID
    next: Next
    redirect_url: str = ""
    scan_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """What the payer holds, and the network address the channel's risk control is told of.

    Both are part of what was ordered, so they are kept with the attempt: a channel takes a number once more only with
    the parameters it came with first.
    """

    device: Device = Device.PHONE
    address: str = "127.0.0.1"
    in_app: bool = False  # the cashier leads back to the finance app, not to the mall's page


def start_repayment(
    *,
    customer_id: UUID,
    plan_id: UUID,
    quote_token: str,
    method: str,
    request_key: str,
    now: datetime,
    payer: Payer | None = None,
    via: EntryKind = EntryKind.MALL_PAGE,
) -> StartedRepayment:
    """Store payment and attempt, ask the channel, and say where the payer goes. The same `request_key` pays once.

    `method` is a key of `methods`. Another payment of the plan that is still open is ended at its channel first; a new
    one is started only when that is known to have taken no money. `via` is the entry through which the customer came:
    one that is closed starts nothing new. Raises NotFound, EntryClosed, QuoteExpired, NothingOwed, InvalidChoice,
    MethodUnavailable, UnknownChannel, PaymentUnderWay, AlreadyPaid.
    """
    payer = payer or Payer()
    repeated = _started_before(customer_id, request_key)
    if repeated is not None:
        return _again(repeated, payer, now=now)
    require_open(customer_id, plan_id, via, now=now)
    _end_open_attempts(customer_id, plan_id, now=now)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        repeated = _started_before(customer_id, request_key)
        attempt_id = (
            None
            if repeated
            else _store(
                locked,
                plan_id,
                quote_token,
                MethodKey.read(method),
                request_key=request_key,
                payer=payer,
                now=now,
            )
        )
    if attempt_id is None:
        assert repeated is not None
        return _again(repeated, payer, now=now)
    return send_attempt(PaymentAttempt.objects.get(customer_id=customer_id, id=attempt_id), payer, now=now)


def reopen(customer_id: UUID, payment_id: UUID, *, payer: Payer, now: datetime) -> StartedRepayment:
    """Back to the cashier of a payment that is not ended: a fresh address, under the same number. Raises NotFound."""
    payment = Payment.objects.filter(customer_id=customer_id, id=payment_id).first()
    if payment is None:
        raise NotFound
    return _again(payment, payer, now=now)


def _started_before(customer_id: UUID, request_key: str) -> Payment | None:
    return Payment.objects.filter(customer_id=customer_id, request_key=request_key).first()


def _store(
    locked: locks.LockedCustomer,
    plan_id: UUID,
    quote_token: str,
    key: MethodKey,
    *,
    request_key: str,
    payer: Payer,
    now: datetime,
) -> UUID:
    """Payment and attempt as they are sent, with the number that the channel will know; gives the attempt's id."""
    customer_id = locked.customer_id
    for attempt in _open_attempts(customer_id, plan_id):
        raise PaymentUnderWay(payment_id=attempt.payment_id)
    file = plan_file.read(customer_id, plan_id)  # first: whoever may not see the plan does not learn that it exists
    choice, promised = read_token(quote_token, customer_id=customer_id, plan_id=plan_id, now=now)
    quote = quote_on_file(file, choice, now=now)
    if quote.amount_minor != promised:
        raise QuoteExpired
    method = usable_method(customer_id, key, quote, now=now)
    decision = Decision(customer_id)
    sent = store_attempt(decision, _sending(quote, method, payer, request_key=request_key, now=now), now=now)
    write(decision)
    return sent.attempt_id


def _sending(quote: RepaymentQuote, method: Method, payer: Payer, *, request_key: str, now: datetime) -> Sending:
    """A bound card is debited as it is; a cashier is ordered for who pays there."""
    return Sending(
        plan_id=quote.plan_id,
        purpose=quote.choice.purpose,
        rows=quote.rows,
        amount_minor=quote.amount_minor,
        currency=quote.currency,
        channel=method.channel,
        method=AttemptMethod.CARD if method.card else AttemptMethod.CASHIER,
        quoted_on=quote.quoted_on,
        expires_at=min(now + CASHIER_WINDOW, quote.valid_until),
        request_key=request_key,
        card_id=method.card.card_id if method.card else None,
        cashier={} if method.card else _ordered_for(payer),
    )


def _ordered_for(payer: Payer) -> dict[str, str]:
    kept = {"device": payer.device.value, "payer_ip": payer.address}
    return {**kept, "back_to": "app"} if payer.in_app else kept


def _again(payment: Payment, payer: Payer, *, now: datetime) -> StartedRepayment:
    """The cashier once more while it may be paid there, ordered as it was first; else the result."""
    attempt = (
        PaymentAttempt.objects.filter(customer_id=payment.customer_id, payment_id=payment.id)
        .order_by("-attempt_no")
        .first()
    )
    if attempt is None:
        raise NotFound
    reopens = attempt.method == AttemptMethod.CASHIER and attempt.state == AttemptState.SUBMITTED
    if not reopens or now >= attempt.expires_at:
        return _result(attempt)
    return send_attempt(attempt, _first_payer(attempt, payer), now=now)


def _first_payer(attempt: PaymentAttempt, payer: Payer) -> Payer:
    """Who the attempt was ordered for."""
    kept = attempt.cashier
    return Payer(
        device=Device(kept.get("device", payer.device)),
        address=kept.get("payer_ip", payer.address),
        in_app=kept.get("back_to") == "app",
    )


def send_attempt(attempt: PaymentAttempt, payer: Payer, *, now: datetime) -> StartedRepayment:
    """Ask the channel, outside any transaction. What it says at once is settled; where it points is kept."""
    try:
        answer = _asked(attempt, payer)
    except ChannelRefuses:
        answer = ChannelReply(
            outcome=Outcome.NOT_EXECUTED,
            out_trade_no=attempt.out_trade_no,
            code=ChannelRefuses.code,
            verdict=_REFUSED_BY_RULE,
        )
    match answer:
        case Redirect(url):
            _keep_cashier(attempt, {"url": url})
            return StartedRepayment(
                payment_id=attempt.payment_id, attempt_id=attempt.id, next=Next.CHANNEL, redirect_url=url
            )
        case ScanCode(text):
            _keep_cashier(attempt, {"code": text})
            return StartedRepayment(
                payment_id=attempt.payment_id, attempt_id=attempt.id, next=Next.SCAN, scan_code=text
            )
        case ChannelReply():
            actor = "channel:" + attempt.channel
            settle_attempt(attempt.customer_id, attempt.id, answer, actor=actor, now=now)
    return _result(attempt)


def _result(attempt: PaymentAttempt) -> StartedRepayment:
    return StartedRepayment(payment_id=attempt.payment_id, attempt_id=attempt.id, next=Next.RESULT)


def _asked(attempt: PaymentAttempt, payer: Payer) -> Redirect | ScanCode | ChannelReply:
    channel = rail(attempt.channel)
    shared: dict[str, Any] = {
        "out_trade_no": attempt.out_trade_no,
        "amount": Money(attempt.amount_minor, attempt.currency),
        "subject": _subject(attempt),
        "notify_url": f"{settings.FENQI_PUBLIC_URL}/channels/{attempt.channel}/notify",
        "submitted_at": attempt.created_at,
        "expires_at": attempt.expires_at,
    }
    if attempt.card_id is not None:
        assert isinstance(channel, DebitChannel)
        card = BoundCard.objects.get(customer_id=attempt.customer_id, id=attempt.card_id)
        return channel.debit(DebitRequest(**shared, authority=token_of(card)))
    assert isinstance(channel, CashierChannel)
    return_url = (
        f"{settings.FENQI_FINANCE_APP_URL}/back?payment={attempt.payment_id}"
        if payer.in_app and settings.FENQI_FINANCE_APP_URL
        else f"{settings.FENQI_PUBLIC_URL}/repayments/{attempt.payment_id}/return"
    )
    return channel.start(ChargeRequest(**shared, return_url=return_url, payer_ip=payer.address, device=payer.device))


def _subject(attempt: PaymentAttempt) -> str:
    """What the payer reads at the cashier: the name of what was bought."""
    plan_id = Payment.objects.values_list("plan_id", flat=True).get(
        customer_id=attempt.customer_id, id=attempt.payment_id
    )
    order_id = plan_file.read(attempt.customer_id, plan_id).order_id
    line = OrderLine.objects.filter(customer_id=attempt.customer_id, order_id=order_id).order_by("line_no").first()
    return line.name[:60] if line else "分期还款"


def _keep_cashier(attempt: PaymentAttempt, where: dict[str, str]) -> None:
    """Where the payer was sent, for going back to it."""
    with transaction.atomic(durable=True):
        locks.customer(attempt.customer_id)
        PaymentAttempt.objects.filter(customer_id=attempt.customer_id, id=attempt.id).update(
            cashier={**attempt.cashier, **where}
        )


def _open_attempts(customer_id: UUID, plan_id: UUID) -> list[PaymentAttempt]:
    """Attempts at payments of the plan whose outcome may still be money."""
    payments = Payment.objects.filter(customer_id=customer_id, plan_id=plan_id, state=PaymentState.OPEN)
    payments = payments.exclude(purpose=PaymentPurpose.RESERVE)
    return list(
        PaymentAttempt.objects.filter(
            customer_id=customer_id,
            payment_id__in=list(payments.values_list("id", flat=True)),
            state__in=[state.value for state in _OPEN],
        )
    )


def _end_open_attempts(customer_id: UUID, plan_id: UUID, *, now: datetime) -> None:
    """Close at the channel what is still open there; what it answers is the answer (design, section 6)."""
    for attempt in _open_attempts(customer_id, plan_id):
        state = resolve.close_attempt(customer_id, attempt.id, now=now)
        if state is AttemptState.SUCCEEDED:
            raise AlreadyPaid(payment_id=attempt.payment_id)
        if state not in (AttemptState.CLOSED, AttemptState.FAILED):
            raise PaymentUnderWay(payment_id=attempt.payment_id)
