"""`/gateway.do`: verifies the caller strictly, carries the call out, signs the answer over its raw text."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from fenqi.sandbox import faults
from fenqi.sandbox.alipay import biz as protocol
from fenqi.sandbox.alipay import pages
from fenqi.sandbox.alipay.biz import INVALID, Call, Fields
from fenqi.sandbox.alipay.calls import CALLS, number_in, operation_of
from fenqi.sandbox.alipay.notifications import CHANNEL
from fenqi.sandbox.counterparty import Refusal, note_call
from fenqi.sandbox.faults import Fault
from fenqi.sandbox.keys import SigningKey, pairs, signature_holds
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

LARGEST_SKEW_SECONDS: Final = 900
NOT_FOUND: Final = {
    faults.Operation.QUERY_AGREEMENT: "USER_AGREEMENT_NOT_EXIST",
    faults.Operation.QUERY: "ACQ.TRADE_NOT_EXIST",
    faults.Operation.QUERY_REFUND: "ACQ.TRADE_NOT_EXIST",
}
PAGES: Final[Mapping[str, Callable[[HttpRequest, Call], HttpResponse]]] = {
    "alipay.trade.wap.pay": pages.enter_cashier,
    "alipay.user.agreement.page.sign": pages.enter_agreement,
}
"""Methods that a payer's browser brings."""


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
        _note(method, _biz(parameters), refusal.sub_code)
        return _refused(request, method, refusal)
    if method in PAGES:
        return _page(request, method, app, parameters)
    return _answered(request, method, app, parameters)


def _caller(parameters: Mapping[str, str]) -> Row:
    """The application that signed this. Raises GatewayRefusal."""
    for name in ("app_id", "method", "charset", "sign_type", "sign", "timestamp", "version"):
        if not parameters.get(name):
            raise GatewayRefusal("40001", f"isv.missing-{name.replace('_', '-')}")
    if parameters["method"] not in PAGES.keys() | CALLS.keys():
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
    return naive.replace(tzinfo=protocol.BEIJING).timestamp()


def _page(request: HttpRequest, method: str, app: Row, parameters: Mapping[str, str]) -> HttpResponse:
    try:
        return PAGES[method](request, _call(request, app, parameters, None))
    except Refusal as refusal:
        return pages.problem(request, refusal.code)


def _answered(request: HttpRequest, method: str, app: Row, parameters: Mapping[str, str]) -> HttpResponse:
    biz = _biz(parameters)
    operation = operation_of(method, biz)
    fault = faults.next_fault(town().store, CHANNEL, operation, number_in(biz))
    key = faults.signing_key(fault, key=town().alipay_key, stranger=town().stranger_key)

    def answer(fields: Fields) -> HttpResponse:
        _note(method, biz, str(fields.get("sub_code") or fields["code"]))
        return _sent(_body(method, fields, key))

    def execute() -> HttpResponse:
        try:
            fields = CALLS[method][1](_call(request, app, parameters, fault))
        except Refusal as refusal:
            return answer(_failure(refusal.code))
        return answer({"code": "10000", "msg": "Success", **fields})

    return faults.suffer(
        request,
        fault,
        execute=execute,
        refuse=lambda code: answer(_failure(code)),
        not_found=NOT_FOUND.get(operation, ""),
    )


def _call(request: HttpRequest, app: Row, parameters: Mapping[str, str], fault: Fault | None) -> Call:
    return Call(
        app_id=app["app_id"],
        biz=protocol.read_biz(parameters.get("biz_content", "")),
        notify_url=_address(parameters.get("notify_url", "")),
        return_url=_address(parameters.get("return_url", "")),
        origin=request.build_absolute_uri("/").rstrip("/"),
        fault=fault,
    )


def _address(url: str) -> str:
    if url and urlsplit(url).scheme not in {"http", "https"}:
        raise Refusal(INVALID)
    return url


def _biz(parameters: Mapping[str, str]) -> Fields:
    """For notes and faults; the call itself refuses what cannot be read."""
    try:
        return protocol.read_biz(parameters.get("biz_content", ""))
    except Refusal:
        return {}


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
    if method in PAGES:  # a person is looking at it
        return pages.problem(request, refusal.sub_code)
    if method in CALLS:
        return _sent(_body(method, fields, None))
    return _sent(json.dumps({"error_response": fields}))


def _note(method: str, biz: Mapping[str, object], answer: str) -> None:
    note_call(town(), channel=CHANNEL, method=method, number=number_in(biz), answer=answer)
