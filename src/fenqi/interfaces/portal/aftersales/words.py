"""What after-sales are called on the customer's pages: wishes, reasons, states, steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.aftersales.rules import RULES, RuleId
from fenqi.interfaces.portal.rail import Pill
from fenqi.usecases.aftersales.views import CaseSummary, CaseView, StageName

CONSUMER_LAW: Final = "消费者权益保护法"


@dataclass(frozen=True, slots=True)
class Named:
    """A choice and the line below it."""

    name: str
    caption: str


def kind_named(kind: str) -> Named:
    names = {
        WishKind.RETURN: Named(_("Return and refund"), _("You send the goods back, the money comes back")),
        WishKind.REFUND_ONLY: Named(_("Refund without return"), _("You keep the goods, or they never came")),
        WishKind.EXCHANGE: Named(_("Exchange"), _("You send the goods back and get others; your plan goes on")),
        WishKind.PRICE_DIFFERENCE: Named(_("Price difference"), _("The price has fallen, the difference comes back")),
    }
    return names[WishKind(kind)]


def case_kind_name(case: CaseView | CaseSummary) -> str:
    """What the customer applied for, and what became of it."""
    return _("Exchange, refunded instead") if case.was_exchange else kind_named(case.kind).name


def reason_named(reason: str) -> Named:
    names = {
        Reason.NO_REASON: Named(_("No reason"), _("You need not say why")),
        Reason.CHANGED_MIND: Named(_("I changed my mind"), _("Not needed any more, or bought by mistake")),
        Reason.WRONG_SIZE_OR_COLOUR: Named(_("Size or colour does not suit"), ""),
        Reason.NOT_AS_DESCRIBED: Named(_("Not as described"), _("Say what the page promised, and what you got")),
        Reason.FAULTY: Named(_("It does not work properly"), _("Say what happens, and since when")),
        Reason.DAMAGED_IN_TRANSIT: Named(_("Damaged on the way"), _("A photo of the parcel helps, too")),
        Reason.MISSING_PARTS: Named(_("Something is missing"), _("Say which part")),
        Reason.WRONG_ITEM: Named(_("The wrong goods came"), _("A photo of the label is enough")),
        Reason.LATE_DELIVERY: Named(_("It came too late"), ""),
        Reason.NEVER_ARRIVED: Named(_("It never came"), _("We ask the carrier")),
        Reason.PRICE_FELL: Named(_("It has become cheaper"), _("Perhaps the difference is enough: see the order")),
        Reason.OTHER: Named(_("Something else"), _("Say it in your own words")),
    }
    return names[Reason(reason)]


def state_pill(state: CaseState) -> Pill:
    """The status word of a case in a list."""
    tones = {
        CaseState.SUBMITTED: Pill(tone="refund", text=_("Waiting for review")),
        CaseState.IN_REVIEW: Pill(tone="refund", text=_("In review")),
        CaseState.EVIDENCE_ASKED: Pill(tone="due", text=_("Please add something"), icon="circle-alert"),
        CaseState.APPROVED: Pill(tone="refund", text=_("Approved")),
        CaseState.REJECTED: Pill(tone="cancelled", text=_("Not approved")),
        CaseState.GOODS_AWAITED: Pill(tone="due", text=_("Send it back"), icon="truck"),
        CaseState.GOODS_RECEIVED: Pill(tone="refund", text=_("Being inspected")),
        CaseState.QUOTE_CHANGED: Pill(tone="due", text=_("Please confirm"), icon="circle-alert"),
        CaseState.REFUNDING: Pill(tone="refund", text=_("Money on its way")),
        CaseState.REPLACING: Pill(tone="refund", text=_("New goods being sent")),
        CaseState.COMPLETED: Pill(tone="paid", text=_("Done")),
        CaseState.WITHDRAWN: Pill(tone="cancelled", text=_("Withdrawn")),
    }
    return tones[state]


def step_name(signal: CaseSignal) -> str:
    """What has happened, from the customer's side."""
    names = {
        CaseSignal.APPLIED: _("You applied"),
        CaseSignal.TAKEN: _("Customer service began the review"),
        CaseSignal.MORE_ASKED: _("We asked you for more"),
        CaseSignal.ANSWERED: _("You added something"),
        CaseSignal.APPROVED_FIRST: _("One colleague approved, a second one checks"),
        CaseSignal.APPROVED: _("Approved"),
        CaseSignal.REJECTED: _("Not approved"),
        CaseSignal.GOODS_CALLED: _("We asked for the goods"),
        CaseSignal.SENT: _("You sent the goods"),
        CaseSignal.REMINDED: _("We reminded you to send the goods"),
        CaseSignal.EXPIRED: _("Nothing came in time"),
        CaseSignal.RECEIVED: _("Goods received and inspected"),
        CaseSignal.QUOTE_CHANGED: _("The amounts changed"),
        CaseSignal.CONFIRMED: _("You confirmed the new amounts"),
        CaseSignal.EXECUTED: _("Refund carried out"),
        CaseSignal.REPLACEMENT_DUE: _("The new goods are being prepared"),
        CaseSignal.REPLACEMENT_SENT: _("The new goods are on their way"),
        CaseSignal.CANNOT_REPLACE: _("The new goods cannot be sent, you can have a refund"),
        CaseSignal.TRACED: _("Past its latest day: we asked where the money is"),
        CaseSignal.ARRIVED: _("Everything has arrived"),
        CaseSignal.CAME_BACK: _("Money came back from the bank"),
        CaseSignal.WITHDRAWN: _("Withdrawn"),
    }
    return names[signal]


def stage_ahead(name: StageName) -> Named:
    """What is being done or still to come, and who does it."""
    names = {
        StageName.APPLICATION: Named(_("You apply"), ""),
        StageName.REVIEW: Named(_("Review"), _("By our customer service")),
        StageName.GOODS: Named(_("You send the goods"), ""),
        StageName.INSPECTION: Named(_("We receive and inspect them"), ""),
        StageName.REPLACEMENT: Named(_("We send the new goods"), ""),
        StageName.REFUND: Named(_("We send the refund"), ""),
        StageName.ARRIVAL: Named(_("It arrives"), _("In the hands of the bank, the wallet or the lender")),
    }
    return names[name]


def rule_named(rule: str) -> str:
    """The rule that a decision cites, and the law behind it; nothing for a rule that is not one of ours."""
    known = {one.value: one for one in RuleId}.get(rule)
    if known is None:
        return ""
    return " · ".join(part for part in (_rule_title(known), *map(_law, RULES[known].sources)) if part)


def _rule_title(rule: RuleId) -> str:
    confirmed = _("What you confirmed at ordering")
    titles = {
        RuleId.NO_REASON_RETURN: _("Return without a reason"),
        RuleId.FAULTY_GOODS: _("Goods at fault"),
        RuleId.NOT_RECEIVED: _("Goods that never came"),
        RuleId.LATE_GOODS: _("Goods that came late"),
        RuleId.ORDER_NOT_IN_FORCE: _("Orders that are in force"),
        RuleId.OTHER_PLATFORM: _("Bought on another platform"),
        RuleId.NOT_DELIVERED: _("Only after delivery"),
        RuleId.NOTHING_LEFT: _("Pieces that are left"),
        RuleId.GOODS_ARE_KEPT: _("To keep the goods, something must be wrong with them"),
        RuleId.REASON_DOES_NOT_FIT: _("Reason and wish must fit"),
        RuleId.MADE_TO_ORDER: _("Goods made to order"),
        RuleId.PERISHABLE: _("Fresh or perishable goods"),
        RuleId.DIGITAL: _("Digital goods"),
        RuleId.OPENED_MEDIA: _("Opened recordings and software"),
        RuleId.PERIODICAL: _("Newspapers and periodicals"),
        RuleId.CONFIRMED_SEALED: confirmed,
        RuleId.CONFIRMED_ACTIVATED: confirmed,
        RuleId.CONFIRMED_NEAR_EXPIRY: confirmed,
        RuleId.CONFIRMED_FLAWED: confirmed,
        RuleId.WINDOW_OVER: _("Time for returns without a reason"),
        RuleId.FAULT_WINDOW_OVER: _("Time to report a fault"),
    }
    return titles.get(rule, _("Price protection"))


def _law(source: str) -> str:
    name, _space, article = source.partition(" art ")
    if name != CONSUMER_LAW:
        return ""
    return _("Law on the Protection of Consumer Rights and Interests, article %(article)s") % {"article": article}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as a line of a list."""

    case: CaseSummary
    kind: str
    pill: Pill


def case_rows(cases: Iterable[CaseSummary]) -> tuple[CaseRow, ...]:
    """Those that wait for the customer first, closed ones last, each kind newest first."""
    newest = sorted(cases, key=lambda case: case.created_at, reverse=True)
    ordered = sorted(newest, key=lambda case: (not case.customer_must_act, case.closed_at is not None))
    return tuple(CaseRow(case, case_kind_name(case), state_pill(case.state)) for case in ordered)


def paused_pill() -> Pill:
    """Of a bill whose goods are being returned: it is not due meanwhile."""
    return Pill(tone="refund", text=_("Paused, after-sales are open"), icon="undo-2")
