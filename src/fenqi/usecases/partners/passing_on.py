"""A repayment that came to us although its plan has moved to a lender: it is the lender's, and is passed on to it.

It is booked on the plan as any repayment, for the customer has paid. The lender is told under one number until it has
understood; what it will not take is sent back to the customer the way it came.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import Reply, UnknownPartner
from fenqi.channels.partner import PassedOn
from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import Entry, clearing, duplicate_payment_entry, repayment_passed_on_entry
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, Outcome
from fenqi.domain.plans import Event, EventKind
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import PassedRepayment, Payment, PaymentAttempt, RefundCause
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox, plan_file, rails
from fenqi.usecases.numbers import new_number
from fenqi.usecases.partners.holders import lenders_row
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.refunds.open import open_refund
from fenqi.usecases.refunds.sources import source

WAITING, PASSED, RETURNED = "waiting", "passed", "returned"
RETURN_REASON = "分期已转移，还款退回"
"""What the payer reads at the channel."""

_LONGEST_PAUSE = timedelta(hours=6)


def note_repayment(file: PlanFile, payment_id: UUID, *, amount_minor: int, on: date, now: datetime) -> None:
    """Have it passed on, if the plan had moved to a lender before it was booked. The caller has stored the payment and
    holds the lock.
    """
    held = None if file.provider == MALL else lenders_row(file.customer_id, file.plan_id)
    if held is None or held.taken_over_at is None:
        return
    row = PassedRepayment.objects.create(
        customer_id=file.customer_id,
        id=derived_id("passed_repayment", payment_id),
        plan_id=file.plan_id,
        payment_id=payment_id,
        provider=held.provider,
        plan_no=held.plan_no,
        number=new_number("L"),
        amount_minor=amount_minor,
        currency=file.terms.currency,
        received_on=on,
        state=WAITING,
        created_at=now,
        updated_at=now,
    )
    decision = Decision(file.customer_id)
    outbox.pass_on_repayment(decision, row.id, at=now, now=now)
    write(decision)


def pass_on(customer_id: UUID, passed_id: UUID, *, now: datetime) -> str:
    """Tell the lender; how it stands then: waiting, passed or returned. Once more changes nothing. Raises NotFound."""
    row = _find(customer_id, passed_id)
    if row.state != WAITING:
        return row.state
    reply = _told(row)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        row = _find(customer_id, passed_id)
        if row.state != WAITING:
            return row.state
        decision = Decision(customer_id)
        chain = ChainHead(locked.entry_seq, locked.entry_hash)
        match reply.outcome:
            case Outcome.SUCCEEDED:
                _book_passed(decision, row, chain, now=now)
                row.state, row.settled_at = PASSED, now
            case Outcome.FAILED:
                _send_back(decision, locked, row, now=now)
                row.state, row.settled_at = RETURNED, now
            case _:
                row.asked += 1
                pause = min(_LONGEST_PAUSE, timedelta(seconds=30 * 2 ** min(row.asked, 10)))
                outbox.pass_on_repayment(decision, row.id, at=now + pause, now=now)
        PassedRepayment.objects.filter(customer_id=customer_id, id=row.id).update(
            state=row.state, code=reply.code or "", asked=row.asked, settled_at=row.settled_at, updated_at=now
        )
        write(decision)
    return row.state


def _told(row: PassedRepayment) -> Reply:
    passed = PassedOn(
        number=row.number,
        plan_no=row.plan_no,
        amount=row.amount_minor,
        currency=row.currency,
        received_on=row.received_on,
    )
    try:
        return rails.partner(row.provider).pass_on(passed)
    except UnknownPartner as unknown:
        return Reply(outcome=Outcome.UNKNOWN, code=unknown.code)


def _book_passed(decision: Decision, row: PassedRepayment, chain: ChainHead, *, now: datetime) -> None:
    file = plan_file.read(row.customer_id, row.plan_id)
    entry = repayment_passed_on_entry(row.amount_minor, source=clearing(row.provider))
    _add(decision, row, file, entry, chain, now=now)


def _send_back(decision: Decision, locked: locks.LockedCustomer, row: PassedRepayment, *, now: datetime) -> None:
    """The lender does not take it: it never was a repayment, and goes back over the channel it came by."""
    file = plan_file.read(row.customer_id, row.plan_id)
    payment = Payment.objects.get(customer_id=row.customer_id, id=row.payment_id)
    account = clearing(payment.channel)
    event_id = str(derived_id("repayment_not_taken", row.id))
    event = Event(id=event_id, on=clock.business_date(now), kind=EventKind.REVERSAL, of=str(payment.event_id))
    recorded = plan_file.add_event(
        decision, file, event, source=account, head=locked, payment_id=None, actor=f"partner:{row.provider}", now=now
    )
    _add(decision, row, file, duplicate_payment_entry(row.amount_minor, source=account), recorded.head, now=now)
    attempt = PaymentAttempt.objects.filter(
        customer_id=row.customer_id, payment_id=payment.id, state=AttemptState.SUCCEEDED.value
    ).first()
    open_refund(
        decision,
        locked,
        cause=RefundCause.DUPLICATE,
        source_key=f"not_passed_on:{row.id}",
        amount=Money(row.amount_minor, row.currency),
        reason=RETURN_REASON,
        plan_id=row.plan_id,
        order_id=file.order_id,
        payment_id=row.payment_id,
        sources=[source(attempt, paid_on=row.received_on)] if attempt else [],
        actor=f"partner:{row.provider}",
        now=now,
    )


def _add(
    decision: Decision, row: PassedRepayment, file: PlanFile, entry: Entry, chain: ChainHead, *, now: datetime
) -> None:
    columns, lines, head = entry_columns(
        entry,
        code=entry.code,
        on=clock.business_date(now),
        currency=row.currency,
        about=About(
            customer_id=row.customer_id, plan_id=row.plan_id, order_id=file.order_id, payment_id=row.payment_id
        ),
        head=chain,
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = head.seq


def _find(customer_id: UUID, passed_id: UUID) -> PassedRepayment:
    row = PassedRepayment.objects.filter(customer_id=customer_id, id=passed_id).first()
    if row is None:
        raise NotFound
    return row
