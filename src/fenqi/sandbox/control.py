"""Making the town misbehave, and seeing what went on: a JSON API for programs, a page for people.

The API takes JSON only, so that no page of another site can post to it from a browser; the town listens on this
machine alone and answers to no other host name.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fenqi.channels.alipay.codes import ALIPAY_CODES as CODES_BY_OPERATION
from fenqi.sandbox import faults, sms
from fenqi.sandbox.alipay import notifications, trades
from fenqi.sandbox.alipay.cashier import REFUSALS
from fenqi.sandbox.alipay.trades import BusinessRefusal, Trade
from fenqi.sandbox.faults import KINDS_OF, Kind, Operation
from fenqi.sandbox.keys import is_public_key
from fenqi.sandbox.town import town

KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.SLOW: "延迟若干秒（填秒数）",
    Kind.HANG: "执行后不应答",
    Kind.RESET: "执行后断开连接",
    Kind.HTTP_500: "执行后返回 HTTP 500",
    Kind.WRONG_SIGNATURE: "签名错误",
    Kind.UNSIGNED: "应答不带签名",
    Kind.CODE: "不执行，返回代码（填代码）",
    Kind.CODE_AFTER: "执行后返回代码（填代码）",
    Kind.NO_FUND_CHANGE: "退款成功但 fund_change=N",
    Kind.ALSO_NOTIFY: "退款后另发通知",
    Kind.DROP: "通知永不送达",
    Kind.TWICE: "通知同时送两次",
    Kind.HOLD: "压住，等下一个通知之后再送（乱序）",
}
OPERATION_NAMES: Final[Mapping[Operation, str]] = {
    Operation.QUERY: "查询 trade.query",
    Operation.CLOSE: "关闭 trade.close",
    Operation.REFUND: "退款 trade.refund",
    Operation.QUERY_REFUND: "退款查询 refund.query",
    Operation.NOTIFY: "异步通知",
    Operation.SMS: "短信 SendSms",
}
ALIPAY_CODES: Final = sorted({code for codes in CODES_BY_OPERATION.values() for code in codes if "*" not in code})

View = Callable[..., HttpResponse]


def takes_json(view: View) -> View:
    """POST with a JSON object, given to the view; what is wrong with it (ValueError) is a 400."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest, **captured: str) -> HttpResponse:
        if request.content_type != "application/json":
            return JsonResponse({"error": "application/json only"}, status=415)
        try:
            return view(request, _object(request.body), **captured)
        except (ValueError, RecursionError) as wrong:
            return JsonResponse({"error": str(wrong)}, status=400)

    return checked


def _object(body: bytes) -> dict[str, object]:
    read = json.loads(body or b"{}")
    if not isinstance(read, dict):
        raise ValueError("a JSON object is needed")  # noqa: TRY004 - all refusals of this API are ValueErrors
    return read


@takes_json
def register_app(request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"app_id", "seller_id", "public_key"}` -> our public key and gateway; the same application again replaces it."""
    app_id, seller_id, public_key = _text(body, "app_id"), _text(body, "seller_id"), _text(body, "public_key")
    if not is_public_key(public_key):
        raise ValueError("public_key must be an RSA key of 2048 bits or more, in PEM")
    with town().store.change() as db:
        db.execute("INSERT OR REPLACE INTO app VALUES (?, ?, ?)", (app_id, seller_id, public_key))
    return JsonResponse(
        {"gateway": request.build_absolute_uri("/gateway.do"), "alipay_public_key": town().alipay_key.public_pem}
    )


@takes_json
def register_sms(request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"access_key_id", "access_key_secret", "templates": {code: text with ${name}}}` -> the endpoint."""
    templates = body.get("templates") or {}
    if not isinstance(templates, dict):
        raise ValueError("templates must be an object")  # noqa: TRY004 - all refusals of this API are ValueErrors
    with town().store.change() as db:
        db.execute(
            "INSERT OR REPLACE INTO sms_key VALUES (?, ?)",
            (_text(body, "access_key_id"), _text(body, "access_key_secret")),
        )
        db.executemany(
            "INSERT OR REPLACE INTO sms_template VALUES (?, ?)",
            [(str(code), str(text)) for code, text in templates.items()],
        )
    return JsonResponse({"endpoint": request.build_absolute_uri("/").rstrip("/")})


@takes_json
def order_fault(_request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"operation", "kind", "value"?, "times"?}`: what the next `times` calls of the operation suffer."""
    _order(body)
    return JsonResponse({"ordered": True}, status=201)


@takes_json
def forget_faults(_request: HttpRequest, _body: dict[str, object]) -> HttpResponse:
    faults.forget_all(town().store)
    return JsonResponse({"forgotten": True})


@takes_json
def act_on_trade(_request: HttpRequest, _body: dict[str, object], out_trade_no: str, action: str) -> HttpResponse:
    """What a payer, time or a stranger would do to a trade: see `ACTIONS`."""
    trade = trades.with_number(town().store, out_trade_no)
    if trade is None or action not in ACTIONS:
        return JsonResponse({"error": "no such trade or action"}, status=404)
    try:
        ACTIONS[action](trade)
    except BusinessRefusal as refusal:
        return JsonResponse({"error": refusal.sub_code}, status=409)
    return JsonResponse(_described(out_trade_no))


@require_GET
def show_trade(_request: HttpRequest, out_trade_no: str) -> HttpResponse:
    if trades.with_number(town().store, out_trade_no) is None:
        return JsonResponse({"error": "no such trade"}, status=404)
    return JsonResponse(_described(out_trade_no))


@require_GET
def show_sms(request: HttpRequest) -> HttpResponse:
    """The messages of `?phone=`, newest first."""
    found = sms.messages(phone=request.GET.get("phone", ""))
    return JsonResponse(
        {
            "messages": [
                {
                    "phone": row["phone"],
                    "template_code": row["template_code"],
                    "params": json.loads(row["params"]),
                    "text": row["text"],
                    "out_id": row["out_id"],
                    "biz_id": row["biz_id"],
                }
                for row in found
            ]
        }
    )


@require_http_methods(["GET", "HEAD"])
def page(request: HttpRequest) -> HttpResponse:
    store = town().store
    context = {
        "operations": [
            (operation, OPERATION_NAMES[operation], [(kind, KIND_NAMES[kind]) for kind in kinds])
            for operation, kinds in KINDS_OF.items()
        ],
        "faults": [
            (OPERATION_NAMES[Operation(row["operation"])], KIND_NAMES[Kind(row["kind"])], row["value"], row["times"])
            for row in store.rows("SELECT * FROM fault ORDER BY id")
        ],
        "codes": ALIPAY_CODES,
        "actions": ACTION_NAMES.items(),
        "trades": [(trade, REFUSALS.get(trade.refusal or "")) for trade in trades.newest(store, 30)],
        "notifications": [
            (_at(row["due_at"]), row)
            for row in store.rows(
                "SELECT n.*, t.out_trade_no FROM notification n JOIN trade t USING (trade_no)"
                " ORDER BY n.id DESC LIMIT 30"
            )
        ],
        "calls": [(_at(row["at"]), row) for row in store.rows("SELECT * FROM call ORDER BY id DESC LIMIT 30")],
    }
    return render(request, "sandbox/control.html", context)


@require_POST
def order_fault_from_page(request: HttpRequest) -> HttpResponse:
    try:
        _order(request.POST.dict())
    except ValueError as wrong:
        return render(request, "sandbox/problem.html", {"code": "400", "text": str(wrong)}, status=400)
    return redirect("control")


@require_POST
def forget_faults_from_page(_request: HttpRequest) -> HttpResponse:
    faults.forget_all(town().store)
    return redirect("control")


@require_POST
def act_from_page(request: HttpRequest) -> HttpResponse:
    trade = trades.with_number(town().store, request.POST.get("out_trade_no", ""))
    action = ACTIONS.get(request.POST.get("action", ""))
    if trade and action:
        try:
            action(trade)
        except BusinessRefusal as refusal:
            context = {"code": refusal.sub_code, "text": "这笔交易现在不能这样做。"}
            return render(request, "sandbox/problem.html", context, status=409)
    return redirect("control")


@require_http_methods(["GET", "HEAD"])
def phone(request: HttpRequest) -> HttpResponse:
    """The phones of the town: what a customer would see arrive."""
    number = request.GET.get("phone", "")
    found = [(_at(row["at"]), row) for row in sms.messages(phone=number)]
    return render(request, "sandbox/phone.html", {"phone": number, "messages": found})


def _pay(trade: Trade, *, even_if_closed: bool = False) -> None:
    notifications.tell(town(), trades.pay(town().store, trade, even_if_closed=even_if_closed))


def _refuse(trade: Trade) -> None:
    trades.note_refusal(town().store, trade, "ACQ.BUYER_BALANCE_NOT_ENOUGH")


ACTIONS: Final[Mapping[str, Callable[[Trade], object]]] = {
    "confirm": _pay,
    "refuse": _refuse,
    "pay_late": lambda trade: _pay(trade, even_if_closed=True),
    "expire": lambda trade: trades.expire(town().store, trade),
    "finish": lambda trade: trades.finish(town().store, trade),
    "notify_again": lambda trade: notifications.repeat(town(), trade),
    "forge": lambda trade: notifications.forge(town(), trade),
    "tamper": lambda trade: notifications.tamper(town(), trade),
}
ACTION_NAMES: Final[Mapping[str, str]] = {
    "confirm": "付款成功",
    "refuse": "余额不足",
    "pay_late": "关闭后又到账",
    "expire": "过付款时限",
    "finish": "过退款期限",
    "notify_again": "重发通知",
    "forge": "伪造通知",
    "tamper": "篡改金额的通知",
}


def _order(body: Mapping[str, object]) -> None:
    times = int(str(body.get("times", 1)))
    if not 1 <= times <= 1000:  # noqa: PLR2004 - more is a mistake
        raise ValueError("times must be from 1 to 1000")
    faults.order(
        town().store,
        operation=Operation(_text(body, "operation")),
        kind=Kind(_text(body, "kind")),
        value=str(body.get("value") or ""),
        times=times,
    )


def _described(out_trade_no: str) -> dict[str, object]:
    trade = trades.with_number(town().store, out_trade_no)
    assert trade is not None  # looked up by the caller; trades are never deleted
    sent = town().store.rows("SELECT * FROM notification WHERE trade_no = ? ORDER BY id", trade.trade_no)
    return {
        **trades.described(trade),
        "notifications": [
            {"notify_id": row["notify_id"], "state": row["state"], "sends": row["sends"], "answer": row["answer"]}
            for row in sent
        ],
    }


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is needed")
    return value


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
