"""What a member of staff can safely do for a customer, in one list: each leads to a page that first says what happens.

Every action shows its effect before it is done, asks for a reason, keeps to the limit of the role, goes to a second
person above it, and is written to the audit; that is the duty of the page it leads to. Here stands only what there is,
who may do it, and why it cannot be done now. A new action is one function, added to ACTIONS.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.customer_file import CustomerFile
from fenqi.usecases.support.talks import OpenTicket
from fenqi.usecases.views import PlanView


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Whom, and what of theirs the page is about."""

    file: CustomerFile
    plan: PlanView | None
    lender_collects: bool
    tickets: tuple[OpenTicket, ...]

    @property
    def customer_id(self) -> UUID:
        return self.file.customer.customer_id

    @property
    def order_id(self) -> UUID | None:
        """Of the plan that is looked at, else the newest order."""
        if self.plan is not None:
            return self.plan.order_id
        return self.file.orders[0].order_id if self.file.orders else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`post`: it is begun by a button, not a link. `why_not`: shown, and it leads nowhere now."""

    code: str
    icon: str
    title: str
    caption: str
    address: str = ""
    post: bool = False
    why_not: str = ""


Maker = Callable[[Situation], Action | None]


def _talk(now: Situation) -> Action:
    """The open ticket, or a new one because the customer called."""
    if now.tickets:
        ticket = now.tickets[0]
        return Action(
            code="ticket",
            icon="headphones",
            title=_("Go on with ticket %(number)s") % {"number": ticket.ticket_no},
            caption=_("Answer, note, telephone call, hand over"),
            address=reverse("console:support_thread", args=[now.customer_id, ticket.thread_id]),
        )
    return Action(
        code="ticket",
        icon="headphones",
        title=_("Open a ticket"),
        caption=_("The customer called or came: write down what was said"),
        address=reverse("console:begin_ticket", args=[now.customer_id]),
        post=True,
    )


def _call_back(now: Situation) -> Action:
    title, caption = _("Call back"), _("Promise a call; the customer is told when. Can be called off")
    if not now.tickets:
        return Action(
            code="call_back", icon="smartphone", title=title, caption=caption, why_not=_("open a ticket first")
        )
    address = reverse("console:support_call", args=[now.customer_id, now.tickets[0].thread_id])
    return Action(code="call_back", icon="smartphone", title=title, caption=caption, address=address)


def _send_link(now: Situation) -> Action | None:
    if now.plan is None:
        return None
    title, caption = _("Send the link to repay"), _("Into the conversation; three times a day at most")
    if now.plan.state.totals.outstanding.total == 0:
        why_not = _("nothing is left to repay")
        return Action(code="send_link", icon="message-circle", title=title, caption=caption, why_not=why_not)
    address = reverse("console:send_link", args=[now.customer_id, now.plan.plan_id])
    return Action(code="send_link", icon="message-circle", title=title, caption=caption, address=address)


def _after_sales(now: Situation) -> Action | None:
    if now.order_id is None:
        return None
    return Action(
        code="after_sales",
        icon="undo-2",
        title=_("Register after-sales"),
        caption=_("Return, exchange or refund; the quote is shown first. Can be withdrawn"),
        address=reverse("console:apply_for_customer", args=[now.customer_id, now.order_id]),
    )


def _price_difference(now: Situation) -> Action | None:
    if now.order_id is None:
        return None
    return Action(
        code="price_difference",
        icon="receipt-text",
        title=_("Claim a price difference"),
        caption=_("What it was, what it is, and where the difference goes"),
        address=reverse("console:price_difference", args=[now.customer_id, now.order_id]),
    )


def _overdue(now: Situation, code: str, icon: str, title: str, caption: str, *, anchor: str) -> Action | None:
    """On the plan's page for help: it shows what happens before anything is done. Lenders decide about their own."""
    if now.plan is None:
        return None
    if now.lender_collects:
        why_not = _("the lender collects this plan, and decides about it")
        return Action(code=code, icon=icon, title=title, caption=caption, why_not=why_not)
    if now.plan.state.totals.outstanding.total == 0:
        return Action(code=code, icon=icon, title=title, caption=caption, why_not=_("nothing is left to repay"))
    address = reverse("console:overdue_plan", args=[now.customer_id, now.plan.plan_id])
    return Action(code=code, icon=icon, title=title, caption=caption, address=f"{address}#{anchor}")


def _promise(now: Situation) -> Action | None:
    title, caption = _("Record a promise to pay"), _("Reminders wait until its day. Can be taken back")
    return _overdue(now, "promise", "calendar-check", title, caption, anchor="promise")


def _reschedule(now: Situation) -> Action | None:
    title, caption = _("Extend or reschedule"), _("Before and after, side by side; the customer agrees first")
    return _overdue(now, "reschedule", "refresh-cw", title, caption, anchor="change")


def _waive(now: Situation) -> Action | None:
    title, caption = _("Waive a charge"), _("Within your limit; above it a colleague approves")
    return _overdue(now, "waive", "receipt-text", title, caption, anchor="waive")


def _log_call(now: Situation) -> Action | None:
    title, caption = _("Log a call about the debt"), _("The hours and caps of calls are checked")
    return _overdue(now, "log_call", "smartphone", title, caption, anchor="contact")


def _sees(now: Situation) -> Action:
    return Action(
        code="sees",
        icon="smartphone",
        title=_("What the customer sees"),
        caption=_("Their own pages as they stand now, read only"),
        address=reverse("console:customer_sees", args=[now.customer_id]),
    )


ACTIONS: Final[tuple[tuple[Permission, Maker], ...]] = (
    (Permission.ANSWER_CUSTOMERS, _talk),
    (Permission.SEE_CUSTOMERS, _sees),
    (Permission.ANSWER_CUSTOMERS, _send_link),
    (Permission.APPLY_FOR_CUSTOMERS, _after_sales),
    (Permission.APPLY_FOR_CUSTOMERS, _price_difference),
    (Permission.ANSWER_CUSTOMERS, _call_back),
    (Permission.RECORD_PROMISES, _promise),
    (Permission.RESCHEDULE_PLANS, _reschedule),
    (Permission.WAIVE_CHARGES, _waive),
    (Permission.RECORD_PROMISES, _log_call),
)


def actions_for(staff: Staff, now: Situation) -> tuple[Action, ...]:
    """Those that the role may do, in their order."""
    return tuple(_made(now, (maker for permission, maker in ACTIONS if staff.may(permission))))


def _made(now: Situation, makers: Iterable[Maker]) -> Iterable[Action]:
    return (action for maker in makers if (action := maker(now)) is not None)
