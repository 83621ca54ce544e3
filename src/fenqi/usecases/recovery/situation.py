"""All that the page of a failed repayment needs to know: what happened, and what this customer can do about it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fenqi.domain.payments import AttemptState, FailureCategory, RetryMark
from fenqi.domain.payments.recovery import Advice, Circumstances, advise
from fenqi.records.models import (
    AgreementStatus,
    AttemptMethod,
    DebitAgreement,
    PaymentPurpose,
    RetryReminder,
)
from fenqi.usecases import clock, plan_file
from fenqi.usecases.cards.queries import CardView, card_view
from fenqi.usecases.repayment.methods import Method, MethodKey, Reason, binds_cards, methods
from fenqi.usecases.repayment.quote import (
    Choice,
    InvalidChoice,
    NothingOwed,
    PartOutOfRange,
    RepaymentQuote,
    quote_on_file,
)
from fenqi.usecases.views import AttemptView, PaymentView

_SHUT = frozenset({Reason.MAINTENANCE, Reason.CLOSED_HOURS})
_LIMITED = frozenset({Reason.LIMIT_PER_PAYMENT, Reason.LIMIT_PER_DAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`choice` and `amount_minor` are what can be paid now; `used` is the way that failed; `methods` are all there are.

    `reminder_at`: a reminder was asked for; it may have been sent. `told`: the cause that the payer read at a cashier,
    who tells the mall nothing of it.
    """

    advice: Advice
    choice: Choice
    amount_minor: int
    used: MethodKey
    card: CardView | None
    methods: tuple[Method, ...]
    reminder_at: datetime | None
    told: FailureCategory | None = None

    def method(self, key: str) -> Method:
        return next(one for one in self.methods if str(one.key) == key)


def situation(
    customer_id: UUID, payment: PaymentView, *, now: datetime, told: FailureCategory | None = None
) -> Situation | None:
    """What can be done about a payment that took nothing. None when nothing is owed on its plan any more.

    What the payer told chooses the helps of a payment that was closed unpaid; of one that the channel refused, and of
    one whose outcome is unknown, the channel knows better. Raises NotFound.
    """
    attempt = payment.latest_attempt
    if attempt is None:
        return None
    offer = _offer(customer_id, payment, now=now)
    if offer is None:
        return None
    used = _used(attempt)
    told = told if _ended_unpaid(attempt) else None
    found = methods(customer_id, offer, now=now)
    reminder = RetryReminder.objects.filter(customer_id=customer_id, payment_id=payment.payment_id).first()
    return Situation(
        advice=advise(
            _circumstances(attempt, found, offer, told=told, is_remindable=reminder is None, now=now),
        ),
        choice=offer.choice,
        amount_minor=offer.amount_minor,
        used=used,
        card=card_view(customer_id, attempt.card_id) if attempt.card_id else None,
        methods=found,
        reminder_at=reminder.remind_at if reminder else None,
        told=told,
    )


def choice_of(payment: PaymentView) -> Choice:
    """What the payment was for."""
    purpose = PaymentPurpose(payment.purpose)
    rows = payment.installments if purpose is PaymentPurpose.INSTALLMENTS else ()
    return Choice(
        purpose=purpose,
        installments=rows,
        amount_minor=payment.amount_minor if purpose is PaymentPurpose.PART else 0,
    )


def _offer(customer_id: UUID, payment: PaymentView, *, now: datetime) -> RepaymentQuote | None:
    """The same again; the next installment when that cannot be chosen any more; None when nothing is owed."""
    file = plan_file.read(customer_id, payment.plan_id)
    still_open = sorted(
        (row for row in file.state().rows if row.outstanding.total), key=lambda row: (row.due_on, row.n)
    )
    following = Choice(purpose=PaymentPurpose.INSTALLMENTS, installments=tuple(row.n for row in still_open[:1]))
    for choice in (choice_of(payment), following):
        try:
            return quote_on_file(file, choice, now=now)
        except (InvalidChoice, NothingOwed, PartOutOfRange):
            continue
    return None


def _used(attempt: AttemptView) -> MethodKey:
    return MethodKey(attempt.channel, attempt.card_id)


def _circumstances(
    attempt: AttemptView,
    found: tuple[Method, ...],
    offer: RepaymentQuote,
    *,
    told: FailureCategory | None,
    is_remindable: bool,
    now: datetime,
) -> Circumstances:
    used = _used(attempt)
    same = next((one for one in found if one.key == used), None)
    debit_at = _next_debit(offer.customer_id, offer.plan_id)
    zone = clock.mall_zone()
    return Circumstances(
        category=told or _category(attempt),
        retry=_retry(attempt, same),
        is_known=attempt.state in (AttemptState.FAILED, AttemptState.CLOSED),
        now=now.astimezone(zone),
        amount_minor=offer.amount_minor,
        other_methods=tuple(str(one.key) for one in found if one.available and one.key != used),
        by_card=attempt.method == AttemptMethod.CARD,
        can_bind=binds_cards(),
        is_shut=same is not None and same.reason in _SHUT,
        opens_at=same.until.astimezone(zone) if same and same.until else None,
        left_minor=same.left_minor if same and same.reason in _LIMITED else None,
        next_debit_at=debit_at.astimezone(zone) if debit_at else None,
        is_remindable=is_remindable,
    )


def _category(attempt: AttemptView) -> FailureCategory:
    """A category nobody mapped is for support; what was ended unpaid did not fail, and may be paid another way."""
    if _ended_unpaid(attempt):
        return FailureCategory.METHOD_UNAVAILABLE
    known = {category.value: category for category in FailureCategory}
    return known.get(attempt.category, FailureCategory.CONTACT_SUPPORT)


def _retry(attempt: AttemptView, same: Method | None) -> RetryMark | None:
    """Never with a way that is gone since: a card that was removed, or that its bank no longer takes."""
    if same is None or same.reason is Reason.CARD_UNUSABLE:
        return RetryMark.NEVER
    return RetryMark(attempt.retry) if attempt.retry in {mark.value for mark in RetryMark} else None


def _ended_unpaid(attempt: AttemptView) -> bool:
    return attempt.state == AttemptState.CLOSED and not attempt.category


def _next_debit(customer_id: UUID, plan_id: UUID) -> datetime | None:
    """When the plan's auto-debit tries next by itself."""
    agreements = DebitAgreement.objects.filter(customer_id=customer_id, plan_id=plan_id, status=AgreementStatus.ACTIVE)
    return agreements.values_list("next_try_at", flat=True).first()
