"""The code on a paper: the beginning of the SHA-256 of what the paper says and of the entry that proves it.

Since the hash of the entry is part of it, the code stands for the customer's whole chain up to that entry, and whoever
has not seen the books cannot work it out. It is written in Crockford's base 32, which has no letters that look alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Final
from uuid import UUID

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS_OF_A_LETTER: Final = 5
CODE_LENGTH: Final = 20
"""A hundred bits: nobody finds another paper with the same code."""

GROUP: Final = 5
_LOOKS_LIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a paper says. `on` is the day that stands on it, `amount_minor` its sum; `entry_hash` in hexadecimal.

    `details` are further words of ours that the paper depends on: the period of a statement, the state of a case.
    """

    kind: str
    subject_id: UUID
    number: str
    amount_minor: int
    currency: str
    on: date
    entry_seq: int
    entry_hash: str
    details: Mapping[str, str] = field(default_factory=dict)


def canonical_text(customer_id: UUID, said: Said) -> str:
    """What the code is made of: `fenqi paper 1|customer|kind|subject|number|amount|currency|day|seq|hash|details`."""
    details = ";".join(f"{name}={value}" for name, value in sorted(said.details.items()))
    fields = (
        "fenqi paper 1",
        customer_id,
        said.kind,
        said.subject_id,
        said.number,
        said.amount_minor,
        said.currency,
        said.on.isoformat(),
        said.entry_seq,
        said.entry_hash,
        details,
    )
    return "|".join(map(str, fields))


def code_of(customer_id: UUID, said: Said) -> str:
    """Twenty letters and figures; the same paper always has the same code."""
    digest = int.from_bytes(sha256(canonical_text(customer_id, said).encode()).digest())
    digest >>= 256 - BITS_OF_A_LETTER * CODE_LENGTH
    places = range(BITS_OF_A_LETTER * (CODE_LENGTH - 1), -1, -BITS_OF_A_LETTER)
    return "".join(ALPHABET[digest >> place & 0b11111] for place in places)


def normal_code(text: str) -> str | None:
    """A code as somebody typed it, or None when it cannot be one: case, hyphens and spaces do not matter."""
    letters = "".join(letter for letter in text.upper() if letter not in " -\t\u2010\u2013\u2014")
    code = letters.translate(_LOOKS_LIKE)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else None


def shown_code(code: str) -> str:
    """In groups of five."""
    return "-".join(code[n : n + GROUP] for n in range(0, len(code), GROUP))
