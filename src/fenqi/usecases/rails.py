"""The rails this mall has set up, made once from the environment."""

import os
from functools import lru_cache

from fenqi.channels import Channels
from fenqi.channels.interface import PaymentChannel


@lru_cache(maxsize=1)
def _channels() -> Channels:
    return Channels.from_environ(os.environ)


def rail(name: str) -> PaymentChannel:
    """Raises UnknownChannel."""
    return _channels().get(name)


def rails() -> tuple[PaymentChannel, ...]:
    return _channels().all()


def forget_rails() -> None:
    """Read the environment again at the next use: settings changed."""
    _channels.cache_clear()
