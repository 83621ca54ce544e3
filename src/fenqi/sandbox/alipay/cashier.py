"""The cashier: where the payer confirms, is refused, or walks away."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.sandbox.alipay import notifications, trades
from fenqi.sandbox.alipay.trades import Status, Trade
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

REFUSALS: Final[Mapping[str, str]] = {
    "ACQ.BUYER_BALANCE_NOT_ENOUGH": "余额不足，请更换付款方式或充值后再试。",
    "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH": "银行卡余额不足，请换一张卡再试。",
    "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR": "超出今日付款限额，请明天再试。",
    "ACQ.PAYMENT_REQUEST_HAS_RISK": "为了你的资金安全，这笔付款已被拦截。",
    "ACQ.ERROR_BALANCE_PAYMENT_DISABLE": "你已关闭余额支付。",
}
"""What the payer may be refused for; the merchant is told none of it, as with the real cashier."""

PROBLEMS: Final[Mapping[str, str]] = {
    "ACQ.TRADE_HAS_CLOSE": "交易已关闭，请回商家页面重新发起。",
    "ACQ.TRADE_HAS_SUCCESS": "这笔订单已经付过款了。",
    "ACQ.CONTEXT_INCONSISTENT": "同一订单号的金额或标题与之前不一致。",
    "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR": "订单已过付款时限。",
}


def enter(request: HttpRequest, app: Row, parameters: Mapping[str, str]) -> HttpResponse:
    """The signed address of the merchant leads here: now the trade exists."""
    try:
        trade = trades.open_trade(
            town().store,
            app_id=app["app_id"],
            biz=_biz(parameters),
            notify_url=_address(parameters.get("notify_url", "")),
            return_url=_address(parameters.get("return_url", "")),
        )
    except Refusal as refusal:
        return problem(request, refusal.code)
    return redirect("cashier", trade.cashier)


@require_http_methods(["GET", "HEAD"])
def cashier(request: HttpRequest, token: str) -> HttpResponse:
    trade = _trade(token)
    context = {
        "trade": trade,
        "is_open": trade.status is Status.WAIT_BUYER_PAY,
        "is_paid": trade.paid_at is not None,
        "refusals": REFUSALS.items(),
        "refused": REFUSALS.get(trade.refusal or ""),
    }
    return render(request, "sandbox/cashier.html", context)


@require_POST
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    try:
        trade = trades.pay(town().store, _trade(token))
    except Refusal as refusal:
        return problem(request, refusal.code)
    notifications.tell(trade)
    return _back(trade)


@require_POST
def refuse(request: HttpRequest, token: str) -> HttpResponse:
    code = request.POST.get("code", "")
    if code in REFUSALS:
        trades.note_refusal(town().store, _trade(token), code)
    return redirect("cashier", token)


@require_POST
def leave(_request: HttpRequest, token: str) -> HttpResponse:
    """The payer walks away; a trade that was paid before goes back with its signed result."""
    trade = _trade(token)
    return _back(trade) if trade.paid_at else HttpResponseRedirect(trade.quit_url or "/")


def _back(trade: Trade) -> HttpResponse:
    if not trade.return_url:
        return redirect("cashier", trade.cashier)
    parts = urlsplit(trade.return_url)
    query = "&".join(filter(None, [parts.query, urlencode(notifications.return_parameters(trade))]))
    return HttpResponseRedirect(urlunsplit(parts._replace(query=query)))


def _trade(token: str) -> Trade:
    trade = trades.trade_at(town().store, token)
    if trade is None:
        raise Http404
    return trade


def _biz(parameters: Mapping[str, str]) -> dict[str, object]:
    biz = trades.read_biz(parameters.get("biz_content", ""))
    if biz.get("product_code") not in {"QUICK_WAP_WAY", "QUICK_WAP_PAY"}:  # both are seen in the wild
        raise Refusal("ACQ.INVALID_PARAMETER")
    return biz


def _address(url: str) -> str:
    if url and urlsplit(url).scheme not in {"http", "https"}:
        raise Refusal("ACQ.INVALID_PARAMETER")
    return url


def problem(request: HttpRequest, code: str) -> HttpResponse:
    """What a payer reads whose merchant asked for what cannot be."""
    text = PROBLEMS.get(code, "商家传来的参数有误，无法付款。")
    return render(request, "sandbox/problem.html", {"code": code, "text": text}, status=400)
