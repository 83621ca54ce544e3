"""RSA with SHA-256 as the counterparties do it: their own key pairs, and a signature check on whoever calls.

Written apart from the mall's own code on purpose, so that the two sides check each other.
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_BITS = 2048


class SigningKey:
    """A private key kept in one file, made at the first start."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            _write_new_key(path)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    @property
    def public_pem(self) -> str:
        return (
            self._key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    @property
    def private_key(self) -> rsa.RSAPrivateKey:
        return self._key

    def sign(self, text: str) -> str:
        """PKCS#1 v1.5, base64."""
        return base64.b64encode(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def _write_new_key(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    part = path.with_suffix(".part")  # a start that is killed half-way leaves no half key
    part.touch(mode=0o600)
    part.write_bytes(pem)
    part.rename(path)


def pairs(parameters: Mapping[str, str]) -> str:
    """The text that Alipay's RSA2 signs: non-empty pairs, sorted, not URL-encoded."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if parameters[name])


def signature_holds(text: str, signature: str, public_pem: str) -> bool:
    key = serialization.load_pem_public_key(public_pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def is_public_key(pem: str) -> bool:
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError:
        return False
    return isinstance(key, rsa.RSAPublicKey) and key.key_size >= KEY_BITS
