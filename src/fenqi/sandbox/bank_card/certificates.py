"""The gateway's own small authority: a root, and under it a certificate to sign with and one to encrypt under.

Made at the first start and kept with the town's state.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.town import STATE_VARIABLE, town

SIGNER: Final = "沙箱银行卡清算"
VALID: Final = timedelta(days=3650)
BACKDATED: Final = timedelta(days=400)
"""Valid from before today, as the mall of a demo may live some months in the past."""


@dataclass(frozen=True, slots=True)
class Certificates:
    root_pem: str
    signing_pem: str
    encryption_pem: str
    encryption_key: RSAPrivateKey
    encryption_id: str
    """The serial number of the certificate, in decimal."""
    stranger_pem: str
    """Made out to the same name by nobody's root."""


@cache
def certificates() -> Certificates:
    folder = Path(os.environ[STATE_VARIABLE])
    root_key = SigningKey(folder / "unionpay-root.pem").private_key
    encryption_key = SigningKey(folder / "unionpay-encryption.pem").private_key
    root_name = _name("沙箱银行卡根证书")
    stranger = town().stranger_key.private_key

    def leaf(key: RSAPrivateKey, by: RSAPrivateKey) -> Callable[[], x509.Certificate]:
        return lambda: _issued(_name(f"041@00000000@{SIGNER}@00000001"), key, by=root_name, under=by, is_root=False)

    root = _kept(folder / "unionpay-root.crt", lambda: _issued(root_name, root_key, by=root_name, under=root_key))
    encryption = _kept(folder / "unionpay-encryption.crt", leaf(encryption_key, root_key))
    return Certificates(
        root_pem=_pem(root),
        signing_pem=_pem(_kept(folder / "unionpay.crt", leaf(town().unionpay_key.private_key, root_key))),
        encryption_pem=_pem(encryption),
        encryption_key=encryption_key,
        encryption_id=str(encryption.serial_number),
        stranger_pem=_pem(_kept(folder / "stranger.crt", leaf(stranger, stranger))),
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _issued(
    subject: x509.Name, key: RSAPrivateKey, *, by: x509.Name, under: RSAPrivateKey, is_root: bool = True
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    return builder.sign(under, SHA256())


def _kept(path: Path, make: Callable[[], x509.Certificate]) -> x509.Certificate:
    if not path.exists():
        part = path.with_suffix(".part")  # a start that is killed half-way leaves no half certificate
        part.write_bytes(make().public_bytes(Encoding.PEM))
        part.rename(path)
    return x509.load_pem_x509_certificate(path.read_bytes())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
