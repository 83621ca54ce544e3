"""What happened to a customer who could not pay in time, over all plans: promises, changes, marks, calls."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fenqi.domain.hardship.promises import PromiseState
from fenqi.records.models import CreditMark, DebtContact, PaymentPromise, PlanChange
from fenqi.usecases.hardship.contacts import How
from fenqi.usecases.paging import newest

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST: Final = 500
"""Of each kind, the newest."""

_BY_VOICE: Final = (How.CALL.value, How.CALLED_US.value)
"""Messages stand in the story by themselves."""


class HelpKind(StrEnum):
    PROMISE = "promise"
    CHANGE = "change"
    MARK = "mark"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpMoment:
    """One step. `what`: the kind of a change, how a contact was made; `state`: what it came to. Minor units."""

    at: datetime
    kind: HelpKind
    plan_id: UUID
    what: str
    state: str
    amount_minor: int | None = None
    currency: str = "CNY"


def help_history(customer_id: UUID) -> tuple[tuple[HelpMoment, ...], bool]:
    """In no order, and whether there are older ones. Four statements."""
    contacts = DebtContact.objects.filter(customer_id=customer_id, how__in=_BY_VOICE)
    kinds: tuple[tuple[Callable[[Any], Iterator[HelpMoment]], QuerySet[Any]], ...] = (
        (_promise, PaymentPromise.objects.filter(customer_id=customer_id).order_by("-made_at")),
        (_change, PlanChange.objects.filter(customer_id=customer_id).order_by("-proposed_at")),
        (_mark, CreditMark.objects.filter(customer_id=customer_id).order_by("-noticed_at")),
        (_contact, contacts.order_by("-at")),
    )
    read = [(tell, *newest(rows, MOST)) for tell, rows in kinds]
    moments = tuple(moment for tell, rows, _more in read for row in rows for moment in tell(row))
    return moments, any(more for _tell, _rows, more in read)


def _promise(row: PaymentPromise) -> Iterator[HelpMoment]:
    for at, state in ((row.made_at, PromiseState.OPEN.value), (row.decided_at, row.state)):
        if at is not None:
            yield HelpMoment(
                at=at,
                kind=HelpKind.PROMISE,
                plan_id=row.plan_id,
                what="",
                state=state,
                amount_minor=row.amount_minor,
                currency=row.currency,
            )


def _change(row: PlanChange) -> Iterator[HelpMoment]:
    """As it stands, at its last step."""
    yield HelpMoment(
        at=row.done_at or row.ended_at or row.approved_at or row.proposed_at,
        kind=HelpKind.CHANGE,
        plan_id=row.plan_id,
        what=row.kind,
        state=row.state,
        amount_minor=row.amount_minor or None,
        currency=row.currency,
    )


def _mark(row: CreditMark) -> Iterator[HelpMoment]:
    yield HelpMoment(
        at=row.ended_at or row.marked_at or row.warned_at or row.noticed_at,
        kind=HelpKind.MARK,
        plan_id=row.plan_id,
        what="",
        state=row.state,
        amount_minor=row.amount_minor,
        currency=row.currency,
    )


def _contact(row: DebtContact) -> Iterator[HelpMoment]:
    yield HelpMoment(at=row.at, kind=HelpKind.CONTACT, plan_id=row.plan_id, what=row.how, state=row.outcome)
