"""The platform's interface: verifies the caller, carries the call out, signs the answer, misbehaves when told to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from fenqi.sandbox import faults
from fenqi.sandbox.counterparty import Refusal, note_call
from fenqi.sandbox.faults import Fault, Kind, Operation
from fenqi.sandbox.partner import plans, settlement, transfers
from fenqi.sandbox.partner.plans import CHANNEL
from fenqi.sandbox.partner.signing import caller, sign
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

STATUS_OF: Final[Mapping[str, HTTPStatus]] = {
    "SIGNATURE_INVALID": HTTPStatus.UNAUTHORIZED,
    "PLAN_NOT_FOUND": HTTPStatus.NOT_FOUND,
    "REFUND_NOT_FOUND": HTTPStatus.NOT_FOUND,
    "TRANSFER_NOT_FOUND": HTTPStatus.NOT_FOUND,
    "TRANSFER_ENDED": HTTPStatus.CONFLICT,
    "NUMBER_REUSED": HTTPStatus.CONFLICT,
    "SYSTEM_BUSY": HTTPStatus.SERVICE_UNAVAILABLE,
    "TOO_MANY_REQUESTS": HTTPStatus.TOO_MANY_REQUESTS,
}

Handler = Callable[[Row, Mapping[str, Any], Fault | None], Mapping[str, Any]]


@csrf_exempt
def plan(request: HttpRequest, plan_no: str) -> HttpResponse:
    """PUT opens it, GET tells it."""

    def carry_out(merchant: Row, body: Mapping[str, Any], _fault: Fault | None) -> Mapping[str, Any]:
        store, key_id = town().store, merchant["key_id"]
        if request.method == "PUT":
            return plans.described(store, plans.open_plan(store, key_id, plan_no, body))
        return plans.described(store, plans.found(store, plan_no, key_id=key_id))

    return _answered(request, Operation.CHARGE if request.method == "PUT" else Operation.QUERY, plan_no, carry_out)


@csrf_exempt
def quote(request: HttpRequest, plan_no: str) -> HttpResponse:
    def carry_out(merchant: Row, body: Mapping[str, Any], _fault: Fault | None) -> Mapping[str, Any]:
        found = plans.found(town().store, plan_no, key_id=merchant["key_id"])
        return asdict(plans.worked_out(town().store, found, plans.whole(body, "amount")))

    return _answered(request, Operation.QUERY, plan_no, carry_out)


@csrf_exempt
def refund(request: HttpRequest, number: str) -> HttpResponse:
    """PUT refunds, GET tells what became of it."""

    def carry_out(merchant: Row, body: Mapping[str, Any], fault: Fault | None) -> Mapping[str, Any]:
        store, key_id = town().store, merchant["key_id"]
        if request.method != "PUT":
            return plans.refund_fields(plans.found_refund(store, number, key_id=key_id))
        stays = fault is not None and fault.kind is Kind.PROCESSING
        return plans.refund_fields(plans.refund(store, key_id, number, body, at_once=not stays))

    operation = Operation.REFUND if request.method == "PUT" else Operation.QUERY_REFUND
    return _answered(request, operation, number, carry_out)


@csrf_exempt
def transfer_quote(request: HttpRequest) -> HttpResponse:
    def carry_out(merchant: Row, body: Mapping[str, Any], _fault: Fault | None) -> Mapping[str, Any]:
        return transfers.quoted(town().store, merchant["key_id"], body)

    return _answered(request, Operation.QUERY_TRANSFER, "", carry_out)


@csrf_exempt
def transfer(request: HttpRequest, number: str) -> HttpResponse:
    """PUT takes it, GET tells it."""

    def carry_out(merchant: Row, body: Mapping[str, Any], _fault: Fault | None) -> Mapping[str, Any]:
        store, key_id = town().store, merchant["key_id"]
        if request.method == "PUT":
            return transfers.take(store, key_id, number, body)
        return transfers.fields_of(transfers.found(store, key_id, number))

    operation = Operation.TRANSFER if request.method == "PUT" else Operation.QUERY_TRANSFER
    return _answered(request, operation, number, carry_out)


@csrf_exempt
def transfer_end(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """In force, or as it was."""

    def carry_out(merchant: Row, _body: Mapping[str, Any], _fault: Fault | None) -> Mapping[str, Any]:
        act = {"confirmation": transfers.confirm, "revocation": transfers.revoke}.get(step)
        if act is None:
            raise Refusal("INVALID_REQUEST")
        return act(town().store, merchant["key_id"], number)

    return _answered(request, Operation.TRANSFER, number, carry_out)


@csrf_exempt
def passed_on(request: HttpRequest, number: str) -> HttpResponse:
    def carry_out(merchant: Row, body: Mapping[str, Any], _fault: Fault | None) -> Mapping[str, Any]:
        return transfers.pass_on(town().store, merchant["key_id"], number, body)

    return _answered(request, Operation.TRANSFER, number, carry_out)


@csrf_exempt
def settlement_file(request: HttpRequest, day: str) -> HttpResponse:
    fault = faults.next_fault(town().store, CHANNEL, Operation.BILL, day)

    def execute() -> HttpResponse:
        try:
            merchant, on = caller(request), date.fromisoformat(day)
        except (Refusal, ValueError):
            return refuse("INVALID_REQUEST")
        text = settlement.file_of(town(), merchant["key_id"], on, fault)
        return _signed(request, HttpResponse(text, content_type="text/csv; charset=utf-8"), fault)

    def refuse(code: str) -> HttpResponse:
        return _signed(request, _problem(code), fault)

    return faults.suffer(request, fault, execute=execute, refuse=refuse)


def _answered(request: HttpRequest, operation: Operation, number: str, handle: Handler) -> HttpResponse:
    fault = faults.next_fault(town().store, CHANNEL, operation, number)

    def execute() -> HttpResponse:
        try:
            fields = dict(handle(caller(request), _body(request), fault))
        except Refusal as refusal:
            return refuse(refusal.code)
        note_call(town(), channel=CHANNEL, method=operation.value, number=number, answer="OK")
        if fault and fault.kind is Kind.NONSENSE:
            _make_nonsense(fields)
        return _signed(request, JsonResponse(fields), fault)

    def refuse(code: str) -> HttpResponse:
        note_call(town(), channel=CHANNEL, method=operation.value, number=number, answer=code)
        return _signed(request, _problem(code), fault)

    missing = _MISSING.get(operation, "PLAN_NOT_FOUND")
    return faults.suffer(request, fault, execute=execute, refuse=refuse, not_found=missing)


_MISSING: Final[Mapping[Operation, str]] = {
    Operation.QUERY_REFUND: "REFUND_NOT_FOUND",
    Operation.TRANSFER: "TRANSFER_NOT_FOUND",
    Operation.QUERY_TRANSFER: "TRANSFER_NOT_FOUND",
}


def _make_nonsense(fields: dict[str, Any]) -> None:
    """One fen too many."""
    if "balance" in fields and isinstance(fields["balance"], dict):
        fields["balance"] = {**fields["balance"], "principal": fields["balance"]["principal"] + 1}
    else:
        fields["surplus"] = fields.get("surplus", 0) + 1


def _body(request: HttpRequest) -> Mapping[str, Any]:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise Refusal("INVALID_REQUEST") from None
    if not isinstance(body, dict):
        raise Refusal("INVALID_REQUEST")
    return body


def _problem(code: str) -> HttpResponse:
    return JsonResponse({"error": {"code": code}}, status=STATUS_OF.get(code, HTTPStatus.UNPROCESSABLE_ENTITY))


def _signed(request: HttpRequest, response: HttpResponse, fault: Fault | None) -> HttpResponse:
    key = faults.signing_key(fault, key=town().partner_key, stranger=town().stranger_key)
    return sign(request, response, key)
