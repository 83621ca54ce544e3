"""The names under which a case opens its refunds: the same case opens each of them once."""

from typing import Final
from uuid import UUID

_PREFIX: Final = "case:"
_AT_ORDERING: Final = ":at_ordering"


def over_rails(case_id: UUID) -> str:
    """What goes back the way the installments were paid."""
    return f"{_PREFIX}{case_id}"


def at_ordering(case_id: UUID) -> str:
    """What was paid when the order was placed, outside our rails: it is transferred."""
    return f"{_PREFIX}{case_id}{_AT_ORDERING}"


def keys_of(case_id: UUID) -> tuple[str, str]:
    return over_rails(case_id), at_ordering(case_id)


def case_of(source_key: str) -> UUID | None:
    """The case that a refund was opened for; None of a refund with another cause."""
    if not source_key.startswith(_PREFIX):
        return None
    return UUID(source_key.removeprefix(_PREFIX).removesuffix(_AT_ORDERING))
