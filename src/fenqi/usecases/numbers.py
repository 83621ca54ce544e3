"""Numbers of our own that channels carry: stored before the first byte leaves, and never used for anything else."""

import secrets

_LENGTH = 24
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that are read as another


def new_number(prefix: str) -> str:
    """A fresh number that every rail can carry; `prefix` is a letter."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
