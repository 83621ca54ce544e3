"""The refund quote of an order: worked out from what is on record, kept as it was shown, and shown again.

What is shown is kept, and what is kept is what happens: working out is the same for the page and for the day the money
moves. Only the lender of a plan is asked by wire, outside any transaction.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales.eligibility import Wish
from fenqi.domain.aftersales.quote import Funding, RefundQuote, quote_exchange, quote_return
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.cards import CardKind
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.payments.arrival import ArrivalRoute, arrival_window
from fenqi.domain.plans import Components
from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesCase, BoundCard, Order, OrderLine, PaymentAttempt, QuoteRecord
from fenqi.usecases import clock
from fenqi.usecases.aftersales.eligibility import CheckedWish, check_wish
from fenqi.usecases.aftersales.quote_facts import Treatment, gather
from fenqi.usecases.aftersales.quote_views import CashWay, PlanLook, QuotedLine, QuoteView, RowChange
from fenqi.usecases.cards import queries as cards
from fenqi.usecases.partners.queries import PartnerPart, ask_partner
from fenqi.usecases.refunds.arrival import route_back
from fenqi.usecases.reserves.queries import would_be_released

__all__ = [
    "CashWay",
    "PlanLook",
    "QuoteView",
    "QuotedLine",
    "RowChange",
    "WorkedOut",
    "keep_quote",
    "quote",
    "quote_view",
    "work_out",
]

NO_DEDUCTIONS: Mapping[int, int] = MappingProxyType({})
VALID_FOR = timedelta(days=1)
"""A quote may be applied with until the end of the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedOut:
    """A quote that was worked out and not kept. `facts`: the digest of all that it came from.

    `partner`: what the lender said, where one was asked.
    """

    quote: RefundQuote
    facts: str
    wish: Wish
    treatment: Treatment
    plan_id: UUID | None
    currency: str
    funding: Funding
    provider: str
    partner: PartnerPart | None = None

    @property
    def policy_code(self) -> str:
        return self.treatment.policy_code

    @property
    def policy_version(self) -> int:
        return self.treatment.policy_version


def quote(
    customer_id: UUID,
    order_id: UUID,
    wish: Wish,
    *,
    now: datetime,
    quoted_on: date | None = None,
    case_id: UUID | None = None,
    deductions: Mapping[int, int] = NO_DEDUCTIONS,
) -> QuoteView:
    """Work a quote out, ask the lender where there is one, keep it, and tell it. In a transaction of its own.

    Raises NotFound, NotBought, TooManyPieces, NotEligible, InvalidInput, UnknownProvider, PartnerUnavailable,
    PartnerRefuses.
    """
    worked = work_out(customer_id, order_id, wish, now=now, quoted_on=quoted_on, case_id=case_id, deductions=deductions)
    worked = with_the_lenders_word(customer_id, worked)
    with transaction.atomic(durable=False):
        quote_id = keep_quote(customer_id, order_id, worked, case_id=case_id, now=now)
    return quote_view(customer_id, quote_id)


def with_the_lenders_word(customer_id: UUID, worked: WorkedOut) -> WorkedOut:
    """With what the return does at the lender, where there is one (decision 66). Calls it: never inside a transaction.

    Raises UnknownProvider, PartnerUnavailable, PartnerRefuses.
    """
    if not worked.quote.partner or worked.plan_id is None:
        return worked
    said = ask_partner(customer_id, worked.plan_id, amount_minor=worked.quote.partner, on=worked.quote.on)
    return replace(worked, partner=said)


def work_out(
    customer_id: UUID,
    order_id: UUID,
    wish: Wish,
    *,
    now: datetime,
    quoted_on: date | None = None,
    case_id: UUID | None = None,
    deductions: Mapping[int, int] = NO_DEDUCTIONS,
) -> WorkedOut:
    """What the wish comes to by what is on record at this moment; stores nothing, and asks nobody outside.

    The return takes effect on `quoted_on` (today, unless said otherwise) and its money leaves today. For a case it is
    treated as its quote promised; without one the wish is judged as of that day.

    Raises NotFound, NotBought, TooManyPieces, NotEligible, InvalidInput, UnknownProvider.
    """
    today = clock.business_date(now)
    on = quoted_on or today
    treatment = _promised(customer_id, case_id) or _by_policy(customer_id, order_id, wish, on=on, now=now)
    gathered = gather(customer_id, order_id, wish, treatment, case_id=case_id, deductions=deductions)
    if wish.kind is WishKind.EXCHANGE:
        worked = quote_exchange(gathered.facts, on=on)
    else:
        worked = quote_return(gathered.facts, on=on, paid_out_on=today)
    return WorkedOut(
        quote=worked,
        facts=gathered.digest(on),
        wish=wish,
        treatment=treatment,
        plan_id=gathered.file.plan_id if gathered.file else None,
        currency=gathered.order.currency,
        funding=gathered.funding,
        provider=gathered.file.provider if gathered.file else "",
    )


def _promised(customer_id: UUID, case_id: UUID | None) -> Treatment | None:
    """How the quote that the case was applied with treats it. Raises NotFound."""
    if case_id is None:
        return None
    case = AftersalesCase.objects.filter(customer_id=customer_id, id=case_id).values_list("quote_id", flat=True)
    found = QuoteRecord.objects.filter(customer_id=customer_id, id__in=case).values_list("body", flat=True).first()
    if found is None:
        raise NotFound
    return Treatment.from_mapping(found["treatment"])


def _by_policy(customer_id: UUID, order_id: UUID, wish: Wish, *, on: date, now: datetime) -> Treatment:
    """As the published policy treats the wish on that day. Raises NotEligible and what `check_wish` raises."""
    if wish.kind is WishKind.PRICE_DIFFERENCE:
        raise InvalidInput(where="kind", problem="a return is expected", problem_zh="差价请在「退差价」中申请")
    judged_at = min(now, clock.end_of_business_day(on) - timedelta(microseconds=1))
    checked = check_wish(customer_id, order_id, wish, now=judged_at)
    checked.require()
    policy = checked.policy.of_return
    return Treatment(
        policy_code=checked.policy.code,
        policy_version=checked.policy.version,
        fee_rule=policy.fee_rule(
            wish.reason, whole_order=_is_all_that_is_left(checked), within_window=checked.decision.within_window
        ),
        late_fees_back=policy.gives_late_fees_back(wish.reason),
        freight_back=policy.gives_freight_back(wish.reason),
        future=policy.future_rule,
    )


def _is_all_that_is_left(checked: CheckedWish) -> bool:
    wished = {line.line_no: line.pieces for line in checked.wish.lines}
    return all(line.left == wished.get(line.line_no, 0) for line in checked.order.lines)


def keep_quote(
    customer_id: UUID,
    order_id: UUID,
    worked: WorkedOut,
    *,
    case_id: UUID | None = None,
    seq: int = 1,
    now: datetime,
) -> UUID:
    """Store it as it is; the caller is inside a transaction. The id that an application gives."""
    done = worked.quote
    body = done.to_mapping() | {
        "wish": worked.wish.to_mapping(),
        "treatment": worked.treatment.to_mapping(),
        "funding": worked.funding,
        "provider": worked.provider,
        "partner_part": worked.partner.to_mapping() if worked.partner else None,
    }
    kept = QuoteRecord.objects.create(
        customer_id=customer_id,
        id=new_id(),
        order_id=order_id,
        plan_id=worked.plan_id,
        case_id=case_id,
        seq=seq,
        value_minor=done.value,
        fees_back_minor=done.fees_back.total,
        off_plan_minor=done.value + done.fees_back.total - done.money_back - done.partner,
        cash_minor=done.money_back,
        partner_minor=done.partner,
        currency=worked.currency,
        facts=worked.facts,
        body=body,
        quoted_on=done.on,
        valid_until=clock.end_of_business_day(clock.business_date(now + VALID_FOR)),
        created_at=now,
    )
    return kept.id


# Shown again ---------------------------------------------------------------------------------------------------------


def quote_view(customer_id: UUID, quote_id: UUID) -> QuoteView:
    """A quote as it was kept, with what comes back of the order's reserve as that stands now. Raises NotFound."""
    kept = QuoteRecord.objects.filter(customer_id=customer_id, id=quote_id).first()
    if kept is None:
        raise NotFound
    body: dict[str, Any] = kept.body
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=customer_id, id=kept.order_id)
    before, after = body["before"], body["after"]
    partner = body["partner_part"]
    return QuoteView(
        quote_id=kept.id,
        customer_id=customer_id,
        order_id=kept.order_id,
        order_no=order_no,
        plan_id=kept.plan_id,
        case_id=kept.case_id,
        seq=kept.seq,
        kind=body["wish"]["kind"],
        reason=body["wish"]["reason"],
        currency=kept.currency,
        lines=_lines(kept),
        value_minor=kept.value_minor,
        on_plan_minor=body["on_plan"],
        at_ordering_minor=body["at_ordering"],
        gifts_minor=body["gifts"],
        unpaid_minor=body["unpaid"],
        fees_back=Components(**body["fees_back"]),
        fee_rule=body["treatment"]["fee_rule"] or "",
        freight_back=body["treatment"]["freight_back"],
        off_plan=Components(**body["off_plan"]),
        cash_minor=kept.cash_minor,
        balance_before_minor=body["balance_before"],
        balance_after_minor=body["balance_after"],
        partner_minor=kept.partner_minor,
        subsidy_back_minor=body["subsidy_back"],
        funding=Funding(body["funding"]),
        provider=body["provider"],
        rows=() if body["funding"] == Funding.CARD else _rows(before, after),
        before=_look(before),
        after=_look(after),
        ways=tuple(_ways(kept)),
        policy_code=body["treatment"]["policy_code"],
        policy_version=body["treatment"]["policy_version"],
        facts=kept.facts,
        quoted_on=kept.quoted_on,
        valid_until=kept.valid_until,
        created_at=kept.created_at,
        reserve=would_be_released(
            customer_id,
            kept.order_id,
            settles_plan=after is None or not after["outstanding"],
            returned_minor=body["on_plan"],
        ),
        partner=PartnerPart.from_mapping(partner) if partner else None,
    )


def _lines(kept: QuoteRecord) -> tuple[QuotedLine, ...]:
    rows = OrderLine.objects.filter(customer_id=kept.customer_id, order_id=kept.order_id)
    bought = {row.line_no: row for row in rows}
    return tuple(
        QuotedLine(
            line_no=line["line_no"],
            sku=bought[line["line_no"]].sku,
            name=bought[line["line_no"]].name,
            pieces=len(line["pieces"]),
            bought=bought[line["line_no"]].quantity,
            unit_price_minor=bought[line["line_no"]].unit_price_minor,
            goods_minor=line["goods"],
            discount_minor=line["discount"],
            difference_minor=line["difference"],
            freight_minor=line["freight"],
            deduction_minor=line["deduction"],
            value_minor=line["value"],
        )
        for line in kept.body["lines"]
    )


def _rows(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[RowChange, ...]:
    """Each row of the plan; installments are numbered without the down payment."""
    if before is None or after is None:
        return ()
    was = {row["n"]: row for row in before["rows"]}
    down_payments = sum(row["is_down_payment"] for row in after["rows"])
    return tuple(
        RowChange(
            n=row["n"],
            number=None if row["is_down_payment"] else row["n"] - down_payments,
            is_down_payment=row["is_down_payment"],
            due_on=date.fromisoformat(row["due_on"]),
            due=Components(**row["due"]),
            paid_before=Components(**was[row["n"]]["paid"]),
            paid_after=Components(**row["paid"]),
            open_before=was[row["n"]]["outstanding"],
            open_after=row["outstanding"],
        )
        for row in after["rows"]
    )


def _look(plan: Mapping[str, Any] | None) -> PlanLook | None:
    if plan is None:
        return None
    still_open = sorted((row["due_on"], row["outstanding"]) for row in plan["rows"] if row["outstanding"])
    next_due_on, next_amount = still_open[0] if still_open else (None, 0)
    return PlanLook(
        status=plan["status"],
        balance_minor=plan["balance"],
        outstanding_minor=plan["outstanding"],
        settlement_minor=plan["settlement_quote"],
        open_count=len(still_open),
        next_due_on=date.fromisoformat(next_due_on) if next_due_on else None,
        next_amount_minor=next_amount,
        last_due_on=date.fromisoformat(still_open[-1][0]) if still_open else None,
    )


def _ways(kept: QuoteRecord) -> Iterator[CashWay]:
    """The parts of the money, the newest payment's first; then what is transferred."""
    parts = {UUID(part["payment"]): part["amount"] for part in kept.body["cash_over"]}
    found = PaymentAttempt.objects.filter(customer_id=kept.customer_id, id__in=list(parts))
    attempts = {attempt.id: attempt for attempt in found}
    bound = BoundCard.objects.filter(
        customer_id=kept.customer_id, id__in=[attempt.card_id for attempt in attempts.values() if attempt.card_id]
    )
    known = {card.id: cards.view(card) for card in bound}
    for attempt_id, amount in parts.items():
        attempt = attempts[attempt_id]
        card = known.get(attempt.card_id) if attempt.card_id else None
        route = route_back(attempt.channel, by_credit_card=card is not None and card.kind == CardKind.CREDIT)
        yield CashWay(
            amount_minor=amount,
            channel=attempt.channel,
            route=route,
            attempt_id=attempt_id,
            method=attempt.method,
            card=card,
            paid_on=clock.business_date(attempt.paid_at or attempt.created_at),
            window=arrival_window(route, kept.quoted_on),
        )
    for amount, at_ordering in ((kept.body["cash_by_transfer"], False), (kept.body["at_ordering"], True)):
        if amount:
            yield _transferred(amount, kept.quoted_on, at_ordering=at_ordering)


def _transferred(amount: int, on: date, *, at_ordering: bool) -> CashWay:
    return CashWay(
        amount_minor=amount,
        channel="",
        route=ArrivalRoute.TRANSFER,
        attempt_id=None,
        method="",
        card=None,
        paid_on=None,
        window=arrival_window(ArrivalRoute.TRANSFER, on),
        at_ordering=at_ordering,
    )
