"""Versions of repayment entries, for the tests: proposed by one member of staff and approved by another."""

from datetime import datetime

from closings import APPROVER, PLANNER
from fenqi.domain.entries import Entry
from fenqi.usecases.entries.publish import approve_entry, propose_entry


def published(entry: Entry, *, after: int = 1, now: datetime) -> int:
    """Its version."""
    return approve_entry(APPROVER, propose_entry(PLANNER, entry, after=after, now=now), now=now)
