"""Alibaba Cloud's SendSms, and the phones its messages arrive on.

The signature is verified in full: ACS3-HMAC-SHA256 over method, path, query, the signed headers and the body's hash,
with the nonce used once and the date at most fifteen minutes away. What differs from the real service: templates need
no approval (a template that control has registered is rendered and checked, any other is shown as its variables), and
numbers have no flow control unless a fault orders its code.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote

from django.http import HttpRequest, HttpResponse, JsonResponse

from fenqi.sandbox import faults
from fenqi.sandbox.faults import Operation
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import town

LARGEST_SKEW_SECONDS: Final = 900

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


def send_sms(request: HttpRequest) -> HttpResponse:
    fault = faults.next_fault(town().store, "sms", Operation.SMS)
    return faults.suffer(request, fault, execute=lambda: _answered(request), refuse=_refused)


def _answered(request: HttpRequest) -> HttpResponse:
    try:
        _check_caller(request)
        biz_id = _taken(dict(parse_qsl(request.META["QUERY_STRING"], keep_blank_values=True)))
    except SmsRefusal as refusal:
        return _refused(refusal.code, refusal.status)
    return _answer({"Code": "OK", "Message": "OK", "BizId": biz_id}, 200)


def _refused(code: str, status: int = 200) -> HttpResponse:
    return _answer({"Code": code, "Message": "沙箱拒绝"}, status)


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
    if request.headers.get("x-acs-action") != "SendSms" or request.headers.get("x-acs-version") != "2017-05-25":
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


def _taken(query: Mapping[str, str]) -> str:
    phones, template_code = query.get("PhoneNumbers", "").split(","), query.get("TemplateCode", "")
    if not all(_PHONE.fullmatch(phone) for phone in phones):
        raise SmsRefusal("isv.MOBILE_NUMBER_ILLEGAL")
    if not query.get("SignName"):
        raise SmsRefusal("isv.SMS_SIGNATURE_ILLEGAL")
    params = _params(query.get("TemplateParam", ""))
    text = _text(template_code, params)
    biz_id = f"{secrets.randbelow(10**18):018}^0"
    with town().store.change() as db:
        db.executemany(
            "INSERT INTO sms (at, phone, sign_name, template_code, params, text, out_id, biz_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    town().now(),
                    phone[-11:],
                    query["SignName"],
                    template_code,
                    json.dumps(params, ensure_ascii=False),
                    text,
                    query.get("OutId", ""),
                    biz_id,
                )
                for phone in phones
            ],
        )
    return biz_id


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


def _answer(fields: Mapping[str, str], status: int) -> HttpResponse:
    return JsonResponse({**fields, "RequestId": secrets.token_hex(16)}, status=status)
