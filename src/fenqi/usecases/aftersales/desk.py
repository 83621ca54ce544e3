"""The desk of those who review: every open case, the clock that ends first on top, in the piles they work through.

A case is ordered by the instant at which the earliest clock that binds us ends (our target, the promise, the law), so
what is late comes before everything; what waits for its customer binds nobody and comes last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Count, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Least

from fenqi.domain.aftersales.cases import CaseState
from fenqi.records.models import AftersalesCase, Customer
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.aftersales.queries import queue_rows
from fenqi.usecases.aftersales.views import QueueRow
from fenqi.usecases.customers import view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.views import CustomerView

_REVIEWED: Final = (CaseState.SUBMITTED.value, CaseState.IN_REVIEW.value)
_THE_CUSTOMERS: Final = (
    CaseState.EVIDENCE_ASKED.value,
    CaseState.GOODS_AWAITED.value,
    CaseState.QUOTE_CHANGED.value,
)
_NEVER: Final = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
"""When a case that binds nobody would end."""


class Pile(StrEnum):
    """Which cases are looked at."""

    ALL = "all"
    LATE = "late"
    NEW = "new"
    MINE = "mine"
    EVIDENCE_ASKED = "evidence_asked"
    GOODS = "goods"
    QUOTE_CHANGED = "quote_changed"
    REFUNDING = "refunding"

    @classmethod
    def of(cls, text: str | None) -> "Pile":
        return next((one for one in cls if one.value == text), cls.ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRow:
    """A case and whose it is."""

    case: QueueRow
    customer: CustomerView


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState:
    """How much lies on the desk; `longest_wait_since`: when the oldest case applied that nobody has decided."""

    counts: Mapping[Pile, int]
    to_review: int
    review_late: int
    longest_wait_since: datetime | None


def desk(staff: Staff, pile: Pile, *, limit: int, now: datetime) -> tuple[list[DeskRow], bool]:
    """What ends first, first; whether there are more than `limit`. Raises NotPermitted."""
    staff.require(Permission.SEE_CASES)
    with across_customers():
        cases = _by_end(AftersalesCase.objects.filter(closed_at=None), now).filter(_in_pile(pile, staff, now))
        found = list(cases.order_by("ends_at", "id")[: limit + 1])
        customers = _customers(found)
        rows = [DeskRow(case=row, customer=customers[row.customer_id]) for row in queue_rows(found, now=now)]
    return rows[:limit], len(rows) > limit


def desk_state(staff: Staff, *, now: datetime) -> DeskState:
    """All piles in one statement. Raises NotPermitted."""
    staff.require(Permission.SEE_CASES)
    reviewed = Q(state__in=_REVIEWED)
    with across_customers():
        cases = _by_end(AftersalesCase.objects.filter(closed_at=None), now)
        counted: Mapping[str, Any] = cases.aggregate(
            **{pile.value: Count("id", filter=_in_pile(pile, staff, now)) for pile in Pile if pile is not Pile.ALL},
            every=Count("id"),
            to_review=Count("id", filter=reviewed),
            review_late=Count("id", filter=reviewed & Q(review_due_at__lt=now)),
        )
        oldest = AftersalesCase.objects.filter(reviewed, closed_at=None).order_by("created_at")
        longest_wait_since = oldest.values_list("created_at", flat=True).first()
    return DeskState(
        counts={pile: counted["every" if pile is Pile.ALL else pile.value] for pile in Pile},
        to_review=counted["to_review"],
        review_late=counted["review_late"],
        longest_wait_since=longest_wait_since,
    )


def cases_to_review() -> int:
    """How many wait for staff to decide, of all customers."""
    with across_customers():
        return AftersalesCase.objects.filter(closed_at=None, state__in=_REVIEWED).count()


def _in_pile(pile: Pile, staff: Staff, now: datetime) -> Q:
    piles = {
        Pile.ALL: Q(),
        Pile.LATE: Q(ends_at__lt=now),
        Pile.NEW: Q(state=CaseState.SUBMITTED.value),
        Pile.MINE: Q(agent=staff.actor),
        Pile.EVIDENCE_ASKED: Q(state=CaseState.EVIDENCE_ASKED.value),
        Pile.GOODS: Q(
            state__in=(CaseState.GOODS_AWAITED.value, CaseState.GOODS_RECEIVED.value, CaseState.REPLACING.value)
        ),
        Pile.QUOTE_CHANGED: Q(state=CaseState.QUOTE_CHANGED.value),
        Pile.REFUNDING: Q(state__in=(CaseState.APPROVED.value, CaseState.REFUNDING.value)),
    }
    return piles[pile]


def _by_end(cases: QuerySet[AftersalesCase], now: datetime) -> QuerySet[Any]:
    """With `ends_at`: the clocks of `domain.aftersales.deadlines.binding`, for the database."""
    offset = clock.mall_zone().utcoffset(now) or timedelta()

    def end_of(day: str) -> Any:
        return Cast(F(day), DateTimeField()) + Value(timedelta(days=1) - offset)

    return cases.annotate(
        ends_at=Case(
            When(state__in=_THE_CUSTOMERS, then=Value(_NEVER)),
            When(state__in=_REVIEWED, then=Least(F("review_due_at"), end_of("promise_by"), end_of("law_by"))),
            When(state=CaseState.REFUNDING.value, then=end_of("promise_by")),
            default=Least(end_of("promise_by"), end_of("law_by")),
            output_field=DateTimeField(),
        )
    )


def _customers(cases: Sequence[AftersalesCase]) -> dict[UUID, CustomerView]:
    found = Customer.objects.filter(id__in={case.customer_id for case in cases})
    return {customer.id: view(customer) for customer in found}
