"""Reading agreements: what stands for a plan, what comes next, and what was tried."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.domain.payments.auto_debit import stopped_by
from fenqi.records.models import AgreementStatus, BoundCard, DebitAgreement, PaymentAttempt
from fenqi.usecases import plan_file
from fenqi.usecases.agreements.planning import amount_above, debit_quote, planned_try, tries_of
from fenqi.usecases.plan_file import PlanFile

MOST_TRIES = 30
_UNDECIDED = frozenset({AttemptState.CREATED.value, AttemptState.SUBMITTED.value, AttemptState.UNKNOWN.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class TryView:
    """One debit that was tried."""

    payment_id: UUID
    attempt_id: UUID
    at: datetime
    amount_minor: int
    currency: str
    state: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementView:
    """`next_try_at` is None while a debit is under way, after `stopped_by`, when nothing is left to debit, and while
    what is due is more than the limit: that is `above_limit_minor`, else 0.
    """

    agreement_id: UUID
    plan_id: UUID
    channel: str
    card_id: UUID | None
    card_bank: str
    card_last4: str
    number: str
    status: str
    limit_minor: int
    currency: str
    consent: Mapping[str, Any]
    created_at: datetime
    signed_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    end_reason: str
    next_try_at: datetime | None
    next_amount_minor: int
    above_limit_minor: int
    stopped_by: str
    tries: tuple[TryView, ...]

    @property
    def is_open(self) -> bool:
        return self.status in (AgreementStatus.SIGNING, AgreementStatus.ACTIVE)

    @property
    def under_way(self) -> TryView | None:
        """The debit whose outcome is not known yet."""
        return next((one for one in self.tries if one.state in _UNDECIDED), None)


def agreements_of(customer_id: UUID, *, plan_id: UUID | None = None, now: datetime) -> tuple[AgreementView, ...]:
    """Newest first; all of the customer's, or those of one plan."""
    found = DebitAgreement.objects.filter(customer_id=customer_id)
    if plan_id is not None:
        found = found.filter(plan_id=plan_id)
    return _views(customer_id, found.order_by("-created_at", "-id"), now=now)


def current_agreement(customer_id: UUID, plan_id: UUID, *, now: datetime) -> AgreementView | None:
    """The one that is active, else the one that is being signed, or None."""
    found = DebitAgreement.objects.filter(customer_id=customer_id, plan_id=plan_id)
    for status in (AgreementStatus.ACTIVE, AgreementStatus.SIGNING):
        agreement = found.filter(status=status).order_by("-created_at", "-id").first()
        if agreement is not None:
            return _views(customer_id, [agreement], now=now)[0]
    return None


def agreement_view(customer_id: UUID, agreement_id: UUID, *, now: datetime) -> AgreementView:
    """Raises NotFound."""
    agreement = DebitAgreement.objects.filter(customer_id=customer_id, id=agreement_id).first()
    if agreement is None:
        raise NotFound
    return _views(customer_id, [agreement], now=now)[0]


def _views(customer_id: UUID, agreements: Iterable[DebitAgreement], *, now: datetime) -> tuple[AgreementView, ...]:
    """All their tries and cards are read at once; the plan of each that is active, to say what is next."""
    found = list(agreements)
    tried: dict[UUID | None, list[PaymentAttempt]] = defaultdict(list)
    ids = [agreement.id for agreement in found]
    attempts = PaymentAttempt.objects.filter(customer_id=customer_id, agreement_id__in=ids)
    for attempt in attempts.order_by("created_at", "id"):
        tried[attempt.agreement_id].append(attempt)
    cards: dict[UUID | None, BoundCard] = {
        card.id: card
        for card in BoundCard.objects.filter(
            customer_id=customer_id, id__in=[agreement.card_id for agreement in found if agreement.card_id]
        )
    }
    return tuple(_view(agreement, tried[agreement.id], cards.get(agreement.card_id), now=now) for agreement in found)


def _view(
    agreement: DebitAgreement, attempts: Sequence[PaymentAttempt], card: BoundCard | None, *, now: datetime
) -> AgreementView:
    """`attempts` are those under it, oldest first."""
    next_try_at, amount, above_limit = _next(agreement, now=now)
    reason = stopped_by(tries_of(attempts))
    return AgreementView(
        agreement_id=agreement.id,
        plan_id=agreement.plan_id,
        channel=agreement.channel,
        card_id=agreement.card_id,
        card_bank=card.bank if card else "",
        card_last4=card.last4 if card else "",
        number=agreement.number,
        status=agreement.status,
        limit_minor=agreement.limit_minor,
        currency=agreement.currency,
        consent=agreement.consent,
        created_at=agreement.created_at,
        signed_at=agreement.signed_at,
        ended_at=agreement.ended_at,
        ended_by=agreement.ended_by,
        end_reason=agreement.end_reason,
        next_try_at=next_try_at,
        next_amount_minor=amount,
        above_limit_minor=above_limit,
        stopped_by=reason.value if reason else "",
        tries=_tries(attempts),
    )


def _next(agreement: DebitAgreement, *, now: datetime) -> tuple[datetime | None, int, int]:
    """When, how much, and what is due instead but above the limit.

    As it was kept; anew when what it was kept for has been repaid meanwhile.
    """
    if agreement.status != AgreementStatus.ACTIVE or agreement.next_try_at is None:
        return None, 0, 0
    file = plan_file.read(agreement.customer_id, agreement.plan_id)
    kept = _amount(agreement, file, agreement.next_try_at, now=now)
    if kept:
        return agreement.next_try_at, kept, 0
    at = planned_try(agreement, file, now=now)
    if at is None:
        return None, 0, 0
    above_limit = amount_above(file, most_minor=agreement.limit_minor, at=max(at, now))
    return (None, 0, above_limit) if above_limit else (at, _amount(agreement, file, at, now=now), 0)


def _amount(agreement: DebitAgreement, file: PlanFile, at: datetime, *, now: datetime) -> int:
    expected = debit_quote(file, most_minor=agreement.limit_minor, at=max(at, now))
    return expected.amount_minor if expected else 0


def _tries(attempts: Sequence[PaymentAttempt]) -> tuple[TryView, ...]:
    known = {category.value for category in FailureCategory}
    return tuple(
        TryView(
            payment_id=attempt.payment_id,
            attempt_id=attempt.id,
            at=attempt.created_at,
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
            state=attempt.state,
            category=attempt.category if attempt.category in known else "",
        )
        for attempt in attempts[::-1][:MOST_TRIES]
    )
