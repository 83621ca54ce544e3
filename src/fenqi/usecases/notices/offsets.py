"""The days around a due date that bring a reminder, by this mall's setting."""

from django.conf import settings

from fenqi.domain.notices import offsets_of


def reminder_offsets() -> tuple[int, ...]:
    """Days until the due date, the earliest reminder first; below zero: days after it."""
    return offsets_of(settings.FENQI_REMINDER_DAYS, settings.FENQI_OVERDUE_REMINDER_DAYS)
