"""Fallen prices are offered to those who bought before, without being asked; taking an offer is one tap.

An offer is approved by being made: who takes it says that the goods are unused, and the money moves.
"""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from fenqi.domain.aftersales.cases import CaseSignal
from fenqi.domain.aftersales.price_protection import SeenPrice
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import AftersalesCase, AppliedVia, OfferState, PriceOffer
from fenqi.records.posting import Decision, write
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, clock, outbox
from fenqi.usecases.aftersales.errors import RefundQuoteChanged
from fenqi.usecases.aftersales.review import needs_two_people
from fenqi.usecases.aftersales.steps import move
from fenqi.usecases.customers import customer_view
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.notices.templates import language_of
from fenqi.usecases.price_protection.claim import StatementNeeded, line_of, open_claim
from fenqi.usecases.price_protection.lines import LineUnderProtection, OrderUnderProtection, order_under_protection
from fenqi.usecases.price_protection.quoting import DifferenceQuote, quote_difference

DAYS_TO_ANSWER: Final = 7
"""An offer stands at least this long, even when protection itself ends before."""

OFFERED: Final = {
    "zh": "降价由商城发现，按价格保护规则通过。",
    "en": "We found this drop ourselves, and price protection covers it.",
}


class OfferGone(FenqiError):
    """The offer has expired, or another one took its place."""

    code = "price_offer_gone"
    status = 409
    zh = "这个退差价已失效，没有办理。请回到订单页看最新的差价。"
    en = "This offer no longer stands, so nothing was done. Look at the order's page for the difference as it is now."


@transaction.atomic(durable=False)
def offer_on_order(customer_id: UUID, order_id: UUID, *, now: datetime) -> int:
    """Offer what the order's lines are owed now; how many offers are new. Raises NotFound."""
    locks.customer(customer_id)
    found = order_under_protection(customer_id, order_id, at=now)
    decision = Decision(customer_id)
    made = sum(_offer(decision, found, line, now=now) for line in found.lines if line.can_claim)
    write(decision)
    return made


def _offer(decision: Decision, found: OrderUnderProtection, line: LineUnderProtection, *, now: datetime) -> bool:
    """Whether the offer is new; one of a smaller drop gives way to it."""
    difference, order = line.difference, found.order
    assert difference is not None
    offers = PriceOffer.objects.filter(customer_id=order.customer_id, order_id=order.id, line_no=line.line_no)
    if offers.filter(lowest_minor__lte=difference.seen.price).exists():
        return False
    offers.filter(state=OfferState.OPEN).update(state=OfferState.SUPERSEDED, closed_at=now)
    offer_id = derived_id("price_offer", order.id, line.line_no, difference.seen.price)
    PriceOffer.objects.create(
        customer_id=order.customer_id,
        id=offer_id,
        order_id=order.id,
        line_no=line.line_no,
        pieces=len(difference.pieces),
        currency=order.currency,
        paid_minor=difference.paid,
        lowest_minor=difference.seen.price,
        amount_minor=difference.amount,
        seen_at=difference.seen.at,
        seen_source=difference.seen.source,
        seen_seller=difference.seen.seller,
        route=line.rules.route.value,
        policy_code=line.policy.code,
        policy_version=line.policy.version,
        offered_at=now,
        expires_at=_expires_at(line, now=now),
    )
    outbox.tell_of_price_offer(decision, offer_id, at=polite_time(now), now=now)
    return True


def _expires_at(line: LineUnderProtection, *, now: datetime) -> datetime:
    last_on: date = clock.business_date(now) + timedelta(days=DAYS_TO_ANSWER)
    return max(line.protected_until, clock.end_of_business_day(last_on))


def expire_offers(*, now: datetime) -> int:
    """Close what was not taken in time: one statement over all customers."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE price_offer SET state = 'expired', closed_at = %s WHERE state = 'open' AND expires_at <= %s",
            [now, now],
        )
        return int(cursor.rowcount)


def accept_offer(
    customer_id: UUID,
    offer_id: UUID,
    *,
    unused: bool,
    shown: str | None = None,
    via: AppliedVia = AppliedVia.PORTAL,
    actor: str,
    now: datetime,
) -> UUID:
    """The case that gives the difference, approved and on its way; taken twice, it is one case.

    What is given is worked out at this moment, for the price of the offer. `shown`: the digest of what was shown, so
    that nothing else happens. Raises NotFound, StatementNeeded, OfferGone, NotEligible, RefundQuoteChanged.
    """
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        offer = find_offer(customer_id, offer_id)
        if offer.case_id is not None:
            return offer.case_id
        if offer.state != OfferState.OPEN or now >= offer.expires_at:
            raise OfferGone
        found, line = _as_offered(offer, unused=unused)
        if line.rules.requires_unused and not unused:
            raise StatementNeeded
        line.decision.require()
        if line.difference is None or line.open_case_id is not None:
            raise OfferGone
        quoted = quote_difference(found, line, on=clock.business_date(now), now=now)
        if shown is not None and shown != quoted.facts:
            raise RefundQuoteChanged
        decision = Decision(customer_id)
        case = open_claim(
            decision,
            found,
            line,
            quoted,
            unused=unused,
            about={"offer_id": str(offer.id)},
            via=via,
            actor=actor,
            now=now,
        )
        _approve(decision, case, now=now)
        PriceOffer.objects.filter(customer_id=customer_id, id=offer.id).update(
            state=OfferState.ACCEPTED, case_id=case.id, closed_at=now
        )
        write(decision)
    return case.id


def find_offer(customer_id: UUID, offer_id: UUID) -> PriceOffer:
    """Raises NotFound, of another customer's offer too."""
    offer = PriceOffer.objects.filter(customer_id=customer_id, id=offer_id).first()
    if offer is None:
        raise NotFound
    return offer


def quote_offer(offer: PriceOffer, *, now: datetime) -> DifferenceQuote | None:
    """What taking it gives now: pieces may have gone back since it was made. None: nothing is left to give."""
    found, line = _as_offered(offer, unused=True)
    return quote_difference(found, line, on=clock.business_date(now), now=now) if line.difference is not None else None


def seen_of(offer: PriceOffer) -> SeenPrice:
    """The price that the offer is about."""
    return SeenPrice(
        price=offer.lowest_minor,
        at=offer.seen_at,
        source=offer.seen_source,
        currency=offer.currency,
        seller=offer.seen_seller,
    )


def _as_offered(offer: PriceOffer, *, unused: bool) -> tuple[OrderUnderProtection, LineUnderProtection]:
    """The line as it is now, judged as of the day of the offer, at the offer's price."""
    found = order_under_protection(
        offer.customer_id,
        offer.order_id,
        at=offer.offered_at,
        unused=unused,
        snapshots={offer.line_no: seen_of(offer)},
    )
    return found, line_of(found, offer.line_no)


def _approve(decision: Decision, case: AftersalesCase, *, now: datetime) -> None:
    """By the policy, when the offer was made; an amount that asks for two people is still looked at by them."""
    if needs_two_people(case):
        return
    note = OFFERED[language_of(customer_view(case.customer_id).language)]
    move(decision, case, CaseSignal.TAKEN, actor=audit.SYSTEM, now=now)
    move(
        decision,
        case,
        CaseSignal.APPROVED,
        actor=audit.SYSTEM,
        note=note,
        now=now,
        decided_by=audit.SYSTEM,
        decided_at=now,
        decision_note=note,
    )
    outbox.about_case(decision, outbox.EXECUTE_CASE, case.id, now=now)
