"""What the customer bought: orders, plans beside the one that is shown, and agreements to debit."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fenqi.interfaces.console import words
from fenqi.interfaces.console.lists import Column, Kind, amount, worded
from fenqi.usecases.agreements.queries import AgreementView
from fenqi.usecases.views import OrderSummary, PlanSummary

PAID_AT_ONCE: Final = ""
PAST_DUE: Final = "past_due"


class OtherPlan(NamedTuple):
    """A plan that is not shown in full; `standing` is its status, or that a bill of it is past due."""

    plan: PlanSummary
    standing: str


def standing(plan: PlanSummary, *, today: date) -> str:
    return PAST_DUE if plan.next_due_on and plan.next_due_on < today else plan.status


def _paid(plan: PlanSummary | None) -> str:
    if plan is None:
        return gettext("paid at once")
    return gettext("%(paid)s of %(count)s paid") % {"paid": plan.paid_count, "count": plan.count}


def _goods(order: OrderSummary) -> str:
    return ", ".join(f"{line.name} × {line.quantity}" for line in order.lines)


ORDERS: Final[Sequence[Column[OrderSummary]]] = (
    Column(key="number", title=_("Order number"), value=lambda order: order.order_no),
    Column(key="placed", title=_("Placed at"), value=lambda order: order.placed_at, kind=Kind.MOMENT),
    Column(key="goods", title=_("Goods"), value=lambda order: order.title),
    worded("state", _("State"), words.ORDER_STATUSES, lambda order: order.status),
    amount("total", _("Total"), lambda order: order.total_minor, lambda order: order.currency),
    Column(key="plan", title=_("Plan"), value=lambda order: _paid(order.plan)),
    worded(
        "financing",
        _("State of the plan"),
        {**words.PLAN_STATUSES, PAID_AT_ONCE: _("paid at once")},
        lambda order: order.plan.status if order.plan else PAID_AT_ONCE,
        is_shown=False,
    ),
    amount(
        "owed",
        _("Still owed"),
        lambda order: order.plan.outstanding_minor if order.plan else None,
        lambda order: order.currency,
        is_shown=False,
    ),
    Column(key="lines", title=_("All goods"), value=_goods, is_shown=False),
)

PLANS: Final[Sequence[Column[OtherPlan]]] = (
    Column(key="goods", title=_("Plan"), value=lambda one: one.plan.title),
    worded("state", _("State"), {**words.PLAN_STATUSES, PAST_DUE: _("Past due")}, lambda one: one.standing),
    amount("owed", _("Still owed"), lambda one: one.plan.outstanding_minor, lambda one: one.plan.currency),
    Column(key="due", title=_("When due"), value=lambda one: one.plan.next_due_on, kind=Kind.DAY, is_shown=False),
    Column(key="paid", title=_("How far paid"), value=lambda one: _paid(one.plan), is_shown=False),
    Column(key="opened", title=_("Opened"), value=lambda one: one.plan.opened_on, kind=Kind.DAY, is_shown=False),
)

AGREEMENTS: Final[Sequence[Column[AgreementView]]] = (
    worded("channel", _("Channel"), words.CHANNELS, lambda one: one.channel),
    Column(key="card", title=_("Card"), value=lambda one: one.card_last4),
    worded("state", _("State"), words.AGREEMENT_STATUSES, lambda one: one.status),
    Column(key="number", title=_("Our number"), value=lambda one: one.number),
    Column(key="next", title=_("Next debit"), value=lambda one: one.next_try_at, kind=Kind.MOMENT),
    amount("sum", _("Amount"), lambda one: one.next_amount_minor or None, lambda one: one.currency),
    amount("most", _("At most"), lambda one: one.limit_minor, lambda one: one.currency),
    worded("stopped", _("Stopped"), words.FAILURES, lambda one: one.stopped_by, has_choices=False),
    Column(key="agreed", title=_("Consent"), value=lambda one: one.created_at, kind=Kind.MOMENT),
    Column(key="signed", title=_("Signed"), value=lambda one: one.signed_at, kind=Kind.MOMENT),
    Column(key="ended", title=_("Ended"), value=lambda one: one.ended_at, kind=Kind.MOMENT),
    worded("end", _("How it ended"), words.AGREEMENT_ENDS, lambda one: one.end_reason, has_choices=False),
)
