"""WeChat Pay's side of the cryptography: it checks who calls, signs what it says, encrypts what it tells.

Written apart from the mall's own code and without its library, so that the two sides check each other.
"""

import base64
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from fenqi.sandbox.keys import SigningKey, signature_holds
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import Town, town

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
LARGEST_SKEW_SECONDS: Final = 300
PUBLIC_KEY_ID: Final = "PUB_KEY_ID_0119000000012026010100000000000001"

_PAIR: Final = re.compile(r'(\w+)="([^"]*)"')


class Signer(StrEnum):
    """Who signs, or pretends to."""

    PUBLIC_KEY = "public_key"
    CERTIFICATE = "certificate"
    STRANGER = "stranger"
    """The right serial number, the wrong key."""
    PROBE = "probe"
    """WeChat Pay's own test whether merchants verify: a signature that says so and cannot hold."""
    OTHER_BODY = "other_body"
    """WeChat Pay's signature, of something else."""


class CallRefused(Exception):
    """The call itself is wrong: answered with this code before anything is done."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code)


def caller(*, authorization: str, method: str, path: str, body: bytes) -> Row:
    """The merchant that signed this call. Raises CallRefused."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(_PAIR.findall(rest))
    if scheme != SCHEME or not {"mchid", "nonce_str", "signature", "timestamp", "serial_no"} <= parts.keys():
        raise CallRefused("SIGN_ERROR", "Http头缺少Authorization或其格式有误")
    merchant = town().store.row("SELECT * FROM wechat_merchant WHERE mchid = ?", parts["mchid"])
    if merchant is None:
        raise CallRefused("MCH_NOT_EXISTS", "商户号不存在")
    if parts["serial_no"].upper() != merchant["serial_no"].upper():  # it is a number, in hexadecimal
        raise CallRefused("SIGN_ERROR", "商户证书序列号有误")
    if not parts["timestamp"].isdecimal() or abs(town().wall_clock() - int(parts["timestamp"])) > LARGEST_SKEW_SECONDS:
        raise CallRefused("SIGN_ERROR", "签名时间戳与当前时间相差超过 5 分钟")
    try:
        text = "\n".join([method, path, parts["timestamp"], parts["nonce_str"], body.decode(), ""])
    except UnicodeDecodeError:
        raise CallRefused("PARAM_ERROR", "请求体不是 UTF-8") from None
    if not signature_holds(text, parts["signature"], merchant["public_key"]):
        raise CallRefused("SIGN_ERROR", "签名错误")
    return merchant


def seal(body: bytes, signer: Signer) -> dict[str, str]:
    """The headers that sign `body` now."""
    timestamp, nonce = str(int(town().wall_clock())), secrets.token_hex(16)
    signed = b"" if signer is Signer.OTHER_BODY else body
    text = f"{timestamp}\n{nonce}\n{signed.decode()}\n"
    signature = _key_of(town(), signer).sign(text)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": f"WECHATPAY/SIGNTEST/{signature}" if signer is Signer.PROBE else signature,
        "Wechatpay-Serial": certificate_serial() if signer is Signer.CERTIFICATE else PUBLIC_KEY_ID,
        "Wechatpay-Signature-Type": SCHEME,
    }


def _key_of(of: Town, signer: Signer) -> SigningKey:
    match signer:
        case Signer.CERTIFICATE:
            return of.wechat_platform_key
        case Signer.STRANGER:
            return of.stranger_key
        case _:
            return of.wechat_key


def encrypted(text: str, *, apiv3_key: str, associated_data: str) -> dict[str, str]:
    """An AEAD_AES_256_GCM resource for the merchant with that key."""
    nonce = secrets.token_hex(6)
    ciphertext = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), text.encode(), associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(ciphertext).decode(),
        "nonce": nonce,
        "associated_data": associated_data,
    }


@cache
def platform_certificate() -> x509.Certificate:
    """Self-signed, made at the first use and kept, so that its serial number outlives the process."""
    kept = town().store.setting("wechat.certificate")
    if kept:
        return x509.load_pem_x509_certificate(kept.encode())
    key = town().wechat_platform_key.private_key
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox platform certificate"),
        ]
    )
    made_at = datetime.now(UTC) - timedelta(days=366)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made_at)
        .not_valid_after(made_at + timedelta(days=11 * 366))
        .sign(key, hashes.SHA256())
    )
    town().store.set("wechat.certificate", certificate.public_bytes(serialization.Encoding.PEM).decode())
    return certificate


def certificate_serial() -> str:
    return f"{platform_certificate().serial_number:X}"


def certificates_for(merchant: Row) -> dict[str, object]:
    """What `/v3/certificates` answers."""
    certificate = platform_certificate()
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return {
        "data": [
            {
                "serial_no": certificate_serial(),
                "effective_time": certificate.not_valid_before_utc.isoformat(),
                "expire_time": certificate.not_valid_after_utc.isoformat(),
                "encrypt_certificate": encrypted(pem, apiv3_key=merchant["apiv3_key"], associated_data="certificate"),
            }
        ]
    }


def signer_for(headers: Mapping[str, str]) -> Signer:
    """A caller that names a public key is answered with it, any other by certificate."""
    named = headers.get("Wechatpay-Serial", "")
    return Signer.PUBLIC_KEY if named.startswith("PUB_KEY_ID_") else Signer.CERTIFICATE
