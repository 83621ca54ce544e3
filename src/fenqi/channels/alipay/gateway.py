"""The gateway, version 2: signing what goes out, believing what comes back."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from fenqi.channels.alipay.answers import Answer, read_answer
from fenqi.channels.alipay.config import AlipayConfig
from fenqi.channels.alipay.rsa2 import sign, signed_text
from fenqi.channels.transport import post, strict_client

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Alipay's clock; without daylight saving since 1992."""

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


class Gateway:
    """Signed calls of one application. Safe to share between threads."""

    def __init__(self, config: AlipayConfig, *, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._clock = clock
        self._client = strict_client(
            config.gateway, connect_seconds=config.connect_seconds, answer_seconds=config.answer_seconds
        )

    def address_of(self, method: str, biz_content: Mapping[str, object], **urls: str) -> str:
        """A signed address for the payer's browser. Nothing is sent."""
        return f"{self._config.gateway}?{urlencode(self._signed(method, biz_content, urls))}"

    def call(self, method: str, biz_content: Mapping[str, object], **urls: str) -> Answer:
        """Call `method` by POST. Raises NotSent or NoAnswer."""
        parameters = self._signed(method, biz_content, urls)
        form = {"biz_content": parameters.pop("biz_content")}
        body = post(
            self._client,
            self._config.gateway,
            params=parameters,
            form=form,
            answer_seconds=self._config.answer_seconds,
        )
        return read_answer(body, method=method, key=self._config.public_key)

    def _signed(self, method: str, biz_content: Mapping[str, object], urls: Mapping[str, str]) -> dict[str, str]:
        parameters = {
            "app_id": self._config.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": self._clock().astimezone(BEIJING).strftime(TIME_FORMAT),
            "version": "1.0",
            "biz_content": json.dumps(biz_content, ensure_ascii=False, separators=(",", ":")),
            **urls,
        }
        return {**parameters, "sign": sign(signed_text(parameters), self._config.private_key)}
