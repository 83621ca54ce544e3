"""How long a hold lasts, and when its end is warned of (P305)."""

from datetime import date, timedelta

LONGEST = timedelta(days=360)
"""What we ask of a channel at most. Channels publish no figure that we could verify, so each hold is asked about daily
in its last days, and what the channel says counts. A rail that knows a shorter term says so (`hold_days`)."""

AFTER_LAST_DUE = timedelta(days=30)
"""A plan is usually settled, or collected, within so many days of its last due date."""

WARNED_BEFORE = timedelta(days=7)


def holds_until(held_on: date, *, last_due_on: date | None, term: timedelta = LONGEST) -> date:
    """Until when the hold is needed at most: a month after the plan's last due date, if the channel holds so long."""
    longest = held_on + term
    return min(longest, last_due_on + AFTER_LAST_DUE) if last_due_on else longest


def term_is_over(held_on: date, *, term: timedelta, today: date) -> bool:
    """The bank ends a hold on a card by itself now, or has; it cannot be counted on any more."""
    return today >= held_on + term


def is_expiring(until: date, *, today: date) -> bool:
    """Staff are warned from a week before."""
    return today >= until - WARNED_BEFORE
