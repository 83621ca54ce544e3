"""The word by which a customer tells our messages from others': given at first, chosen when they like (R147).

It is a secret between the mall and the customer: every message may carry it, no page shows it without signing in.
"""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.signing import Signer
from django.db import transaction

from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.records import locks, personal
from fenqi.records.identifiers import derived_id
from fenqi.records.models import Customer, SafeWord

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look alike."""

_GIVEN_LENGTH: Final = 5
_CHOSEN: Final = re.compile(r"[\w一-鿿]{2,12}")


def safe_word(customer_id: UUID) -> str:
    """The customer's own, else the one that was given."""
    kept = SafeWord.objects.filter(customer_id=customer_id).first()
    return personal.decrypt(kept.word_encrypted) if kept else _given(customer_id)


def choose_safe_word(customer_id: UUID, word: str, *, now: datetime) -> str:
    """2 to 12 letters, digits or characters; an empty one goes back to the one that was given.

    Raises InvalidInput, NotFound.
    """
    word = word.strip()
    if word and not _CHOSEN.fullmatch(word):
        raise InvalidInput(
            where="word",
            problem="2 to 12 letters, digits or Chinese characters, without blanks or signs",
            problem_zh="请填 2 至 12 个汉字、字母或数字，不含空格和符号",
        )
    if not Customer.objects.filter(id=customer_id).exists():
        raise NotFound
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        if not word:
            SafeWord.objects.filter(customer_id=customer_id).delete()
            return _given(customer_id)
        SafeWord.objects.update_or_create(
            customer_id=customer_id,
            id=derived_id("safe_word", customer_id),
            defaults={"word_encrypted": personal.encrypt(word), "set_at": now},
        )
    return word


def _given(customer_id: UUID) -> str:
    """The same each time, so that nothing need be kept of whoever never asks."""
    digest = Signer(salt="fenqi.entries.safe_word").signature(str(customer_id))
    return "".join(_LETTERS[ord(letter) % len(_LETTERS)] for letter in digest[:_GIVEN_LENGTH])
