"""Telling people of money, and when not to: hours, caps, the calendar, and the ways that each wants."""

from fenqi.domain.notices.contact import QuietHours
from fenqi.domain.notices.reminding import Pace, is_wanted, offsets_of
from fenqi.domain.notices.ways import Way, Weight, Wishes, ways_of

__all__ = [
    "Pace",
    "QuietHours",
    "Way",
    "Weight",
    "Wishes",
    "is_wanted",
    "offsets_of",
    "ways_of",
]
