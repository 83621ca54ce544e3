"""HTTP Message Signatures (RFC 9421) on both ways: the library's, with our keys, our tag and what must be covered."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from fenqi.channels.transport import HttpAnswer, NoAnswer

TAG: Final = "fenqi-partner"
PARTNERS_KEY_ID: Final = "partner"
LONGEST_AGE: Final = timedelta(minutes=5)
OF_A_REQUEST: Final = ("@method", "@target-uri", "content-digest")
OF_AN_ANSWER: Final = ("@status", '"@method";req', '"@target-uri";req', "content-digest")
"""An answer is bound to its request: the right answer to another question is refused."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it is signed."""

    method: str
    url: str
    headers: MutableMapping[str, str]


@dataclass(frozen=True, slots=True)
class AnswerMessage:
    """An answer as it is verified, with the request it answers."""

    status_code: int
    headers: Mapping[str, str]
    request: Message


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, private_key: RSAPrivateKey, public_key: RSAPublicKey) -> None:
        self._private_key = private_key
        self._public_key = public_key

    def resolve_private_key(self, key_id: str) -> RSAPrivateKey:  # noqa: ARG002 - we have one
        return self._private_key

    def resolve_public_key(self, key_id: str) -> RSAPublicKey:
        if key_id != PARTNERS_KEY_ID:
            raise HTTPMessageSignaturesException("a key of somebody else")
        return self._public_key


class Signatures:
    """Ours on what is sent, the partner's on what comes back. Safe to share between threads."""

    def __init__(self, *, key_id: str, private_key: RSAPrivateKey, public_key: RSAPublicKey) -> None:
        keys = _Keys(private_key, public_key)
        self._key_id = key_id
        self._signer = HTTPMessageSigner(signature_algorithm=algorithms.RSA_PSS_SHA512, key_resolver=keys)
        self._verifier = HTTPMessageVerifier(signature_algorithm=algorithms.RSA_PSS_SHA512, key_resolver=keys)

    def sign(self, message: Message, body: bytes) -> None:
        """Add the headers that sign the message now."""
        self._signer.sign(
            message,
            key_id=self._key_id,
            created=datetime.now(UTC),
            tag=TAG,
            body=body,
        )

    def check(self, answer: HttpAnswer, request: Message) -> None:
        """Raises NoAnswer unless the partner signed this answer to this request within the last minutes."""
        message = AnswerMessage(answer.status, answer.headers, request)
        try:
            self._verifier.verify(
                message, max_age=LONGEST_AGE, expect_tag=TAG, require_components=OF_AN_ANSWER, body=answer.body
            )
        except (HTTPMessageSignaturesException, ValueError, KeyError):
            raise NoAnswer("transport.bad_signature") from None
