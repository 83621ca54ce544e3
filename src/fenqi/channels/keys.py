"""Reading RSA keys and certificates out of text, as PEM or as bare base64: a complaint never quotes what it read."""

import base64
from collections.abc import Callable
from functools import partial

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from cryptography.x509 import Certificate, load_pem_x509_certificates

LEAST_KEY_BITS = 2048


def read_private_key(text: str) -> RSAPrivateKey:
    """A key as PEM or as bare base64, as key tools give it. Raises ValueError."""
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


def read_certificates(text: str) -> tuple[Certificate, ...]:
    """One or more certificates as PEM, one after the other. Raises ValueError."""
    try:
        certificates = load_pem_x509_certificates(_with_line_ends(text).encode())
    except ValueError:
        raise ValueError("not certificates in PEM") from None
    for certificate in certificates:
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_KEY_BITS:
            raise ValueError(f"a certificate without an RSA key of at least {LEAST_KEY_BITS} bits")
    return tuple(certificates)


def _read(load: Callable[[bytes], object], text: str) -> object:
    lines = _with_line_ends(text).split("\n")
    body = "".join(line.strip() for line in lines if not line.startswith("-----"))
    try:
        return load(base64.b64decode(body, validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("not a key in PEM or base64") from None


def _with_line_ends(text: str) -> str:
    return text.replace("\\n", "\n")  # a variable of the environment may hold its line ends escaped
