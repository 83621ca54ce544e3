"""The first line of a case's page: what it came to, or what it waits for, and who acts next."""

from collections import defaultdict
from collections.abc import Callable
from functools import reduce

from django.utils.translation import gettext as _

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.cards import CardKind
from fenqi.domain.payments.refunds import RefundState
from fenqi.interfaces.portal.aftersales.progress import deductions_told
from fenqi.interfaces.portal.lenders import lender_name
from fenqi.interfaces.portal.methods import channel_name
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.portal.refunds import Way, way
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.aftersales.views import CaseView
from fenqi.usecases.cards.queries import list_cards
from fenqi.usecases.refunds.queries import Holder

Told = tuple[str, str]
"""The headline and the line below it."""
Teller = Callable[[], Told]


def headline(case: CaseView, reader: Reader) -> Told:
    tellers: dict[CaseState, Teller] = {
        CaseState.SUBMITTED: lambda: _submitted(case, reader),
        CaseState.IN_REVIEW: lambda: _submitted(case, reader),
        CaseState.EVIDENCE_ASKED: lambda: _evidence_asked(case),
        CaseState.APPROVED: lambda: _approved(case),
        CaseState.REJECTED: lambda: (_("This was not approved, and nothing has changed"), ""),
        CaseState.GOODS_AWAITED: lambda: _goods_awaited(case, reader),
        CaseState.GOODS_RECEIVED: _goods_received,
        CaseState.QUOTE_CHANGED: lambda: _quote_changed(case),
        CaseState.REFUNDING: lambda: _refunding(case),
        CaseState.REPLACING: lambda: (
            _("Your goods are here, new ones are being sent"),
            _("Your plan goes on unchanged."),
        ),
        CaseState.COMPLETED: lambda: _completed(case),
        CaseState.WITHDRAWN: lambda: _withdrawn(case),
    }
    return tellers[case.state]()


def _submitted(case: CaseView, reader: Reader) -> Told:
    due = case.deadlines.review_due_at
    if clock.now() > due:
        return _("Our review is late, we are sorry"), _("It comes first in our queue now. You need do nothing.")
    by = f"{formats.full_day(clock.business_date(due), reader.language, today=reader.today)} {_clock(case)}"
    return _("We have your application, and answer by %(day)s") % {"day": by}, _("You need do nothing until then.")


def _approved(case: CaseView) -> Told:
    """An offer of ours was approved by being made: nobody reviewed it."""
    if case.was_our_offer:
        return _("You took our offer, the next step begins by itself"), case.decision_note
    return _("Approved, the next step begins by itself"), case.decision_note


def _clock(case: CaseView) -> str:
    return formats.clock(case.deadlines.review_due_at.astimezone(clock.mall_zone()))


def _evidence_asked(case: CaseView) -> Told:
    asked = [step.note for step in case.steps if step.signal is CaseSignal.MORE_ASKED]
    return _("We need a little more from you, then the review goes on"), asked[-1] if asked else ""


def _goods_awaited(case: CaseView, reader: Reader) -> Told:
    if case.tracking_no:
        return _("Your goods are on their way to us"), _("As soon as they are inspected, we go on by ourselves.")
    due = case.deadlines.goods_due_on
    if due is None:
        return _("Approved, now send the goods back"), case.decision_note
    by = formats.deadline(due, reader.language, today=reader.today)
    return _("Approved, send the goods back %(by)s") % {"by": by}, case.decision_note


def _goods_received() -> Told:
    return _("Your goods are here, we inspect them"), _("What comes next begins by itself.")


def _quote_changed(case: CaseView) -> Told:
    if case.offers_refund_instead:
        why = [step.note for step in case.steps if step.signal is CaseSignal.CANNOT_REPLACE]
        safe = _("Nothing moves before you agree. You can also withdraw: then we send your goods back.")
        return _("The new goods cannot be sent, a refund is ready for you to confirm"), "\n".join((*why, safe))
    safe = _("Nothing moves before you agree. You can also withdraw: then everything stays as it is.")
    return _("The amounts have changed, please look and confirm"), "\n".join((*deductions_told(case), safe))


def _refunding(case: CaseView) -> Told:
    """Where every part of the money is: what has arrived first; before all, what waits for the customer."""
    waiting = waits_for_card(case)
    if waiting:
        amount = formats.money(waiting, case.currency)
        return (
            _("%(amount)s is ready, tell us the account it goes to") % {"amount": amount},
            _("It cannot go back the way you paid. Bind a debit card of your own, and we transfer it there."),
        )
    held: defaultdict[str, int] = defaultdict(int)
    for one in sorted(ways(case), key=lambda one: one.leg.arrived_on is None):
        held[_place(one)] += one.leg.amount_minor
    if not held:
        return _to_lender(case) or _("Your refund is being sent"), _off_plan(case)
    parts = [place % {"amount": formats.money(minor, case.currency)} for place, minor in held.items()]
    return reduce(_joined, parts), _off_plan(case)


def waits_for_card(case: CaseView) -> int:
    """What cannot go back the way it came while there is no debit card of the customer's to send it to."""
    legs = [one.leg for one in ways(case) if one.leg.is_transfer and one.leg.state is RefundState.CREATED]
    amount = sum(leg.amount_minor for leg in legs if not leg.proposed_by)
    has_card = amount and any(card.kind == CardKind.DEBIT and card.is_usable for card in list_cards(case.customer_id))
    return 0 if has_card else amount


def _joined(one: str, other: str) -> str:
    return _("%(one)s, and %(other)s") % {"one": one, "other": other}


def _place(one: Way) -> str:
    """Where a part of the money is, as a sentence that lacks its amount."""
    if one.leg.arrived_on:
        return _("%(amount)s has arrived")
    if one.leg.holder in (Holder.MALL, Holder.NOT_KNOWN):
        return _("%(amount)s is being sent by us")
    is_wallet = one.leg.card is None and not one.leg.is_transfer
    holder = channel_name(one.leg.channel) if is_wallet else one.holder
    return _("%(amount)s is with %(holder)s").replace("%(holder)s", holder.replace("%", "%%"))


def ways(case: CaseView) -> list[Way]:
    """Every part of the money that goes back, and where it is."""
    return [way(leg) for refund in case.refunds for leg in refund.ways]


def _completed(case: CaseView) -> Told:
    if case.kind == WishKind.EXCHANGE:
        return _("The new goods are on their way to you"), _("Your plan goes on unchanged.")
    if case.arrived_minor:
        amount = formats.money(case.arrived_minor, case.currency)
        return _("%(amount)s has arrived, nothing is left to do") % {"amount": amount}, _off_plan(case)
    return _to_lender(case) or _("Done, your plan is lower now"), _off_plan(case)


def _to_lender(case: CaseView) -> str:
    """Where the money of a plan is that somebody else has lent: there, and not with the customer (R050, R051)."""
    if case.quote is None or not case.quote.partner_minor:
        return ""
    told = {
        "amount": formats.money(case.quote.partner_minor, case.currency),
        "provider": lender_name(case.quote.provider),
    }
    if case.state is CaseState.COMPLETED:
        return _("%(amount)s has arrived at %(provider)s") % told
    return _("%(amount)s goes to %(provider)s, no cash comes to you directly") % told


def _off_plan(case: CaseView) -> str:
    """What became of the installments."""
    off = case.quote.off_plan_minor if case.quote else 0
    return _("%(amount)s is off your plan for good.") % {"amount": formats.money(off, case.currency)} if off else ""


def _withdrawn(case: CaseView) -> Told:
    if any(step.signal is CaseSignal.EXPIRED for step in case.steps):
        return _("We heard nothing in time, so this has ended"), _("Your plan goes on as before. You can apply again.")
    return _("Withdrawn, everything stays as it was"), _("Your plan goes on as before. You can apply again.")
