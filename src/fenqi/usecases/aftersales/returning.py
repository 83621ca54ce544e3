"""The money of a return, by its quote: the plan's events, what was paid at ordering, and the refunds that go back.

The quote is worked out anew with the day of the application. Where the facts have changed since, a new quote is kept;
one that gives the customer no less is carried out and told of, any other waits to be confirmed (design, rule 7).
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from fenqi.domain.aftersales.cases import CaseSignal
from fenqi.domain.aftersales.quote import RefundQuote
from fenqi.domain.ledger import Account, return_at_ordering_entry
from fenqi.domain.money import Money
from fenqi.domain.plans import Event, EventKind
from fenqi.records.identifiers import derived_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import AftersalesCase, CaseKind, CaseLine, QuoteRecord, RefundCause
from fenqi.records.posting import Decision
from fenqi.usecases import audit, clock, plan_file
from fenqi.usecases.aftersales import refund_keys
from fenqi.usecases.aftersales.moved import Moved
from fenqi.usecases.aftersales.quoting import WorkedOut, keep_quote, with_the_lenders_word, work_out
from fenqi.usecases.aftersales.steps import move
from fenqi.usecases.aftersales.wishes import deductions_of, wish_of
from fenqi.usecases.partners.errors import PartnerRefuses, PartnerUnavailable
from fenqi.usecases.partners.refunding import refund_over_partner
from fenqi.usecases.plan_file import Fact
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.refunds.open import open_refund

_GOODS_BACK = (CaseKind.RETURN.value, CaseKind.REFUND_ONLY.value)

REASON = "退货退款"
"""What the payer reads at the channel."""


def asked_anew(case: AftersalesCase, confirmed: UUID | None, *, now: datetime) -> WorkedOut | None:
    """What the case comes to now, with the lender's word, where that is another quote than the customer `confirmed`.

    Calls the lender: never inside a transaction. One that gives no answer is not waited for: it says the same when the
    return is carried out.
    """
    kept = QuoteRecord.objects.filter(customer_id=case.customer_id, id=confirmed or UUID(int=0)).first()
    if case.kind not in _GOODS_BACK or kept is None or not kept.partner_minor:
        return None
    fresh = _worked_out_anew(case, kept, now=now)
    if fresh.facts == kept.facts:
        return None
    try:
        return with_the_lenders_word(case.customer_id, fresh)
    except (PartnerUnavailable, PartnerRefuses):
        return None


def carry_out_return(
    decision: Decision, locked: LockedCustomer, case: AftersalesCase, now: datetime, asked: WorkedOut | None
) -> Moved | None:
    """Put all of it into the decision; None when a new quote waits for the customer instead.

    `asked`: what the lender was asked about just before.
    """
    quote = _quote_in_force(decision, case, asked, now=now)
    if quote is None:
        return None
    _keep_worth(case, quote)
    events = _events(case, quote, now=now)
    head = _add_to_plan(decision, locked, case, events, now=now)
    if quote.at_ordering:
        _owe_what_was_paid_at_ordering(decision, case, quote, head, now=now)
    refunds = (
        _open(decision, locked, case, refund_keys.over_rails(case.id), quote.cash, now=now),
        _open(decision, locked, case, refund_keys.at_ordering(case.id), quote.at_ordering, now=now),
    )
    opened = tuple(refund_id for refund_id in refunds if refund_id is not None)
    if quote.partner:
        _send_to_lender(decision, case, quote, now=now)
    return Moved(
        quote_id=case.quote_id,
        event_ids=tuple(event.id for event in events),
        refund_ids=opened,
        cash=quote.cash,
        at_ordering=quote.at_ordering,
        partner=quote.partner,
        goes_on=bool(opened or quote.partner),
    )


def newest_quote(case: AftersalesCase) -> QuoteRecord | None:
    """The last one that was made for the case after it was applied for."""
    quotes = QuoteRecord.objects.filter(customer_id=case.customer_id, case_id=case.id)
    return quotes.order_by("-seq", "-created_at").first()


def take_quote(case: AftersalesCase, quote_id: UUID, value_minor: int) -> None:
    """From now on this one is in force."""
    case.quote_id, case.value_minor = quote_id, value_minor
    AftersalesCase.objects.filter(customer_id=case.customer_id, id=case.id).update(
        quote_id=quote_id, value_minor=value_minor
    )


def _quote_in_force(
    decision: Decision, case: AftersalesCase, asked: WorkedOut | None, *, now: datetime
) -> RefundQuote | None:
    """What may be carried out: the case's quote, or another one that gives the customer no less.

    None when a new one was kept that must be confirmed first.
    """
    assert case.quote_id is not None, "nothing goes back without a quote"
    kept = QuoteRecord.objects.get(customer_id=case.customer_id, id=case.quote_id)
    fresh = _worked_out_anew(case, kept, now=now)
    if fresh.facts == kept.facts:
        return fresh.quote
    if asked is not None and asked.facts == fresh.facts:
        fresh = asked
    last = newest_quote(case)
    seq = 1 + max(kept.seq, last.seq if last else 0)
    quote_id = keep_quote(case.customer_id, case.order_id, fresh, case_id=case.id, seq=seq, now=now)
    if gives_no_less(kept, fresh.quote):
        take_quote(case, quote_id, fresh.quote.value)
        return fresh.quote
    details = {"quote_id": str(quote_id), "value_minor": fresh.quote.value, "before_minor": kept.value_minor}
    move(decision, case, CaseSignal.QUOTE_CHANGED, actor=audit.SYSTEM, details=details, now=now)
    return None


def _worked_out_anew(case: AftersalesCase, kept: QuoteRecord, *, now: datetime) -> WorkedOut:
    """By the facts of this moment; the return still takes effect on the day it was quoted for."""
    return work_out(
        case.customer_id,
        case.order_id,
        wish_of(case),
        now=now,
        quoted_on=kept.quoted_on,
        case_id=case.id,
        deductions=deductions_of(case),
    )


def gives_no_less(kept: QuoteRecord, fresh: RefundQuote) -> bool:
    """At least as much for the goods and of the fees, and nothing new taken off."""
    deducted = sum(line.deduction for line in fresh.lines)
    deducted_before = sum(line["deduction"] for line in kept.body["lines"])
    return (
        fresh.value >= kept.value_minor
        and fresh.fees_back.total >= kept.fees_back_minor
        and deducted <= deducted_before
    )


def _events(case: AftersalesCase, quote: RefundQuote, *, now: datetime) -> list[Event]:
    """What the quote does to the plan, under ids that the same case makes again; cash leaves today."""
    today = clock.business_date(now)
    return [
        replace(
            event,
            id=str(derived_id("case_event", case.id, n)),
            on=max(today, event.on) if event.kind is EventKind.BALANCE_PAYOUT else event.on,
        )
        for n, event in enumerate(quote.events, 1)
    ]


def _add_to_plan(
    decision: Decision, locked: LockedCustomer, case: AftersalesCase, events: list[Event], *, now: datetime
) -> ChainHead:
    """The head of the customer's chain of entries after it."""
    if not events:
        return ChainHead(locked.entry_seq, locked.entry_hash)
    assert case.plan_id is not None, "only a plan has events"
    file = plan_file.read(case.customer_id, case.plan_id)
    facts = [Fact(event, Account.PAYABLE_REFUND) for event in events]
    return plan_file.add_events(decision, file, facts, head=locked, actor=_actor(case), now=now).head


def _keep_worth(case: AftersalesCase, quote: RefundQuote) -> None:
    """What each line of the case comes to, by the quote that is carried out."""
    for line in quote.lines:
        CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.id, line_no=line.line_no).update(
            worth=line.to_mapping()
        )


def _owe_what_was_paid_at_ordering(
    decision: Decision, case: AftersalesCase, quote: RefundQuote, head: ChainHead, *, now: datetime
) -> None:
    entry = return_at_ordering_entry(quote.at_ordering)
    columns, lines, new_head = entry_columns(
        entry,
        code=entry.code,
        on=quote.on,
        currency=case.currency,
        about=About(customer_id=case.customer_id, order_id=case.order_id),
        head=head,
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = new_head.seq


def _open(
    decision: Decision, locked: LockedCustomer, case: AftersalesCase, key: str, amount: int, *, now: datetime
) -> UUID | None:
    """Set it on its way: over the plan's payments; what was paid at ordering is a transfer, by two members of staff."""
    if not amount:
        return None
    over_rails = key == refund_keys.over_rails(case.id)
    return open_refund(
        decision,
        locked,
        cause=RefundCause.AFTERSALE,
        source_key=key,
        amount=Money(amount, case.currency),
        reason=REASON,
        plan_id=case.plan_id if over_rails else None,
        order_id=case.order_id,
        sources=None if over_rails else (),
        actor=_actor(case),
        now=now,
    )


def _send_to_lender(decision: Decision, case: AftersalesCase, quote: RefundQuote, *, now: datetime) -> None:
    """Who has lent the money gets all of it, and changes its plan by its own rules (P207)."""
    assert case.plan_id is not None, "only a plan has a lender"
    refund_over_partner(
        decision,
        plan_id=case.plan_id,
        order_id=case.order_id,
        case_id=case.id,
        amount=Money(quote.partner, case.currency),
        effective_on=quote.on,
        actor=_actor(case),
        now=now,
    )


def _actor(case: AftersalesCase) -> str:
    """Whoever decided that it goes back."""
    return case.decided_by or audit.SYSTEM
