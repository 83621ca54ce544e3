"""`/gateway.do`: verifies the caller strictly, carries the call out, signs the answer over its raw text."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from fenqi.sandbox import faults
from fenqi.sandbox.alipay import notifications, trades
from fenqi.sandbox.alipay.cashier import enter, problem
from fenqi.sandbox.alipay.notifications import CHANNEL
from fenqi.sandbox.counterparty import Refusal, note_call
from fenqi.sandbox.faults import Fault, Kind, Operation
from fenqi.sandbox.keys import SigningKey, pairs, signature_holds
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

LARGEST_SKEW_SECONDS: Final = 900
PAGE_METHODS: Final = frozenset(["alipay.trade.wap.pay"])

Fields = dict[str, object]


class GatewayRefusal(Exception):
    """The call itself is wrong: a gateway code with its sub code, answered without a signature."""

    def __init__(self, code: str, sub_code: str) -> None:
        self.code = code
        self.sub_code = sub_code
        super().__init__(sub_code)


@csrf_exempt
def gateway(request: HttpRequest) -> HttpResponse:
    parameters = {**request.GET.dict(), **request.POST.dict()}
    method = parameters.get("method", "")
    try:
        app = _caller(parameters)
    except GatewayRefusal as refusal:
        _note(method, parameters, refusal.sub_code)
        return _refused(request, method, refusal)
    if method in PAGE_METHODS:
        return enter(request, app, parameters)
    return _answered(request, method, app, parameters)


def _caller(parameters: Mapping[str, str]) -> Row:
    """The application that signed this. Raises GatewayRefusal."""
    for name in ("app_id", "method", "charset", "sign_type", "sign", "timestamp", "version"):
        if not parameters.get(name):
            raise GatewayRefusal("40001", f"isv.missing-{name.replace('_', '-')}")
    if parameters["method"] not in PAGE_METHODS | _CALLS.keys():
        raise GatewayRefusal("40002", "isv.invalid-method")
    if (parameters["charset"].lower(), parameters["sign_type"], parameters["version"]) != ("utf-8", "RSA2", "1.0"):
        raise GatewayRefusal("40002", "isv.invalid-parameter")
    app = town().store.row("SELECT * FROM alipay_app WHERE app_id = ?", parameters["app_id"])
    if app is None:
        raise GatewayRefusal("40002", "isv.invalid-app-id")
    unsigned = {name: value for name, value in parameters.items() if name != "sign"}
    if not signature_holds(pairs(unsigned), parameters["sign"], app["public_key"]):
        raise GatewayRefusal("40002", "isv.invalid-signature")
    if abs(town().wall_clock() - _instant(parameters["timestamp"])) > LARGEST_SKEW_SECONDS:
        raise GatewayRefusal("40002", "isv.invalid-timestamp")
    return app


def _instant(timestamp: str) -> float:
    try:
        naive = datetime.strptime(timestamp, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - Beijing time, on the next line
    except ValueError:
        raise GatewayRefusal("40002", "isv.invalid-timestamp") from None
    return naive.replace(tzinfo=trades.BEIJING).timestamp()


def _answered(request: HttpRequest, method: str, app: Row, parameters: Mapping[str, str]) -> HttpResponse:
    operation, carry_out = _CALLS[method]
    fault = faults.next_fault(town().store, CHANNEL, operation, _number_in(parameters))
    key = faults.signing_key(fault, key=town().alipay_key, stranger=town().stranger_key)

    def answer(fields: Fields) -> HttpResponse:
        _note(method, parameters, str(fields.get("sub_code") or fields["code"]))
        return _sent(_body(method, fields, key))

    return faults.suffer(
        request,
        fault,
        execute=lambda: answer(_carried_out(carry_out, app, parameters, fault)),
        refuse=lambda code: answer(_failure(code)),
        not_found="ACQ.TRADE_NOT_EXIST",
    )


def _carried_out(
    carry_out: Callable[[str, Fields, Fault | None], Fields],
    app: Row,
    parameters: Mapping[str, str],
    fault: Fault | None,
) -> Fields:
    try:
        biz = trades.read_biz(parameters.get("biz_content", ""))
        return {"code": "10000", "msg": "Success", **carry_out(app["app_id"], biz, fault)}
    except Refusal as refusal:
        return _failure(refusal.code)


def _sent(body: str) -> HttpResponse:
    return HttpResponse(body, content_type="text/html;charset=utf-8")  # JSON, whatever the type says: so does Alipay


def _body(method: str, fields: Fields, key: SigningKey | None) -> str:
    raw = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    signature = f',"sign":"{key.sign(raw)}"' if key else ""
    return f'{{"{method.replace(".", "_")}_response":{raw}{signature}}}'


def _failure(code: str) -> Fields:
    """A code of the protocol as an answer: gateway codes stand alone, business codes under 40004."""
    if code.isdigit():
        return {"code": code, "msg": "Failed", "sub_msg": "沙箱按要求返回此代码"}
    gateway_code = "20000" if code in {"isp.unknow-error", "aop.unknow-error"} else "40004"
    return {
        "code": gateway_code,
        "msg": "Business Failed",
        "sub_code": code,
        "sub_msg": "沙箱返回此代码 {真实渠道会说明原因}",
    }


def _refused(request: HttpRequest, method: str, refusal: GatewayRefusal) -> HttpResponse:
    fields: Fields = {"code": refusal.code, "msg": "Invalid Arguments", "sub_code": refusal.sub_code, "sub_msg": ""}
    if method in PAGE_METHODS:  # a person is looking at it
        return problem(request, refusal.sub_code)
    if method in _CALLS:
        return _sent(_body(method, fields, None))
    return _sent(json.dumps({"error_response": fields}))


def _query(app_id: str, biz: Fields, _fault: Fault | None) -> Fields:
    trade = trades.trade_of(town().store, app_id=app_id, biz=biz)
    paid = {"send_pay_date": trades.beijing(trade.paid_at), "buyer_pay_amount": trade.yuan} if trade.paid_at else {}
    return {
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "trade_status": trade.status.value,
        "total_amount": trade.yuan,
        "buyer_logon_id": "san***@example.com",
        **paid,
    }


def _close(app_id: str, biz: Fields, _fault: Fault | None) -> Fields:
    trade = trades.close(town().store, app_id=app_id, biz=biz)
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}


def _refund(app_id: str, biz: Fields, fault: Fault | None) -> Fields:
    refund = trades.refund(town().store, app_id=app_id, biz=biz)
    if fault and fault.kind is Kind.ALSO_NOTIFY:
        notifications.tell(refund.trade, refund=refund)
    moved = not refund.is_repeat and not (fault and fault.kind is Kind.NO_FUND_CHANGE)
    return {
        "out_trade_no": refund.trade.out_trade_no,
        "trade_no": refund.trade.trade_no,
        "fund_change": "Y" if moved else "N",
        "refund_fee": trades.yuan(refund.refunded_fen),
        "gmt_refund_pay": trades.beijing(refund.refunded_at),
    }


def _query_refund(app_id: str, biz: Fields, _fault: Fault | None) -> Fields:
    trade, refund = trades.refund_of(town().store, app_id=app_id, biz=biz)
    if refund is None:
        return {}  # as Alipay says that it knows no such refund
    return {
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "out_request_no": refund["out_request_no"],
        "total_amount": trade.yuan,
        "refund_amount": trades.yuan(refund["amount_fen"]),
        "refund_status": "REFUND_SUCCESS",
        "gmt_refund_pay": trades.beijing(refund["refunded_at"]),
    }


def _note(method: str, parameters: Mapping[str, str], answer: str) -> None:
    note_call(town(), channel=CHANNEL, method=method, number=_number_in(parameters), answer=answer)


def _number_in(parameters: Mapping[str, str]) -> str:
    """Our number, of what the call is about."""
    try:
        return str(trades.read_biz(parameters.get("biz_content", "")).get("out_trade_no") or "")
    except Refusal:
        return ""


_CALLS: Final[Mapping[str, tuple[Operation, Callable[[str, Fields, Fault | None], Fields]]]] = {
    "alipay.trade.query": (Operation.QUERY, _query),
    "alipay.trade.close": (Operation.CLOSE, _close),
    "alipay.trade.refund": (Operation.REFUND, _refund),
    "alipay.trade.fastpay.refund.query": (Operation.QUERY_REFUND, _query_refund),
}
