"""RSA2, Alipay's signature: RSA PKCS#1 v1.5 over SHA-256 of sorted `k=v` pairs, base64."""

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import partial

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

LEAST_KEY_BITS = 2048


def signed_text(parameters: Mapping[str, str]) -> str:
    """What is signed: the pairs sorted by name, joined without URL encoding."""
    return "&".join(f"{name}={value}" for name, value in sorted(parameters.items()))


def sign(text: str, key: RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def verifies(text: str, signature: str, key: RSAPublicKey) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def read_private_key(text: str) -> RSAPrivateKey:
    """A key as PEM or as the bare base64 of Alipay's key tool. Raises ValueError, which never quotes the key."""
    key = _read(partial(load_der_private_key, password=None), text)
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_KEY_BITS:
        raise ValueError(f"not an RSA private key of at least {LEAST_KEY_BITS} bits")
    return key


def read_public_key(text: str) -> RSAPublicKey:
    """A key as PEM or as bare base64. Raises ValueError."""
    key = _read(load_der_public_key, text)
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_KEY_BITS:
        raise ValueError(f"not an RSA public key of at least {LEAST_KEY_BITS} bits")
    return key


def _read(load: Callable[[bytes], object], text: str) -> object:
    lines = text.replace("\\n", "\n").split("\n")  # a variable of the environment may hold its line ends escaped
    body = "".join(line.strip() for line in lines if not line.startswith("-----"))
    try:
        return load(base64.b64decode(body, validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("not a key in PEM or base64") from None
