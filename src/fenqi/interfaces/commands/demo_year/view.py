"""What everybody sees on a day: a few statements over all customers, not a few for each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from fenqi.domain.hardship.changes import ChangeState
from fenqi.domain.hardship.promises import PromiseState
from fenqi.domain.migration import ItemState
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.reserves import HoldState
from fenqi.interfaces.commands.demo_year.habits import SOON_DAYS, Bill, Case, Parcel, Seen
from fenqi.records.models import (
    AftersalesCase,
    AgreementStatus,
    AuditRecord,
    BoundCard,
    CardState,
    DebitAgreement,
    Notice,
    NoticeState,
    OfferState,
    PaymentPromise,
    PlanChange,
    PlanMigrationItem,
    PriceOffer,
    QuoteRecord,
    RefundLeg,
    RefundRoute,
    ReserveHold,
    SupportEvent,
    SupportThread,
    ThreadState,
    TicketEventKind,
)
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, clock

PARCEL_DAYS: Final = 12

_BILLS: Final = """
SELECT DISTINCT ON (p.customer_id, p.id)
  p.customer_id, p.id, p.order_id, i.n, i.due_on, p.provider, p.outstanding_minor,
  i.principal_minor + i.interest_minor + i.fee_minor + i.late_fee_minor
    - i.principal_paid_minor - i.interest_paid_minor - i.fee_paid_minor - i.late_fee_paid_minor AS owed
FROM plan p JOIN installment i ON i.customer_id = p.customer_id AND i.plan_id = p.id
WHERE p.outstanding_minor > 0 AND p.next_due_on <= %s
  AND i.principal_minor + i.interest_minor + i.fee_minor + i.late_fee_minor
    > i.principal_paid_minor + i.interest_paid_minor + i.fee_paid_minor + i.late_fee_paid_minor
ORDER BY p.customer_id, p.id, i.due_on, i.n
"""
_PARCELS: Final = """
SELECT o.customer_id, o.id, p.id, o.delivered_at, l.quantity, l.category,
  EXISTS (SELECT FROM aftersales_case c WHERE c.customer_id = o.customer_id AND c.order_id = o.id)
FROM orders o JOIN order_line l ON l.customer_id = o.customer_id AND l.order_id = o.id AND l.line_no = 1
LEFT JOIN plan p ON p.customer_id = o.customer_id AND p.order_id = o.id
WHERE o.delivered_at > %s
"""
_FAILED: Final = """
SELECT p.customer_id, p.id FROM payment p
JOIN payment_attempt a ON a.customer_id = p.customer_id AND a.payment_id = p.id
WHERE a.state IN ('failed', 'closed') AND a.resolved_at > %s AND p.state <> 'succeeded'
"""
_NOT_RETURNED: Final = frozenset({"custom", "virtual"})

Sights = dict[UUID, dict[str, Any]]
"""Of each customer, the fields of `Seen`."""


def everybody(at: datetime) -> Mapping[UUID, Seen]:
    """What each customer sees who sees anything."""
    today = clock.business_date(at)
    found: Sights = defaultdict(lambda: defaultdict(list))
    with across_customers():
        _add_bills(found, at)
        _add_parcels(found, since=at - timedelta(days=PARCEL_DAYS))
        _add_cases(found)
        for name, rows in _lists(since=at - timedelta(days=1)).items():
            for customer_id, key in rows:
                found[customer_id][name].append(key)
        for name, holders in _marks().items():
            for customer_id in holders:
                found[customer_id][name] = True
    return {customer_id: Seen(today=today, **_sorted(told)) for customer_id, told in found.items()}


def _lists(*, since: datetime) -> Mapping[str, Iterable[tuple[UUID, UUID]]]:
    """Name of the list -> whose, and what."""
    offers = PriceOffer.objects.filter(state=OfferState.OPEN)
    answered = SupportThread.objects.filter(state=ThreadState.ANSWERED)
    closed = SupportThread.objects.filter(state=ThreadState.CLOSED, closed_at__gt=since)
    rated = SupportEvent.objects.filter(kind=TicketEventKind.RATED, at__gt=since).values_list("thread_id", flat=True)
    moves = PlanMigrationItem.objects.filter(state=ItemState.READY, consent="", told_at__isnull=False)
    offered = PlanChange.objects.filter(state=ChangeState.OFFERED)
    wanted = ReserveHold.objects.filter(state=HoldState.WANTED.value)
    return {
        "failed_lately": _rows(_FAILED, since),
        "offers": offers.values_list("customer_id", "id"),
        "answered": answered.values_list("customer_id", "id"),
        "closed": closed.exclude(id__in=list(rated)).values_list("customer_id", "id"),
        "moves": moves.values_list("customer_id", "id"),
        "offered": offered.values_list("customer_id", "id"),
        "reserves": wanted.values_list("customer_id", "id"),
    }


def _marks() -> Mapping[str, Iterable[UUID]]:
    """Name of the mark -> who bears it."""
    by_hand = RefundLeg.objects.filter(route=RefundRoute.TRANSFER).exclude(state=RefundState.SUCCEEDED.value)
    cards = BoundCard.objects.filter(state=CardState.ACTIVE)
    phones = AuditRecord.objects.filter(action__in=[audit.Action.PHONE_CHANGED, audit.Action.PHONE_CHANGE_PROPOSED])
    return {
        "has_new_phone": phones.values_list("customer_id", flat=True),
        "awaits_transfer": by_hand.values_list("customer_id", flat=True),
        "has_card": cards.values_list("customer_id", flat=True),
    }


def _add_bills(found: Sights, at: datetime) -> None:
    until = clock.business_date(at) + timedelta(days=SOON_DAYS)
    agreements, reminded, promised = _agreements(), _reminded(at), _promised()
    for (customer_id, plan_id), agreement_id in agreements.items():
        if plan_id is None:
            found[customer_id]["agreement_id"] = agreement_id
    for row in _rows(_BILLS, until):
        found[row[0]]["bills"].append(
            replace(_bill(row, agreements), is_reminded=row[1] in reminded, promised_for=promised.get(row[1]))
        )


def _add_parcels(found: Sights, *, since: datetime) -> None:
    for customer_id, order_id, plan_id, arrived, pieces, category, has_case in _rows(_PARCELS, since):
        parcel = Parcel(
            order_id=order_id,
            plan_id=plan_id,
            arrived_on=clock.business_date(arrived),
            pieces=pieces,
            can_return=category not in _NOT_RETURNED,
            has_case=has_case,
        )
        found[customer_id]["parcels"].append(parcel)


def _sorted(told: Mapping[str, Any]) -> dict[str, Any]:
    """In the order in which things came to be: their keys are made in that order."""
    return {name: sorted(value, key=_key) if isinstance(value, list) else value for name, value in told.items()}


def _key(thing: UUID | Bill | Parcel | Case) -> UUID:
    match thing:
        case Bill():
            return thing.plan_id
        case Parcel():
            return thing.order_id
        case Case():
            return thing.case_id
        case _:
            return thing


def _agreements() -> dict[tuple[UUID, UUID | None], UUID]:
    """Of each plan; and under None the customer's newest."""
    active = DebitAgreement.objects.filter(status__in=[AgreementStatus.ACTIVE, AgreementStatus.SIGNING])
    found: dict[tuple[UUID, UUID | None], UUID] = {}
    for customer_id, plan_id, agreement_id in active.order_by("id").values_list("customer_id", "plan_id", "id"):
        found[customer_id, plan_id] = found[customer_id, None] = agreement_id
    return found


def _reminded(at: datetime) -> set[UUID]:
    """Plans of which a message told within a day."""
    told = Notice.objects.filter(weight="reminder", state=NoticeState.TOLD, told_at__gt=at - timedelta(days=1))
    return {UUID(key.partition(":")[0]) for keys in told.values_list("bills", flat=True) for key in keys}


def _promised() -> dict[UUID, date]:
    return dict(PaymentPromise.objects.filter(state=PromiseState.OPEN).values_list("plan_id", "pay_by"))


def _bill(row: tuple[Any, ...], agreements: Mapping[tuple[UUID, UUID | None], UUID]) -> Bill:
    customer_id, plan_id, order_id, n, due_on, provider, all_owed, owed = row
    return Bill(
        plan_id=plan_id,
        order_id=order_id,
        n=n,
        due_on=due_on,
        owed=owed,
        all_owed=all_owed,
        is_debited=(customer_id, plan_id) in agreements,
        at_platform=provider != "mall",
    )


def _add_cases(found: Sights) -> None:
    for case in AftersalesCase.objects.filter(closed_at=None):
        offered = QuoteRecord.objects.filter(customer_id=case.customer_id, case_id=case.id).order_by("-seq").first()
        found[case.customer_id]["cases"].append(
            Case(
                case_id=case.id,
                state=case.state,
                since=clock.business_date(case.updated_at),
                is_sent=bool(case.tracking_no),
                quote_id=offered.id if offered and case.state == "quote_changed" else None,
            )
        )


def _rows(query: str, *values: date | datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
