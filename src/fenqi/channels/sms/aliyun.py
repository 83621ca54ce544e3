"""Alibaba Cloud SMS (SendSms, version 2017-05-25) through its own SDK, which signs by ACS3-HMAC-SHA256."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Self
from urllib.parse import urlsplit

from fenqi.channels.environment import address, required
from fenqi.channels.sms.interface import SmsOutcome, SmsProblem, SmsReceipt

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
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AliyunSmsConfig:
    """The access key comes from the environment only."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    """The approved signature that opens each message, such as 【某某商城】."""
    endpoint: str = PRODUCTION_ENDPOINT

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self | None:
        """Read `FENQI_SMS_ACCESS_KEY_ID`, `_ACCESS_KEY_SECRET`, `_SIGN_NAME`, `_ENDPOINT`.

        None when no access key is named. Raises ChannelMisconfigured.
        """
        if not environ.get("FENQI_SMS_ACCESS_KEY_ID"):
            return None
        return cls(
            access_key_id=required("sms", environ, "FENQI_SMS_ACCESS_KEY_ID"),
            access_key_secret=required("sms", environ, "FENQI_SMS_ACCESS_KEY_SECRET"),
            sign_name=required("sms", environ, "FENQI_SMS_SIGN_NAME"),
            endpoint=address("sms", environ, "FENQI_SMS_ENDPOINT", default=PRODUCTION_ENDPOINT),
        )


class AliyunSms:
    """The `SmsGateway` of one access key. Safe to share between threads."""

    def __init__(self, config: AliyunSmsConfig) -> None:
        # The SDK puts the phone number into the address, and urllib3 writes addresses to its log at DEBUG.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._sign_name = config.sign_name
        # Imported here and not above: the SDK takes a second to import, and most commands never send a message.
        self._models: Any = import_module("alibabacloud_dysmsapi20170525.models")
        self._client: Any = _client(config)

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
            return _fault(out_id, getattr(fault, "code", None))
        if answer is None:
            return _fault(out_id, None)
        if answer.code != "OK":
            return _refused(out_id, str(answer.code))
        return SmsReceipt(outcome=SmsOutcome.ACCEPTED, out_id=out_id, message_id=answer.biz_id, code="OK")


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
