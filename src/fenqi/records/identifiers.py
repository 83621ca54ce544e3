"""Keys are made here, in Python: time-ordered, so that indexes grow at one end (scale rule 1)."""

from hashlib import md5
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

_NAMESPACE = UUID("5f6f7e3c-62cf-5d0a-9f3c-0d6a4a6b7a10")

HOUSE_ID = UUID("00000000-0000-7000-8000-000000000001")
"""The mall itself, as the customer of what belongs to no consumer (scale rule 5)."""


def house_of(channel: str) -> UUID:
    """The house customer of a channel: its fees, its settlements, and money that belongs to nobody yet."""
    return derived_id("house", channel)


def new_id() -> UUID:
    """A fresh key."""
    return uuid7()


def derived_id(*about: object) -> UUID:
    """The key of a thing that may be written again: the same words give the same key (scale rule 12)."""
    return uuid5(_NAMESPACE, "\x1f".join(str(word) for word in about))


def hashed_id(*about: object) -> UUID:
    """The same, as SQL derives it in statements over many customers: `md5(concat_ws('|', ...))::uuid`."""
    return UUID(bytes=md5("|".join(str(word) for word in about).encode(), usedforsecurity=False).digest())
