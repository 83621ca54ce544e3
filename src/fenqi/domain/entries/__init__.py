"""Where one repays: entries with their groups, hours and closings, and which of them work for one plan now."""

from fenqi.domain.entries.entries import (
    EVERYBODY,
    LAST_RESORT,
    PEOPLE,
    SELF_SERVICE,
    Closing,
    Entry,
    EntryKind,
    EntryState,
    Group,
    Reader,
    bucket_of,
)
from fenqi.domain.entries.routing import Lender, Reason, Way, boundaries, leaves_at, stays_open, usual, ways_for

__all__ = [
    "EVERYBODY",
    "LAST_RESORT",
    "PEOPLE",
    "SELF_SERVICE",
    "Closing",
    "Entry",
    "EntryKind",
    "EntryState",
    "Group",
    "Lender",
    "Reader",
    "Reason",
    "Way",
    "boundaries",
    "bucket_of",
    "leaves_at",
    "stays_open",
    "usual",
    "ways_for",
]
