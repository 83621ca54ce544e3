"""The app's screens: sign in by phone, the bills, choose, confirm, and the result."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.sandbox.control import takes_json
from fenqi.sandbox.counterparty import text
from fenqi.sandbox.finance_app import client
from fenqi.sandbox.town import town

SESSION: Final = "finance_app_session"
PENDING: Final = "finance_app_pending"
LANGUAGE: Final = "finance_app_language"
_CHANNELS: Final = {
    "alipay": ("支付宝", "Alipay"),
    "wechat_pay": ("微信支付", "WeChat Pay"),
    "bank_card": ("银行卡", "Bank card"),
}


@takes_json
def register(_request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """The mall gives the app its address and its key."""
    town().store.set("finance_app.mall", text(body, "mall").rstrip("/"))
    town().store.set("finance_app.key", text(body, "key"))
    return JsonResponse({"finance_app": "registered"})


def _signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def checked(request: HttpRequest, **named: str) -> HttpResponse:
        if not request.COOKIES.get(SESSION):
            return redirect("finance_app")
        return view(request, **named)

    return checked


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Sign in; or the bills of whoever is."""
    if (asked := request.GET.get("lang")) in ("zh", "en"):
        response = redirect("finance_app")
        response.set_cookie(LANGUAGE, asked, httponly=True, samesite="Lax")
        return response
    if not client.set_up():
        return _page(request, "not_set_up")
    if request.COOKIES.get(SESSION):
        return _bills(request)
    if request.method != "POST":
        return _page(request, "phone")
    sent = client.call(
        "POST",
        "/codes",
        {"phone": request.POST.get("phone", ""), "language": _language(request)},
        language=_language(request),
    )
    if not sent.is_good:
        return _page(request, "phone", problem=sent.problem, status=422)
    response = redirect("finance_app_code")
    response.set_cookie(PENDING, str(sent.body["recognition_id"]), httponly=True, samesite="Lax")
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The code; then, of a shared number, what only the owner of the account knows."""
    pending = request.COOKIES.get(PENDING, "")
    if not pending:
        return redirect("finance_app")
    if request.method != "POST":
        return _page(request, "code")
    proof = request.POST.get("proof")
    path, body = (
        (f"/codes/{pending}/account", {"proof": proof})
        if proof is not None
        else (f"/codes/{pending}/check", {"code": request.POST.get("code", "")})
    )
    found = client.call("POST", path, body, language=_language(request))
    if found.code == "phone_not_bound":
        return _page(request, "not_bound", problem=found.problem)
    if not found.is_good:
        return _page(request, "proof" if proof is not None else "code", problem=found.problem, status=422)
    if found.body["status"] == "which_account":
        return _page(request, "proof")
    response = redirect("finance_app")
    response.delete_cookie(PENDING)
    response.set_cookie(SESSION, str(found.body["session"]), httponly=True, samesite="Lax")
    return response


def _bills(request: HttpRequest) -> HttpResponse:
    found = _call(request, "GET", "/bills")
    if not found.is_good:
        return _ended(request, found)
    currencies = [
        {
            "currency": one["currency"],
            "outstanding": yuan(one["outstanding_minor"]),
            "plans": [
                {**plan, "left": yuan(plan["outstanding_minor"]), "next": yuan(plan["next_amount_minor"])}
                for plan in one["plans"]
            ],
        }
        for one in found.body["currencies"]
    ]
    return _page(request, "bills", currencies=currencies)


@require_http_methods(["GET", "HEAD"])
@_signed_in
def plan(request: HttpRequest, plan_id: str) -> HttpResponse:
    """One plan in detail, and whether it can be repaid here now."""
    found, way = _call(request, "GET", f"/plans/{plan_id}"), _call(request, "GET", f"/plans/{plan_id}/route")
    if not (found.is_good and way.is_good):
        return _ended(request, found if not found.is_good else way)
    here = next((one for one in way.body["ways"] if one["kind"] == "finance_app"), None)
    chinese = _language(request) == "zh"
    names = {one["code"]: one["name_zh" if chinese else "name_en"] for one in way.body["ways"]}
    rows = [
        {
            "n": row["n"],
            "due_on": row["due_on"],
            "amount": yuan(row["outstanding"]["total_minor"] or row["due"]["total_minor"]),
            "is_open": row["outstanding"]["total_minor"] > 0,
        }
        for row in found.body["state"]["installments"]
    ]
    return _page(
        request,
        "plan",
        plan_id=plan_id,
        left=yuan(way.body["outstanding_minor"]),
        owes=way.body["outstanding_minor"] > 0,
        next_due_on=way.body["next_due_on"],
        rows=rows,
        first_open=next((row for row in rows if row["is_open"]), None),
        here=here,
        why=here and here["why_zh" if chinese else "why_en"],
        notice=here and here["notice_zh" if chinese else "notice_en"],
        instead=names.get(here["instead"] if here and here["instead"] else way.body["best"], ""),
        permanent=way.body["permanent_address"],
    )


@require_POST
@_signed_in
def confirm(request: HttpRequest, plan_id: str) -> HttpResponse:
    """The exact sum and the ways to pay it."""
    body: dict[str, Any] = {"purpose": "settlement"}
    if (row := request.POST.get("row", "")).isdecimal():
        body = {"purpose": "installments", "installments": [int(row)]}
    found = _call(request, "POST", f"/plans/{plan_id}/quotes", body)
    if not found.is_good:
        return _ended(request, found)
    chinese = _language(request) == "zh"
    ways = [{**one, "name": _method_name(one, chinese=chinese)} for one in found.body["methods"] if one["available"]]
    return _page(
        request,
        "confirm",
        plan_id=plan_id,
        amount=yuan(found.body["amount_minor"]),
        token=found.body["token"],
        methods=ways,
    )


@require_POST
@_signed_in
def start(request: HttpRequest, plan_id: str) -> HttpResponse:
    """To the channel; a card's outcome is there at once."""
    body = {"quote_token": request.POST.get("token", ""), "method": request.POST.get("method", "")}
    found = _call(request, "POST", f"/plans/{plan_id}/repayments", body)
    if found.code in ("outcome_unknown", "already_paid"):
        return redirect(f"/finance_app/result/{found.body['details']['payment_id']}")
    if not found.is_good:
        return _ended(request, found)
    if found.body["next"] == "redirect":
        return redirect(found.body["redirect_url"])
    return redirect(f"/finance_app/result/{found.body['payment_id']}")


@require_http_methods(["GET", "HEAD"])
@_signed_in
def back(request: HttpRequest) -> HttpResponse:
    """From the cashier."""
    return redirect(f"/finance_app/result/{request.GET.get('payment', '')}")


@require_http_methods(["GET", "HEAD"])
@_signed_in
def result(request: HttpRequest, payment_id: str) -> HttpResponse:
    """What became of it; followed by asking the mall, which asks the channel."""
    found = _call(request, "POST", f"/repayments/{payment_id}/follow")
    if not found.is_good:
        return _ended(request, found)
    return _page(
        request,
        "result",
        state=found.body["state"],
        amount=yuan(found.body["amount_minor"]),
        plan_id=found.body["plan_id"],
    )


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    _call(request, "POST", "/sign-out")
    response = redirect("finance_app")
    response.delete_cookie(SESSION)
    return response


def _call(request: HttpRequest, method: str, path: str, body: object = None) -> client.Answered:
    return client.call(method, path, body, session=request.COOKIES.get(SESSION, ""), language=_language(request))


def _ended(request: HttpRequest, found: client.Answered) -> HttpResponse:
    """A refusal as a screen; a session that is over leads to signing in."""
    is_over = found.code in ("app_session_ended", "phone_changed")
    response = _page(request, "phone" if is_over else "refused", problem=found.problem, status=200 if is_over else 409)
    if is_over:
        response.delete_cookie(SESSION)
    return response


def _method_name(one: dict[str, Any], *, chinese: bool) -> str:
    if one["last4"]:
        return f"{one['bank_zh' if chinese else 'bank_en']} ({one['last4']})"
    return str(_CHANNELS.get(one["channel"], (one["channel"],) * 2)[0 if chinese else 1])


def _language(request: HttpRequest) -> str:
    kept = request.COOKIES.get(LANGUAGE)
    if kept in ("zh", "en"):
        return kept
    return "en" if request.headers.get("Accept-Language", "zh").lower().startswith("en") else "zh"


def _page(request: HttpRequest, screen: str, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "screen": screen,
        "zh": _language(request) == "zh",
        "signed_in": bool(request.COOKIES.get(SESSION)),
        **more,
    }
    return render(request, "sandbox/finance_app.html", context, status=status)


def yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02}"
