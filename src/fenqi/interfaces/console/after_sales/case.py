"""One case on one page: who and what, the evidence, what the rules say, the quote, the clocks, and what may be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from fenqi.domain.aftersales.cases import CaseSignal
from fenqi.domain.aftersales.eligibility import Decision
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.aftersales.refusals import answers_for
from fenqi.domain.aftersales.rules import NextStep, RuleId
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.after_sales.clocks import clocks_of
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.console.schedule_table import schedule_rows
from fenqi.interfaces.portal.aftersales.quote_page import quote_page
from fenqi.interfaces.portal.pages import reader
from fenqi.interfaces.portal.plan_page import plan_page
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.eligibility import check_wish
from fenqi.usecases.aftersales.policies import PublishedPolicy, version_of
from fenqi.usecases.aftersales.queries import case_view, cases_of
from fenqi.usecases.aftersales.steps import find_case
from fenqi.usecases.aftersales.views import CaseView
from fenqi.usecases.aftersales.wishes import applied_wish_of
from fenqi.usecases.customers import customer_view
from fenqi.usecases.repayment.queries import plan_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.conversation import ThreadView, list_threads, thread_view
from fenqi.usecases.views import CustomerView

MOST_THREADS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An act that was refused: why, and what had been typed."""

    refusal: str = ""
    status: int = 200
    typed: Mapping[str, str] = field(default_factory=dict)


@require_safe
@staff_page(Permission.SEE_CASES)
def show(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> HttpResponse:
    return case_page(request, staff, customer_id, case_id, Tried())


def case_page(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID, tried: Tried) -> HttpResponse:
    """Looking at it is written down. Raises NotFound."""
    now = clock.now()
    case = case_view(customer_id, case_id)
    audit.record(staff.actor, audit.Action.CASE_SEEN, customer_id=customer_id, subject=f"case:{case.case_no}", now=now)
    customer = customer_view(customer_id)
    context = {
        "place": "after_sales",
        "case": case,
        "customer": customer,
        "clocks": clocks_of(case.state, case.deadlines, now=now),
        "tried": tried,
        "typed": tried.typed,
        "others": [one for one in cases_of(customer_id, case.order_id) if one.case_id != case_id],
        "threads": _threads(case),
        **_rules(case),
        **_money(case),
        **_acts(request, staff, case, customer),
    }
    return render_page(request, "after_sales/case.html", context, status=tried.status)


def _rules(case: CaseView) -> dict[str, object]:
    """The policy version that rules the case, and what the system says of the wish as of its day."""
    policy = _policy(case)
    return {
        "policy": policy,
        "policy_says": policy.summary(_language()) if policy else (),
        "verdict": _verdict(case),
    }


def _policy(case: CaseView) -> PublishedPolicy | None:
    try:
        return version_of(case.policy_code, case.policy_version)
    except NotFound:
        return None


def _verdict(case: CaseView) -> Decision | None:
    """None where the wish cannot be judged any more: the order has changed since."""
    row = find_case(case.customer_id, case.case_id)
    try:
        judged = check_wish(
            case.customer_id, case.order_id, applied_wish_of(row), now=case.created_at, besides=case.case_id
        )
    except FenqiError:
        return None
    return judged.decision


def _money(case: CaseView) -> dict[str, object]:
    """The quote in force, a newer one that waits, and the plan as it stands."""
    today = clock.business_date(clock.now())
    read = reader(case.currency)
    policy = _policy(case)
    terms = rules_of_case.terms_of(policy.rules) if policy else None
    plan = plan_page(plan_view(case.customer_id, case.plan_id, today=today), today=today) if case.plan_id else None
    quotes = (case.quote, case.offered_quote)
    shown, offered = (quote_page(one, terms, read) if one and terms else None for one in quotes)
    return {
        "quote": shown,
        "offered": offered,
        "plan": plan,
        "rows": schedule_rows(plan.installments, read) if plan else (),
    }


def _acts(request: HttpRequest, staff: Staff, case: CaseView, customer: CustomerView) -> dict[str, object]:
    """What this member of staff may do now."""
    may_review = staff.may(Permission.REVIEW_CASES)
    may_receive = staff.may(Permission.RECEIVE_GOODS)
    now_possible = case.staff_may
    reviewed = {CaseSignal.TAKEN, CaseSignal.APPROVED} & now_possible
    return {
        "may_take": may_review and CaseSignal.TAKEN in now_possible and case.agent != staff.actor,
        "may_ask": may_review and bool(reviewed),
        "may_approve": may_review and bool(reviewed),
        "may_reject": may_review and (bool(reviewed) or CaseSignal.REJECTED in now_possible),
        "may_receive": may_receive and CaseSignal.RECEIVED in now_possible,
        "may_replace": may_receive and CaseSignal.REPLACEMENT_SENT in now_possible,
        "may_refund_instead": may_review and CaseSignal.CANNOT_REPLACE in now_possible,
        "may_withdraw": may_review and CaseSignal.WITHDRAWN in now_possible,
        "approved_by_me": staff.actor in case.approvals,
        "deducts": case.kind != WishKind.EXCHANGE.value,
        **_answer(request, case, customer),
    }


def _answer(request: HttpRequest, case: CaseView, customer: CustomerView) -> dict[str, object]:
    """The standard answers, and the one that was chosen to begin with, in the customer's language or the other."""
    answers = answers_for(WishKind(case.kind))
    chosen = next((answer for answer in answers if answer.value == request.GET.get("answer")), None)
    language = request.GET.get("answer_in") or customer.language
    said = answers.get(chosen) if chosen else None
    return {
        "answers": tuple(answers),
        "chosen_answer": chosen,
        "answer_rule": said.rule if said else "",
        "answer_step": said.next_step if said else "",
        "answer_text": said.text(language) if said else "",
        "answer_in_chinese": language.startswith("zh"),
        "next_steps": tuple(NextStep),
        "rules": sorted({one.rule for one in answers.values()}, key=list(RuleId).index),
    }


def _threads(case: CaseView) -> tuple[ThreadView, ...]:
    """The conversations about the case, or about its plan, with their messages."""
    about = [
        thread
        for thread in list_threads(case.customer_id)
        if thread.case_id == case.case_id or (case.plan_id is not None and thread.plan_id == case.plan_id)
    ]
    return tuple(thread_view(case.customer_id, thread.thread_id) for thread in about[:MOST_THREADS])


def _language() -> str:
    return get_language() or "zh-hans"
