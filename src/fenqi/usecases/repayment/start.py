"""A customer confirms a repayment: our number is stored, then the customer is sent to the channel's cashier."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import CashierChannel, ChargeRequest, Redirect
from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, Step, next_query_at, next_state
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import AttemptMethod, DirectoryKind, OrderLine, Payment, PaymentAttempt, PaymentState
from fenqi.records.posting import Decision, Row, write
from fenqi.usecases import outbox, plan_file
from fenqi.usecases.rails import rail, rails
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.quote import QuoteExpired, RepaymentQuote, quote_on_file, read_token

CASHIER_WINDOW = timedelta(minutes=15)
_NUMBER_LENGTH = 24
_NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that are read as another


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


class MethodUnavailable(FenqiError):
    """The channel cannot carry this payment."""

    code = "method_unavailable"
    status = 409
    zh = "这种还款方式暂时不能用，请换一种。"
    en = "This method cannot be used now: choose another."


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay, and why it cannot be used when it cannot."""

    channel: str
    available: bool
    reason: str  # empty, or a stable word: currency


@dataclass(frozen=True, slots=True)
class StartedRepayment:
    payment_id: UUID
    attempt_id: UUID
    redirect_url: str


def methods(quote: RepaymentQuote) -> tuple[Method, ...]:
    """All rails that are set up; those that cannot carry this payment say why (R112)."""
    return tuple(
        Method(found.name, quote.currency in found.currencies, "" if quote.currency in found.currencies else "currency")
        for found in rails()
    )


def start_repayment(
    *, customer_id: UUID, plan_id: UUID, quote_token: str, channel: str, request_key: str, now: datetime
) -> StartedRepayment:
    """Store payment and attempt, and say where to send the customer. The same `request_key` gets the same answer.

    Another payment of the plan that is still open is ended at its channel first, outside any transaction; nothing new
    is started unless it is known to have taken no money. Raises NotFound, QuoteExpired, NothingOwed, InvalidChoice,
    MethodUnavailable, PaymentUnderWay, AlreadyPaid.
    """
    repeated = Payment.objects.filter(customer_id=customer_id, request_key=request_key).first()
    if repeated is not None:
        return _again(repeated)
    _end_open_attempts(customer_id, plan_id, now=now)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        repeated = Payment.objects.filter(customer_id=customer_id, request_key=request_key).first()
        if repeated is not None:
            return _again(repeated)
        for attempt in _open_attempts(customer_id, plan_id):
            raise PaymentUnderWay(payment_id=attempt.payment_id)
        file = plan_file.read(customer_id, plan_id)
        choice, promised = read_token(quote_token, customer_id=customer_id, plan_id=plan_id, now=now)
        quote = quote_on_file(file, choice, now=now)
        if quote.amount_minor != promised:
            raise QuoteExpired
        if quote.currency not in rail(channel).currencies:
            raise MethodUnavailable
        payment, attempt_row = _rows(quote, channel=channel, request_key=request_key, now=now)
        decision = Decision(locked.customer_id)
        decision.add("payment", payment)
        decision.add("payment_attempt", attempt_row)
        decision.add(
            "directory",
            {
                "kind": DirectoryKind.OUT_TRADE_NO.value,
                "key": attempt_row["out_trade_no"],
                "target_id": attempt_row["id"],
            },
        )
        outbox.ask_later(decision, attempt_row["id"], at=attempt_row["next_query_at"], now=now)
        write(decision)
    return _answer(PaymentAttempt.objects.get(customer_id=customer_id, id=attempt_row["id"]), file.order_id)


def _rows(quote: RepaymentQuote, *, channel: str, request_key: str, now: datetime) -> tuple[Row, Row]:
    payment_id, attempt_id = new_id(), new_id()
    expires_at = min(now + CASHIER_WINDOW, quote.valid_until)
    payment = {
        "id": payment_id,
        "plan_id": quote.plan_id,
        "purpose": quote.choice.purpose.value,
        "installments": list(quote.rows),
        "amount_minor": quote.amount_minor,
        "currency": quote.currency,
        "state": PaymentState.OPEN.value,
        "channel": channel,
        "quoted_on": quote.quoted_on,
        "expires_at": expires_at,
        "event_id": None,
        "request_key": request_key,
        "created_at": now,
        "succeeded_at": None,
        "updated_at": now,
    }
    attempt = {
        "id": attempt_id,
        "payment_id": payment_id,
        "attempt_no": 1,
        "channel": channel,
        "out_trade_no": "F" + "".join(secrets.choice(_NUMBER_LETTERS) for _ in range(_NUMBER_LENGTH)),
        "amount_minor": quote.amount_minor,
        "currency": quote.currency,
        "state": next_state(AttemptState.CREATED, Step.SENT).value,  # stored before the first byte leaves
        "trade_no": "",
        "code": "",
        "category": "",
        "asked": 0,
        "next_query_at": next_query_at(0, now),
        "method": AttemptMethod.CASHIER.value,
        "card_id": None,
        "agreement_id": None,
        "retry": "",
        "cashier": {},
        "expires_at": expires_at,
        "created_at": now,
        "resolved_at": None,
        "paid_at": None,
        "reply": {},
    }
    return payment, attempt


def _again(payment: Payment) -> StartedRepayment:
    attempt = PaymentAttempt.objects.filter(customer_id=payment.customer_id, payment_id=payment.id).order_by(
        "-attempt_no"
    )[0]
    return _answer(attempt, plan_file.read(payment.customer_id, payment.plan_id).order_id)


def _answer(attempt: PaymentAttempt, order_id: UUID) -> StartedRepayment:
    """The cashier's address is signed from what is stored, so that it can be given again."""
    line = OrderLine.objects.filter(customer_id=attempt.customer_id, order_id=order_id).order_by("line_no").first()
    channel = rail(attempt.channel)
    if not isinstance(channel, CashierChannel):
        raise MethodUnavailable
    redirect = channel.start(
        ChargeRequest(
            out_trade_no=attempt.out_trade_no,
            amount=Money(attempt.amount_minor, attempt.currency),
            subject=line.name[:60] if line else "分期还款",
            notify_url=f"{settings.FENQI_PUBLIC_URL}/channels/{attempt.channel}/notify",
            return_url=f"{settings.FENQI_PUBLIC_URL}/repayments/{attempt.payment_id}/return",
            submitted_at=attempt.created_at,
            expires_at=attempt.expires_at,
        )
    )
    if not isinstance(redirect, Redirect):
        raise MethodUnavailable
    return StartedRepayment(attempt.payment_id, attempt.id, redirect.url)


def _open_attempts(customer_id: UUID, plan_id: UUID) -> list[PaymentAttempt]:
    """Attempts at payments of the plan whose outcome may still be money."""
    payments = Payment.objects.filter(customer_id=customer_id, plan_id=plan_id, state=PaymentState.OPEN)
    open_states = (AttemptState.CREATED, AttemptState.SUBMITTED, AttemptState.UNKNOWN)
    return list(
        PaymentAttempt.objects.filter(
            customer_id=customer_id,
            payment_id__in=list(payments.values_list("id", flat=True)),
            state__in=[state.value for state in open_states],
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
