"""The signature of ACP 5.1.0, method 01: RSA-SHA256 over the hex of the SHA-256 of sorted `k=v` pairs, base64.

Whoever answers sends its certificate along (`signPubKeyCert`): it is believed when its chain leads to a root we were
given and it is made out to the gateway's own name.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import BasicConstraints, Certificate, load_pem_x509_certificate
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

SIGN_METHOD: Final = "01"

_CA: Final = ExtensionPolicy.permit_all().require_present(BasicConstraints, Criticality.AGNOSTIC, None)
_SIGNER: Final = ExtensionPolicy.permit_all()  # such certificates name no host and no use


def signed_text(fields: Mapping[str, str]) -> str:
    """What is signed: non-empty pairs but the signature, sorted by name, not URL-encoded."""
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value and name != "signature")


def sign(fields: Mapping[str, str], key: RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(_digest(fields), PKCS1v15(), SHA256())).decode()


def _digest(fields: Mapping[str, str]) -> bytes:
    return hashlib.sha256(signed_text(fields).encode()).hexdigest().encode()


class Signers:
    """Whose signature is believed: certificates under these roots, made out to `name`."""

    def __init__(self, certificates: Sequence[Certificate], *, name: str) -> None:
        self._name = name
        self._roots = Store([one for one in certificates if one.issuer == one.subject])
        self._between = [one for one in certificates if one.issuer != one.subject]

    def signed(self, fields: Mapping[str, str], *, at: datetime) -> bool:
        """Whether the fields carry a signature that holds, by a certificate that is good at that moment."""
        key = self._key(fields.get("signPubKeyCert", ""), at)
        if key is None or fields.get("signMethod") != SIGN_METHOD:
            return False
        try:
            signature = base64.b64decode(fields.get("signature", ""), validate=True)
            key.verify(signature, _digest(fields), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def _key(self, pem: str, at: datetime) -> RSAPublicKey | None:
        try:
            certificate = load_pem_x509_certificate(pem.encode())
            verifier = PolicyBuilder().store(self._roots).time(at).extension_policies(ca_policy=_CA, ee_policy=_SIGNER)
            verifier.build_client_verifier().verify(certificate, self._between)
        except (VerificationError, ValueError):
            return None
        key = certificate.public_key()
        return key if isinstance(key, RSAPublicKey) and self._name in _names_of(certificate) else None


def _names_of(certificate: Certificate) -> set[str]:
    """The common name whole, and its parts: UnionPay writes `041@<number>@<company>@<serial>`."""
    common = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return {name for text in common for name in (text, *text.split("@"))}
