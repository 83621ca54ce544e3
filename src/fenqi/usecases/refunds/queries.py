"""Reading refunds: for the customer who waits for one, for staff, and for the mall's programs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from fenqi.domain.errors import NotFound
from fenqi.domain.payments.arrival import is_estimated
from fenqi.domain.payments.refunds import SPENT, RefundState
from fenqi.records.models import (
    BoundCard,
    Customer,
    OrderLine,
    PaymentAttempt,
    Refund,
    RefundLeg,
    RefundRoute,
    RefundStatus,
)
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.cards import queries as cards
from fenqi.usecases.cards.queries import CardView
from fenqi.usecases.paging import Page, from_time_cursor, page_of, to_cursor
from fenqi.usecases.refunds.rows import BY_HAND, is_contradicted, may_be_settled_by_hand, needs_person


class Holder(StrEnum):
    """Who has the money."""

    MALL = "mall"
    CHANNEL = "channel"
    RECEIVER = "receiver"
    """Whoever keeps the account it goes to: a bank, or the wallet."""
    CUSTOMER = "customer"
    NOT_KNOWN = "not_known"


_HOLDERS: Mapping[RefundState, Holder] = {
    RefundState.CREATED: Holder.MALL,
    RefundState.SUBMITTED: Holder.MALL,
    RefundState.PROCESSING: Holder.CHANNEL,
    RefundState.SUCCEEDED: Holder.RECEIVER,
    RefundState.ABNORMAL: Holder.CHANNEL,
    RefundState.UNKNOWN: Holder.NOT_KNOWN,
    RefundState.FAILED: Holder.MALL,
    RefundState.RETURNED: Holder.MALL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """One part of a refund. `card` is what it goes to, where that is a card we know."""

    leg_id: UUID
    leg_no: int
    route: str
    channel: str
    attempt_id: UUID | None
    out_trade_no: str
    out_refund_no: str
    refund_no: str
    amount_minor: int
    currency: str
    state: RefundState
    code: str
    category: str
    retry: str
    destination: str
    account: str
    card: CardView | None
    asked: int
    next_query_at: datetime | None
    created_at: datetime
    submitted_at: datetime | None
    refunded_at: datetime | None
    expected_from: date | None
    expected_by: date | None
    is_estimated: bool
    arrived_on: date | None
    proposed_by: str
    approved_by: str
    approved_at: datetime | None
    transfer_reference: str
    updated_at: datetime
    needs_person: bool
    may_be_settled_by_hand: bool
    is_contradicted: bool
    said_to_have_left: bool | None
    """What one member of staff proposes, and the other has not approved; None without a proposal."""
    evidence: str

    @property
    def is_transfer(self) -> bool:
        return self.route == RefundRoute.TRANSFER

    @property
    def is_spent(self) -> bool:
        """It came to nothing; another leg carries its sum."""
        return self.state in SPENT

    @property
    def holder(self) -> Holder:
        return Holder.CUSTOMER if self.arrived_on else _HOLDERS[self.state]

    @property
    def number(self) -> str:
        """What to quote when asking about it."""
        return self.transfer_reference or self.refund_no or self.out_refund_no


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """What goes back, in all and leg by leg, in the order the legs were made."""

    refund_id: UUID
    customer_id: UUID
    cause: str
    status: str
    amount_minor: int
    currency: str
    plan_id: UUID | None
    order_id: UUID | None
    payment_id: UUID | None
    title: str
    created_at: datetime
    completed_at: datetime | None
    updated_at: datetime
    legs: tuple[LegView, ...]

    @property
    def ways(self) -> tuple[LegView, ...]:
        """The legs that carry the sum."""
        return tuple(leg for leg in self.legs if not leg.is_spent)

    @property
    def arrived_minor(self) -> int:
        return sum(leg.amount_minor for leg in self.ways if leg.arrived_on)

    @property
    def left_minor(self) -> int:
        """What has left for the customer, arrived or not."""
        return sum(leg.amount_minor for leg in self.ways if leg.state is RefundState.SUCCEEDED)

    @property
    def latest_on(self) -> date | None:
        """By when all of it is expected, once all of it has left."""
        days = [leg.expected_by for leg in self.ways]
        known = [day for day in days if day is not None]
        return max(known) if known and len(known) == len(days) else None


def refund_view(customer_id: UUID, refund_id: UUID) -> RefundView:
    """Raises NotFound."""
    found = _views(customer_id, Refund.objects.filter(customer_id=customer_id, id=refund_id))
    if not found:
        raise NotFound
    return found[0]


def refunds_by_id(customer_id: UUID, refund_ids: Iterable[UUID]) -> Mapping[UUID, RefundView]:
    """Those that the customer has."""
    ids = list(refund_ids)
    found = _views(customer_id, Refund.objects.filter(customer_id=customer_id, id__in=ids)) if ids else ()
    return {view.refund_id: view for view in found}


def list_refunds(
    customer_id: UUID, *, order_id: UUID | None = None, payment_id: UUID | None = None, limit: int = 200
) -> tuple[RefundView, ...]:
    """Newest first; those of one order or one payment, or all."""
    refunds = Refund.objects.filter(customer_id=customer_id)
    if order_id is not None:
        refunds = refunds.filter(order_id=order_id)
    if payment_id is not None:
        refunds = refunds.filter(payment_id=payment_id)
    return _views(customer_id, refunds.order_by("-created_at", "id")[:limit])


def page_of_refunds(
    customer_id: UUID, order_id: UUID, *, after: str | None = None, limit: int = 20
) -> Page[RefundView]:
    """Of one order, newest first. Raises InvalidCursor."""
    refunds = Refund.objects.filter(customer_id=customer_id, order_id=order_id)
    if after is not None:
        created_at, refund_id = from_time_cursor(after)
        refunds = refunds.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__gt=refund_id))
    views = list(_views(customer_id, refunds.order_by("-created_at", "id")[: limit + 1]))
    return page_of(views, limit=limit, cursor_of=lambda last: to_cursor(last.created_at.isoformat(), last.refund_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRefund:
    """A refund that a person must act on, whose it is, and the accounts it may be transferred to."""

    refund: RefundView
    customer_ref: str
    debit_cards: tuple[CardView, ...]


def refunds_that_need_a_person(*, limit: int = 100) -> tuple[WaitingRefund, ...]:
    """The longest waiting first, over all customers."""
    with across_customers():
        waiting = Refund.objects.filter(status=RefundStatus.NEEDS_PERSON).order_by("updated_at", "id")
        keys = list(waiting.values_list("customer_id", "id")[:limit])
    refs = dict(Customer.objects.filter(id__in=[key[0] for key in keys]).values_list("id", "ref"))
    return tuple(
        WaitingRefund(
            refund=refund_view(customer_id, refund_id),
            customer_ref=refs[customer_id],
            debit_cards=_debit_cards(customer_id),
        )
        for customer_id, refund_id in keys
    )


def _debit_cards(customer_id: UUID) -> tuple[CardView, ...]:
    return tuple(card for card in cards.list_cards(customer_id) if card.kind == "debit" and card.is_usable)


def _views(customer_id: UUID, refunds: QuerySet[Refund]) -> tuple[RefundView, ...]:
    found = list(refunds)
    rows = RefundLeg.objects.filter(customer_id=customer_id, refund_id__in=[refund.id for refund in found])
    legs = list(rows.order_by("refund_id", "leg_no"))
    paid = _attempts(customer_id, legs)
    known = _cards(customer_id, [*(leg.card_id for leg in legs), *(attempt.card_id for attempt in paid.values())])
    views: dict[UUID, list[LegView]] = defaultdict(list)
    for leg in legs:
        views[leg.refund_id].append(_leg_view(leg, paid.get(leg.attempt_id), known))
    titles = dict(
        OrderLine.objects.filter(
            customer_id=customer_id, order_id__in=[refund.order_id for refund in found if refund.order_id], line_no=1
        ).values_list("order_id", "name")
    )
    return tuple(
        _refund_view(refund, titles.get(refund.order_id, "") if refund.order_id else "", tuple(views[refund.id]))
        for refund in found
    )


def _attempts(customer_id: UUID, legs: Iterable[RefundLeg]) -> dict[UUID | None, PaymentAttempt]:
    ids = [leg.attempt_id for leg in legs if leg.attempt_id]
    return {attempt.id: attempt for attempt in PaymentAttempt.objects.filter(customer_id=customer_id, id__in=ids)}


def _cards(customer_id: UUID, ids: Iterable[UUID | None]) -> dict[UUID | None, CardView]:
    rows = BoundCard.objects.filter(customer_id=customer_id, id__in=[card_id for card_id in ids if card_id])
    return {card.id: cards.view(card) for card in rows}


def _refund_view(refund: Refund, title: str, legs: tuple[LegView, ...]) -> RefundView:
    return RefundView(
        refund_id=refund.id,
        customer_id=refund.customer_id,
        cause=refund.cause,
        status=refund.status,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        plan_id=refund.plan_id,
        order_id=refund.order_id,
        payment_id=refund.payment_id,
        title=title,
        created_at=refund.created_at,
        completed_at=refund.completed_at,
        updated_at=refund.updated_at,
        legs=legs,
    )


def _leg_view(leg: RefundLeg, attempt: PaymentAttempt | None, known: Mapping[UUID | None, CardView]) -> LegView:
    said = {} if leg.approved_by else leg.reply.get(BY_HAND, {})
    return LegView(
        leg_id=leg.id,
        leg_no=leg.leg_no,
        route=leg.route,
        channel=leg.channel,
        attempt_id=leg.attempt_id,
        out_trade_no=attempt.out_trade_no if attempt else "",
        out_refund_no=leg.out_refund_no,
        refund_no=leg.refund_no,
        amount_minor=leg.amount_minor,
        currency=leg.currency,
        state=RefundState(leg.state),
        code=leg.code,
        category=leg.category,
        retry=leg.retry,
        destination=leg.destination,
        account=leg.account,
        card=known.get(leg.card_id or (attempt.card_id if attempt else None)),
        asked=leg.asked,
        next_query_at=leg.next_query_at,
        created_at=leg.created_at,
        submitted_at=leg.submitted_at,
        refunded_at=leg.refunded_at,
        expected_from=leg.expected_from,
        expected_by=leg.expected_by,
        is_estimated=_is_estimated(leg),
        arrived_on=leg.arrived_on,
        proposed_by=leg.proposed_by,
        approved_by=leg.approved_by,
        approved_at=leg.approved_at,
        transfer_reference=leg.transfer_reference,
        updated_at=leg.updated_at,
        needs_person=needs_person(leg),
        may_be_settled_by_hand=may_be_settled_by_hand(leg),
        is_contradicted=is_contradicted(leg),
        said_to_have_left=said.get("has_left"),
        evidence=said.get("evidence", ""),
    )


def _is_estimated(leg: RefundLeg) -> bool:
    """The window crosses days of a year whose calendar is not published yet (P503)."""
    if leg.refunded_at is None or leg.expected_by is None:
        return False
    return is_estimated(clock.business_date(leg.refunded_at), leg.expected_by)
