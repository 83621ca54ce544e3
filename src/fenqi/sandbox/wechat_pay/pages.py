"""What the payer sees: the cashier of an H5 order, the code that is scanned, the contract that is signed."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.town import town
from fenqi.sandbox.wechat_pay import contracts, orders
from fenqi.sandbox.wechat_pay.contracts import PENDING, SIGNED, Contract
from fenqi.sandbox.wechat_pay.notifications import tell_of_contract, tell_of_order
from fenqi.sandbox.wechat_pay.orders import Order, State

LOST: Final = "LOST"
REFUSALS: Final[Mapping[str, str]] = {
    "NOTENOUGH": "余额不足，请更换付款方式或充值后再试。",
    "PASSWORD": "支付密码错误，请重新输入。",
    "ACCOUNTERROR": "你的账户暂时不能付款，请换一种方式。",
    "RULELIMIT": "超出今日付款限额，请明天再试。",
    "BANKERROR": "银行系统维护中，请稍后再试。",
    "TRADE_ERROR": "这笔付款有风险，已被拦截，如有疑问请联系商家。",
}
"""What the payer may be refused for; the merchant is told none of it and sees NOTPAY, as with the real cashier.

The seventh way is LOST: the money is taken, and nobody comes back to tell.
"""

PROBLEMS: Final[Mapping[str, str]] = {
    "ORDER_CLOSED": "订单已关闭，请回商家页面重新发起。",
    "ORDERPAID": "这笔订单已经付过款了。",
    "CONTRACT_TERMINATED": "这份协议已经解除。",
}


@require_http_methods(["GET", "HEAD"])
def h5(request: HttpRequest) -> HttpResponse:
    """The address of an H5 order; the merchant may have added where the payer shall come back to."""
    order = _order(request.GET.get("prepay_id", ""))
    return _cashier(request, order, request.GET.get("redirect_url", ""))


@require_http_methods(["GET", "HEAD"])
def scan(request: HttpRequest) -> HttpResponse:
    """The payer's camera: takes the text of a Native order's code."""
    code = request.GET.get("code", "").strip()
    token = next(iter(parse_qs(urlsplit(code).query).get("pr", [])), "") if code else ""
    if code and orders.at_cashier(town().store, token) is None:
        return _problem(request, "CODE", "这不是微信支付的二维码，或已经失效。")
    if token:
        return redirect("wechat_cashier", token)
    return render(request, "sandbox/wechat_scan.html")


@require_http_methods(["GET", "HEAD"])
def cashier(request: HttpRequest, token: str) -> HttpResponse:
    return _cashier(request, _order(token), request.GET.get("redirect_url", ""))


@require_POST
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    try:
        order = orders.pay(town().store, _order(token))
    except Refusal as refusal:
        return _problem(request, refusal.code, PROBLEMS.get(refusal.code, "现在不能付款。"))
    tell_of_order(order)
    return _back(request, order)


@require_POST
def refuse(request: HttpRequest, token: str) -> HttpResponse:
    code = request.POST.get("code", "")
    order = _order(token)
    try:
        if code == LOST:
            orders.pay(town().store, order)
            return _problem(request, LOST, "网络中断，请不要关闭微信。（钱已经扣了，商家没有收到通知）")
        if code in REFUSALS:
            orders.note_refusal(town().store, order, code)
    except Refusal as refusal:
        return _problem(request, refusal.code, PROBLEMS.get(refusal.code, "现在不能付款。"))
    return _cashier(request, _order(token), _address(request.POST.get("redirect_url", "")))


@require_POST
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """The payer goes back: that is proof of nothing."""
    return _back(request, _order(token))


@require_http_methods(["GET", "HEAD"])
def contract(request: HttpRequest, page: str) -> HttpResponse:
    found = _contract(page)
    context = {"contract": found, "is_open": found.state == PENDING, "is_signed": found.state == SIGNED}
    return render(request, "sandbox/wechat_contract.html", {**context, "limit": orders.yuan(found.limit_fen)})


@require_POST
def sign(request: HttpRequest, page: str) -> HttpResponse:
    return _contract_changed(request, page, contracts.sign)


@require_POST
def end(request: HttpRequest, page: str) -> HttpResponse:
    return _contract_changed(request, page, contracts.end)


@require_POST
def decline(_request: HttpRequest, page: str) -> HttpResponse:
    """The payer walks away without signing; nothing is kept and nobody is told."""
    return HttpResponseRedirect(_address(_contract(page).return_url) or "/")


def _contract_changed(request: HttpRequest, page: str, change: Callable[..., Contract]) -> HttpResponse:
    before = _contract(page)
    try:
        after = change(town().store, before)
    except Refusal as refusal:
        return _problem(request, refusal.code, PROBLEMS.get(refusal.code, "现在不能这样做。"))
    if after.state != before.state:
        tell_of_contract(after)
    return HttpResponseRedirect(_address(after.return_url) or f"/wechat/contract/{page}")


def _cashier(request: HttpRequest, order: Order, redirect_url: str) -> HttpResponse:
    context = {
        "order": order,
        "redirect_url": _address(redirect_url),
        "is_open": order.state is State.NOTPAY,
        "is_paid": order.paid_at is not None,
        "refusals": [*REFUSALS.items(), (LOST, "付了款，网络断了：商家收不到通知")],
        "refused": REFUSALS.get(order.refusal),
    }
    return render(request, "sandbox/wechat_cashier.html", context)


def _back(request: HttpRequest, order: Order) -> HttpResponse:
    address = _address(request.POST.get("redirect_url", ""))
    return HttpResponseRedirect(address) if address else redirect("wechat_cashier", order.cashier)


def _order(token: str) -> Order:
    order = orders.at_cashier(town().store, token)
    if order is None:
        raise Http404
    return order


def _contract(page: str) -> Contract:
    found = contracts.at_page(town().store, page)
    if found is None:
        raise Http404
    return found


def _address(url: str) -> str:
    """Only where a browser may go."""
    return url if urlsplit(url).scheme in {"http", "https"} else ""


def _problem(request: HttpRequest, code: str, text: str) -> HttpResponse:
    return render(request, "sandbox/problem.html", {"code": code, "text": text}, status=400)
