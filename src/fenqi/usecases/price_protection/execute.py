"""The money of a granted price difference: over the payments, off the plan, and the fees that follow the lower price.

The claim is about the price that was kept with it; the pieces kept, what was given before and the plan are those of
this moment. When it comes to less than was promised, the customer is asked first; when nothing is left, the case ends.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from fenqi.domain.aftersales.cases import CaseSignal
from fenqi.domain.ledger import Account, price_difference_entry
from fenqi.domain.money import Money
from fenqi.domain.plans import Event, EventKind
from fenqi.records.identifiers import derived_id, new_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import (
    AftersalesCase,
    CaseLine,
    OfferState,
    PriceDifference,
    PriceOffer,
    QuoteRecord,
    RefundCause,
)
from fenqi.records.posting import Decision
from fenqi.usecases import audit, clock, plan_file
from fenqi.usecases.aftersales import refund_keys
from fenqi.usecases.aftersales.moved import Moved
from fenqi.usecases.aftersales.returning import newest_quote, take_quote
from fenqi.usecases.aftersales.steps import move
from fenqi.usecases.customers import customer_view
from fenqi.usecases.notices.templates import language_of
from fenqi.usecases.plan_file import Fact
from fenqi.usecases.price_protection.lines import LineUnderProtection, OrderUnderProtection, order_under_protection
from fenqi.usecases.price_protection.quoting import (
    DifferenceQuote,
    keep_difference_quote,
    quote_difference,
    seen_from,
)
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.refunds.open import open_refund

REASON: Final = "退差价"
"""What the payer reads at the channel."""

NOTHING_LEFT: Final = {
    "zh": "商品已退回，或这次降价的差价已经退过，没有可退的差价了。",
    "en": "Nothing is left to refund: the goods went back, or this drop was refunded before.",
}


def carry_out_difference(
    decision: Decision, locked: LockedCustomer, case: AftersalesCase, now: datetime, _asked: object = None
) -> Moved | None:
    """Put all of it into the decision; None when a new quote waits for the customer, or nothing is left to give.

    No lender is ever asked: its plan is not touched (R100).
    """
    assert case.quote_id is not None, "a claim is made with a quote"
    line_of_case = CaseLine.objects.get(customer_id=case.customer_id, case_id=case.id)
    kept = QuoteRecord.objects.get(customer_id=case.customer_id, id=case.quote_id)
    found = order_under_protection(
        case.customer_id,
        case.order_id,
        at=now,
        besides=case.id,
        snapshots={line_of_case.line_no: seen_from(line_of_case.worth["price"])},
    )
    line = next(one for one in found.lines if one.line_no == line_of_case.line_no)
    if line.difference is None:
        note = NOTHING_LEFT[language_of(customer_view(case.customer_id).language)]
        move(decision, case, CaseSignal.WITHDRAWN, actor=audit.SYSTEM, note=note, now=now)
        return None
    quoted = _quote_in_force(decision, case, kept, found, line, now=now)
    if quoted is None:
        return None
    events = _events(case, quoted, now=now)
    head = _add_to_plan(decision, locked, case, events, now=now)
    _owe(decision, case, quoted, head, now=now)
    refund_id = _open_refund(decision, locked, case, quoted, now=now)
    _keep(case, line, quoted, now=now)
    return Moved(
        quote_id=case.quote_id,
        event_ids=tuple(event.id for event in events),
        refund_ids=(refund_id,) if refund_id else (),
        cash=quoted.quote.cash,
        at_ordering=quoted.quote.at_ordering,
        goes_on=refund_id is not None,
    )


def _quote_in_force(
    decision: Decision,
    case: AftersalesCase,
    kept: QuoteRecord,
    found: OrderUnderProtection,
    line: LineUnderProtection,
    *,
    now: datetime,
) -> DifferenceQuote | None:
    """What the customer was promised, or no less; anything less is kept as a new quote and waits to be confirmed."""
    fresh = quote_difference(found, line, on=kept.quoted_on, now=now)
    if fresh.facts == kept.facts:
        return fresh
    last = newest_quote(case)
    quote_id = keep_difference_quote(
        case.customer_id,
        case.order_id,
        fresh,
        line,
        unused=kept.body["price"]["unused"],
        case_id=case.id,
        seq=1 + max(kept.seq, last.seq if last else 0),
        now=now,
    )
    if fresh.quote.value >= kept.value_minor and fresh.quote.fees_back.total >= kept.fees_back_minor:
        take_quote(case, quote_id, fresh.quote.value)
        return fresh
    details = {"quote_id": str(quote_id), "value_minor": fresh.quote.value, "before_minor": kept.value_minor}
    move(decision, case, CaseSignal.QUOTE_CHANGED, actor=audit.SYSTEM, details=details, now=now)
    return None


def _events(case: AftersalesCase, quoted: DifferenceQuote, *, now: datetime) -> list[Event]:
    """Under ids that the same case makes again; cash leaves today."""
    today = clock.business_date(now)
    return [
        replace(
            event,
            id=str(derived_id("case_event", case.id, n)),
            on=max(today, event.on) if event.kind is EventKind.BALANCE_PAYOUT else event.on,
        )
        for n, event in enumerate(quoted.quote.events, 1)
    ]


def _add_to_plan(
    decision: Decision, locked: LockedCustomer, case: AftersalesCase, events: list[Event], *, now: datetime
) -> ChainHead:
    if not events:
        return ChainHead(locked.entry_seq, locked.entry_hash)
    assert case.plan_id is not None, "only a plan has events"
    file = plan_file.read(case.customer_id, case.plan_id)
    facts = [Fact(event, Account.PAYABLE_REFUND) for event in events]
    return plan_file.add_events(decision, file, facts, head=locked, actor=_actor(case), now=now).head


def _owe(decision: Decision, case: AftersalesCase, quoted: DifferenceQuote, head: ChainHead, *, now: datetime) -> None:
    """What of the difference itself goes back as money; what comes off the plan is in the entry of its event."""
    if not quoted.cash_for_the_drop:
        return
    entry = price_difference_entry(quoted.cash_for_the_drop)
    columns, lines, new_head = entry_columns(
        entry,
        code=entry.code,
        on=quoted.quote.on,
        currency=case.currency,
        about=About(customer_id=case.customer_id, order_id=case.order_id),
        head=head,
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = new_head.seq


def _open_refund(
    decision: Decision, locked: LockedCustomer, case: AftersalesCase, quoted: DifferenceQuote, *, now: datetime
) -> UUID | None:
    """Over the plan's payments; what they cannot carry, and what was paid at ordering, is transferred by two people."""
    amount = quoted.quote.money_back
    if not amount:
        return None
    return open_refund(
        decision,
        locked,
        cause=RefundCause.PRICE_DIFFERENCE,
        source_key=refund_keys.over_rails(case.id),
        amount=Money(amount, case.currency),
        reason=REASON,
        plan_id=case.plan_id,
        order_id=case.order_id,
        sources=None if case.plan_id else (),
        actor=_actor(case),
        now=now,
    )


def _keep(case: AftersalesCase, line: LineUnderProtection, quoted: DifferenceQuote, *, now: datetime) -> None:
    """Never paid again: neither for the same drop nor when the pieces go back."""
    difference = quoted.difference
    PriceDifference.objects.create(
        customer_id=case.customer_id,
        id=new_id(),
        case_id=case.id,
        order_id=case.order_id,
        line_no=line.line_no,
        pieces=len(difference.pieces),
        piece_numbers=list(difference.pieces),
        currency=case.currency,
        paid_minor=difference.paid,
        lowest_minor=difference.seen.price,
        amount_minor=difference.amount,
        cash_minor=quoted.cash_for_the_drop,
        fees_followed=quoted.fees_followed,
        given_at=now,
    )
    offers = PriceOffer.objects.filter(
        customer_id=case.customer_id, order_id=case.order_id, line_no=line.line_no, state=OfferState.OPEN
    )
    offers.filter(lowest_minor__gte=difference.seen.price).update(state=OfferState.SUPERSEDED, closed_at=now)


def _actor(case: AftersalesCase) -> str:
    """Whoever decided that it goes back."""
    return case.decided_by or audit.SYSTEM
