"""Reading a card as it is typed: one small mistake is found before anything is sent (R128)."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from stdnum import luhn

from fenqi.domain.cards.bins import Bank, CardKind, issuer_of
from fenqi.domain.cards.errors import (
    CardExpired,
    CardNumberInvalid,
    CardNumberLength,
    CodeInvalid,
    ExpiryInvalid,
    HolderInvalid,
    PhoneInvalid,
    SecurityCodeInvalid,
)

SHORTEST: Final = 13
LONGEST: Final = 19
SHORTEST_UNIONPAY: Final = 16
UNIONPAY_PREFIX: Final = "62"
NAME_LENGTHS: Final = range(2, 31)

_LONGEST_TYPED: Final = 60
"""Nineteen digits with a blank after each are fewer."""
_BLANKS: Final = re.compile(r"[\s\-\u2010-\u2015\u2212\uff0d]")
_FULL_WIDTH: Final = {ord("０") + digit: str(digit) for digit in range(10)}
_PHONE: Final = re.compile(r"1[3-9][0-9]{9}")
_PHONE_PREFIX: Final = re.compile(r"^(\+|00)?86(?=1[0-9]{10}$)")
_NAME: Final = re.compile(r"[^\W\d_]([^\W\d_]|[ .·•'\-])*")
_EXPIRY: Final = re.compile(r"(0[1-9]|1[0-2])/?([0-9]{2})")
_CENTURY: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card number that can be one. It lives for one request; only `bank`, `kind` and `last4` may be kept."""

    number: str = field(repr=False)
    """Digits only."""
    bank: Bank
    kind: CardKind

    @property
    def last4(self) -> str:
        return self.number[-4:]

    def __str__(self) -> str:
        return repr(self)


def read_card(text: str) -> Card:
    """The card of a typed number: digits, full-width ones too, with blanks and dashes anywhere between.

    Raises CardNumberLength, CardNumberInvalid.
    """
    digits = _digits(text)
    least = SHORTEST_UNIONPAY if digits.startswith(UNIONPAY_PREFIX) else SHORTEST
    if not least <= len(digits) <= LONGEST or not (digits.isascii() and digits.isdigit()):
        raise CardNumberLength(where="number", least=least, most=LONGEST)
    if not luhn.is_valid(digits) or not digits.strip("0"):
        raise CardNumberInvalid(where="number")
    bank, kind = issuer_of(digits)
    return Card(number=digits, bank=bank, kind=kind)


def read_holder(text: str) -> str:
    """The holder's name with single blanks. Raises HolderInvalid."""
    name = " ".join(text.split())
    if len(name) not in NAME_LENGTHS or _NAME.fullmatch(name) is None:
        raise HolderInvalid(where="holder")
    return name


def read_phone(text: str) -> str:
    """The eleven digits of a mainland mobile phone. Raises PhoneInvalid."""
    phone = _PHONE_PREFIX.sub("", _digits(text))
    if _PHONE.fullmatch(phone) is None:
        raise PhoneInvalid(where="phone")
    return phone


def read_expiry(text: str, *, today: date) -> str:
    """The expiry as MMYY, of `MMYY` or `MM/YY`; a card is good to the end of its month.

    Raises ExpiryInvalid, CardExpired.
    """
    match = _EXPIRY.fullmatch(_digits(text).replace("／", "/"))
    if match is None:
        raise ExpiryInvalid(where="expiry")
    month, year = match.groups()
    if (_CENTURY + int(year), int(month)) < (today.year, today.month):
        raise CardExpired(where="expiry")
    return month + year


def read_code(text: str) -> str:
    """The six digits that the bank sent. Raises CodeInvalid."""
    return _read_digits(text, 6, CodeInvalid(where="code"))


def read_security_code(text: str) -> str:
    """The three digits on the back of a credit card. Raises SecurityCodeInvalid."""
    return _read_digits(text, 3, SecurityCodeInvalid(where="security_code"))


def _read_digits(text: str, length: int, refusal: CodeInvalid | SecurityCodeInvalid) -> str:
    digits = _digits(text)
    if len(digits) != length or not (digits.isascii() and digits.isdigit()):
        raise refusal
    return digits


def _digits(text: str) -> str:
    """Without blanks and dashes; nothing of a text that is too long to be meant."""
    return _BLANKS.sub("", text).translate(_FULL_WIDTH) if len(text) <= _LONGEST_TYPED else ""
