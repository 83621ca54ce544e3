"""The clocks of a case as staff read them: how long is left, or how late it is, and which of them ends first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.deadlines import Clock
from fenqi.usecases import clock
from fenqi.usecases.aftersales.views import DeadlinesView

SOON: Final = timedelta(hours=8)
SOON_DAYS: Final = 2
TOLD_IN_DAYS: Final = timedelta(days=2)
_REVIEWED: Final = frozenset({CaseState.SUBMITTED, CaseState.IN_REVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClock:
    """`on`: the last day it leaves. `left`: in words; `tone`: overdue once it has run out, due when it soon will.

    `binds`: it is the one that ends first.
    """

    name: str
    on: date
    left: str
    tone: str
    binds: bool


def clocks_of(state: CaseState, deadlines: DeadlinesView, *, now: datetime) -> tuple[ShownClock, ...]:
    """Our own target while a review is due, the promise, and the law."""
    return tuple(_clocks(state, deadlines, now=now))


def _clocks(state: CaseState, deadlines: DeadlinesView, *, now: datetime) -> Iterator[ShownClock]:
    binding = deadlines.binding.clock if deadlines.binding else None
    today = clock.business_date(now)
    if state in _REVIEWED:
        left = deadlines.review_due_at - now
        yield ShownClock(
            name=_("Review"),
            on=clock.business_date(deadlines.review_due_at),
            left=time_left(left),
            tone=_tone(left < timedelta(), left < SOON),
            binds=binding is Clock.REVIEW,
        )
    for kind, name, on in (
        (Clock.PROMISE, _("Promise"), deadlines.promise_by),
        (Clock.LAW, _("Law"), deadlines.law_by),
    ):
        if on is not None:
            days = (on - today).days
            yield ShownClock(
                name=name,
                on=on,
                left=_days_left(days),
                tone=_tone(days < 0, days <= SOON_DAYS) if binding else "neutral",
                binds=binding is kind,
            )


def _tone(is_over: bool, is_near: bool) -> str:  # noqa: FBT001  # two facts, in the order of their weight
    if is_over:
        return "overdue"
    return "due" if is_near else "neutral"


def time_left(left: timedelta) -> str:
    """`2 hours left`, `13 hours late`; from two days on in days."""
    span = abs(left)
    is_late = left < timedelta()
    if span >= TOLD_IN_DAYS:
        return _days_left(-span.days if is_late else span.days)
    hours = span // timedelta(hours=1)
    if not hours:
        minutes = span // timedelta(minutes=1)
        told = ngettext("%(n)s minute late", "%(n)s minutes late", minutes)
        return (told if is_late else ngettext("%(n)s minute left", "%(n)s minutes left", minutes)) % {"n": minutes}
    told = ngettext("%(n)s hour late", "%(n)s hours late", hours)
    return (told if is_late else ngettext("%(n)s hour left", "%(n)s hours left", hours)) % {"n": hours}


def _days_left(days: int) -> str:
    if days < 0:
        return ngettext("%(n)s day late", "%(n)s days late", -days) % {"n": -days}
    return ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days} if days else _("ends today")
