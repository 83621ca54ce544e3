"""The living parts of help pages: what the guide speaks of, as it stands for whoever reads it.

Nothing is shown to a visitor but an invitation to sign in. Where the reader has nothing of the kind, that is said.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fenqi.domain.aftersales.policies import Subject
from fenqi.interfaces.portal.aftersales.choices import told
from fenqi.interfaces.portal.aftersales.words import state_pill
from fenqi.interfaces.portal.entries import RouteTold
from fenqi.interfaces.portal.entries import told as told_route
from fenqi.interfaces.portal.pages import reader
from fenqi.interfaces.portal.rail import installment_name
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.aftersales.eligibility import return_options
from fenqi.usecases.aftersales.policies import policy_for
from fenqi.usecases.aftersales.queries import cases_of
from fenqi.usecases.entries.routing import routes
from fenqi.usecases.orders.queries import list_orders
from fenqi.usecases.partners.queries import repaid_elsewhere
from fenqi.usecases.price_protection.queries import open_offers
from fenqi.usecases.repayment.queries import bills, list_payments
from fenqi.usecases.reserves.queries import reserves_of
from fenqi.usecases.support.service_desk import service_desk
from fenqi.usecases.views import BillItem

MOST_ROWS: Final = 3
RECENT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing of the reader's, and where to go on with it."""

    icon: str
    title: str
    caption: str = ""
    address: str = ""
    button: str = ""
    amount_minor: int | None = None
    currency: str = "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """What a living block shows: rows, or sentences; `nothing` when there is nothing of the kind."""

    title: str = ""
    rows: tuple[Row, ...] = ()
    sentences: tuple[str, ...] = ()
    nothing: str = ""
    asks_to_sign_in: bool = False


@dataclass(frozen=True, kw_only=True)
class LivingReader:
    """Reads what is needed, each once a page."""

    customer_id: UUID | None
    now: datetime
    kept: dict[str, Living] = field(default_factory=dict)

    def shown(self, name: str) -> Living:
        """One block. A block that stands twice in a text is read once."""
        if name not in self.kept:
            self.kept[name] = self._read(name)
        return self.kept[name]

    def _read(self, name: str) -> Living:
        for_all: Mapping[str, Callable[[], Living]] = {
            "hotline": self._hotline,
            "return_rules": self._return_rules,
            "price_rules": self._price_rules,
        }
        if name in for_all:
            return for_all[name]()
        if self.customer_id is None:
            return Living(asks_to_sign_in=True)
        own: Mapping[str, Callable[[UUID], Living]] = {
            "next_bills": self._next_bills,
            "failed": self._failed,
            "returnable": self._returnable,
            "refunds": self._refunds,
            "reserves": self._reserves,
            "price_drops": self._price_drops,
            "entries": self._entries,
        }
        return own[name](self.customer_id)

    @cached_property
    def _due(self) -> tuple[BillItem, ...]:
        assert self.customer_id is not None
        found = bills(self.customer_id, today=reader().today)
        return tuple(sorted((bill for one in found for bill in one.due_soon), key=lambda bill: bill.due_on))

    def _next_bills(self, _customer_id: UUID) -> Living:
        elsewhere = repaid_elsewhere(bill.provider for bill in self._due)
        rows = tuple(self._bill(bill, is_here=bill.provider not in elsewhere) for bill in self._due[:MOST_ROWS])
        return Living(title=_("Your next bills"), rows=rows, nothing=_("Nothing falls due in the next weeks."))

    def _bill(self, bill: BillItem, *, is_here: bool) -> Row:
        return Row(
            icon="receipt-text",
            title=f"{bill.title} · {installment_name(bill.number)}",
            caption=_due(bill),
            address=reverse(
                "portal:repay" if is_here else "portal:order", args=[bill.plan_id if is_here else bill.order_id]
            ),
            button=_("Repay") if is_here else _("Where to repay"),
            amount_minor=bill.outstanding_minor,
            currency=bill.currency,
        )

    def _failed(self, customer_id: UUID) -> Living:
        def rows() -> Iterator[Row]:
            for payment in list_payments(customer_id):
                attempt = payment.latest_attempt
                if payment.state == "succeeded" or attempt is None or payment.created_at < self.now - RECENT:
                    continue
                titles = {"unknown": _("Outcome unknown: please do not pay again"), "failed": _("Did not go through")}
                if attempt.state in titles:
                    yield Row(
                        icon="circle-dashed" if attempt.state == "unknown" else "circle-alert",
                        title=titles[attempt.state],
                        caption=f"{payment.title} · {_when(attempt.created_at)}",
                        address=reverse("portal:result", args=[payment.payment_id]),
                        button=_("What to do"),
                        amount_minor=payment.amount_minor,
                        currency=payment.currency,
                    )

        return Living(
            title=_("Your repayments that did not go through"),
            rows=tuple(rows())[:MOST_ROWS],
            nothing=_("All your repayments of the last 30 days went through."),
        )

    def _returnable(self, customer_id: UUID) -> Living:
        def rows() -> Iterator[Row]:
            for order in list_orders(customer_id, limit=MOST_ROWS).items:
                options = return_options(customer_id, order.order_id, now=self.now)
                allowed = [line for line in options.lines if line.without_reason.allowed]
                if allowed:
                    yield Row(
                        icon="package",
                        title=allowed[0].line.name,
                        caption=told(allowed[0].without_reason),
                        address=reverse("portal:apply_after_sales", args=[order.order_id]),
                        button=_("Return"),
                    )

        return Living(
            title=_("You can still return without a reason"),
            rows=tuple(rows()),
            nothing=_("None of your latest orders can go back without a reason now; a fault can still be reported."),
        )

    def _refunds(self, customer_id: UUID) -> Living:
        rows = tuple(
            Row(
                icon="undo-2",
                title=f"{case.title} · {state_pill(case.state).text}",
                caption=case.case_no,
                address=reverse("portal:after_sales_case", args=[case.case_id]),
                button=_("See where it is"),
                amount_minor=case.value_minor,
                currency=case.currency,
            )
            for case in cases_of(customer_id)
            if case.closed_at is None
        )
        return Living(title=_("Your after-sales now"), rows=rows[:MOST_ROWS], nothing=_("You have no open case."))

    def _reserves(self, customer_id: UUID) -> Living:
        rows = tuple(
            Row(
                icon="shield",
                title=_("On hold") if not hold.ended_at else _("Released"),
                caption=hold.title,
                address=reverse("portal:reserve", args=[hold.hold_id]),
                amount_minor=hold.free_minor if not hold.ended_at else hold.released_minor,
                currency=hold.currency,
            )
            for hold in reserves_of(customer_id, now=self.now)
            if hold.held_at
        )
        return Living(title=_("Your reserves"), rows=rows[:MOST_ROWS], nothing=_("You have no reserve."))

    def _price_drops(self, customer_id: UUID) -> Living:
        rows = tuple(
            Row(
                icon="receipt-text",
                title=offer.name,
                caption=formats.deadline(offer.last_on, reader().language, today=reader().today),
                address=reverse("portal:price_difference", args=[offer.order_id]),
                button=_("Take it"),
                amount_minor=offer.amount_minor,
                currency=offer.currency,
            )
            for offer in open_offers(customer_id, None, now=self.now)
        )
        return Living(
            title=_("Prices that fell after you bought"),
            rows=rows[:MOST_ROWS],
            nothing=_("We have seen no lower price for what you bought lately."),
        )

    def _entries(self, customer_id: UUID) -> Living:
        """Where each of the next bills is repaid now: the first entry that works, or why the usual one does not."""
        bills_of = {bill.plan_id: bill for bill in reversed(self._due)}
        found = routes(customer_id, bills_of, now=self.now)
        rows = tuple(
            _entry(bill, told_route(found[bill.plan_id], now=self.now)) for bill in self._due if bill.plan_id in found
        )
        return Living(
            title=_("Where you repay now"),
            rows=tuple(dict.fromkeys(rows))[:MOST_ROWS],
            nothing=_("You have nothing to repay in the next weeks."),
        )

    def _hotline(self) -> Living:
        desk = service_desk(self.now)
        if not desk.hotline:
            row = Row(icon="headphones", title=_("Customer service online"), address=reverse("portal:support"))
        else:
            row = Row(
                icon="smartphone",
                title=desk.hotline,
                caption=_("Hotline, every day %(hours)s") % {"hours": desk.hours},
                address=f"tel:{desk.hotline}",
            )
        return Living(rows=(row,))

    def _return_rules(self) -> Living:
        return self._rules(Subject.RETURN, _("The rules in force today"))

    def _price_rules(self) -> Living:
        return self._rules(Subject.PRICE_PROTECTION, _("The rules in force today"))

    def _rules(self, subject: Subject, title: str) -> Living:
        today = clock.business_date(self.now)
        policy = policy_for(subject=subject, sku="", category="", sales_channel="", placed_on=today)
        return Living(title=title, sentences=policy.summary(get_language() or "zh-hans"))


def _entry(bill: BillItem, found: RouteTold) -> Row:
    """The bill's order is where every way is listed; the first of them is named here."""
    best, closed = found.working[0], found.closed
    names = [best.name, closed.why if closed else ""]
    return Row(
        icon=best.icon,
        title=bill.title,
        caption=" · ".join(filter(None, names)),
        address=best.href if best.href.startswith("/") else reverse("portal:order", args=[bill.order_id]),
    )


def _when(at: datetime) -> str:
    return formats.short_moment(at.astimezone(clock.mall_zone()))


def _due(bill: BillItem) -> str:
    """Until when it can be paid without a consequence, or since when it is late."""
    language, today = reader().language, reader().today
    last = max(bill.due_on, bill.grace_until)
    if last < today:
        return _("Late since %(day)s") % {"day": formats.plain_day(bill.due_on, language, today=today)}
    return formats.deadline(last if bill.due_on < today else bill.due_on, language, today=today)
