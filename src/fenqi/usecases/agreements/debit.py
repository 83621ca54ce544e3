"""One debit under an agreement: checked under the lock, stored with our number, then asked of the channel, once.

A worker that is killed between storing and sending leaves a number that is asked about by the schedule, never a second
debit: until its outcome is known, nothing else is tried.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import ChannelRefuses, ChannelReply, DebitChannel, DebitRequest
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, Outcome
from fenqi.domain.payments.auto_debit import beijing_day, is_open, tries_on
from fenqi.domain.payments.conditions import Unavailability
from fenqi.domain.payments.meanings import OUR_FAULT
from fenqi.records import locks, personal
from fenqi.records.models import (
    AgreementStatus,
    AttemptMethod,
    BoundCard,
    CardState,
    DebitAgreement,
    OrderLine,
    Payment,
    PaymentAttempt,
    PaymentState,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox, plan_file
from fenqi.usecases.agreements.announce import announced_amount
from fenqi.usecases.agreements.planning import amount_above, debit_quote, keep_next, planned_try, rules_of, tries_under
from fenqi.usecases.agreements.settle import ABOVE_LIMIT, BY_SYSTEM, CARD_UNUSABLE, end, find_agreement, replan
from fenqi.usecases.cards.tokens import token_of
from fenqi.usecases.conditions.queries import method_unavailability
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.rails import rail
from fenqi.usecases.repayment.quote import RepaymentQuote
from fenqi.usecases.repayment.sending import Sending, store_attempt
from fenqi.usecases.repayment.settle import settle_attempt

DEBIT_WINDOW = timedelta(minutes=15)
"""For so long the channel may take it; afterwards a debit that it does not know was never made."""
AFTER_A_PAYMENT_UNDER_WAY = timedelta(minutes=20)
_OPEN_ATTEMPTS = (AttemptState.CREATED.value, AttemptState.SUBMITTED.value, AttemptState.UNKNOWN.value)


def debit_due(customer_id: UUID, agreement_id: UUID, *, now: datetime) -> AttemptState | None:
    """Debit what is due, if it is time and nothing stands against it; None when nothing was debited.

    May be called as often as one likes: only the call that finds the stored instant come debits. Raises NotFound.
    """
    attempt_id = _store(customer_id, agreement_id, now=now)
    if attempt_id is None:
        return None
    attempt = PaymentAttempt.objects.get(customer_id=customer_id, id=attempt_id)
    reply = _debit(attempt)
    return settle_attempt(customer_id, attempt_id, reply, actor="channel:" + attempt.channel, now=now)


def _store(customer_id: UUID, agreement_id: UUID, *, now: datetime) -> UUID | None:
    """The attempt to make, as it is stored."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        agreement = find_agreement(customer_id, agreement_id)
        if agreement.status != AgreementStatus.ACTIVE or agreement.next_try_at is None or agreement.next_try_at > now:
            return None
        file = plan_file.read(customer_id, agreement.plan_id)
        decision = Decision(customer_id)
        attempt_id = _decide(decision, agreement, file, now=now)
        write(decision)
        return attempt_id


def _decide(decision: Decision, agreement: DebitAgreement, file: PlanFile, *, now: datetime) -> UUID | None:
    """The attempt to make; without one the next instant is worked out, or the agreement has ended."""
    if not _card_is_usable(agreement):
        end(decision, agreement, by=BY_SYSTEM, reason=CARD_UNUSABLE, now=now)
        return None
    if file.frozen_until is not None and now < file.frozen_until:  # it moves to another holder
        keep_next(decision, agreement, file.frozen_until, now=now)
        return None
    quote = _quote(agreement, file, now=now)
    if quote is None:
        if amount_above(file, most_minor=agreement.limit_minor, at=now):
            outbox.tell_of_agreement(decision, agreement.id, news=ABOVE_LIMIT, at=polite_time(now), now=now)
        replan(decision, agreement, file, now=now)
        return None
    if _is_under_way(agreement):  # whatever comes of it, what is owed then is looked at again
        _look_again(decision, agreement, now=now)
        return None
    closed = _what_closes_the_channel(agreement, quote, now=now)
    if closed is not None:
        _wait_for_the_channel(decision, agreement, file, until=closed.until, now=now)
        return None
    return _add_attempt(decision, agreement, quote, now=now)


def _quote(agreement: DebitAgreement, file: PlanFile, *, now: datetime) -> RepaymentQuote | None:
    """What may be debited at this instant; None outside the hours, after too many tries, without the notice."""
    rules = rules_of(rail(agreement.channel))
    tries = tries_under(agreement.customer_id, agreement.id)
    if not is_open(rules, now) or tries_on(beijing_day(now), tries) >= rules.most_tries_a_day:
        return None
    most = agreement.limit_minor
    if rules.notice_days:
        told = announced_amount(agreement.customer_id, agreement.id, beijing_day(now))
        most = min(most, told) if told is not None else 0
    return debit_quote(file, most_minor=most, at=now)


def _card_is_usable(agreement: DebitAgreement) -> bool:
    if agreement.card_id is None:
        return True
    cards = BoundCard.objects.filter(customer_id=agreement.customer_id, id=agreement.card_id, state=CardState.ACTIVE)
    return cards.exists()


def _is_under_way(agreement: DebitAgreement) -> bool:
    """A payment of the plan may still become money: the customer's own, or an earlier debit."""
    payments = Payment.objects.filter(
        customer_id=agreement.customer_id, plan_id=agreement.plan_id, state=PaymentState.OPEN
    )
    return PaymentAttempt.objects.filter(
        customer_id=agreement.customer_id,
        payment_id__in=list(payments.values_list("id", flat=True)),
        state__in=_OPEN_ATTEMPTS,
    ).exists()


def _what_closes_the_channel(
    agreement: DebitAgreement, quote: RepaymentQuote, *, now: datetime
) -> Unavailability | None:
    """A maintenance, closing hours or a limit that staff know of: a debit would only fail."""
    cards = BoundCard.objects.filter(customer_id=agreement.customer_id, id=agreement.card_id or UUID(int=0))
    bank = cards.values_list("bank", flat=True).first() or ""
    return method_unavailability(
        agreement.customer_id, agreement.channel, bank, quote.amount_minor, quote.currency, now=now
    )


def _wait_for_the_channel(
    decision: Decision, agreement: DebitAgreement, file: PlanFile, *, until: datetime | None, now: datetime
) -> None:
    """The first slot after it; what no waiting helps is looked at again on the next day, when less may be due."""
    again_at = max(until or now + timedelta(days=1), now + rules_of(rail(agreement.channel)).pause)
    keep_next(decision, agreement, planned_try(agreement, file, now=again_at), now=now)


def _look_again(decision: Decision, agreement: DebitAgreement, *, now: datetime) -> None:
    at = now + AFTER_A_PAYMENT_UNDER_WAY
    DebitAgreement.objects.filter(customer_id=agreement.customer_id, id=agreement.id).update(
        next_try_at=at, updated_at=now
    )
    outbox.about_agreement(decision, outbox.AUTO_DEBIT, agreement.id, at=at, now=now)


def _add_attempt(decision: Decision, agreement: DebitAgreement, quote: RepaymentQuote, *, now: datetime) -> UUID:
    """Payment, attempt and our number; while it is under way no next try is planned."""
    due_on = max(row.due_on for row in quote.before.rows if row.n in quote.rows)
    name = f"auto_debit:{agreement.id}:{due_on}:"
    earlier = Payment.objects.filter(customer_id=agreement.customer_id, request_key__startswith=name).count()
    sending = Sending(
        plan_id=agreement.plan_id,
        purpose=quote.choice.purpose,
        rows=quote.rows,
        amount_minor=quote.amount_minor,
        currency=quote.currency,
        channel=agreement.channel,
        method=AttemptMethod.AUTO_DEBIT,
        quoted_on=quote.quoted_on,
        expires_at=now + DEBIT_WINDOW,
        request_key=f"{name}{earlier + 1}",
        card_id=agreement.card_id,
        agreement_id=agreement.id,
    )
    sent = store_attempt(decision, sending, now=now)
    DebitAgreement.objects.filter(customer_id=agreement.customer_id, id=agreement.id).update(
        next_try_at=None, updated_at=now
    )
    return sent.attempt_id


def _debit(attempt: PaymentAttempt) -> ChannelReply:
    """Ask the channel for the money. What it refuses to carry was not executed."""
    channel = rail(attempt.channel)
    assert isinstance(channel, DebitChannel)
    payment = Payment.objects.get(customer_id=attempt.customer_id, id=attempt.payment_id)
    file = plan_file.read(attempt.customer_id, payment.plan_id)
    line = OrderLine.objects.filter(customer_id=file.customer_id, order_id=file.order_id).order_by("line_no").first()
    try:
        return channel.debit(
            DebitRequest(
                out_trade_no=attempt.out_trade_no,
                amount=Money(attempt.amount_minor, attempt.currency),
                subject=line.name[:60] if line else "分期还款",
                notify_url=f"{settings.FENQI_PUBLIC_URL}/channels/{attempt.channel}/notify",
                authority=_authority(attempt),
                submitted_at=attempt.created_at,
                expires_at=attempt.expires_at,
            )
        )
    except ChannelRefuses as refusal:
        return ChannelReply(
            outcome=Outcome.NOT_EXECUTED, out_trade_no=attempt.out_trade_no, code=refusal.code, verdict=OUR_FAULT
        )


def _authority(attempt: PaymentAttempt) -> str:
    """The card's token, or the channel's number of the agreement."""
    if attempt.card_id is not None:
        card = BoundCard.objects.get(customer_id=attempt.customer_id, id=attempt.card_id)
        return token_of(card)
    assert attempt.agreement_id is not None
    agreement = find_agreement(attempt.customer_id, attempt.agreement_id)
    return personal.decrypt(agreement.agreement_no_encrypted.encode())
