"""The customer applies, or an agent or the mall for the customer: checked, kept, answered with the case (R031-R035).

What was quoted is what is applied for: the quote is needed, still valid, and its facts unchanged. The same quote makes
one case, however often it is sent.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales.eligibility import Wish
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import AftersalesCase, AppliedVia, CaseKind, Order, QuoteRecord
from fenqi.records.posting import Decision, write
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.attached import attach
from fenqi.usecases.aftersales.eligibility import CheckedWish, check_wish
from fenqi.usecases.aftersales.errors import RefundQuoteChanged, RefundQuoteExpired
from fenqi.usecases.aftersales.opening import Opening, OpeningLine, open_case
from fenqi.usecases.aftersales.quoting import WorkedOut, work_out
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_DESCRIPTION = 2_000


def apply(
    customer_id: UUID,
    order_id: UUID,
    wish: Wish,
    *,
    quote_id: UUID,
    evidence_ids: Sequence[UUID] = (),
    description: str = "",
    via: AppliedVia,
    actor: str,
    now: datetime,
) -> UUID:
    """The case; for a quote that was applied with before, the one that it made.

    Raises NotFound, InvalidInput, RefundQuoteExpired, RefundQuoteChanged, NotEligible, TooManyPieces, NotBought,
    EvidenceNotYours.
    """
    description = _checked(description)
    case_id = derived_id("aftersales_case", quote_id)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        if AftersalesCase.objects.filter(customer_id=customer_id, id=case_id).exists():
            return case_id
        order = _order(customer_id, order_id)
        quote = _quote(order, quote_id, now=now)
        checked = check_wish(customer_id, order_id, wish, now=now)
        checked.require()
        fresh = work_out(customer_id, order_id, wish, now=now, quoted_on=quote.quoted_on)
        if fresh.facts != quote.facts or not _is_quoted(wish, quote):
            raise RefundQuoteChanged
        opening = _opening(case_id, order, checked, fresh, quote=quote)
        decision = Decision(customer_id)
        case = open_case(decision, opening, description=description, via=via, actor=actor, now=now)
        attach(case, evidence_ids)
        write(decision)
    return case_id


def apply_for(
    staff: Staff,
    customer_id: UUID,
    order_id: UUID,
    wish: Wish,
    *,
    quote_id: UUID,
    evidence_ids: Sequence[UUID] = (),
    description: str = "",
    now: datetime,
) -> UUID:
    """By an agent at the customer's word. Raises as `apply`, and NotPermitted."""
    staff.require(Permission.APPLY_FOR_CUSTOMERS)
    return apply(
        customer_id,
        order_id,
        wish,
        quote_id=quote_id,
        evidence_ids=evidence_ids,
        description=description,
        via=AppliedVia.CONSOLE,
        actor=staff.actor,
        now=now,
    )


def _checked(description: str) -> str:
    """Raises InvalidInput."""
    description = description.strip()
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidInput(
            where="description",
            problem=f"at most {LONGEST_DESCRIPTION} characters",
            problem_zh=f"最多 {LONGEST_DESCRIPTION} 个字",
        )
    return description


def _order(customer_id: UUID, order_id: UUID) -> Order:
    """Raises NotFound."""
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    return order


def _quote(order: Order, quote_id: UUID, *, now: datetime) -> QuoteRecord:
    """What the customer was shown for this order; a later quote of a case is that case's own. Raises NotFound,
    RefundQuoteExpired.
    """
    quotes = QuoteRecord.objects.filter(customer_id=order.customer_id, id=quote_id, order_id=order.id, case_id=None)
    quote = quotes.first()
    if quote is None:
        raise NotFound
    if now >= quote.valid_until:
        raise RefundQuoteExpired
    return quote


def _is_quoted(wish: Wish, quote: QuoteRecord) -> bool:
    """What is wanted, and why; the goods are among the facts."""
    quoted = quote.body["wish"]
    return (quoted["kind"], quoted["reason"]) == (wish.kind.value, wish.reason.value)


def _opening(case_id: UUID, order: Order, checked: CheckedWish, fresh: WorkedOut, *, quote: QuoteRecord) -> Opening:
    wish = checked.wish
    pieces = {line.line_no: line.pieces for line in wish.lines}
    return Opening(
        case_id=case_id,
        customer_id=order.customer_id,
        order_id=order.id,
        plan_id=fresh.plan_id,
        kind=CaseKind(wish.kind.value),
        reason=wish.reason.value,
        lines=[
            OpeningLine(line_no=line.line_no, pieces=pieces[line.line_no], worth=line.to_mapping())
            for line in fresh.quote.lines
        ],
        currency=fresh.currency,
        value_minor=fresh.quote.value,
        quote_id=quote.id,
        policy_code=checked.policy.code,
        policy_version=checked.policy.version,
        terms=rules_of_case.terms_of(checked.policy.rules),
        rule=checked.decision.rule.value,
    )
