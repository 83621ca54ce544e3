"""Alibaba Cloud SMS (SendSms, version 2017-05-25) through its own SDK, which signs by ACS3-HMAC-SHA256."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from typing import Any, Final, Self
from urllib.parse import urlsplit

from fenqi.channels.environment import address, required
from fenqi.channels.sms.interface import SmsFate, SmsOutcome, SmsProblem, SmsReceipt, SmsReport, SmsUnavailable

PRODUCTION_ENDPOINT: Final = "https://dysmsapi.aliyuncs.com"
CONNECT_MILLISECONDS: Final = 3_000
ANSWER_MILLISECONDS: Final = 5_000

_PROBLEMS: Final[Mapping[str, SmsProblem]] = {
    "isv.BUSINESS_LIMIT_CONTROL": SmsProblem.TOO_MANY,
    "isv.DAY_LIMIT_CONTROL": SmsProblem.ACCOUNT,
    "isv.MONTH_LIMIT_CONTROL": SmsProblem.ACCOUNT,
    "isv.OUT_OF_SERVICE": SmsProblem.ACCOUNT,
    "isv.AMOUNT_NOT_ENOUGH": SmsProblem.ACCOUNT,
    "isv.MOBILE_NUMBER_ILLEGAL": SmsProblem.BAD_NUMBER,
    "isv.SMS_TEMPLATE_ILLEGAL": SmsProblem.CONTENT,
    "isv.SMS_SIGNATURE_ILLEGAL": SmsProblem.CONTENT,
    "isv.TEMPLATE_MISSING_PARAMETERS": SmsProblem.CONTENT,
    "isv.INVALID_JSON_PARAM": SmsProblem.CONTENT,
    "isv.PARAM_LENGTH_LIMIT": SmsProblem.CONTENT,
    "isv.PARAM_NOT_SUPPORT_URL": SmsProblem.CONTENT,
    "isv.BLACK_KEY_CONTROL_LIMIT": SmsProblem.CONTENT,
    "InvalidAccessKeyId.NotFound": SmsProblem.ACCOUNT,
    "SignatureDoesNotMatch": SmsProblem.ACCOUNT,
}
_FATES: Final = {1: SmsFate.UNDER_WAY, 2: SmsFate.UNDELIVERED, 3: SmsFate.DELIVERED}
_PAGE_SIZE: Final = 50
_MOST_PAGES: Final = 4
_NEVER_LEFT: Final = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
"""How urllib3 names what ends before a connection is made; the SDK keeps no more than the text."""
_NOTICE_TEMPLATE: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AliyunSmsConfig:
    """The access key comes from the environment only."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    """The approved signature that opens each message, such as 【某某商城】."""
    endpoint: str = PRODUCTION_ENDPOINT
    name: str = "sms"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, name: str = "sms") -> Self | None:
        """Read `FENQI_SMS_ACCESS_KEY_ID`, `_ACCESS_KEY_SECRET`, `_SIGN_NAME`, `_ENDPOINT`; of the second service, which
        is called `sms2`, `FENQI_SMS2_...`.

        None when no access key is named. Raises ChannelMisconfigured.
        """
        prefix = f"FENQI_{name.upper()}_"
        if not environ.get(f"{prefix}ACCESS_KEY_ID"):
            return None
        return cls(
            access_key_id=required(name, environ, f"{prefix}ACCESS_KEY_ID"),
            access_key_secret=required(name, environ, f"{prefix}ACCESS_KEY_SECRET"),
            sign_name=required(name, environ, f"{prefix}SIGN_NAME"),
            endpoint=address(name, environ, f"{prefix}ENDPOINT", default=PRODUCTION_ENDPOINT),
            name=name,
        )


class AliyunSms:
    """The `SmsGateway` of one access key. Safe to share between threads."""

    def __init__(self, config: AliyunSmsConfig) -> None:
        # The SDK puts the phone number into the address, and urllib3 writes addresses to its log at DEBUG.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._sign_name = config.sign_name
        self._name = config.name
        # Imported here and not above: the SDK takes a second to import, and most commands never send a message.
        self._models: Any = import_module("alibabacloud_dysmsapi20170525.models")
        self._client: Any = _client(config)

    @property
    def name(self) -> str:
        return self._name

    def send(self, *, phone: str, template_code: str, params: Mapping[str, str], out_id: str) -> SmsReceipt:
        request = self._models.SendSmsRequest(
            phone_numbers=phone,
            sign_name=self._sign_name,
            template_code=template_code,
            template_param=json.dumps(params, ensure_ascii=False),
            out_id=out_id,
        )
        try:
            answer = self._client.send_sms(request).body
        except Exception as fault:  # noqa: BLE001 - the SDK lets faults of three libraries through, with texts unfit for a log
            return _not_sent(out_id) if _never_left(fault) else _fault(out_id, getattr(fault, "code", None))
        if answer is None:
            return _fault(out_id, None)
        if answer.code != "OK":
            return _refused(out_id, str(answer.code))
        return SmsReceipt(outcome=SmsOutcome.ACCEPTED, out_id=out_id, message_id=answer.biz_id, code="OK")

    def ask(self, *, phone: str, out_id: str, sent_on: date, message_id: str = "") -> SmsReport:
        """Looks through what was sent to the phone that day: the service knows no message by our number."""
        for page in range(1, _MOST_PAGES + 1):
            request = self._models.QuerySendDetailsRequest(
                phone_number=phone,
                send_date=f"{sent_on:%Y%m%d}",
                biz_id=message_id or None,
                page_size=_PAGE_SIZE,
                current_page=page,
            )
            try:
                answer = self._client.query_send_details(request).body
            except Exception as fault:  # noqa: BLE001 - as above
                return _cannot_tell(out_id, getattr(fault, "code", None))
            if answer is None or answer.code != "OK":
                return _cannot_tell(out_id, answer and answer.code)
            details = (answer.sms_send_detail_dtos and answer.sms_send_detail_dtos.sms_send_detail_dto) or []
            found = next((one for one in details if one.out_id == out_id), None)
            if found is not None:
                fate = _FATES.get(found.send_status, SmsFate.CANNOT_TELL)
                return SmsReport(fate=fate, out_id=out_id, message_id=message_id, code=str(found.err_code or ""))
            if len(details) < _PAGE_SIZE:
                return SmsReport(fate=SmsFate.NOT_THERE, out_id=out_id)
        return _cannot_tell(out_id, "too_many_messages")

    def submit(self, *, name: str, text: str) -> str:
        request = self._models.AddSmsTemplateRequest(
            template_type=_NOTICE_TEMPLATE, template_name=name, template_content=text, remark=name
        )
        try:
            answer = self._client.add_sms_template(request).body
        except Exception as fault:  # noqa: BLE001 - as above
            raise SmsUnavailable(provider=self._name, reason=str(getattr(fault, "code", "no_answer"))) from None
        if answer is None or answer.code != "OK" or not answer.template_code:
            raise SmsUnavailable(provider=self._name, reason=str(answer and answer.code))
        return str(answer.template_code)


def reports_in(body: bytes) -> tuple[SmsReport, ...]:
    """The delivery reports (SmsReport) that the service sends by HTTP. Raises ValueError for anything else."""
    told = json.loads(body)
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise ValueError("a list of reports is needed")
    return tuple(
        SmsReport(
            fate=SmsFate.DELIVERED if one.get("success") is True else SmsFate.UNDELIVERED,
            out_id=str(one.get("out_id") or "")[:80],
            message_id=str(one.get("biz_id") or "")[:64],
            code=str(one.get("err_code") or "")[:64],
        )
        for one in told
    )


def _client(config: AliyunSmsConfig) -> Any:
    settings: Any = import_module("alibabacloud_tea_openapi.utils_models")
    sdk: Any = import_module("alibabacloud_dysmsapi20170525.client")
    endpoint = urlsplit(config.endpoint)
    return sdk.Client(
        settings.Config(
            access_key_id=config.access_key_id,
            access_key_secret=config.access_key_secret,
            endpoint=endpoint.netloc,
            protocol=endpoint.scheme.upper(),
            connect_timeout=CONNECT_MILLISECONDS,
            read_timeout=ANSWER_MILLISECONDS,
        )
    )


def _refused(out_id: str, code: str) -> SmsReceipt:
    """A refusal in the service's own words; `isp.` codes are its own failures, after which nobody knows."""
    outcome = SmsOutcome.REFUSED if code in _PROBLEMS else SmsOutcome.UNKNOWN
    return SmsReceipt(outcome=outcome, out_id=out_id, code=code, problem=_PROBLEMS.get(code, SmsProblem.SERVICE))


def _never_left(fault: Exception) -> bool:
    seen: BaseException | None = fault
    while seen is not None:
        if any(name in str(seen) for name in _NEVER_LEFT):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _not_sent(out_id: str) -> SmsReceipt:
    return SmsReceipt(
        outcome=SmsOutcome.UNREACHED, out_id=out_id, code="transport.unreached", problem=SmsProblem.SERVICE
    )


def _cannot_tell(out_id: str, code: object) -> SmsReport:
    return SmsReport(fate=SmsFate.CANNOT_TELL, out_id=out_id, code=str(code or "transport.no_answer")[:64])


def _fault(out_id: str, code: object) -> SmsReceipt:
    """No answer, or an HTTP error, which the SDK raises; a code it names is read like any other."""
    if isinstance(code, str) and code in _PROBLEMS:
        return _refused(out_id, code)
    return SmsReceipt(
        outcome=SmsOutcome.UNKNOWN,
        out_id=out_id,
        code=code if isinstance(code, str) else "transport.no_answer",
        problem=SmsProblem.SERVICE,
    )
