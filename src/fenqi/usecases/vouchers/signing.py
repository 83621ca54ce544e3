"""Sign what leaves the house as a file: CMS (PKCS#7), detached, so that `openssl cms -verify` checks it without us."""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7
from cryptography.x509 import Certificate, load_pem_x509_certificate
from django.conf import settings

from fenqi.domain.errors import FenqiError

_OPTIONS = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoAttributes]
"""Without attributes there is no time in it: the same content has the same signature."""


class SignerMissing(FenqiError):
    """No key to sign with, or one that cannot be read."""

    code = "signer_missing"
    status = 503
    zh = "暂时无法生成签名文件，我们已收到提醒。请稍后再试，或先下载对账单。"
    en = "A signed file cannot be made now. Please try again later, or download the statement meanwhile."


def require_signer() -> None:
    """Raises SignerMissing."""
    _signer(settings.FENQI_RECORDS_SIGNER)


def certificate_pem() -> bytes:
    """What anybody needs to check a signature of ours. Raises SignerMissing."""
    _key, certificate = _signer(settings.FENQI_RECORDS_SIGNER)
    return certificate.public_bytes(Encoding.PEM)


def signature_of(content: bytes) -> bytes:
    """DER. Raises SignerMissing."""
    key, certificate = _signer(settings.FENQI_RECORDS_SIGNER)
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(certificate, key, SHA256())
        .sign(Encoding.DER, _OPTIONS)
    )


@lru_cache(maxsize=1)
def _signer(pem: str) -> tuple[RSAPrivateKey, Certificate]:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
        certificate = load_pem_x509_certificate(pem.encode())
    except ValueError as unreadable:
        raise SignerMissing from unreadable
    if not isinstance(key, RSAPrivateKey) or certificate.public_key() != key.public_key():
        raise SignerMissing
    return key, certificate
