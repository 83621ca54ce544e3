"""How the gateway writes and signs, written apart from the mall's own code so that the two sides check each other."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from cryptography.hazmat.primitives.asymmetric import padding

from fenqi.sandbox.bank_card.certificates import certificates
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.keys import SigningKey, signature_holds
from fenqi.sandbox.town import town

BEIJING: Final = timezone(timedelta(hours=8))
ISO_PREFIX: Final = "iso8583:"
"""Before a code that is an issuer's, handed through."""

Fields = dict[str, str]


def digest(fields: Mapping[str, str]) -> str:
    """What is signed: the hex of the SHA-256 of the filled fields but the signature, by name."""
    filled = [f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != "signature"]
    return hashlib.sha256("&".join(filled).encode("utf-8")).hexdigest()


def is_signed(fields: Mapping[str, str], public_pem: str) -> bool:
    return signature_holds(digest(fields), fields.get("signature", ""), public_pem)


def signed(fields: Mapping[str, str], key: SigningKey | None) -> Fields:
    """With the gateway's certificate, and the signature of whoever's key that is; of nobody's, without one."""
    filled = {name: value for name, value in fields.items() if value}
    filled |= {"signMethod": "01", "signPubKeyCert": certificates().signing_pem}
    return {**filled, "signature": key.sign(digest(filled))} if key else filled


def forged(fields: Mapping[str, str]) -> Fields:
    """As a stranger would sign it, with a certificate made out to the gateway's name by a root of his own."""
    filled = {name: value for name, value in fields.items() if value}
    filled |= {"signMethod": "01", "signPubKeyCert": certificates().stranger_pem}
    return {**filled, "signature": town().stranger_key.sign(digest(filled))}


def answer_text(fields: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in fields.items())


def beijing(at: float) -> datetime:
    return datetime.fromtimestamp(at, BEIJING)


def instant(text: str) -> float:
    """Raises Refusal: 10, not of this format."""
    try:
        naive = datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 - Beijing time, on the next line
    except ValueError:
        raise Refusal("10") from None
    return naive.replace(tzinfo=BEIJING).timestamp()


def code_fields(code: str, *, about: str = "resp") -> Fields:
    """A code as fields; an issuer's own, with its tag."""
    tag = {"respCodeScheme": "iso8583"} if code.startswith(ISO_PREFIX) else {}
    name = "respCode" if about == "resp" else "origRespCode"
    text = "成功" if code == "00" else "沙箱返回此代码"
    return {name: code.removeprefix(ISO_PREFIX), name.replace("Code", "Msg"): text, **tag}


def braced(text: str) -> Fields:
    """The pairs of `{k=v&k=v}`. Raises Refusal."""
    if not (text.startswith("{") and text.endswith("}")):
        raise Refusal("10")
    return dict(pair.split("=", 1) for pair in text[1:-1].split("&") if "=" in pair)


def opened(text: str) -> str:
    """What was encrypted under our certificate. Raises Refusal."""
    try:
        return certificates().encryption_key.decrypt(base64.b64decode(text, validate=True), padding.PKCS1v15()).decode()
    except ValueError:
        raise Refusal("10") from None


def customer_info(text: str) -> Fields:
    """The pairs of a customerInfo, with those that were encrypted in it. Raises Refusal."""
    try:
        info = braced(base64.b64decode(text, validate=True).decode())
    except ValueError:
        raise Refusal("10") from None
    hidden = opened(info.pop("encryptedInfo", ""))
    return {**info, **braced("{" + hidden + "}")}


def fingerprint(fields: Mapping[str, str]) -> str:
    """What two requests must have in common to be the same one."""
    own = {name: value for name, value in fields.items() if name not in {"signature", "certId"}}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()
