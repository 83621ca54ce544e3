"""Answers with gaps: `{order_no}` is filled from the ticket's story. What is not known stays visible as a gap."""

import re
from collections.abc import Mapping

WORDS = frozenset({"title", "order_no", "amount", "left", "ticket_no", "case_no", "hotline", "hours", "due_on"})
_GAP = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, known: Mapping[str, str]) -> str:
    """The text with what is known; a gap without a value is left as it is, so that nobody sends half a sentence."""
    return _GAP.sub(lambda gap: known.get(gap[1]) or gap[0], text)


def gaps(text: str) -> tuple[str, ...]:
    """The names in braces that are left, in their order."""
    return tuple(dict.fromkeys(_GAP.findall(text)))


def unknown_gaps(text: str) -> tuple[str, ...]:
    """Those that no story ever fills."""
    return tuple(name for name in gaps(text) if name not in WORDS)
