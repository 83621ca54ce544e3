"""When the next debit under an agreement is tried, and of how much: worked out from what is owed and what was tried.

The instant is kept with the agreement, for the customer to see and for the queue to find; it is worked out anew
whenever a try has ended, an agreement begins, or the instant has come and nothing is owed any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from fenqi.channels.interface import AnnouncingChannel, PaymentChannel
from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.domain.payments.auto_debit import (
    DebitRules,
    DebitTry,
    beijing_day,
    debit_rules,
    last_day,
    next_try,
    notice_at,
)
from fenqi.domain.plans import PlanStatus
from fenqi.records.models import AgreementStatus, DebitAgreement, DebitNotice, PaymentAttempt, PaymentPurpose
from fenqi.records.posting import Decision
from fenqi.usecases import outbox
from fenqi.usecases.aftersales.pauses import undisputed
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.rails import rail
from fenqi.usecases.repayment.quote import Choice, NothingOwed, PlanMoving, RepaymentQuote, quote_on_file

ANNOUNCED = "announced"


def rules_of(channel: PaymentChannel) -> DebitRules:
    """The channel's rules; how early it must be told of a debit it says itself."""
    rules = debit_rules(channel.name)
    return replace(rules, notice_days=channel.notice_days if isinstance(channel, AnnouncingChannel) else 0)


def tries_under(customer_id: UUID, agreement_id: UUID) -> tuple[DebitTry, ...]:
    """All tries that were made under the agreement, oldest first."""
    attempts = PaymentAttempt.objects.filter(customer_id=customer_id, agreement_id=agreement_id)
    return tries_of(attempts.order_by("created_at", "id"))


def tries_of(attempts: Iterable[PaymentAttempt]) -> tuple[DebitTry, ...]:
    """The same of attempts that were read."""
    return tuple(
        DebitTry(
            at=attempt.created_at,
            state=AttemptState(attempt.state),
            category=FailureCategory(attempt.category) if attempt.category else None,
        )
        for attempt in attempts
    )


def announced_days(customer_id: UUID, agreement_id: UUID) -> frozenset[date]:
    """The days for which a notice stands."""
    notices = DebitNotice.objects.filter(customer_id=customer_id, agreement_id=agreement_id, state=ANNOUNCED)
    return frozenset(notices.values_list("debit_on", flat=True))


def planned_try(agreement: DebitAgreement, file: PlanFile, *, now: datetime) -> datetime | None:
    """When the next debit is tried; None when nothing is left, or when somebody has to do something first."""
    rules = rules_of(rail(agreement.channel))
    tries = tries_under(agreement.customer_id, agreement.id)
    announced = announced_days(agreement.customer_id, agreement.id)
    for due_on in open_due_days(file, rules, today=beijing_day(now)):
        found = next_try(rules, due_on, tries, now, announced=announced)
        if found is not None:
            return found
    return None


def open_due_days(file: PlanFile, rules: DebitRules, *, today: date) -> Sequence[date]:
    """The due days of what is still owed and still tried, earliest first; none of a plan that is not running.

    What an open return would take off the plan is not tried.
    """
    state = undisputed(file).state()
    if state.status is not PlanStatus.ACTIVE:
        return ()
    days = {row.due_on for row in state.rows if row.outstanding.total}
    return sorted(day for day in days if last_day(rules, day) >= today)


def plan_next(decision: Decision, agreement: DebitAgreement, file: PlanFile, *, now: datetime) -> None:
    """Keep when the next debit is tried, and have it announced and made. The caller holds the customer's lock."""
    at = planned_try(agreement, file, now=now) if agreement.status == AgreementStatus.ACTIVE else None
    keep_next(decision, agreement, at, now=now)


def keep_next(decision: Decision, agreement: DebitAgreement, at: datetime | None, *, now: datetime) -> None:
    """The same for an instant that is known."""
    DebitAgreement.objects.filter(customer_id=agreement.customer_id, id=agreement.id).update(
        next_try_at=at, updated_at=now
    )
    agreement.next_try_at = at
    if at is None:
        return
    rules = rules_of(rail(agreement.channel))
    if rules.notice_days and beijing_day(at) not in announced_days(agreement.customer_id, agreement.id):
        outbox.announce_debit(
            decision, agreement.id, debit_on=beijing_day(at), at=notice_at(rules, beijing_day(at), now), now=now
        )
    outbox.about_agreement(decision, outbox.AUTO_DEBIT, agreement.id, at=at, now=now)


def amount_above(file: PlanFile, *, most_minor: int, at: datetime) -> int:
    """What the earliest installment that is due comes to at that instant, when not even that may be debited; else 0."""
    if debit_quote(file, most_minor=most_minor, at=at) is not None:
        return 0
    file = undisputed(file)
    try:
        due = quote_on_file(file, Choice(purpose=PaymentPurpose.DUE), now=at)
    except (NothingOwed, PlanMoving):
        return 0
    first = Choice(purpose=PaymentPurpose.INSTALLMENTS, installments=due.rows[:1])
    return quote_on_file(file, first, now=at).amount_minor if len(due.rows) > 1 else due.amount_minor


def debit_quote(file: PlanFile, *, most_minor: int, at: datetime) -> RepaymentQuote | None:
    """What is debited at that instant: all that is due, or as many whole installments, from the earliest on, as fit.

    The share that an open return disputes is left alone. None when not even one installment fits into `most_minor`, or
    nothing is due.
    """
    file = undisputed(file)
    try:
        due = quote_on_file(file, Choice(purpose=PaymentPurpose.DUE), now=at)
    except (NothingOwed, PlanMoving):
        return None
    if due.amount_minor <= most_minor:
        return due
    for count in range(len(due.rows) - 1, 0, -1):
        part = Choice(purpose=PaymentPurpose.INSTALLMENTS, installments=due.rows[:count])
        fitting = quote_on_file(file, part, now=at)
        if fitting.amount_minor <= most_minor:
            return fitting
    return None
