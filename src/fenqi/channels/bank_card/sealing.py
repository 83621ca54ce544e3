"""Card details on their way: encrypted under the gateway's key, so that nobody between can read them."""

import base64
import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.config import NAME
from fenqi.channels.interface import CardDetails, ChannelRefuses

_NUMBER: Final = re.compile(r"[0-9]{13,19}")
_PHONE: Final = re.compile(r"1[0-9]{10}")
_HOLDER: Final = re.compile(r"[^&={}]{2,30}")
_EXPIRY: Final = re.compile(r"([0-9]{4})?")
_SECURITY_CODE: Final = re.compile(r"([0-9]{3})?")
_CODE: Final = re.compile(r"([0-9]{6})?")


def sealed(card: CardDetails, *, code: str = "", under: Certificate) -> dict[str, str]:
    """The fields that carry a card. Raises ChannelRefuses, which quotes nothing of it."""
    _check(card, code)
    hidden = {"phoneNo": card.phone}
    if card.expiry:
        hidden["expired"] = card.expiry[2:] + card.expiry[:2]  # the gateway writes the year first
    if card.security_code:
        hidden["cvn2"] = card.security_code
    shown = {"customerNm": card.holder, **({"smsCode": code} if code else {})}
    pairs = "&".join(f"{name}={value}" for name, value in hidden.items())
    info = wire.braced({**shown, "encryptedInfo": _encrypted(pairs, under)})
    return {
        "accNo": _encrypted(card.number, under),
        "customerInfo": base64.b64encode(info.encode()).decode(),
        "encryptCertId": str(under.serial_number),
    }


def _encrypted(text: str, under: Certificate) -> str:
    key = under.public_key()
    assert isinstance(key, RSAPublicKey)  # read_certificates takes no other
    return base64.b64encode(key.encrypt(text.encode(), PKCS1v15())).decode()  # the padding that ACP prescribes


def _check(card: CardDetails, code: str) -> None:
    rules = (
        (_NUMBER, card.number, "the card number", "卡号"),
        (_HOLDER, card.holder, "the holder's name", "持卡人姓名"),
        (_PHONE, card.phone, "the phone", "手机号"),
        (_EXPIRY, card.expiry, "the expiry", "有效期"),
        (_SECURITY_CODE, card.security_code, "the security code", "安全码"),
        (_CODE, code, "the code", "验证码"),
    )
    for rule, text, what, what_zh in rules:
        if rule.fullmatch(text) is None:
            raise ChannelRefuses(channel=NAME, problem=f"{what} is not readable", problem_zh=f"{what_zh}无法识别")
