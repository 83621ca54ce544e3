"""What a claim on a price difference comes to, before anything is submitted: the sum, where it goes, and the fees.

It is a refund quote as a return's is, so that it is kept, shown, carried out and checked in the same way: the value is
the difference, and the law of quotes holds of it, too. A plan that a lender keeps is never touched: the difference goes
to the payment account, not to the institution (R100).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fenqi.domain.aftersales.eligibility import Wish, WishedLine
from fenqi.domain.aftersales.policies import PriceProtectionPolicy, ProtectionRoute
from fenqi.domain.aftersales.price_protection import (
    Destinations,
    Difference,
    SeenPrice,
    destinations,
    fees_on_lower_price,
)
from fenqi.domain.aftersales.quote import Funding, RefundQuote
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.aftersales.worth import LineWorth
from fenqi.domain.payments.splitting import Source, split
from fenqi.domain.plans import Component, Components, Event, EventKind, PlanState, replay
from fenqi.records.identifiers import new_id
from fenqi.records.models import FeeBearer, Order, Plan, QuoteRecord
from fenqi.usecases import clock, plan_file
from fenqi.usecases.aftersales.quote_facts import Treatment
from fenqi.usecases.aftersales.quoting import VALID_FOR
from fenqi.usecases.partners.providers import provider_of
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.price_protection.lines import LineUnderProtection, OrderUnderProtection
from fenqi.usecases.refunds.sources import sources_of

_NOTHING = Components()


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceQuote:
    """`quote` as case pages read it; `goes` says where the difference itself goes, `fees_followed` whether fees did.

    `ways`: channel and minor units of the money that leaves; no channel is a transfer. `facts` is the digest of all
    that it comes to: the same digest, the same money.
    """

    difference: Difference
    quote: RefundQuote
    goes: Destinations
    ways: tuple[tuple[str, int], ...]
    fees_followed: bool
    facts: str
    plan_id: UUID | None
    currency: str
    provider: str

    @property
    def amount(self) -> int:
        return self.difference.amount

    @property
    def cash_for_the_drop(self) -> int:
        """What of the difference itself goes back as money."""
        return self.goes.payments + self.goes.transfer

    def wish(self) -> Wish:
        line = WishedLine(line_no=self.difference.line_no, pieces=len(self.difference.pieces))
        return Wish(kind=WishKind.PRICE_DIFFERENCE, reason=Reason.PRICE_FELL, lines=(line,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnPlan:
    """The order's plan on the day of the quote. `before` is None where it is not ours to change: a lender keeps it."""

    file: PlanFile
    before: PlanState | None
    sources: Sequence[Source[str]]
    channels: Mapping[str, str]  # by the id of the attempt

    @property
    def owed(self) -> int:
        return self.before.totals.outstanding.total if self.before else 0


def quote_difference(
    found: OrderUnderProtection, line: LineUnderProtection, *, on: date, now: datetime
) -> DifferenceQuote:
    """What the line's difference comes to when it takes effect on `on` and the money leaves now.

    Raises ValueError for a line without a difference.
    """
    difference, order = line.difference, found.order
    if difference is None:
        raise ValueError("there is nothing to quote")
    today = clock.business_date(now)
    plan = _plan_of(order)
    sources = plan.sources if plan else ()
    goes = destinations(
        difference.amount,
        route=line.rules.route if plan and plan.before else ProtectionRoute.PAYMENT_ACCOUNT,
        carriable=difference.amount - split(difference.amount, sources, on=today).remainder,
        owed=plan.owed if plan else 0,
    )
    fees = _fees_back(found, line.rules, plan, amount=difference.amount) if plan else _NOTHING
    quote = _on_plan(difference, goes, fees, plan, on=on) if plan else _beside_plan(difference, on=on)
    if quote.cash:
        quote = replace(quote, cash_over=split(quote.cash, sources, on=today))
    return DifferenceQuote(
        difference=difference,
        quote=quote,
        goes=goes,
        ways=tuple(_ways(quote, plan.channels if plan else {})),
        fees_followed=bool(fees.total),
        facts=_digest(difference, quote),
        plan_id=plan.file.plan_id if plan else None,
        currency=order.currency,
        provider=plan.file.provider if plan else "",
    )


def _beside_plan(difference: Difference, *, on: date) -> RefundQuote:
    """Nothing is financed: what was paid at ordering, outside our rails, is transferred back."""
    return RefundQuote(on=on, lines=(_worth(difference),), on_plan=0, at_ordering=difference.amount)


def _on_plan(difference: Difference, goes: Destinations, fees: Components, plan: _OnPlan, *, on: date) -> RefundQuote:
    """What comes off the plan, the fees that follow, and the cash: with it what was too much of fees paid already."""
    before, terms, known = plan.before, plan.file.terms, plan.file.events
    on, cash = max(on, terms.opened_on), goes.payments + goes.transfer
    quote = RefundQuote(
        on=on, lines=(_worth(difference),), on_plan=difference.amount, at_ordering=0, fees_back=fees, cash=cash
    )
    if before is None:
        return quote
    events = _events(goes.plan, fees, on=on)
    after = replay(terms, (*known, *events))
    surplus = after.balance - before.balance
    if surplus > 0:
        events.append(Event(id="difference.balance_payout", on=on, kind=EventKind.BALANCE_PAYOUT, amount=surplus))
        after = replay(terms, (*known, *events))
    return replace(
        quote,
        off_plan=_less_owed(before, after),
        cash=cash + max(0, surplus),
        balance_before=before.balance,
        balance_after=after.balance,
        before=before,
        after=after,
        events=tuple(events),
    )


def _worth(difference: Difference) -> LineWorth:
    return LineWorth(
        line_no=difference.line_no,
        pieces=difference.pieces,
        goods=difference.amount,
        discount=0,
        difference=0,
        freight=0,
        deduction=0,
    )


def _events(off_plan: int, fees: Components, *, on: date) -> list[Event]:
    events = []
    if off_plan:
        events.append(Event(id="difference.price", on=on, kind=EventKind.PRICE_ADJUSTMENT, amount=off_plan))
    for component in (Component.INTEREST, Component.FEE):
        amount = getattr(fees, component.value)
        if amount:
            name = f"difference.{component.value}"
            events.append(Event(id=name, on=on, kind=EventKind.FEE_REFUND, amount=amount, component=component))
    return events


def _fees_back(found: OrderUnderProtection, rules: PriceProtectionPolicy, plan: _OnPlan, *, amount: int) -> Components:
    """Only where the customer bears them and the policy says so (P410); what was forgone or given back is gone."""
    file, state = plan.file, plan.before
    if state is None or not rules.fee_on_lower_price or file.fee_bearer != FeeBearer.CUSTOMER:
        return _NOTHING
    given = dict.fromkeys(Component, 0)
    for done in state.allocations:
        if done.kind is EventKind.FEE_REFUND and done.component is not None:
            given[done.component] += done.amount
    opened, due = state.opened, state.totals.due
    return fees_on_lower_price(
        opened,
        financed=file.terms.principal,
        given_before=found.fees_followed,
        amount=amount,
        given_back=Components(
            interest=max(0, opened.interest - due.interest) + given[Component.INTEREST],
            fee=max(0, opened.fee - due.fee) + given[Component.FEE],
        ),
        rounding=file.terms.rounding,
    )


def _less_owed(before: PlanState, after: PlanState) -> Components:
    old, new = before.totals.outstanding, after.totals.outstanding
    return Components(*(was - now for was, now in zip(old, new, strict=True)))


def _plan_of(order: Order) -> _OnPlan | None:
    plans = Plan.objects.filter(customer_id=order.customer_id, order_id=order.id).order_by("id")
    plan_id = plans.values_list("id", flat=True).first()
    if plan_id is None:
        return None
    file = plan_file.read(order.customer_id, plan_id)
    is_ours = provider_of(file.provider) is None
    found = sources_of(order.customer_id, plan_id=plan_id, payment_id=None, currency=order.currency)
    return _OnPlan(
        file=file,
        before=file.state() if is_ours else None,
        sources=[
            Source(
                key=str(source.key.id),
                order=source.order,
                paid_on=source.paid_on,
                left=source.left,
                refund_days=source.refund_days,
            )
            for source in found
        ],
        channels={str(source.key.id): source.key.channel for source in found},
    )


def _ways(quote: RefundQuote, channels: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    by_channel = Counter[str]()
    for part in quote.cash_over.parts:
        by_channel[channels[part.key]] += part.amount
    yield from sorted(by_channel.items())
    transferred = quote.cash_over.remainder + quote.at_ordering
    if transferred:
        yield "", transferred


def _digest(difference: Difference, quote: RefundQuote) -> str:
    said = {
        "quote": quote.to_mapping(),
        "difference": [difference.line_no, difference.paid, difference.seen.price, difference.amount],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def keep_difference_quote(
    customer_id: UUID,
    order_id: UUID,
    quoted: DifferenceQuote,
    line: LineUnderProtection,
    *,
    unused: bool | None,
    case_id: UUID | None = None,
    seq: int = 1,
    now: datetime,
) -> UUID:
    """Store it as pages of cases read quotes, with the price as it was seen and what was said of the goods (P406)."""
    done = quoted.quote
    treatment = Treatment(
        policy_code=line.policy.code,
        policy_version=line.policy.version,
        fee_rule=None,
        late_fees_back=False,
        freight_back=False,
        future=None,
    )
    kept = QuoteRecord.objects.create(
        customer_id=customer_id,
        id=new_id(),
        order_id=order_id,
        plan_id=quoted.plan_id,
        case_id=case_id,
        seq=seq,
        value_minor=done.value,
        fees_back_minor=done.fees_back.total,
        off_plan_minor=done.value + done.fees_back.total - done.money_back,
        cash_minor=done.money_back,
        currency=quoted.currency,
        facts=quoted.facts,
        body=done.to_mapping()
        | {
            "wish": quoted.wish().to_mapping(),
            "treatment": treatment.to_mapping(),
            "funding": Funding.MALL if done.before or not quoted.plan_id else Funding.PARTNER,
            "provider": quoted.provider,
            "partner_part": None,
            "price": snapshot_of(quoted.difference, unused=unused),
        },
        quoted_on=done.on,
        valid_until=clock.end_of_business_day(clock.business_date(now + VALID_FOR)),
        created_at=now,
    )
    return kept.id


def snapshot_of(difference: Difference, *, unused: bool | None) -> dict[str, Any]:
    """The price that a claim is about, as it is kept; `seen_from` reads it back."""
    seen = difference.seen
    return {
        "paid_minor": difference.paid,
        "lowest_minor": seen.price,
        "seen_at": seen.at.isoformat(),
        "source": seen.source,
        "seller": seen.seller,
        "sales_channel": seen.sales_channel,
        "currency": seen.currency,
        "unused": unused,
    }


def seen_from(kept: Mapping[str, Any]) -> SeenPrice:
    """The price that `snapshot_of` kept."""
    return SeenPrice(
        price=kept["lowest_minor"],
        at=datetime.fromisoformat(kept["seen_at"]),
        source=kept["source"],
        currency=kept["currency"],
        seller=kept["seller"],
        sales_channel=kept["sales_channel"],
    )
