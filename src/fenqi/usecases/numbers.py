"""Numbers of our own, for channels to carry and for people to quote: stored first, and never used for anything else."""

import secrets
from datetime import date

_LENGTH = 24
_LETTERS_AFTER_DATE = 8
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that are read as another


def new_number(prefix: str) -> str:
    """A fresh number that every rail can carry; `prefix` is a letter."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def dated_number(prefix: str, on: date) -> str:
    """A number that people read out to each other: prefix, day and a few letters, such as `AS261123K7M3QX4W`."""
    return f"{prefix}{on:%y%m%d}" + "".join(secrets.choice(_LETTERS) for _ in range(_LETTERS_AFTER_DATE))
