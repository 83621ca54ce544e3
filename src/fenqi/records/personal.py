"""Personal data at rest: encrypted to read back, hashed with a key to find, masked to show (P1207, P1210)."""

import hashlib
import hmac
import re
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

_PHONE = re.compile(r"\+?\d{5,15}")


@lru_cache(maxsize=1)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> bytes:
    """Empty stays empty, so that absence can be seen without a key."""
    return _fernet(tuple(settings.FENQI_PII_KEYS)).encrypt(text.encode()) if text else b""


def decrypt(stored: bytes | memoryview) -> str:
    """What `encrypt` was given. Raises cryptography.fernet.InvalidToken when no key fits."""
    return _fernet(tuple(settings.FENQI_PII_KEYS)).decrypt(bytes(stored)).decode() if stored else ""


def normal_phone(text: str) -> str | None:
    """Digits as people dial them, or None: blanks, hyphens and the Chinese country code are taken off."""
    digits = re.sub(r"[\s\-()]", "", text)
    digits = re.sub(r"^(\+86|0086)(?=1\d{10}$)", "", digits)
    return digits if _PHONE.fullmatch(digits) and digits.isascii() else None


def phone_index(phone: str) -> str:
    """A keyed hash of a normal phone number: finds the customer, tells nothing."""
    return hmac.new(settings.FENQI_INDEX_KEY.encode(), phone.encode(), hashlib.sha256).hexdigest()


def mask_phone(phone: str) -> str:
    """138****1234 (P1210)."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) > len("138****") else "****" if phone else ""


def mask_name(name: str) -> str:
    """张三 is 张*, 陈小云 is 陈*云 (P1210)."""
    if len(name) <= 1:
        return name
    return name[0] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > len("张三") else "")
