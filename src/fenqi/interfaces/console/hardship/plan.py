"""One overdue plan: where it stands, whether the customer may be called now, and every action with its preview."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.hardship.changes import ChangeKind
from fenqi.domain.money import InvalidAmount, Money
from fenqi.domain.plans import Component
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.hardship.plan_lists import read_plan_lists
from fenqi.interfaces.console.lists import lists_page
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.console.schedule_table import schedule_rows
from fenqi.interfaces.portal.hardship.help_page import why_not
from fenqi.interfaces.portal.plan_page import PlanPage, plan_page
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared.formats import language_of
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.hardship.contacts import How, Outcome, Said, contact_standing, log_contact
from fenqi.usecases.hardship.credit_marks import answer_objection, withdraw_mark
from fenqi.usecases.hardship.promises import Promised, make_promise_for, take_back_promise_for
from fenqi.usecases.hardship.propose import LONGEST_REASON, SHORTEST_REASON, Wanted, propose, simulate
from fenqi.usecases.hardship.queries import help_view
from fenqi.usecases.hardship.rows import changes_of
from fenqi.usecases.repayment import queries
from fenqi.usecases.staff.permissions import NotPermitted, Permission, Staff

Act = Callable[[HttpRequest, Staff, UUID, UUID], str]
"""Does it, and says what became of it."""

_WAIVED = (Component.LATE_FEE, Component.FEE, Component.INTEREST, Component.PRINCIPAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What was refused just now, and what was typed."""

    refusal: str
    status: int


class PromiseForm(forms.Form):
    amount = forms.CharField(max_length=16)
    pay_by = forms.DateField()
    note = forms.CharField(max_length=200, required=False)
    request_key = forms.UUIDField()


class ContactForm(forms.Form):
    how = forms.ChoiceField(choices=[(one.value, one.value) for one in (How.CALL, How.CALLED_US)])
    outcome = forms.ChoiceField(choices=[(one.value, one.value) for one in Outcome])
    note = forms.CharField(max_length=200, required=False)
    request_key = forms.UUIDField()


class ProposeForm(forms.Form):
    token = forms.CharField(max_length=2000)
    reason = forms.CharField(max_length=LONGEST_REASON, required=False)
    request_key = forms.UUIDField()


@require_safe
@staff_page(Permission.SEE_COLLECTIONS)
def show(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    return plan_page_of(request, staff, customer_id, plan_id)


def plan_page_of(
    request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID, tried: Tried | None = None
) -> HttpResponse:
    """Looking at it is written down."""
    now = clock.now()
    found = help_view(customer_id, plan_id, now=now)
    plan, reader = _plan(customer_id, plan_id)
    if tried is None:
        audit.record(
            staff.actor,
            audit.Action.OVERDUE_PLAN_SEEN,
            customer_id=customer_id,
            subject=f"plan:{plan_id}",
            now=now,
        )
    rules = found.policy.rules
    context = {
        "place": "collections",
        "customer": customer_view(customer_id),
        "plan": plan,
        "rows": schedule_rows(plan.installments, reader),
        "help": found,
        "standing": contact_standing(customer_id, plan_id, at=now),
        "outcomes": [one for one in Outcome if one is not Outcome.SENT],
        "waivable": [
            (one.value, getattr(found.state.totals.outstanding, one.value))
            for one in _WAIVED
            if getattr(found.state.totals.outstanding, one.value)
        ],
        "waiver_limit_minor": rules.waiver_limit(staff.role),
        "first_day": found.found.today + timedelta(days=1),
        "last_promise_day": found.latest_promise_day,
        "last_first_due": found.found.today + timedelta(days=rules.reschedule_first_within_days),
        "no_extension": why_not(found.extension),
        "request_key": uuid4(),
        "refusal": tried.refusal if tried else "",
    }
    lists = read_plan_lists(request, customer_id, plan_id, marks=found.marks)
    status = tried.status if tried else 200
    return lists_page(request, staff, "hardship/plan.html", lists, context, customer_id=customer_id, status=status)


def _plan(customer_id: UUID, plan_id: UUID) -> tuple[PlanPage, Reader]:
    today = clock.business_date(clock.now())
    view = queries.plan_view(customer_id, plan_id, today=today)
    page = plan_page(view, today=today, payments=queries.list_payments(customer_id, plan_id=plan_id))
    return page, Reader(language=language_of(get_language() or "zh-hans"), today=today, currency=page.currency)


def act(permission: Permission) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """A button of the plan's page: back to it with what became of it, or with why not."""

    def decorate(do: Act) -> Callable[..., HttpResponseBase]:
        @require_POST
        @staff_page(permission)
        @wraps(do)
        def page(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> HttpResponse:
            try:
                told = do(request, staff, customer_id, plan_id)
            except (NotFound, NotPermitted):
                raise
            except FenqiError as refusal:
                tried = Tried(refusal=refusal.text(get_language() or "zh-hans"), status=refusal.status)
                return plan_page_of(request, staff, customer_id, plan_id, tried)
            messages.info(request, told)
            return redirect("console:overdue_plan", customer_id, plan_id)

        return page

    return decorate


@act(Permission.RECORD_PROMISES)
def record_promise(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> str:
    said = _read(PromiseForm(request.POST), "promise")
    amount = minor_of(said["amount"], _currency(customer_id, plan_id))
    promised = Promised(amount_minor=amount, pay_by=said["pay_by"], note=said["note"])
    key = f"console:{said['request_key']}"
    make_promise_for(staff, customer_id, plan_id, promised, request_key=key, now=clock.now())
    return _("The promise is kept. Reminders wait until its day.")


@act(Permission.RECORD_PROMISES)
def take_back(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> str:  # noqa: ARG001  # the promise names the plan
    try:
        promise_id = UUID(request.POST.get("promise_id", ""))
    except ValueError:
        raise NotFound from None
    take_back_promise_for(staff, customer_id, promise_id, now=clock.now())
    return _("The promise is taken back. Reminders come again.")


@act(Permission.RECORD_PROMISES)
def contact(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> str:
    said = _read(ContactForm(request.POST), "contact")
    entry = Said(how=How(said["how"]), outcome=Outcome(said["outcome"]), note=said["note"])
    key = f"console:{said['request_key']}"
    log_contact(staff, customer_id, plan_id, entry, request_key=key, now=clock.now())
    return _("The contact is on record.")


@act(Permission.ANSWER_OBJECTIONS)
def answer(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> str:  # noqa: ARG001  # the mark names the plan
    mark_id = _mark_id(request)
    upheld = request.POST.get("verdict") == "upheld"
    words = request.POST.get("answer", "")
    answer_objection(staff, customer_id, mark_id, upheld=upheld, words=words, now=clock.now())
    return _("Answered. The customer is told.")


@act(Permission.ANSWER_OBJECTIONS)
def withdraw(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> str:  # noqa: ARG001  # the mark names the plan
    withdraw_mark(staff, customer_id, _mark_id(request), reason=request.POST.get("reason", ""), now=clock.now())
    return _("Withdrawn. The customer is told, and the next file corrects it at the lender.")


@require_safe
@staff_page(Permission.SEE_COLLECTIONS)
def preview(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """Before and after, side by side; nothing is kept."""
    try:
        wanted = _wanted(request, _currency(customer_id, plan_id))
        simulation = simulate(staff, customer_id, plan_id, wanted, now=clock.now())
    except (NotFound, NotPermitted):
        raise
    except FenqiError as refusal:
        tried = Tried(refusal=refusal.text(get_language() or "zh-hans"), status=refusal.status)
        return plan_page_of(request, staff, customer_id, plan_id, tried)
    plan, _reader = _plan(customer_id, plan_id)
    context = {
        "place": "collections",
        "customer": customer_view(customer_id),
        "plan": plan,
        "simulation": simulation,
        "shortest": SHORTEST_REASON,
        "request_key": uuid4(),
    }
    return render_page(request, "hardship/preview.html", context)


@act(Permission.SEE_COLLECTIONS)
def make_change(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> str:
    """Exactly what was shown; whether the role allows it is asked by its kind."""
    said = _read(ProposeForm(request.POST), "reason")
    change_id = propose(
        staff,
        customer_id,
        plan_id,
        token=said["token"],
        reason=said["reason"],
        request_key=f"console:{said['request_key']}",
        now=clock.now(),
    )
    made = next(change for change in changes_of(customer_id, plan_id) if change.change_id == change_id)
    if made.state.value == "done":
        return _("Done. The customer is told.")
    if made.state.value == "offered":
        return _("Offered. The customer is told, and nothing changes before they agree.")
    return _("Proposed. A colleague must approve it.")


def _wanted(request: HttpRequest, currency: str) -> Wanted:
    """Raises InvalidInput."""
    typed = request.GET
    kind = next((one for one in ChangeKind if one.value == typed.get("kind")), None)
    if kind is ChangeKind.WAIVER:
        component = next((one for one in _WAIVED if one.value == typed.get("component")), None)
        if component is None:
            raise InvalidInput(where="component", problem="choose one", problem_zh="请选择一项")
        return Wanted(kind=kind, component=component, amount_minor=minor_of(typed.get("amount", ""), currency))
    if kind is ChangeKind.RESCHEDULE:
        form = RescheduleForm(typed)
        said = _read(form, "installments")
        return Wanted(kind=kind, installments=said["installments"], first_due_on=said["first_due_on"])
    if kind is ChangeKind.CHARGE_OFF:
        return Wanted(kind=kind)
    raise InvalidInput(where="kind", problem="choose what to do", problem_zh="请选择要做什么")


class RescheduleForm(forms.Form):
    installments = forms.IntegerField(min_value=1, max_value=1000)
    first_due_on = forms.DateField()


def _read(form: forms.Form, where: str) -> dict[str, Any]:
    """Raises InvalidInput."""
    if not form.is_valid():
        field = next(iter(form.errors), where)
        raise InvalidInput(where=field, problem="fill it in as asked", problem_zh="请按要求填写")
    return dict(form.cleaned_data)


def minor_of(typed: str, currency: str) -> int:
    """An amount as staff write it. Raises InvalidInput."""
    try:
        return Money.from_decimal(str(typed).replace(",", "").strip(" ¥￥")[:16], currency).minor
    except InvalidAmount:
        raise InvalidInput(where="amount", problem="an amount like 12.50", problem_zh="应为金额，如 12.50") from None


def _currency(customer_id: UUID, plan_id: UUID) -> str:
    """Raises NotFound."""
    view = queries.plan_view(customer_id, plan_id, today=clock.business_date(clock.now()))
    return view.terms.currency


def _mark_id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("mark_id", ""))
    except ValueError:
        raise NotFound from None
