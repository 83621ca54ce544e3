"""When a customer may be spoken to about money that is due: hours and caps by bill (P1103-P1105).

The caps count over all channels: a message about a bill and a call about it are both contacts. Answering who calls us
is no contact in this sense. Pure: instants come in the mall's zone, and the rules are data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from fenqi.domain.hardship.policy import HardshipPolicy

WEEK = timedelta(days=7)


class Hindrance(StrEnum):
    """Why not now."""

    QUIET_HOURS = "quiet_hours"
    DAY_CAP = "day_cap"
    WEEK_CAP = "week_cap"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRules:
    """`opens` to `closes`, the latter left out; a week is any seven days."""

    opens: time
    closes: time
    per_day: int
    per_week: int


def rules_of(policy: HardshipPolicy) -> ContactRules:
    closes = time(policy.contact_closes_hour)
    return ContactRules(
        opens=time(policy.contact_opens_hour),
        closes=closes,
        per_day=policy.contacts_per_day,
        per_week=policy.contacts_per_week,
    )


def hindrance(rules: ContactRules, at: datetime, earlier: Iterable[datetime]) -> Hindrance | None:
    """What stands against a contact at that local instant, after those of the same bill; None: nothing.

    `at` and `earlier` are local to the mall; contacts after `at` do not count.
    """
    if not rules.opens <= at.time() < rules.closes:
        return Hindrance.QUIET_HOURS
    before = [contact for contact in earlier if contact <= at]
    if sum(contact.date() == at.date() for contact in before) >= rules.per_day:
        return Hindrance.DAY_CAP
    if sum(contact.date() > at.date() - WEEK for contact in before) >= rules.per_week:
        return Hindrance.WEEK_CAP
    return None


def next_allowed(rules: ContactRules, at: datetime, earlier: Iterable[datetime]) -> datetime | None:
    """The first local instant from `at` on when nothing stands against it; None when the caps allow no contact."""
    known = list(earlier)
    if not rules.per_day or not rules.per_week:
        return None
    candidate = at
    for _ in range(2 * WEEK.days):
        if hindrance(rules, candidate, known) is None:
            return candidate
        is_early = candidate.time() < rules.opens
        day = candidate if is_early else candidate + timedelta(days=1)
        candidate = day.replace(hour=rules.opens.hour, minute=rules.opens.minute, second=0, microsecond=0)
    return None
