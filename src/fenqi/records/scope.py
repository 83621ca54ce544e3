"""A statement on spread tables names its customer; code that means all customers says so (scale rule 8)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_meaning_all: ContextVar[bool] = ContextVar("meaning_all", default=False)


@contextmanager
def across_customers() -> Iterator[None]:
    """Inside, statements may range over all customers: reports, checks, imports, relays."""
    token = _meaning_all.set(True)
    try:
        yield
    finally:
        _meaning_all.reset(token)


def means_all_customers() -> bool:
    return _meaning_all.get()
