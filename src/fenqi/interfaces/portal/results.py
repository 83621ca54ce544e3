"""What became of a repayment: succeeded, failed, waiting, unknown, closed, or owed back (R116, design section 6)."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.payments import AttemptState
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.methods import card_name, channel_name
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.portal.plan_page import plan_page
from fenqi.interfaces.portal.rail import installment_name
from fenqi.interfaces.portal.recovery import cashier_causes, cause_told, recovery_page, told_address
from fenqi.interfaces.portal.waiting import not_counted
from fenqi.records.models import AttemptMethod, PaymentPurpose, PaymentState
from fenqi.usecases import clock
from fenqi.usecases.cards.queries import card_view
from fenqi.usecases.customers import customer_view
from fenqi.usecases.recovery.situation import situation
from fenqi.usecases.refunds.queries import list_refunds
from fenqi.usecases.repayment import queries, resolve
from fenqi.usecases.reserves.queries import reserve_of_payment
from fenqi.usecases.views import PaymentView
from fenqi.usecases.vouchers.queries import vouchers_of

REFRESH_SECONDS: Final = 5
DEBIT_REFRESH_SECONDS: Final = 1
DEBIT_TAKES: Final = timedelta(seconds=20)
"""A bank answers within seconds, and somebody stands there and waits (R116)."""

BILL_READ_BY: Final = time(12)
"""Of the day after a payment: by then every channel's bill of its day has been read."""


class Result(StrEnum):
    """What the page tells; each has a template of its name."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    CLOSED = "closed"
    OWED_BACK = "owed_back"

    @property
    def may_change(self) -> bool:
        return self in (Result.WAITING, Result.UNKNOWN)


_MAY_BE_RECOVERED = frozenset({Result.FAILED, Result.CLOSED, Result.UNKNOWN})

_RESULT_OF = {
    AttemptState.CREATED: Result.WAITING,
    AttemptState.SUBMITTED: Result.WAITING,
    AttemptState.SUCCEEDED: Result.SUCCEEDED,
    AttemptState.FAILED: Result.FAILED,
    AttemptState.UNKNOWN: Result.UNKNOWN,
    AttemptState.CLOSED: Result.CLOSED,
}


def result_of(payment: PaymentView) -> Result:
    """What was booked has succeeded, whatever the last attempt says; money for what was paid already goes back."""
    attempt = payment.latest_attempt
    if payment.state == PaymentState.SUCCEEDED or attempt is None:
        return Result.SUCCEEDED
    if payment.duplicate_minor:
        return Result.OWED_BACK
    return _RESULT_OF[AttemptState(attempt.state)]


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, payment_id: UUID) -> HttpResponse:
    payment = queries.payment_view(customer_id, payment_id)
    if payment.purpose == PaymentPurpose.RESERVE:
        return redirect("portal:reserve", hold_id=reserve_of_payment(customer_id, payment_id))
    result = result_of(payment)
    today = clock.business_date(clock.now())
    view = queries.plan_view(customer_id, payment.plan_id, today=today)
    plan = plan_page(view, today=today, payments=[payment])
    told = cause_told(request.GET.get("told", ""))
    found = situation(customer_id, payment, now=clock.now(), told=told) if result in _MAY_BE_RECOVERED else None
    chosen = [one for one in plan.installments if one.row.n in payment.installments]
    context = {
        "payment": payment,
        "attempt": payment.latest_attempt,
        "result": result,
        "template": f"portal/results/{result}.html",
        "plan": plan,
        "names": [installment_name(one.number) for one in chosen],
        "count_of_all": plan.count,
        "is_settlement": payment.purpose == PaymentPurpose.SETTLEMENT,
        "channel": channel_name(payment.channel),
        "recovery": recovery_page(found, payment, reader(payment.currency)) if found else None,
        "account": _account(customer_id, payment),
        "is_debit": _is_debit(payment),
        "causes": cashier_causes().items() if result is Result.WAITING and not _is_debit(payment) else (),
        "may_reopen": result is Result.WAITING and _may_reopen(payment),
        "bill_decides": _bill_decides(payment),
        "not_counted": not_counted(view.no_fault, plan.next.row.due_on, reader()) if plan.next else (),
        "phone": customer_view(customer_id).phone_masked if result.may_change else "",
        "refunds": list_refunds(customer_id, payment_id=payment_id) if payment.duplicate_minor else (),
        "vouchers": () if result.may_change else vouchers_of(customer_id, payment.order_id, payment_id=payment_id),
        "now": clock.now(),
        "refresh_seconds": _refresh_seconds(payment),
    }
    return render_page(request, "result.html", context)


def _refresh_seconds(payment: PaymentView) -> int:
    is_fresh = clock.now() - payment.created_at < DEBIT_TAKES
    return DEBIT_REFRESH_SECONDS if _is_debit(payment) and is_fresh else REFRESH_SECONDS


def _account(customer_id: UUID, payment: PaymentView) -> str:
    attempt = payment.latest_attempt
    if attempt is None or attempt.card_id is None:
        return channel_name(payment.channel)
    return card_name(card_view(customer_id, attempt.card_id))


def _is_debit(payment: PaymentView) -> bool:
    """There is no cashier that the payer could go back to or walk away from: the bank has the word."""
    attempt = payment.latest_attempt
    return attempt is not None and attempt.method != AttemptMethod.CASHIER


def _may_reopen(payment: PaymentView) -> bool:
    """A payer who left the cashier goes back to it while its time is not up."""
    attempt = payment.latest_attempt
    return attempt is not None and not _is_debit(payment) and clock.now() < attempt.expires_at


def _bill_decides(payment: PaymentView) -> datetime | None:
    """When the channel's daily bill, which comes the day after, has told at the latest."""
    attempt = payment.latest_attempt
    if attempt is None:
        return None
    following = clock.business_date(attempt.created_at) + timedelta(days=1)
    return datetime.combine(following, BILL_READ_BY, tzinfo=clock.mall_zone())


@require_safe
@customer_page
def come_back(_request: HttpRequest, customer_id: UUID, payment_id: UUID) -> HttpResponse:
    """Back from the cashier. What the address says is not believed: the channel is asked."""
    _ask(customer_id, payment_id)
    return redirect("portal:result", payment_id=payment_id)


@require_POST
@customer_page
def ask(_request: HttpRequest, customer_id: UUID, payment_id: UUID) -> HttpResponse:
    """The customer would rather know now."""
    _ask(customer_id, payment_id)
    return redirect("portal:result", payment_id=payment_id)


def _ask(customer_id: UUID, payment_id: UUID) -> None:
    attempt = queries.payment_view(customer_id, payment_id).latest_attempt
    if attempt is not None:
        resolve.ask_channel(customer_id, attempt.attempt_id, now=clock.now())


@require_POST
@customer_page
def close(request: HttpRequest, customer_id: UUID, payment_id: UUID) -> HttpResponse:
    """End the payment at the channel, so that another may begin. If it was paid after all, that is the answer.

    `told`: what stood in the way at the cashier; the page then offers what fits.
    """
    told = cause_told(request.POST.get("told", ""))
    payment = queries.payment_view(customer_id, payment_id)
    attempt = payment.latest_attempt
    if attempt is not None:
        state = resolve.close_attempt(customer_id, attempt.attempt_id, now=clock.now())
        if state in (AttemptState.CLOSED, AttemptState.FAILED) and told is None:
            return redirect("portal:repay", plan_id=payment.plan_id)
    return redirect(told_address(payment_id, told))
