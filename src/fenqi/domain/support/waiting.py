"""How long somebody who asks now will wait, worked out from the queue and from what was answered lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import quantiles

FEWEST_ANSWERS = 5
"""Below that, what happened lately says nothing about what comes."""

RECENTLY = timedelta(hours=2)
STEP_MINUTES = 5
_NINE_OF_TEN = 8


@dataclass(frozen=True, slots=True)
class Answered:
    """A question was answered at `at` after `waited`."""

    at: datetime
    waited: timedelta


def expected_wait(*, ahead: int, answered: Sequence[Answered], now: datetime) -> timedelta | None:
    """Within which nine of ten were answered lately, or how long the queue takes at the pace of late: the longer one.

    Rounded up to five minutes. None when too little is known. More than was promised is told as it is: who asks may
    rather call.
    """
    recent = [one for one in answered if now - one.at <= RECENTLY]
    if len(recent) < FEWEST_ANSWERS:
        return None
    usual = timedelta(seconds=quantiles([one.waited.total_seconds() for one in recent], n=10)[_NINE_OF_TEN])
    span = now - min(one.at for one in recent)
    queue = span / len(recent) * ahead
    return rounded_up(max(usual, queue))


def rounded_up(wait: timedelta) -> timedelta:
    """To whole five minutes, at least one step."""
    steps = max(1, ceil(wait / timedelta(minutes=STEP_MINUTES)))
    return timedelta(minutes=STEP_MINUTES * steps)
