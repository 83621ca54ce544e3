"""Every refusal of the API in one shape: `application/problem+json` (RFC 9457) with a stable code, in two languages."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from ninja.errors import AuthenticationError, HttpError, ValidationError

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.api.complaints import complaints_of

CONTENT_TYPE = "application/problem+json"
_log = structlog.get_logger(__name__)
_INTERNAL = 500


class KeyRequired(FenqiError):
    """No key, or one that is not good."""

    code = "key_required"
    status = 401
    zh = "缺少有效的 API 密钥。请在请求头加上 Authorization: Bearer fk_…；已吊销的密钥不能再用。"
    en = "A valid API key is missing. Send the header Authorization: Bearer fk_...; a revoked key is no longer good."


class ScopeMissing(FenqiError):
    """The key does not open this operation. Details: `scope`."""

    code = "scope_missing"
    status = 403
    zh = "这个密钥没有 {scope} 权限。"
    en = "This key lacks the scope {scope}."


class UnknownAddress(NotFound):
    """No such address below /api/v1."""

    zh = "没有这个地址。"
    en = "There is nothing at this address."


class MethodNotAllowed(FenqiError):
    code = "method_not_allowed"
    status = 405
    zh = "这个地址不支持该方法，可用的方法见 Allow 响应头。"
    en = "This address does not take that method: the Allow header names those it takes."


class MalformedBody(FenqiError):
    """Not JSON, or JSON that no field could hold."""

    code = "malformed_body"
    status = 400
    zh = "请求体不是有效的 JSON：须为 UTF-8，字段名不重复，不含 NUL 字符。"
    en = "The body is not valid JSON: it is UTF-8, names no field twice and holds no NUL characters."


class BodyTooLarge(FenqiError):
    code = "body_too_large"
    status = 413
    zh = "请求体过大。"
    en = "The body is too large."


class NotJson(FenqiError):
    code = "unsupported_media_type"
    status = 415
    zh = "请求体须为 JSON：Content-Type: application/json。"
    en = "The body must be JSON: send Content-Type: application/json."


class IdempotencyKeyRequired(FenqiError):
    """A command came without a usable key."""

    code = "idempotency_key_required"
    status = 400
    zh = "缺少有效的 Idempotency-Key 请求头：1 至 120 个可见 ASCII 字符。"
    en = "The header Idempotency-Key is missing or unusable: 1 to 120 visible ASCII characters."


class TemporarilyUnavailable(FenqiError):
    """The database did not answer, or two writers met."""

    code = "temporarily_unavailable"
    status = 503
    zh = "服务暂时不可用。"
    en = "The service is unavailable for a moment."


class Unexpected(FenqiError):
    """Our mistake. Details: `incident`."""

    code = "unexpected"
    status = _INTERNAL
    zh = "服务出错，事件编号 {incident}。"
    en = "Something went wrong on our side: incident {incident}."


_CORRECT = ("请改正后重新发送。", "Correct the request and send it again.")
_LATER = (
    "请稍后用同一个 Idempotency-Key 重新发送，不会重复入账。",
    "Send it again later under the same Idempotency-Key: nothing is booked twice.",
)
_READ_AGAIN = ("请重新读取最新状态后再决定。", "Read the state again, then decide.")
_BY_STATUS = {
    400: _CORRECT,
    401: ("请使用有效的密钥。", "Use a valid key."),
    403: ("请管理员创建带有该权限的密钥。", "Ask an administrator for a key with this scope."),
    404: ("请核对编号和地址。", "Check the number and the address."),
    405: ("请改用允许的方法。", "Use one of the allowed methods."),
    409: _READ_AGAIN,
    413: ("请分成较小的请求。", "Send less in one request."),
    415: _CORRECT,
    422: _CORRECT,
    429: ("请稍后再试。", "Wait, then try again."),
    _INTERNAL: _LATER,
    503: _LATER,
}
_BY_CODE = {
    "idempotency_conflict": ("新的请求请用新的 Idempotency-Key。", "Give a new request a new Idempotency-Key."),
    "quote_expired": ("请重新报价，让客户再次确认。", "Ask for a new quote and let the customer confirm it."),
    "outcome_unknown": (
        "请勿再次付款，先查询该笔支付的结果。",
        "Do not pay again: read that payment until its outcome is known.",
    ),
    "already_paid": ("请查询该笔支付，不要再付。", "Read that payment: do not pay again."),
    "entry_closed": (
        "请引导客户使用 details.instead 指明的入口。",
        "Lead the customer to the entry that details.instead names.",
    ),
    "phone_not_bound": ("请告诉客户如何绑定手机号。", "Tell the customer how to bind the number."),
    "nothing_owed": ("无需还款。", "There is nothing to do."),
    "order_conflict": (
        "请核对原订单，更正请走售后。",
        "Compare with the registered order: it is not changed by sending.",
    ),
}


def prefers_chinese(request: HttpRequest) -> bool:
    """Whether the reader asks for Chinese before English. Programs that ask for nothing get English."""
    for language, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if language.startswith(("zh", "en")):
            return language.startswith("zh")
    return False


_MEANS: tuple[tuple[type[Exception], type[FenqiError]], ...] = (  # the first that fits
    (AuthenticationError, KeyRequired),
    (Http404, UnknownAddress),
    (RequestDataTooBig, BodyTooLarge),
    (HttpError, MalformedBody),
    (UnreadablePostError, MalformedBody),
    (SuspiciousOperation, MalformedBody),
    (OperationalError, TemporarilyUnavailable),
    (InterfaceError, TemporarilyUnavailable),
)


def answer_error(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """The one place where whatever went wrong becomes an answer; nobody sees a trace."""
    return _invalid(request, error) if isinstance(error, ValidationError) else problem(request, _refusal(error))


def _refusal(error: Exception | type[Exception]) -> FenqiError:
    if isinstance(error, HttpError) and isinstance(error.__cause__, FenqiError):  # what our parser raised
        return error.__cause__
    if isinstance(error, FenqiError) and error.status != _INTERNAL:
        return error
    for kind, meaning in _MEANS:
        if isinstance(error, kind):
            if meaning is TemporarilyUnavailable:
                _log.warning("database_unavailable", exc_info=error)
            return meaning()
    incident = secrets.token_hex(8)
    _log.error("unexpected_error", incident=incident, exc_info=error)
    return Unexpected(incident=incident)


def problem(request: HttpRequest, refusal: FenqiError, **more: Any) -> HttpResponse:
    """The refusal as an answer; `more` adds members to the document."""
    chinese = prefers_chinese(request)
    document = {
        **_head(type(refusal)),
        "detail": refusal.text("zh" if chinese else "en"),
        "detail_zh": refusal.text("zh"),
        "where": refusal.where,
        "what_to_do": what_to_do(type(refusal), chinese=chinese),
        **({"details": _plain(refusal.details)} if refusal.details else {}),
        **more,
    }
    response = HttpResponse(json.dumps(document), status=refusal.status, content_type=CONTENT_TYPE)
    response["Content-Language"] = "zh-hans" if chinese else "en"
    patch_vary_headers(response, ["Accept-Language"])
    if isinstance(refusal, KeyRequired):
        response["WWW-Authenticate"] = 'Bearer realm="fenqi"'
    if isinstance(refusal, TemporarilyUnavailable):
        response["Retry-After"] = "1"
    return response


def _head(refusal: type[FenqiError]) -> dict[str, Any]:
    return {
        "type": f"urn:fenqi:problem:{refusal.code}",
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "code": refusal.code,
    }


def what_to_do(refusal: type[FenqiError], *, chinese: bool) -> str:
    """One sentence of advice: by the code where it needs its own, otherwise by the status."""
    zh, en = _BY_CODE.get(refusal.code) or _BY_STATUS.get(refusal.status) or _CORRECT
    return zh if chinese else en


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """An address that names nothing is not found, whatever is wrong with it; a body says all that is wrong at once."""
    sources = {complaint["loc"][0] for complaint in error.errors}
    if "path" in sources:
        return problem(request, NotFound())
    if "header" in sources:
        return problem(request, IdempotencyKeyRequired(where="Idempotency-Key"))
    complaints = complaints_of(error.errors)
    return problem(
        request,
        complaints[0],
        errors=[
            {"where": each.where, "code": each.code, "problem": each.text("en"), "problem_zh": each.text("zh")}
            for each in complaints
        ],
    )


def _plain(details: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in details.items() if not name.startswith(("problem", "reason"))}


def example(refusal: type[FenqiError]) -> dict[str, Any]:
    """What the document of an operation shows of a refusal."""
    return {
        **_head(refusal),
        "detail": refusal.en,
        "detail_zh": refusal.zh,
        "where": None,
        "what_to_do": what_to_do(refusal, chinese=False),
    }
