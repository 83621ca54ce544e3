"""The holder's page at the platform: the plan, the balance, and what can be done with it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.partner import plans
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town


@require_http_methods(["GET", "HEAD"])
def account(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, _plan(token))


@require_POST
def repay(request: HttpRequest, token: str) -> HttpResponse:
    plan = _plan(token)
    try:
        plans.repay_next(town().store, plan["plan_no"])
    except Refusal:
        return _page(request, plan, problem="没有待还的期次。")
    return redirect("partner_account", token)


@require_POST
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    plan = _plan(token)
    try:
        plans.withdraw(town().store, plan)
    except Refusal:
        return _page(request, plan, problem="余额为零，没有可提现的钱。")
    return redirect("partner_account", token)


def _plan(token: str) -> Row:
    plan = plans.by_token(town().store, token)
    if plan is None:
        raise Http404
    return plan


def _page(request: HttpRequest, plan: Row, *, problem: str = "") -> HttpResponse:
    told = plans.described(town().store, plan)
    rows = [{**row, "yuan": yuan(row["principal"] + row["fee"])} for row in told["rows"]]
    context = {
        "plan": plan,
        "state": {"active": "还款中", "settled": "已结清", "cancelled": "已取消"}[told["state"]],
        "is_active": told["state"] == "active",
        "rows": rows,
        "balance": yuan(told["balance"]),
        "has_balance": bool(told["balance"]),
        "owed": yuan(told["outstanding_principal"] + told["outstanding_fee"]),
        "problem": problem,
    }
    return render(request, "sandbox/partner_account.html", context)


def yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02}"
