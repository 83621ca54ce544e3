"""Making the town misbehave, and seeing what went on: a JSON API for programs. `control_page` is the page for people.

The API takes JSON only, so that no page of another site can post to it from a browser; the town listens on this
machine alone and answers to no other host name.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from fenqi.sandbox import deliveries, faults, mail, sms
from fenqi.sandbox.counterparties import COUNTERPARTIES, knowing, knowing_refund
from fenqi.sandbox.counterparty import Act, Refusal, text
from fenqi.sandbox.faults import Kind, Operation
from fenqi.sandbox.town import town

MOST_TIMES: Final = 1000  # more is a mistake
LARGEST_OFFSET_SECONDS: Final = 10 * 366 * 86_400

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
def register(request: HttpRequest, body: dict[str, object], channel: str) -> HttpResponse:
    """Make a merchant known to a counterparty; what it takes and gives back is the counterparty's."""
    if channel not in COUNTERPARTIES:
        return _unknown()
    return JsonResponse(COUNTERPARTIES[channel].register(request, body))


@takes_json
def register_sms(request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"access_key_id", "access_key_secret", "templates": {code: text with ${name}}, "service"?, "report_url"?}`
    -> the endpoint.
    """
    templates = body.get("templates") or {}
    if not isinstance(templates, dict):
        raise ValueError("templates must be an object")  # noqa: TRY004 - all refusals of this API are ValueErrors
    sms.register(
        access_key_id=text(body, "access_key_id"),
        access_key_secret=text(body, "access_key_secret"),
        service=str(body.get("service") or "sms"),
        report_url=str(body.get("report_url") or ""),
    )
    with town().store.change() as db:
        db.executemany(
            "INSERT OR REPLACE INTO sms_template VALUES (?, ?)",
            [(str(code), str(wording)) for code, wording in templates.items()],
        )
    return JsonResponse({"endpoint": request.build_absolute_uri("/").rstrip("/")})


@takes_json
def order_fault(_request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"channel"?, "operation", "kind", "value"?, "times"?}`: what the next `times` calls suffer."""
    order(body)
    return JsonResponse({"ordered": True}, status=201)


@takes_json
def forget_faults(_request: HttpRequest, _body: dict[str, object]) -> HttpResponse:
    faults.forget_all(town().store)
    return JsonResponse({"forgotten": True})


@takes_json
def set_chaos(_request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"seed", "rates": {"channel.operation.kind": probability}}`; `{}` ends it. See `faults`."""
    rates = body.get("rates") or {}
    if not isinstance(rates, dict):
        raise ValueError("rates must be an object")  # noqa: TRY004 - all refusals of this API are ValueErrors
    named = {str(name): float(rate) for name, rate in rates.items()}
    faults.set_chaos(town().store, seed=int(str(body.get("seed") or 0)), rates=named)
    return JsonResponse({"chaos": bool(named)})


@takes_json
def name_in_chaos(_request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"number", "name"}`: what chaos draws by for that number from now on, so that another run draws the same."""
    faults.name_in_chaos(town().store, number=text(body, "number"), name=text(body, "name"))
    return JsonResponse({"named": True})


@require_GET
def show_moved(_request: HttpRequest) -> HttpResponse:
    """Every payment of every counterparty: number -> what was paid and what went back, in fen."""
    rows = (row for one in COUNTERPARTIES.values() for row in town().store.rows(one.moved))
    return JsonResponse({row["number"]: [row["paid_fen"], row["refunded_fen"]] for row in rows})


@require_GET
def show_deliveries(_request: HttpRequest) -> HttpResponse:
    """How many notifications are on their way for the first time."""
    return JsonResponse({"under_way": deliveries.under_way(town())})


@takes_json
def set_clock(_request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"offset_seconds"?, "skew_seconds"?}`: how far the calendar and the wall clock are from the machine's clock."""
    offset, skew = (float(str(body.get(name) or 0)) for name in ("offset_seconds", "skew_seconds"))
    if not max(abs(offset), abs(skew)) <= LARGEST_OFFSET_SECONDS:
        raise ValueError("a clock is at most ten years off")
    town().set_clock(offset_seconds=offset, skew_seconds=skew)
    return JsonResponse({"now": town().now(), "wall_clock": town().wall_clock()})


@require_GET
def show(_request: HttpRequest, number: str) -> HttpResponse:
    """One payment, agreement or freeze, by our number, with its notifications."""
    owner = knowing(number)
    return JsonResponse(owner.described(number)) if owner else _unknown()


@takes_json
def act(_request: HttpRequest, _body: dict[str, object], number: str, action: str) -> HttpResponse:
    """What a payer, time or a stranger would do to it."""
    owner = knowing(number)
    if owner is None or action not in owner.actions:
        return _unknown()
    return _done(owner.actions[action][1], number, owner.described)


@require_GET
def show_refund(_request: HttpRequest, number: str) -> HttpResponse:
    owner = knowing_refund(number)
    return JsonResponse(owner.described_refund(number)) if owner else _unknown()


@takes_json
def act_on_refund(_request: HttpRequest, _body: dict[str, object], number: str, action: str) -> HttpResponse:
    """What becomes of a refund that is on its way."""
    owner = knowing_refund(number)
    if owner is None or action not in owner.refund_actions:
        return _unknown()
    return _done(owner.refund_actions[action][1], number, owner.described_refund)


@require_GET
def show_sms(request: HttpRequest) -> HttpResponse:
    """The messages of `?phone=`, newest first."""
    found = sms.messages(phone=request.GET.get("phone", ""))
    names = ("phone", "template_code", "text", "out_id", "biz_id")
    messages = [{**{name: row[name] for name in names}, "params": json.loads(row["params"])} for row in found]
    return JsonResponse({"messages": messages})


@require_GET
def mail_server(_request: HttpRequest) -> HttpResponse:
    """Where the town takes mail."""
    return JsonResponse({"host": mail.HOST, "port": mail.port()})


@require_GET
def show_mail(request: HttpRequest) -> HttpResponse:
    """The mails to `?to=`, newest first."""
    names = ("recipient", "sender", "subject", "text", "html", "message_id")
    found = mail.mails(to=request.GET.get("to", ""))
    return JsonResponse({"mails": [{name: row[name] for name in names} for row in found]})


def order(body: Mapping[str, object]) -> None:
    """Raises ValueError for an order that cannot be."""
    times = int(str(body.get("times", 1)))
    if not 1 <= times <= MOST_TIMES:
        raise ValueError(f"times must be from 1 to {MOST_TIMES}")
    faults.order(
        town().store,
        channel=str(body.get("channel") or "alipay"),
        operation=Operation(text(body, "operation")),
        kind=Kind(text(body, "kind")),
        value=str(body.get("value") or ""),
        times=times,
    )


def _done(action: Act, number: str, described: Callable[[str], dict[str, object] | None]) -> HttpResponse:
    try:
        action(number)
    except Refusal as refusal:
        return JsonResponse({"error": refusal.code}, status=409)
    return JsonResponse(described(number) or {})  # a refund that failed is gone


def _unknown() -> HttpResponse:
    return JsonResponse({"error": "no such thing, or nothing that can be done to it"}, status=404)
