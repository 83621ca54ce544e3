"""Alibaba Cloud's text messages, and the phones they arrive on: SendSms, QuerySendDetails, AddSmsTemplate, SmsReport.

Two services live here, told apart by their access keys, so that one can be down while the other works.

The signature is verified in full: ACS3-HMAC-SHA256 over method, path, query, the signed headers and the body's hash,
with the nonce used once and the date at most fifteen minutes away. What differs from the real service: templates need
no approval (a template that control has registered is rendered and checked, any other is shown as its variables), and
numbers have no flow control unless a fault orders its code. Details are found whatever day is asked for, since the
mall's calendar may be ahead of the town's. A template handed in is approved at once.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, quote

from django.http import HttpRequest, HttpResponse, JsonResponse

from fenqi.sandbox import faults
from fenqi.sandbox.deliveries import Message, Protocol, tell
from fenqi.sandbox.faults import Kind, Operation
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

LARGEST_SKEW_SECONDS: Final = 900
MOST_ON_A_PAGE: Final = 50
ACTIONS: Final = ("SendSms", "QuerySendDetails", "AddSmsTemplate")

_AUTHORIZATION: Final = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})"
)
_PHONE: Final = re.compile(r"(\+?86)?1[0-9]{10}")
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


class SmsRefusal(Exception):
    """Answered with this code and HTTP status; the service uses 200 for what is wrong with a message."""

    def __init__(self, code: str, status: int = 200) -> None:
        self.code = code
        self.status = status
        super().__init__(code)


DELIVERED, UNDELIVERED = 3, 2
PROTOCOL: Final = Protocol(
    repeats_seconds=(60.0, 300.0, 900.0, 3600.0),
    is_taken=lambda status, body: status == HTTPStatus.OK and '"code": 0' in body.replace('":0', '": 0'),
)
"""Of delivery reports (SmsReport): repeated until the receiver answers with code 0."""


def call(request: HttpRequest) -> HttpResponse:
    """Whatever the service is asked: the header says which action it is."""
    service = _service_of(request)
    match request.headers.get("x-acs-action"):
        case "QuerySendDetails":
            fault = faults.next_fault(town().store, service, Operation.QUERY)
            return faults.suffer(request, fault, execute=lambda: _details(request), refuse=_refused)
        case "AddSmsTemplate":
            return _checked(request, _approved)
    fault = faults.next_fault(town().store, service, Operation.SMS)
    status = UNDELIVERED if fault and fault.kind is Kind.UNDELIVERED else DELIVERED
    return faults.suffer(
        request,
        fault,
        execute=lambda: _checked(request, lambda query: {"BizId": _taken(query, service, status)}),
        refuse=_refused,
    )


def _service_of(request: HttpRequest) -> str:
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    row = match and town().store.row("SELECT service FROM sms_service WHERE access_key_id = ?", match[1])
    return str(row["service"]) if row else "sms"


def _checked(request: HttpRequest, act: Callable[[Mapping[str, str]], Mapping[str, object]]) -> HttpResponse:
    """Carried out for a caller that signed; with its answer."""
    try:
        _check_caller(request)
        sent = dict(parse_qsl(request.META["QUERY_STRING"], keep_blank_values=True))
        told = act(sent)
    except SmsRefusal as refusal:
        return _refused(refusal.code, refusal.status)
    return _answer({"Code": "OK", "Message": "OK", **told}, 200)


def _details(request: HttpRequest) -> HttpResponse:
    def found(query: Mapping[str, str]) -> Mapping[str, object]:
        size, page = int(query.get("PageSize", "10")), int(query.get("CurrentPage", "1"))
        if not (1 <= size <= MOST_ON_A_PAGE and page >= 1 and re.fullmatch(r"[0-9]{8}", query.get("SendDate", ""))):
            raise SmsRefusal("isv.INVALID_PARAMETERS")
        rows = town().store.rows(
            "SELECT s.*, coalesce(d.status, 3) AS status, coalesce(d.err_code, '') AS err_code FROM sms s"
            " LEFT JOIN sms_detail d ON d.id = s.id WHERE s.phone = ? AND ? IN ('', s.biz_id)"
            " AND coalesce(d.service, 'sms') = ? ORDER BY s.id DESC LIMIT ? OFFSET ?",
            query.get("PhoneNumber", "")[-11:],
            query.get("BizId", ""),
            _service_of(request),
            size,
            (page - 1) * size,
        )
        listed = [
            {
                "SendStatus": row["status"],
                "ErrCode": row["err_code"] or "DELIVERED",
                "OutId": row["out_id"],
                "PhoneNum": row["phone"],
                "Content": row["text"],
                "TemplateCode": row["template_code"],
            }
            for row in rows
        ]
        return {"TotalCount": str(len(listed)), "SmsSendDetailDTOs": {"SmsSendDetailDTO": listed}}

    return _checked(request, found)


def _approved(query: Mapping[str, str]) -> Mapping[str, object]:
    """Kept under a number that its text decides: handed in again, it is the same template."""
    text = query.get("TemplateContent", "")
    if not text or not query.get("TemplateName"):
        raise SmsRefusal("isv.TEMPLATE_PARAMS_ILLEGAL")
    code = f"SMS_{int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)}"
    with town().store.change() as db:
        db.execute("INSERT OR REPLACE INTO sms_template VALUES (?, ?)", (code, text))
    return {"TemplateCode": code}


def _refused(code: str, status: int = 200) -> HttpResponse:
    return _answer({"Code": code, "Message": "沙箱拒绝"}, status)


def register(*, access_key_id: str, access_key_secret: str, service: str, report_url: str) -> None:
    """Make a mall known to one of the services."""
    if service not in faults.SMS_SERVICES:
        raise ValueError(f"there is no service {service}")
    with town().store.change() as db:
        db.execute("INSERT OR REPLACE INTO sms_key VALUES (?, ?)", (access_key_id, access_key_secret))
        db.execute("INSERT OR REPLACE INTO sms_service VALUES (?, ?, ?)", (access_key_id, service, report_url))


def messages(*, phone: str = "", limit: int = 100) -> list[Row]:
    """The newest first; of one phone, if it is named."""
    return town().store.rows("SELECT * FROM sms WHERE ? IN ('', phone) ORDER BY id DESC LIMIT ?", phone, limit)


def _check_caller(request: HttpRequest) -> None:
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        raise SmsRefusal("IncompleteSignature", 400)
    access_key_id, signed_headers, signature = match.groups()
    key = town().store.row("SELECT * FROM sms_key WHERE access_key_id = ?", access_key_id)
    if key is None:
        raise SmsRefusal("InvalidAccessKeyId.NotFound", 404)
    if not hmac.compare_digest(_signature(request, signed_headers.split(";"), key["access_key_secret"]), signature):
        raise SmsRefusal("SignatureDoesNotMatch", 400)
    if request.headers.get("x-acs-action") not in ACTIONS or request.headers.get("x-acs-version") != "2017-05-25":
        raise SmsRefusal("InvalidAction.NotFound", 404)
    _check_fresh(request)


def _signature(request: HttpRequest, signed_headers: list[str], secret: str) -> str:
    must_be_signed = {
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    }
    body_hash = hashlib.sha256(request.body).hexdigest()
    if not must_be_signed <= set(signed_headers) or request.headers.get("x-acs-content-sha256") != body_hash:
        raise SmsRefusal("IncompleteSignature", 400)
    query = sorted(parse_qsl(request.META["QUERY_STRING"], keep_blank_values=True))
    lines = (
        request.method,
        request.path,
        "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query),
        "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in sorted(signed_headers)),
        ";".join(sorted(signed_headers)),
        body_hash,
    )
    digest = hashlib.sha256("\n".join(map(str, lines)).encode()).hexdigest()
    return hmac.new(secret.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), hashlib.sha256).hexdigest()


def _check_fresh(request: HttpRequest) -> None:
    try:
        at = datetime.strptime(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SmsRefusal("InvalidTimeStamp.Format", 400) from None
    now = town().wall_clock()
    if abs(now - at) > LARGEST_SKEW_SECONDS:
        raise SmsRefusal("InvalidTimeStamp.Expired", 400)
    with town().store.change() as db:
        db.execute("DELETE FROM nonce WHERE at < ?", (now - 2 * LARGEST_SKEW_SECONDS,))
        used = db.execute("INSERT OR IGNORE INTO nonce VALUES (?, ?)", (request.headers["x-acs-signature-nonce"], now))
        if used.rowcount == 0:
            raise SmsRefusal("SignatureNonceUsed", 400)


def _taken(query: Mapping[str, str], service: str, status: int) -> str:
    phones, template_code = query.get("PhoneNumbers", "").split(","), query.get("TemplateCode", "")
    if not all(_PHONE.fullmatch(phone) for phone in phones):
        raise SmsRefusal("isv.MOBILE_NUMBER_ILLEGAL")
    if not query.get("SignName"):
        raise SmsRefusal("isv.SMS_SIGNATURE_ILLEGAL")
    params = _params(query.get("TemplateParam", ""))
    text = _text(template_code, params)
    biz_id, out_id = f"{secrets.randbelow(10**18):018}^0", query.get("OutId", "")
    said = json.dumps(params, ensure_ascii=False)
    err_code = "" if status == DELIVERED else "MOBILE_NOT_ON_SERVICE"
    with town().store.change() as db:
        for phone in phones:
            kept = db.execute(
                "INSERT INTO sms (at, phone, sign_name, template_code, params, text, out_id, biz_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (town().now(), phone[-11:], query["SignName"], template_code, said, text, out_id, biz_id),
            )
            db.execute("INSERT INTO sms_detail VALUES (?, ?, ?, ?)", (kept.lastrowid, service, status, err_code))
    for phone in phones:
        _report(service, phone=phone, out_id=out_id, biz_id=biz_id, is_there=status == DELIVERED, err_code=err_code)
    return biz_id


def _report(service: str, *, phone: str, out_id: str, biz_id: str, is_there: bool, err_code: str) -> None:
    """Tell the mall what became of it, if it left an address."""
    row = town().store.row("SELECT max(report_url) AS url FROM sms_service WHERE service = ?", service)
    if not row or not row["url"]:
        return
    now = f"{datetime.fromtimestamp(town().now(), UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    report = {
        "phone_number": phone[-11:],
        "send_time": now,
        "report_time": now,
        "success": is_there,
        "err_code": err_code or "DELIVERED",
        "err_msg": "",
        "sms_size": "1",
        "biz_id": biz_id,
        "out_id": out_id,
    }
    message = Message(notify_id=biz_id, body=json.dumps([report]).encode(), content_type="application/json")
    key = town().stranger_key  # reports are not signed: the address is what is secret
    tell(town(), channel=service, number=out_id, url=row["url"], key=key, make=lambda _key: message)


def _params(text: str) -> dict[str, str]:
    try:
        params = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise SmsRefusal("isv.INVALID_JSON_PARAM") from None
    if not isinstance(params, dict):
        raise SmsRefusal("isv.INVALID_JSON_PARAM")
    if any("://" in str(value) for value in params.values()):
        raise SmsRefusal("isv.PARAM_NOT_SUPPORT_URL")
    return {str(name): str(value) for name, value in params.items()}


def _text(template_code: str, params: Mapping[str, str]) -> str:
    if not template_code:
        raise SmsRefusal("isv.SMS_TEMPLATE_ILLEGAL")
    template = town().store.row("SELECT text FROM sms_template WHERE template_code = ?", template_code)
    if template is None:
        return "，".join(f"{name}：{value}" for name, value in params.items()) or template_code
    if not set(_VARIABLE.findall(template["text"])) <= params.keys():
        raise SmsRefusal("isv.TEMPLATE_MISSING_PARAMETERS")
    return _VARIABLE.sub(lambda variable: params[variable[1]], template["text"])


def _answer(fields: Mapping[str, object], status: int) -> HttpResponse:
    return JsonResponse({**fields, "RequestId": secrets.token_hex(16)}, status=status)
