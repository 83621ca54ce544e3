"""Bank cards as their holders type them: what is checked before anything is sent, and whose card it is."""

from fenqi.domain.cards.bins import BANKS, OTHER_BANK, Bank, CardKind, issuer_of
from fenqi.domain.cards.errors import (
    CardExpired,
    CardNumberInvalid,
    CardNumberLength,
    CardRefused,
    CodeInvalid,
    ExpiryInvalid,
    HolderInvalid,
    PhoneInvalid,
    SecurityCodeInvalid,
)
from fenqi.domain.cards.reading import (
    Card,
    read_card,
    read_code,
    read_expiry,
    read_holder,
    read_phone,
    read_security_code,
)

__all__ = [
    "BANKS",
    "OTHER_BANK",
    "Bank",
    "Card",
    "CardExpired",
    "CardKind",
    "CardNumberInvalid",
    "CardNumberLength",
    "CardRefused",
    "CodeInvalid",
    "ExpiryInvalid",
    "HolderInvalid",
    "PhoneInvalid",
    "SecurityCodeInvalid",
    "issuer_of",
    "read_card",
    "read_code",
    "read_expiry",
    "read_holder",
    "read_phone",
    "read_security_code",
]
