"""What WeChat Pay signs: the lines it signs, the key it names, and the time it says.

Its public key (`PUB_KEY_ID_...`) and its platform certificates are believed side by side: while a merchant moves from
one to the other, both come. The verification itself is the library's.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from fenqi.channels.transport import Fault
from fenqi.channels.wechat_pay.config import PUBLIC_KEY_MARK, WechatPayConfig
from fenqi.channels.wechat_pay.library import verifies

LARGEST_AGE: Final = timedelta(minutes=5)
CERTIFICATES_KEPT: Final = timedelta(hours=12)
ASK_AGAIN: Final = timedelta(minutes=1)
"""Certificates are not fetched more often, whatever serial numbers strangers invent."""

SIGNATURE_TYPE: Final = "WECHATPAY2-SHA256-RSA2048"


class NotGenuine(Exception):
    """It is not WeChat Pay's word: `code` is `unsigned`, `stale` or `bad_signature`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class PlatformKeys:
    """The keys of the other side, by the serial number it names. Safe to share between threads."""

    def __init__(
        self,
        config: WechatPayConfig,
        *,
        fetch: Callable[[], tuple[Certificate, ...]],
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._certificates = by_serial(config.certificates)
        self._asked_at: datetime | None = None

    def key_of(self, serial: str) -> RSAPublicKey | None:
        """None for a serial number that is not WeChat Pay's, or whose certificate is over."""
        if serial.startswith(PUBLIC_KEY_MARK):
            return self._config.public_key if serial == self._config.public_key_id else None
        with self._lock:
            self._refresh(serial)
            certificate = self._certificates.get(normal_serial(serial))
        return key_in(certificate, at=self._clock()) if certificate else None

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises NotGenuine. Names of headers are in small letters."""
        check_seal(headers, body, key_of=self.key_of, now=self._clock())

    def _refresh(self, serial: str) -> None:
        now = self._clock()
        kept = CERTIFICATES_KEPT if normal_serial(serial) in self._certificates else ASK_AGAIN
        if self._asked_at is None and normal_serial(serial) in self._certificates:
            self._asked_at = now  # those of the settings count as fetched at the first use
        if self._asked_at is None or now - self._asked_at >= kept:
            self._asked_at = now
            with suppress(Fault):  # what is known goes on; the next minute asks again
                self._certificates = by_serial(self._config.certificates) | by_serial(self._fetch())


def check_seal(
    headers: Mapping[str, str], body: bytes, *, key_of: Callable[[str], RSAPublicKey | None], now: datetime
) -> None:
    """Raises NotGenuine unless the headers hold a fresh signature of exactly this body."""
    timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    signature, serial = headers.get("wechatpay-signature", ""), headers.get("wechatpay-serial", "")
    if not (timestamp and nonce and signature and serial):
        raise NotGenuine("unsigned")
    if headers.get("wechatpay-signature-type", SIGNATURE_TYPE) != SIGNATURE_TYPE:
        raise NotGenuine("bad_signature")
    if not timestamp.isdecimal() or abs(now.timestamp() - int(timestamp[:12])) > LARGEST_AGE.total_seconds():
        raise NotGenuine("stale")
    key = key_of(serial)
    try:
        holds = key is not None and verifies(
            timestamp=timestamp, nonce=nonce, body=body.decode(), signature=signature, key=key
        )
    except UnicodeDecodeError:
        holds = False
    if not holds:
        raise NotGenuine("bad_signature")


def by_serial(certificates: tuple[Certificate, ...]) -> dict[str, Certificate]:
    return {f"{certificate.serial_number:X}": certificate for certificate in certificates}


def key_in(certificate: Certificate, *, at: datetime) -> RSAPublicKey | None:
    key = certificate.public_key()
    is_valid = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
    return key if is_valid and isinstance(key, RSAPublicKey) else None


def normal_serial(serial: str) -> str:
    return serial.upper().lstrip("0")
