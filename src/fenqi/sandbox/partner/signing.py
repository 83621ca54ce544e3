"""The platform's side of RFC 9421: it checks who calls and signs what it says, bound to the request."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.http import HttpRequest, HttpResponse
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.store import Row, Store
from fenqi.sandbox.town import town

TAG: Final = "fenqi-partner"
KEY_ID: Final = "partner"


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: MutableMapping[str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    status_code: int
    headers: MutableMapping[str, str]
    request: _Request


class _Callers(HTTPSignatureKeyResolver):
    def __init__(self, store: Store) -> None:
        self._store = store

    def resolve_public_key(self, key_id: str) -> RSAPublicKey:
        merchant = self._store.row("SELECT * FROM partner_merchant WHERE key_id = ?", key_id)
        if merchant is None:
            raise HTTPMessageSignaturesException("nobody we know")
        key = load_pem_public_key(merchant["public_key"].encode())
        assert isinstance(key, RSAPublicKey)
        return key


class _Own(HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> RSAPrivateKey:  # noqa: ARG002 - there is one
        return self._key.private_key


def caller(request: HttpRequest) -> Row:
    """The merchant that signed this call. Raises Refusal."""
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.RSA_PSS_SHA512, key_resolver=_Callers(town().store))
    try:
        results = verifier.verify(
            _heard(request),
            max_age=timedelta(minutes=5),
            expect_tag=TAG,
            require_components=("@method", "@target-uri", "content-digest"),
            body=request.body,
        )
    except (HTTPMessageSignaturesException, ValueError):
        raise Refusal("SIGNATURE_INVALID") from None
    merchant = town().store.row("SELECT * FROM partner_merchant WHERE key_id = ?", results[0].parameters["keyid"])
    assert merchant is not None
    return merchant


def sign(request: HttpRequest, response: HttpResponse, key: SigningKey | None) -> HttpResponse:
    """The response with the headers that sign it; without a key it goes out unsigned."""
    if key is None:
        return response
    answer = _Answer(response.status_code, dict(response.headers), _heard(request))
    signer = HTTPMessageSigner(signature_algorithm=algorithms.RSA_PSS_SHA512, key_resolver=_Own(key))
    signer.sign(
        answer,
        key_id=KEY_ID,
        created=datetime.fromtimestamp(town().wall_clock(), UTC),
        tag=TAG,
        covered_component_ids=("@status", '"@method";req', '"@target-uri";req'),
        body=response.content,
    )
    for name in ("Content-Digest", "Signature-Input", "Signature"):
        response[name] = answer.headers[name]
    return response


def _heard(request: HttpRequest) -> _Request:
    return _Request(str(request.method), request.build_absolute_uri(), dict(request.headers))
