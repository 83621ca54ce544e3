"""The interface at its real paths: every call is verified, carried out as ordered faults allow, and answered signed."""

import gzip
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from fenqi.sandbox import faults
from fenqi.sandbox.counterparty import Refusal, note_call
from fenqi.sandbox.faults import Fault, Kind, Operation
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town
from fenqi.sandbox.wechat_pay import bills, contracts, orders, settling
from fenqi.sandbox.wechat_pay.contracts import PENDING, Contract
from fenqi.sandbox.wechat_pay.notifications import (
    CHANNEL,
    contract_fields,
    order_fields,
    refund_fields,
    tell_of_contract,
    tell_of_order,
)
from fenqi.sandbox.wechat_pay.orders import BEIJING, Order, State
from fenqi.sandbox.wechat_pay.signing import (
    CallRefused,
    Signer,
    caller,
    certificates_for,
    seal,
    signer_for,
)

Fields = Mapping[str, object]
Done = dict[str, object] | None
"""What is answered: an object, or nothing at all (204)."""

_CODES_OF_STATUS: Final[Mapping[int, str]] = {
    202: "USERPAYING",
    401: "SIGN_ERROR",
    403: """
        NOT_ENOUGH NOTENOUGH ACCOUNTERROR RULELIMIT TRADE_ERROR OUT_TRADE_NO_USED NO_AUTH USER_ACCOUNT_ABNORMAL
        CONTRACT_NOT_EXIST CONTRACT_TERMINATED PRE_NOTIFY_NOT_FOUND OUT_OF_DEDUCT_DURATION AMOUNT_EXCEEDS_ESTIMATE""",
    404: "ORDER_NOT_EXIST RESOURCE_NOT_EXISTS MCH_NOT_EXISTS",
    429: "FREQUENCY_LIMITED",
    500: "SYSTEM_ERROR SYSTEMERROR BANK_ERROR BANKERROR OPENID_MISMATCH INVALID_TRANSACTIONID",
}
STATUS_OF: Final = {code: status for status, codes in _CODES_OF_STATUS.items() for code in codes.split()}
"""HTTP's status of each code; 400 for every other."""

LARGEST_FEN: Final = 100_000_000_00
DEFAULT_WINDOW_SECONDS: Final = 7 * 86_400
LONGEST_DESCRIPTION: Final = 127
LONGEST_REASON: Final = 80
_OUT_TRADE_NO: Final = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_OUT_REFUND_NO: Final = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
_CONTRACT_CODE: Final = re.compile(r"[0-9A-Za-z_\-|*]{1,32}")


class Call:
    """One call that was verified: who makes it, what it says, and what it shall suffer."""

    def __init__(self, request: HttpRequest, merchant: Row, fault: Fault | None) -> None:
        self.request = request
        self.merchant = merchant
        self.fault = fault
        self.mchid: str = merchant["mchid"]

    @property
    def body(self) -> Fields:
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise Refusal("PARAM_ERROR") from None
        if not isinstance(body, dict):
            raise Refusal("PARAM_ERROR")
        return body

    def check_appid(self) -> None:
        if self.body.get("appid") != self.merchant["appid"]:
            raise Refusal("APPID_MCHID_NOT_MATCH")

    def check_mchid(self, mchid: object) -> None:
        if mchid != self.mchid:
            raise Refusal("APPID_MCHID_NOT_MATCH")


View = Callable[..., HttpResponse]


def call(
    operation: Operation | None, *, method: str, number: str = "", not_found: str = "ORDER_NOT_EXIST"
) -> Callable[[Callable[..., Done]], View]:
    """A view of one call. `number` is the name of the path's part, or of the body's field, that holds our number."""

    def decorate(carry_out: Callable[..., Done]) -> View:
        @csrf_exempt
        def view(request: HttpRequest, **captured: str) -> HttpResponse:
            ours = captured.get(number) or _field(request, number)
            name = f"{request.method} {request.path}"
            try:
                merchant = _caller(request, method)
            except CallRefused as refusal:
                note_call(town(), channel=CHANNEL, method=name, number=ours, answer=refusal.code)
                return _refused(request, refusal.code, refusal.message)
            fault = faults.next_fault(town().store, CHANNEL, operation, ours) if operation else None
            made = Call(request, merchant, fault)

            def refuse(code: str) -> HttpResponse:
                note_call(town(), channel=CHANNEL, method=name, number=ours, answer=code)
                return _refused(request, code, "沙箱返回此代码")

            def execute() -> HttpResponse:
                try:
                    fields = carry_out(made, **captured)
                except Refusal as refusal:
                    return refuse(refusal.code)
                note_call(town(), channel=CHANNEL, method=name, number=ours, answer="OK")
                return _answer(request, fields, fault)

            return faults.suffer(request, fault, execute=execute, refuse=refuse, not_found=not_found)

        return view

    return decorate


def _caller(request: HttpRequest, method: str) -> Row:
    if request.method != method:
        raise CallRefused("PARAM_ERROR", "请求方法有误")
    if not request.headers.get("User-Agent"):
        raise CallRefused("PARAM_ERROR", "Http头缺少User-Agent")
    if "json" not in request.headers.get("Accept", "") and "*/*" not in request.headers.get("Accept", ""):
        raise CallRefused("PARAM_ERROR", "Http头Accept须为application/json")
    if method == "POST" and request.content_type != "application/json":
        raise CallRefused("PARAM_ERROR", "Http头Content-Type须为application/json")
    return caller(
        authorization=request.headers.get("Authorization", ""),
        method=method,
        path=request.get_full_path(),
        body=request.body,
    )


def _field(request: HttpRequest, name: str) -> str:
    try:
        return str(json.loads(request.body).get(name) or "") if name else ""
    except (ValueError, AttributeError, RecursionError):
        return ""


def _answer(request: HttpRequest, fields: Done, fault: Fault | None) -> HttpResponse:
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() if fields is not None else b""
    response = HttpResponse(body, status=200 if body else 204, content_type="application/json; charset=utf-8")
    return _sealed(request, response, fault)


def _sealed(request: HttpRequest, response: HttpResponse, fault: Fault | None) -> HttpResponse:
    signer = signer_for(request.headers)
    match fault:
        case Fault(Kind.WRONG_SIGNATURE):
            signer = Signer.STRANGER
        case Fault(Kind.UNSIGNED):
            return response
    for name, value in seal(response.content, signer).items():
        response[name] = value
    return response


def _refused(request: HttpRequest, code: str, message: str) -> HttpResponse:
    """An error carries no signature; what HTTP calls a success does."""
    body = json.dumps({"code": code, "message": message}, ensure_ascii=False).encode()
    status = STATUS_OF.get(code, 400)
    response = HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
    return _sealed(request, response, None) if status < 300 else response  # noqa: PLR2004 - HTTP's


@call(Operation.CHARGE, method="POST", number="out_trade_no")
def order_h5(made: Call) -> Done:
    scene = _part(made.body, "scene_info")
    if not _text(scene, "payer_client_ip") or _part(scene, "h5_info").get("type") not in {"iOS", "Android", "Wap"}:
        raise Refusal("PARAM_ERROR")
    order = _placed(made, "MWEB")
    return {"h5_url": made.request.build_absolute_uri(f"/wechat/h5?prepay_id={order.cashier}")}


@call(Operation.CHARGE, method="POST", number="out_trade_no")
def order_native(made: Call) -> Done:
    return {"code_url": f"weixin://wxpay/bizpayurl?pr={_placed(made, 'NATIVE').cashier}"}


def _placed(made: Call, trade_type: str) -> Order:
    body, now = made.body, town().now()
    made.check_appid()
    made.check_mchid(body.get("mchid"))
    wanted = Order(
        transaction_id=orders.new_number("42000"),
        cashier=secrets.token_urlsafe(18),
        mchid=made.mchid,
        appid=made.merchant["appid"],
        out_trade_no=_matching(body, "out_trade_no", _OUT_TRADE_NO),
        trade_type=trade_type,
        request=json.dumps(body, sort_keys=True, ensure_ascii=False),
        description=_description(body),
        total_fen=_fen(_part(body, "amount"), "total"),
        state=State.NOTPAY,
        notify_url=_notify_url(body, "notify_url"),
        created_at=now,
        expires_at=_window_end(body, now),
    )
    return orders.place(town().store, wanted)


@call(Operation.QUERY, method="GET", number="out_trade_no")
def query(made: Call, out_trade_no: str) -> Done:
    made.check_mchid(made.request.GET.get("mchid"))
    return order_fields(orders.of_merchant(town().store, made.mchid, out_trade_no=out_trade_no))


@call(Operation.QUERY, method="GET")
def query_by_id(made: Call, transaction_id: str) -> Done:
    made.check_mchid(made.request.GET.get("mchid"))
    order = orders.of_merchant(town().store, made.mchid, transaction_id=transaction_id)
    if order.paid_at is None:  # it has no such number yet, as far as the merchant knows
        raise Refusal("ORDER_NOT_EXIST")
    return order_fields(order)


@call(Operation.CLOSE, method="POST", number="out_trade_no")
def close(made: Call, out_trade_no: str) -> Done:
    made.check_mchid(made.body.get("mchid"))
    orders.close(town().store, made.mchid, out_trade_no)
    return None


@call(Operation.REFUND, method="POST", number="out_refund_no")
def refund(made: Call) -> Done:
    body, amount = made.body, _part(made.body, "amount")
    number, transaction_id = _text(body, "out_trade_no"), _text(body, "transaction_id")
    if bool(number) == bool(transaction_id) or len(_text(body, "reason")) > LONGEST_REASON:
        raise Refusal("PARAM_ERROR")
    if amount.get("currency") != "CNY":
        raise Refusal("PARAM_ERROR")
    try:
        order = orders.of_merchant(town().store, made.mchid, out_trade_no=number, transaction_id=transaction_id)
    except Refusal:
        raise Refusal("RESOURCE_NOT_EXISTS") from None
    accepted, is_new = orders.refund(
        town().store,
        order,
        out_refund_no=_matching(body, "out_refund_no", _OUT_REFUND_NO),
        amount_fen=_fen(amount, "refund"),
        total_fen=_fen(amount, "total"),
        notify_url=_notify_url(body, "notify_url") if body.get("notify_url") else "",
        is_held=made.fault is not None and made.fault.kind is Kind.PROCESSING,
    )
    if is_new:
        settling.settle_later()
    return refund_fields(accepted)


@call(Operation.QUERY_REFUND, method="GET", number="out_refund_no", not_found="RESOURCE_NOT_EXISTS")
def query_refund(made: Call, out_refund_no: str) -> Done:
    settling.settle_due()
    return refund_fields(orders.refund_of_merchant(town().store, made.mchid, out_refund_no))


@call(None, method="GET")
def certificates(made: Call) -> Done:
    return certificates_for(made.merchant)


@call(Operation.BILL, method="GET")
def trade_bill(made: Call) -> Done:
    query = made.request.GET
    if query.get("bill_type", "ALL") not in bills.HEADERS or query.get("tar_type", "GZIP") != "GZIP":
        raise Refusal("PARAM_ERROR")
    day = _day(query.get("bill_date", ""))
    is_creating = made.fault is not None and made.fault.kind is Kind.CREATING
    if is_creating or day >= contracts.beijing_day(town().now()):
        raise Refusal("STATEMENT_CREATING")
    settling.settle_due()
    bill = bills.trade_bill(made.mchid, day, query.get("bill_type", "ALL"), made.fault)
    if bill is None:
        raise Refusal("NO_STATEMENT_EXIST")
    token = secrets.token_urlsafe(18)
    with town().store.change() as db:
        db.execute("INSERT INTO wechat_bill VALUES (?, ?, ?)", (token, made.mchid, bill))
    return {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(bill, usedforsecurity=False).hexdigest(),
        "download_url": made.request.build_absolute_uri(f"/v3/billdownload/file?token={token}"),
    }


@csrf_exempt
def download(request: HttpRequest) -> HttpResponse:
    """The file of a bill; the call is signed, the answer is not."""
    try:
        merchant = _caller(request, "GET")
    except CallRefused as refusal:
        return _refused(request, refusal.code, refusal.message)
    bill = town().store.row(
        "SELECT content FROM wechat_bill WHERE token = ? AND mchid = ?", request.GET.get("token", ""), merchant["mchid"]
    )
    if bill is None:
        return _refused(request, "RESOURCE_NOT_EXISTS", "账单文件不存在")
    return HttpResponse(gzip.compress(bill["content"]), content_type="application/octet-stream")


@call(Operation.SIGN, method="POST", number="out_contract_code")
def prepare_contract(made: Call) -> Done:
    body, schedule = made.body, _part(made.body, "deduct_schedule")
    made.check_appid()
    if body.get("plan_id") != made.merchant["plan_id"]:
        raise Refusal("INVALID_REQUEST")
    _day(_text(schedule, "estimated_deduct_date"))
    wanted = Contract(
        contract_id=orders.new_number("2026"),
        page=contracts.new_page(),
        mchid=made.mchid,
        appid=made.merchant["appid"],
        plan_id=made.merchant["plan_id"],
        out_contract_code=_matching(body, "out_contract_code", _CONTRACT_CODE),
        request=json.dumps(body, sort_keys=True, ensure_ascii=False),
        display=_filled(body, "contract_display_account"),
        limit_fen=_fen(_part(schedule, "estimated_deduct_amount"), "total"),
        notify_url=_notify_url(body, "contract_notify_url"),
        return_url=_text(body, "return_url"),
        state=PENDING,
        created_at=town().now(),
    )
    contract = contracts.prepare(town().store, wanted)
    return {"redirect_url": made.request.build_absolute_uri(f"/wechat/contract/{contract.page}")}


@call(Operation.QUERY_AGREEMENT, method="GET", number="number", not_found="RESOURCE_NOT_EXISTS")
def query_contract(made: Call, plan_id: str, number: str) -> Done:
    return contract_fields(contracts.of_merchant(town().store, made.mchid, int(plan_id), number))


@call(Operation.END_AGREEMENT, method="POST", number="number")
def end_contract(made: Call, plan_id: str, number: str) -> Done:
    _filled(made.body, "contract_termination_remark")
    contract = contracts.of_merchant(town().store, made.mchid, int(plan_id), number)
    ended = contracts.end(town().store, contract)
    if contract.ended_at is None:
        tell_of_contract(ended)
    return contract_fields(ended)


@call(Operation.ANNOUNCE, method="POST", number="contract_id")
def announce(made: Call, contract_id: str) -> Done:
    body, duration = made.body, _part(made.body, "deduct_duration")
    made.check_appid()
    made.check_mchid(body.get("mchid"))
    count = duration.get("count")
    if not isinstance(count, int) or not 0 < count <= 31 or duration.get("unit") != "DAY":  # noqa: PLR2004 - a month
        raise Refusal("PARAM_ERROR")
    contract = contracts.with_id(town().store, made.mchid, contract_id)
    contracts.announce(town().store, contract, amount_fen=_fen(_part(body, "estimated_amount"), "amount"), days=count)
    return None


@call(Operation.CHARGE, method="POST", number="out_trade_no")
def debit(made: Call) -> Done:
    """Accepted, and taken at once; the merchant learns of it by the notification, or asks."""
    body, now = made.body, town().now()
    made.check_appid()
    contract = contracts.with_id(town().store, made.mchid, _text(body, "contract_id"))
    total_fen = _fen(_part(body, "amount"), "total")
    wanted = Order(
        transaction_id=orders.new_number("42000"),
        cashier=secrets.token_urlsafe(18),
        mchid=made.mchid,
        appid=made.merchant["appid"],
        out_trade_no=_matching(body, "out_trade_no", _OUT_TRADE_NO),
        trade_type="PAP",
        request=json.dumps(body, sort_keys=True, ensure_ascii=False),
        description=_description(body),
        total_fen=total_fen,
        state=State.NOTPAY,
        notify_url=_notify_url(body, "transaction_notify_url"),
        created_at=now,
        expires_at=now + DEFAULT_WINDOW_SECONDS,
    )
    if orders.with_number(town().store, wanted.out_trade_no) is None:
        contracts.check_announced(town().store, contract, amount_fen=total_fen)
    order = orders.place(town().store, wanted)
    is_held = made.fault is not None and made.fault.kind is Kind.PROCESSING
    if order.transaction_id == wanted.transaction_id and not is_held:
        tell_of_order(orders.pay(town().store, order))
    return {"out_trade_no": order.out_trade_no, "amount": {"total": order.total_fen, "currency": "CNY"}}


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _filled(fields: Fields, name: str) -> str:
    value = _text(fields, name)
    if not value:
        raise Refusal("PARAM_ERROR")
    return value


def _part(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _matching(fields: Fields, name: str, rule: re.Pattern[str]) -> str:
    value = _text(fields, name)
    if rule.fullmatch(value) is None:
        raise Refusal("PARAM_ERROR")
    return value


def _description(fields: Fields) -> str:
    description = _filled(fields, "description")
    if len(description) > LONGEST_DESCRIPTION:
        raise Refusal("PARAM_ERROR")
    return description


def _fen(amount: Fields, name: str) -> int:
    value = amount.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_FEN:
        raise Refusal("PARAM_ERROR")
    if amount.get("currency", "CNY") != "CNY":
        raise Refusal("PARAM_ERROR")
    return value


def _notify_url(fields: Fields, name: str) -> str:
    """The real one takes https only; the town talks to this machine, where there is none."""
    url = _text(fields, name)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise Refusal("PARAM_ERROR")
    return url


def _window_end(body: Fields, now: float) -> float:
    written = body.get("time_expire")
    if written is None:
        return now + DEFAULT_WINDOW_SECONDS
    try:
        at = datetime.fromisoformat(str(written))
    except ValueError:
        raise Refusal("PARAM_ERROR") from None
    if at.tzinfo is None or not 0 < at.timestamp() - now <= DEFAULT_WINDOW_SECONDS:
        raise Refusal("PARAM_ERROR")
    return at.astimezone(BEIJING).timestamp()


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refusal("PARAM_ERROR") from None
