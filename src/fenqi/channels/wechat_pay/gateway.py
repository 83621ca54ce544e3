"""The interface, version 3: signing what goes out, believing what comes back.

HTTP is the house's own (decision 30), so that its faults are named as on every rail.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from fenqi.channels.keys import read_certificates
from fenqi.channels.transport import HttpAnswer, NoAnswer, download, exchange, strict_client
from fenqi.channels.wechat_pay import library
from fenqi.channels.wechat_pay.config import WechatPayConfig
from fenqi.channels.wechat_pay.platform import NotGenuine, PlatformKeys, by_serial, check_seal, key_in, normal_serial
from fenqi.channels.wechat_pay.wire import Fields, part, text

USER_AGENT: Final = "fenqi"  # some calls answer 400 without one
ACCEPTED_IN_PART: Final = 202
"""HTTP's "accepted": WeChat Pay answers it with a code, such as USERPAYING."""

DOWNLOAD_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. With a `code` the call was refused; without one it worked and its signature held."""

    fields: Fields
    code: str = ""

    @property
    def worked(self) -> bool:
        return not self.code


class Gateway:
    """Signed calls of one merchant. Safe to share between threads."""

    def __init__(self, config: WechatPayConfig, *, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._clock = clock
        self.keys: Final = PlatformKeys(config, fetch=self._fetch_certificates, clock=clock)
        self._client = strict_client(
            config.gateway, connect_seconds=config.connect_seconds, answer_seconds=config.answer_seconds
        )

    def get(self, path: str) -> Answer:
        """Raises NotSent or NoAnswer."""
        return self._read(self._exchange("GET", path, ""))

    def post(self, path: str, fields: Mapping[str, object]) -> Answer:
        """Raises NotSent or NoAnswer."""
        return self._read(self._exchange("POST", path, json.dumps(fields, ensure_ascii=False, separators=(",", ":"))))

    def download(self, url: str, *, to: Path) -> None:
        """A file that an answer named; such answers are not signed. Raises NotSent or NoAnswer."""
        if not url.startswith(f"{self._config.gateway}/"):
            raise NoAnswer("transport.elsewhere")
        path = url.removeprefix(self._config.gateway)
        headers = {**self._headers("GET", path, ""), "Accept-Encoding": "identity"}
        download(self._client, url, headers=headers, to=to, answer_seconds=DOWNLOAD_SECONDS)

    def _exchange(self, method: str, path: str, body: str) -> HttpAnswer:
        return exchange(
            self._client,
            method,
            f"{self._config.gateway}{path}",
            headers=self._headers(method, path, body),
            body=body.encode(),
            answer_seconds=self._config.answer_seconds,
        )

    def _headers(self, method: str, path: str, body: str) -> dict[str, str]:
        config = self._config
        headers = {
            "Accept": "application/json",
            "Authorization": library.authorization(config, method=method, path=path, body=body, at=self._clock()),
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        return {**headers, "Wechatpay-Serial": config.public_key_id} if config.public_key_id else headers

    def _read(self, answer: HttpAnswer) -> Answer:
        """The status first, since errors carry no signature; one that is there must hold all the same."""
        is_error = not httpx.codes.is_success(answer.status)
        if not is_error or "wechatpay-signature" in answer.headers:
            try:
                self.keys.check(answer.headers, answer.body)
            except NotGenuine as fault:
                raise NoAnswer(f"transport.{fault.code}") from None
        if is_error:
            return _error(answer)
        fields = read_object(answer.body) if answer.body else {}
        code = text(fields, "code") if answer.status == ACCEPTED_IN_PART else ""
        return Answer(fields, code)

    def _fetch_certificates(self) -> tuple[Certificate, ...]:
        """The platform certificates of now: encrypted for us, in an answer that one of them has signed."""
        answer = self._exchange("GET", "/v3/certificates", "")
        if answer.status != httpx.codes.OK:
            raise NoAnswer(f"transport.http_{answer.status}")
        listed = read_object(answer.body).get("data")
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        found = tuple(
            certificate
            for entry in entries
            for certificate in self._certificates_in(part(entry, "encrypt_certificate"))
        )
        serials, now = by_serial(found), self._clock()

        def key_of(serial: str) -> RSAPublicKey | None:
            if serial == self._config.public_key_id:
                return self._config.public_key
            certificate = serials.get(normal_serial(serial))
            return key_in(certificate, at=now) if certificate else None

        try:
            check_seal(answer.headers, answer.body, key_of=key_of, now=now)
        except NotGenuine as fault:
            raise NoAnswer(f"transport.{fault.code}") from None
        return found

    def _certificates_in(self, encrypted: Fields) -> tuple[Certificate, ...]:
        pem = decrypted(encrypted, self._config.apiv3_key)
        try:
            return read_certificates(pem) if pem else ()
        except ValueError:
            return ()


def _error(answer: HttpAnswer) -> Answer:
    """Raises NoAnswer for an error page without a code of the interface."""
    try:
        fields = read_object(answer.body)
    except NoAnswer:
        fields = {}
    code = text(fields, "code")
    if not code:
        raise NoAnswer(f"transport.http_{answer.status}")
    return Answer(fields, code)


def decrypted(resource: Fields, apiv3_key: str) -> str | None:
    """The text of an encrypted resource; None when it is none, or not encrypted for us."""
    return library.decrypted(
        nonce=text(resource, "nonce"),
        ciphertext=text(resource, "ciphertext"),
        associated_data=text(resource, "associated_data"),
        apiv3_key=apiv3_key,
    )


def read_object(body: bytes | str) -> Fields:
    """Raises NoAnswer."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise NoAnswer("transport.unreadable") from None
    if not isinstance(fields, dict):
        raise NoAnswer("transport.unreadable")
    return fields
