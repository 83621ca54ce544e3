"""The gateway's addresses: verifies the caller strictly, carries the call out, signs the answer.

Back trades, queries and files each have their own. All answers are HTTP 200 and say by `respCode` what went on.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fenqi.sandbox import faults
from fenqi.sandbox.bank_card import bill, cards, certificates, messages, notifications, trades
from fenqi.sandbox.bank_card.messages import Fields
from fenqi.sandbox.bank_card.notifications import CHANNEL
from fenqi.sandbox.bank_card.trades import REFUND
from fenqi.sandbox.counterparty import Refusal, note_call
from fenqi.sandbox.faults import Fault, Kind, Operation
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

LARGEST_SKEW_SECONDS: Final = 600
NEEDED: Final = ("version", "encoding", "signMethod", "txnType", "txnSubType", "bizType", "merId", "txnTime", "certId")
ECHOED: Final = (
    *("version", "encoding", "txnType", "txnSubType", "bizType", "accessType", "merId", "orderId", "txnTime"),
    "reqReserved",
)

Handler = Callable[[Row, Fields, Fault | None], Fields]


@csrf_exempt
@require_POST
def back_trade(request: HttpRequest) -> HttpResponse:
    return _answered(request, _BACK)


@csrf_exempt
@require_POST
def query(request: HttpRequest) -> HttpResponse:
    return _answered(request, _QUERIES)


@csrf_exempt
@require_POST
def file(request: HttpRequest) -> HttpResponse:
    return _answered(request, _FILES)


def _answered(request: HttpRequest, calls: Mapping[tuple[str, str], tuple[Operation, Handler]]) -> HttpResponse:
    fields = {name: str(value) for name, value in request.POST.items()}
    notifications.decide_overdue()
    try:
        merchant = _caller(fields)
        operation, handle = calls.get((fields["txnType"], fields["txnSubType"]), (None, _unknown_call))
    except Refusal as refusal:
        return _answer(fields, messages.code_fields(refusal.code), None)
    if operation is Operation.QUERY and trades.with_number(town().store, fields["orderId"], REFUND):
        operation = Operation.QUERY_REFUND
    fault = faults.next_fault(town().store, CHANNEL, operation, fields["orderId"]) if operation else None
    return faults.suffer(
        request,
        fault,
        execute=lambda: _answer(fields, _carried_out(handle, merchant, fields, fault), fault),
        refuse=lambda code: _answer(fields, messages.code_fields(code), fault),
        not_found="34",
    )


def _caller(fields: Fields) -> Row:
    """The merchant who signed this. Raises Refusal."""
    if not all(fields.get(name) for name in NEEDED):
        raise Refusal("13")
    fields.setdefault("orderId", "")
    if (fields["version"], fields["encoding"], fields["signMethod"]) != ("5.1.0", "UTF-8", "01"):
        raise Refusal("10")
    merchant = town().store.row("SELECT * FROM card_merchant WHERE mer_id = ?", fields["merId"])
    if merchant is None:
        raise Refusal("31")
    if fields["certId"] != merchant["cert_id"] or not messages.is_signed(fields, merchant["public_key"]):
        raise Refusal("11")
    if "encryptCertId" in fields and fields["encryptCertId"] != certificates.certificates().encryption_id:
        raise Refusal("11")
    return merchant


def _check_now(fields: Fields) -> None:
    """A trade's time is the moment it is sent, by the town's clock or by its calendar. Raises Refusal."""
    sent_at = messages.instant(fields["txnTime"])
    if min(abs(town().wall_clock() - sent_at), abs(town().now() - sent_at)) > LARGEST_SKEW_SECONDS:
        raise Refusal("10")


def _carried_out(handle: Handler, merchant: Row, fields: Fields, fault: Fault | None) -> Fields:
    try:
        return {**messages.code_fields("00"), **handle(merchant, fields, fault)}
    except Refusal as refusal:
        return messages.code_fields(refusal.code)


def _answer(fields: Fields, said: Fields, fault: Fault | None) -> HttpResponse:
    code = said.get("origRespCode") or said["respCode"]
    method = f"{fields.get('txnType', '')}/{fields.get('txnSubType', '')}"
    note_call(town(), channel=CHANNEL, method=method, number=fields.get("orderId", ""), answer=code)
    key = faults.signing_key(fault, key=town().unionpay_key, stranger=town().stranger_key)
    echoed = {name: fields[name] for name in ECHOED if fields.get(name)}
    text = messages.answer_text(messages.signed({**echoed, **said}, key))
    return HttpResponse(text, content_type="text/html;charset=UTF-8")


def _ask_code(merchant: Row, fields: Fields, _fault: Fault | None) -> Fields:
    _check_now(fields)
    cards.ask_code(town().store, merchant["mer_id"], fields)
    return {}


def _bind(merchant: Row, fields: Fields, _fault: Fault | None) -> Fields:
    _check_now(fields)
    requestor = messages.braced(fields.get("tokenPayData", "")).get("trId", "")
    if requestor != merchant["token_requestor"]:
        raise Refusal("32")
    token = cards.bind(town().store, merchant["mer_id"], fields)
    return {"tokenPayData": f"{{token={token}&trId={requestor}&tokenLevel=40&tokenType=01}}"}


def _unbind(merchant: Row, fields: Fields, _fault: Fault | None) -> Fields:
    _check_now(fields)
    cards.unbind(town().store, merchant["mer_id"], fields)
    return {}


def _on_card(merchant: Row, fields: Fields, fault: Fault | None) -> Fields:
    _check_now(fields)
    return _accepted(*trades.on_card(town().store, merchant["mer_id"], fields, stays_pending=_stays_pending(fault)))


def _refund(merchant: Row, fields: Fields, fault: Fault | None) -> Fields:
    _check_now(fields)
    return _accepted(*trades.refund(town().store, merchant["mer_id"], fields, stays_pending=_stays_pending(fault)))


def _end_freeze(merchant: Row, fields: Fields, fault: Fault | None) -> Fields:
    _check_now(fields)
    return _accepted(*trades.end_freeze(town().store, merchant["mer_id"], fields, stays_pending=_stays_pending(fault)))


def _accepted(trade: trades.Trade, is_new: bool) -> Fields:  # noqa: FBT001 - a pair handed on as it is
    if is_new:
        notifications.decide_later(trade)
    return {"queryId": trade.query_id, "txnAmt": str(trade.amount_fen), "currencyCode": "156"}


def _stays_pending(fault: Fault | None) -> bool:
    return fault is not None and fault.kind is Kind.PROCESSING


def _query(merchant: Row, fields: Fields, _fault: Fault | None) -> Fields:
    trade = trades.asked_for(town().store, merchant["mer_id"], fields)
    card = town().store.row("SELECT masked FROM card WHERE card = ?", trade.card)
    assert card is not None  # a trade is made with a card of the town, and none is ever deleted
    return {
        **messages.code_fields(trade.code, about="origResp"),
        **notifications.settlement(trade),
        "accNo": card["masked"],
        **messages.code_fields("00"),
    }


def _file(merchant: Row, fields: Fields, fault: Fault | None) -> Fields:
    _check_now(fields)
    return bill.file_of(merchant["mer_id"], fields, fault)


def _unknown_call(_merchant: Row, _fields: Fields, _fault: Fault | None) -> Fields:
    raise Refusal("32")


_BACK: Final[Mapping[tuple[str, str], tuple[Operation, Handler]]] = {
    ("77", "00"): (Operation.ASK_CODE, _ask_code),
    ("79", "00"): (Operation.BIND, _bind),
    ("74", "01"): (Operation.UNBIND, _unbind),
    ("01", "01"): (Operation.CHARGE, _on_card),
    ("02", "01"): (Operation.FREEZE, _on_card),
    ("03", "00"): (Operation.CAPTURE, _end_freeze),
    ("32", "00"): (Operation.RELEASE, _end_freeze),
    ("04", "00"): (Operation.REFUND, _refund),
}
_QUERIES: Final[Mapping[tuple[str, str], tuple[Operation, Handler]]] = {("00", "00"): (Operation.QUERY, _query)}
_FILES: Final[Mapping[tuple[str, str], tuple[Operation, Handler]]] = {("76", "01"): (Operation.BILL, _file)}
