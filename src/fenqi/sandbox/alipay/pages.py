"""What a payer sees: the cashier, the page of an agreement, and the page behind the code of a freeze."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.sandbox.alipay import agreements, freezes, notifications, trades
from fenqi.sandbox.alipay.agreements import Agreement
from fenqi.sandbox.alipay.biz import INVALID, Call, yuan
from fenqi.sandbox.alipay.freezes import Freeze
from fenqi.sandbox.alipay.trades import Source, Status, Trade
from fenqi.sandbox.counterparty import Refusal

CASHIER_PRODUCTS: Final = frozenset(["QUICK_WAP_WAY", "QUICK_WAP_PAY"])  # both are seen in the wild

REFUSALS: Final[Mapping[str, str]] = {
    "ACQ.BUYER_BALANCE_NOT_ENOUGH": "余额不足，请更换付款方式或充值后再试。",
    "ACQ.NOT_CERTIFIED_USER": "实名信息不完整，请先完成实名认证。",
    "ACQ.PAYMENT_REQUEST_HAS_RISK": "为了你的资金安全，这笔付款已被拦截，请换一种付款方式。",
    "ACQ.SYSTEM_ERROR": "网络异常，付款结果未知，请稍后在账单里查看。",
    "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR": "超出今日付款限额，请明天再试。",
    "ACQ.MERCHANT_STATUS_NOT_NORMAL": "系统维护中，请稍后再试。",
    "ACQ.PAYMENT_FAIL": "付款失败，请联系客服。",
}
"""The seven ways in which a payment can fail. The merchant is told none of it, as with the real cashier."""

PROBLEMS: Final[Mapping[str, str]] = {
    "ACQ.TRADE_HAS_CLOSE": "交易已关闭，请回商家页面重新发起。",
    "ACQ.TRADE_HAS_SUCCESS": "这笔订单已经付过款了。",
    "ACQ.CONTEXT_INCONSISTENT": "同一订单号的金额或标题与之前不一致。",
    "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR": "订单已过付款时限。",
    "ACQ.AGREEMENT_STATUS_NOT_NORMAL": "这份协议已经签过，或已经解除。",
    "FREEZE_ALREADY_SUCCESS": "这笔冻结已经完成。",
    "ORDER_ALREADY_CLOSED": "这笔冻结已过时限，请回商家页面重新发起。",
}


def enter_cashier(_request: HttpRequest, call: Call) -> HttpResponse:
    """The signed address of the merchant leads here: now the trade exists."""
    if call.biz.get("product_code") not in CASHIER_PRODUCTS:
        raise Refusal(INVALID)
    trade, _ = trades.open_trade(call)
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
    """Pay, from the balance or `from=bank_card`."""
    source = Source.BANK_CARD if request.POST.get("from") == Source.BANK_CARD else Source.BALANCE
    try:
        trade = trades.pay(_trade(token), source=source)
    except Refusal as refusal:
        return problem(request, refusal.code)
    notifications.tell(trade)
    return _back(trade)


@require_POST
def refuse(request: HttpRequest, token: str) -> HttpResponse:
    code = request.POST.get("code", "")
    if code in REFUSALS:
        trades.note_refusal(_trade(token), code)
    return redirect("cashier", token)


@require_POST
def leave(_request: HttpRequest, token: str) -> HttpResponse:
    """The payer walks away; a trade that was paid before goes back with its signed result."""
    trade = _trade(token)
    return _back(trade) if trade.paid_at else HttpResponseRedirect(trade.quit_url or "/")


def enter_agreement(_request: HttpRequest, call: Call) -> HttpResponse:
    return redirect("agreement", agreements.offer(call).token)


@require_http_methods(["GET", "HEAD"])
def agreement(request: HttpRequest, token: str) -> HttpResponse:
    offered = _agreement(token)
    context = {"agreement": offered, "single": yuan(offered.terms.single_fen)}
    return render(request, "sandbox/agreement.html", context)


@require_POST
def sign(request: HttpRequest, token: str) -> HttpResponse:
    try:
        signed = agreements.sign(_agreement(token))
    except Refusal as refusal:
        return problem(request, refusal.code)
    notifications.tell_agreement(signed)
    return HttpResponseRedirect(signed.return_url or signed.address)


@require_POST
def end_agreement(request: HttpRequest, token: str) -> HttpResponse:
    """The payer ends it: in the Alipay app, as it were."""
    try:
        ended = agreements.end(_agreement(token))
    except Refusal as refusal:
        return problem(request, refusal.code)
    notifications.tell_agreement(ended)
    return redirect("agreement", token)


@require_POST
def decline(_request: HttpRequest, token: str) -> HttpResponse:
    offered = _agreement(token)
    return HttpResponseRedirect(offered.return_url or offered.address)


@require_http_methods(["GET", "HEAD"])
def freeze(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "sandbox/freeze.html", {"freeze": _freeze(token)})


@require_POST
def allow_freeze(request: HttpRequest, token: str) -> HttpResponse:
    """Freeze the sum, or with `credit` let Alipay vouch for it."""
    try:
        done = freezes.allow(_freeze(token), is_credit="credit" in request.POST)
    except Refusal as refusal:
        return problem(request, refusal.code)
    notifications.tell_freeze(done)
    return redirect("freeze", token)


def problem(request: HttpRequest, code: str) -> HttpResponse:
    """What a payer reads whose merchant asked for what cannot be."""
    text = PROBLEMS.get(code, "商家传来的参数有误，无法付款。")
    return render(request, "sandbox/problem.html", {"code": code, "text": text}, status=400)


def _back(trade: Trade) -> HttpResponse:
    if not trade.return_url:
        return redirect("cashier", trade.cashier)
    parts = urlsplit(trade.return_url)
    query = "&".join(filter(None, [parts.query, urlencode(notifications.return_parameters(trade))]))
    return HttpResponseRedirect(urlunsplit(parts._replace(query=query)))


def _trade(token: str) -> Trade:
    trade = trades.trade_at(token)
    if trade is None:
        raise Http404
    return trade


def _agreement(token: str) -> Agreement:
    offered = agreements.agreement_at(token)
    if offered is None:
        raise Http404
    return offered


def _freeze(token: str) -> Freeze:
    offered = freezes.freeze_at(token)
    if offered is None:
        raise Http404
    return offered
