"""Reading the gateway's answers: the signature covers the raw text of one member of a JSON object."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fenqi.channels.alipay.rsa2 import verifies
from fenqi.channels.transport import NoAnswer

CALL_WORKED = "10000"

_DECODER = json.JSONDecoder()
_BLANKS = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `code` 10000 says that the call worked, and then only that its signature held."""

    code: str
    sub_code: str | None
    fields: Mapping[str, object]

    @property
    def worked(self) -> bool:
        return self.code == CALL_WORKED

    @property
    def codes(self) -> tuple[str, ...]:
        """From the most telling to the most general."""
        return (self.sub_code, self.code) if self.sub_code else (self.code,)

    def text(self, name: str) -> str:
        """A field's text; empty when it is absent or no text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


def read_answer(body: bytes, *, method: str, key: RSAPublicKey) -> Answer:
    """The answer to `method`. Raises NoAnswer when it cannot be believed.

    A signature that is there must hold. One that is missing is allowed to an error only: Alipay signs no error that
    arises before it knows the application.
    """
    members = _members(body)
    raw = members.get(f"{method.replace('.', '_')}_response") or members.get("error_response")
    if raw is None:
        raise NoAnswer("transport.unreadable")
    answer = _answer(raw)
    signature = _text_of(members.get("sign"))
    if signature is None and answer.worked:
        raise NoAnswer("transport.unsigned")
    if signature is not None and not verifies(raw, signature, key):
        raise NoAnswer("transport.bad_signature")
    return answer


def _answer(raw: str) -> Answer:
    fields = json.loads(raw)
    if not isinstance(fields, dict) or not isinstance(fields.get("code"), str):
        raise NoAnswer("transport.unreadable")
    sub_code = fields.get("sub_code")
    return Answer(fields["code"], sub_code if isinstance(sub_code, str) else None, fields)


def _text_of(raw: str | None) -> str | None:
    value = json.loads(raw) if raw else None
    return value if isinstance(value, str) else None


def _members(body: bytes) -> dict[str, str]:
    """The raw text of each member of the outermost object; a name that comes twice is refused, as it reads two ways."""
    try:
        return _split(body.decode())
    except (ValueError, IndexError, RecursionError):
        raise NoAnswer("transport.unreadable") from None


def _split(text: str) -> dict[str, str]:
    members: dict[str, str] = {}
    at = _expect("{", text, 0)
    while True:
        name, at = _DECODER.raw_decode(text, _skip_blanks(text, at))
        start = _skip_blanks(text, _expect(":", text, at))
        _, at = _DECODER.raw_decode(text, start)
        if not isinstance(name, str) or name in members:
            raise ValueError(name)
        members[name] = text[start:at]
        at = _skip_blanks(text, at)
        if text[at] == "}":
            return members
        at = _expect(",", text, at)


def _skip_blanks(text: str, at: int) -> int:
    while text[at] in _BLANKS:
        at += 1
    return at


def _expect(mark: str, text: str, at: int) -> int:
    at = _skip_blanks(text, at)
    if text[at] != mark:
        raise ValueError(text[at])
    return at + 1
