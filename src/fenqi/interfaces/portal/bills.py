"""My bills: what falls due over all plans, and when (R122)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.aftersales.words import case_rows, paused_pill
from fenqi.interfaces.portal.entries import closed_for, planned_for
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.portal.price_drops import offers_for
from fenqi.interfaces.portal.rail import Pill, installment_name, status_pill
from fenqi.interfaces.portal.reserve import rows_of
from fenqi.interfaces.portal.schedule import SOON_DAYS, Calendar, Standing, standing_by_date
from fenqi.interfaces.shared.ui_tags import MonthBar
from fenqi.usecases import clock
from fenqi.usecases.aftersales.queries import cases_of
from fenqi.usecases.partners.queries import repaid_elsewhere
from fenqi.usecases.repayment import queries
from fenqi.usecases.reserves.queries import reserves_of
from fenqi.usecases.views import BillItem, CurrencyBills, MonthSum, PlanSummary

MONTHS_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DueItem:
    """One bill of the next days. `is_first` of its plan: it can be paid alone, a later one only after it.

    `is_paused`: after-sales of its order are open, and it need not be paid meanwhile. `lender`: who collects it itself,
    and so not here.
    """

    bill: BillItem
    standing: Standing
    pill: Pill | None
    is_first: bool
    is_paused: bool
    lender: str

    @property
    def name(self) -> str:
        return installment_name(self.bill.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    plan: PlanSummary
    tones: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillsPage:
    """What is owed in one currency, as the page tells it."""

    bills: CurrencyBills
    due: tuple[DueItem, ...]
    months: tuple[MonthBar, ...]
    plans: tuple[PlanLine, ...]
    last_month: date | None

    @property
    def later_minor(self) -> int:
        """What falls due after the months that have a bar."""
        return sum(month.amount_minor for month in self.bills.months[MONTHS_SHOWN:])

    @property
    def overdue_count(self) -> int:
        return sum(item.standing is Standing.OVERDUE for item in self.due)

    @property
    def grace(self) -> tuple[DueItem, ...]:
        """Past due without a late fee yet; whose grace ends first comes first."""
        late = (item for item in self.due if item.standing is Standing.GRACE)
        return tuple(sorted(late, key=lambda item: item.bill.grace_until))

    @property
    def costly(self) -> tuple[DueItem, ...]:
        """The bills that cost something when they are left."""
        return tuple(item for item in self.due if item.bill.first_late_fee_on and not item.lender)

    @property
    def help_plan_id(self) -> UUID | None:
        """The plan to begin with when one cannot pay: the earliest bill that is paid here."""
        return next((item.bill.plan_id for item in self.due if not item.lender), None)

    @property
    def next_plan(self) -> PlanSummary | None:
        """The plan whose installment comes next."""
        return min(self.bills.plans, key=lambda plan: plan.next_due_on or date.max, default=None)


@require_safe
def home(_request: HttpRequest) -> HttpResponse:
    return redirect("portal:bills")


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    today = reader().today
    cases = [case for case in cases_of(customer_id) if case.closed_at is None]
    paused = {case.order_id for case in cases}
    found = queries.bills(customer_id, today=today)
    lenders = _lenders(found)
    pages = tuple(_page(bills, today, paused, lenders) for bills in found)
    plans = [(plan.plan_id, plan.title) for bills in found for plan in bills.plans]
    held = [one for one in reserves_of(customer_id, now=clock.now()) if one.is_live]
    context = {
        "tab": "bills",
        "pages": pages,
        "cases": case_rows(cases),
        "reserves": rows_of(held),
        "price_offers": offers_for(customer_id),
        "closed_entries": closed_for(customer_id, plans, now=clock.now()),
        "planned_changes": planned_for(customer_id, plans, now=clock.now()),
    }
    return render_page(request, "bills.html", context)


def _lenders(found: Sequence[CurrencyBills]) -> Mapping[str, str]:
    """The names of those who collect bills of the next days themselves."""
    language = get_language() or "zh-hans"
    elsewhere = repaid_elsewhere(bill.provider for bills in found for bill in bills.due_soon)
    return {code: lender.name(language) for code, lender in elsewhere.items()}


def _page(bills: CurrencyBills, today: date, paused: Collection[UUID], lenders: Mapping[str, str]) -> BillsPage:
    months = bills.months
    return BillsPage(
        bills=bills,
        due=_due_items(bills.due_soon, today, paused, lenders),
        months=tuple(_month_bar(month, today) for month in months[:MONTHS_SHOWN]),
        plans=tuple(PlanLine(plan=plan, tones=_tones(plan, today)) for plan in bills.plans),
        last_month=date(months[-1].year, months[-1].month, 1) if months else None,
    )


def _due_items(
    bills: Sequence[BillItem], today: date, paused: Collection[UUID], lenders: Mapping[str, str]
) -> tuple[DueItem, ...]:
    seen: set[UUID] = set()
    items = []
    for bill in bills:
        is_first = bill.plan_id not in seen
        lender = lenders.get(bill.provider, "")
        items.append(_due_item(bill, today, is_first=is_first, is_paused=bill.order_id in paused, lender=lender))
        seen.add(bill.plan_id)
    return tuple(items)


def _due_item(bill: BillItem, today: date, *, is_first: bool, is_paused: bool, lender: str) -> DueItem:
    calendar = Calendar(today=today, grace_days=(bill.grace_until - bill.due_on).days)
    standing = standing_by_date(bill.due_on, calendar)
    last_day = bill.grace_until if standing is Standing.GRACE else bill.due_on
    return DueItem(
        bill=bill,
        standing=standing,
        pill=paused_pill() if is_paused else status_pill(standing, (last_day - today).days),
        is_first=is_first,
        is_paused=is_paused,
        lender=lender,
    )


def _month_bar(month: MonthSum, today: date) -> MonthBar:
    first_day, present = date(month.year, month.month, 1), today.replace(day=1)
    tone = "due" if first_day == present else "overdue" if first_day < present else "future"
    return MonthBar(month=first_day, amount_minor=month.amount_minor, tone=tone)


def _tones(plan: PlanSummary, today: date) -> list[str]:
    """The segments of the plan's bar; the next one is marked when it is near."""
    left = plan.count - plan.paid_count - plan.covered_count
    is_near = left and plan.next_due_on is not None and (plan.next_due_on - today).days <= SOON_DAYS
    coming = ["due"] * bool(is_near) + ["future"] * (left - bool(is_near))
    return ["paid"] * plan.paid_count + coming + [Standing.CANCELLED.tone] * plan.covered_count
