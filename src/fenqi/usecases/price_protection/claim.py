"""A price difference is claimed: by the customer, by an agent for the customer, or by taking an offer of the house.

A claim is an after-sales case, reviewed, carried out and followed as any other; what the price was is kept with it
(P406). Where the policy leaves self-service out, the customer's claim opens a conversation with an agent as well, with
all in it that the agent needs (R095-R097).
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales.price_protection import NoPriceDifference
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.money import Money
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import AftersalesCase, AppliedVia, CaseKind
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.errors import RefundQuoteChanged
from fenqi.usecases.aftersales.opening import Opening, OpeningLine, open_case
from fenqi.usecases.price_protection.lines import LineUnderProtection, OrderUnderProtection, order_under_protection
from fenqi.usecases.price_protection.quoting import (
    DifferenceQuote,
    keep_difference_quote,
    quote_difference,
    snapshot_of,
)
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_DESCRIPTION = 2_000


class StatementNeeded(FenqiError):
    """The policy asks the customer to say that the goods are unused and in their packing (P403)."""

    code = "statement_needed"
    status = 422
    zh = "请先确认商品未使用、原包装完整。"
    en = "Please confirm first that the goods are unused and in their original packing."


def claim(
    customer_id: UUID,
    order_id: UUID,
    line_no: int,
    *,
    unused: bool | None = None,
    description: str = "",
    shown: str | None = None,
    via: AppliedVia,
    actor: str,
    now: datetime,
) -> UUID:
    """The case; while a claim on the line is under way, that one.

    `unused`: what the customer says of the goods. `shown`: the digest of what was shown, so that nothing else happens.
    Raises NotFound, InvalidInput, StatementNeeded, NotEligible, NoPriceDifference, RefundQuoteChanged.
    """
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        found = order_under_protection(customer_id, order_id, at=now, unused=unused)
        line = line_of(found, line_no)
        if line.open_case_id is not None:
            return line.open_case_id
        require_claimable(line, unused=unused)
        quoted = quote_difference(found, line, on=clock.business_date(now), now=now)
        if shown is not None and shown != quoted.facts:
            raise RefundQuoteChanged
        decision = Decision(customer_id)
        case = open_claim(
            decision, found, line, quoted, unused=unused, description=description, via=via, actor=actor, now=now
        )
        if via is not AppliedVia.CONSOLE and not line.rules.self_service:
            outbox.about_case(decision, outbox.HAND_CLAIM_OVER, case.id, now=now)
        write(decision)
    return case.id


def claim_for(
    staff: Staff,
    customer_id: UUID,
    order_id: UUID,
    line_no: int,
    *,
    unused: bool | None,
    description: str = "",
    now: datetime,
) -> UUID:
    """By an agent at the customer's word (R096). Raises as `claim`, and NotPermitted."""
    staff.require(Permission.APPLY_FOR_CUSTOMERS)
    return claim(
        customer_id,
        order_id,
        line_no,
        unused=unused,
        description=description,
        via=AppliedVia.CONSOLE,
        actor=staff.actor,
        now=now,
    )


def line_of(found: OrderUnderProtection, line_no: int) -> LineUnderProtection:
    """Raises NotFound."""
    for line in found.lines:
        if line.line_no == line_no:
            return line
    raise NotFound


def require_claimable(line: LineUnderProtection, *, unused: bool | None) -> None:
    """Raises NotEligible, StatementNeeded, NoPriceDifference with both prices (P405)."""
    line.decision.require()
    if line.rules.requires_unused and unused is None:
        raise StatementNeeded
    if line.difference is None:
        currency = line.bought.currency
        raise NoPriceDifference(
            paid=written(line.paid_each, currency), lowest=written(line.lowest.price, currency) if line.lowest else "-"
        )


def written(minor: int, currency: str) -> str:
    """An amount inside a refusal."""
    return f"{currency} {Money(minor, currency).as_decimal():,f}"


def open_claim(
    decision: Decision,
    found: OrderUnderProtection,
    line: LineUnderProtection,
    quoted: DifferenceQuote,
    *,
    unused: bool | None,
    description: str = "",
    about: Mapping[str, object] | None = None,
    via: AppliedVia,
    actor: str,
    now: datetime,
) -> AftersalesCase:
    """Keep the quote and make the case; the caller holds the lock. Raises InvalidInput."""
    description = description.strip()
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidInput(
            where="description",
            problem=f"at most {LONGEST_DESCRIPTION} characters",
            problem_zh=f"最多 {LONGEST_DESCRIPTION} 个字",
        )
    order, difference = found.order, quoted.difference
    quote_id = keep_difference_quote(order.customer_id, order.id, quoted, line, unused=unused, now=now)
    (worth,) = quoted.quote.lines
    snapshot = snapshot_of(difference, unused=unused) | dict(about or {})
    opening = Opening(
        case_id=derived_id("aftersales_case", quote_id),
        customer_id=order.customer_id,
        order_id=order.id,
        plan_id=quoted.plan_id,
        kind=CaseKind.PRICE_DIFFERENCE,
        reason=quoted.wish().reason.value,
        lines=[
            OpeningLine(
                line_no=line.line_no, pieces=len(difference.pieces), worth=worth.to_mapping() | {"price": snapshot}
            )
        ],
        currency=order.currency,
        value_minor=quoted.quote.value,
        quote_id=quote_id,
        policy_code=line.policy.code,
        policy_version=line.policy.version,
        terms=rules_of_case.terms_of(line.rules),
        rule=line.decision.rule.value,
    )
    return open_case(decision, opening, description=description, via=via, actor=actor, now=now)
