"""When an installment is debited without the payer: on its due day, then again as the reason of the failure allows.

Hours and days are those of Beijing, as the channels count them. Everything here is a proposal of the next instant; that
something is still owed and that nobody said stop is checked under the customer's lock when the instant has come.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fenqi.domain.payments.attempts import AttemptState
from fenqi.domain.payments.failures import FailureCategory

BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitRules:
    """How one channel is debited; what the customer is told before agreeing."""

    slots: tuple[time, ...] = (time(8), time(12), time(18))
    """When a try is made, earliest first."""
    closes: time = time(21)
    """A try whose slot was missed is made up for until then."""
    most_tries_a_day: int = 2
    days_after: int = 3
    """For how many days after the due day an installment is still tried."""
    pause: timedelta = timedelta(hours=2)
    """At least this long between two tries."""
    latest_due_day: int = 31
    """Plans that fall due on a later day of the month cannot be agreed to (P511)."""
    notice_days: int = 0
    """How many days before a debit the channel announces it; 0 where it asks for no notice (P1007)."""
    notice_from: time = time(6)
    notice_until: time = time(22)


RULES: Mapping[str, DebitRules] = {
    "alipay": DebitRules(most_tries_a_day=3, latest_due_day=28),
    "wechat_pay": DebitRules(notice_days=2),
    "bank_card": DebitRules(),
}
"""channel -> its rules. A channel that is not listed gets the common ones."""


def debit_rules(channel: str) -> DebitRules:
    return RULES.get(channel, DebitRules())


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitTry:
    """One try that was made. `until` is the end of a maintenance, where it is known."""

    at: datetime
    state: AttemptState
    category: FailureCategory | None = None
    until: datetime | None = None


_UNDECIDED = frozenset({AttemptState.CREATED, AttemptState.SUBMITTED, AttemptState.UNKNOWN})

_FOR_THE_CUSTOMER = frozenset(
    {
        FailureCategory.WRONG_ACCOUNT_INFO,
        FailureCategory.METHOD_UNAVAILABLE,
        FailureCategory.CONTACT_SUPPORT,
        FailureCategory.MERCHANT_CONFIG,
    }
)
"""To try again would fail again, or lock the account: somebody has to do something first."""


def stopped_by(tries: Sequence[DebitTry]) -> FailureCategory | None:
    """Why nothing more is tried under the agreement, or None while time alone can help."""
    return next((one.category for one in tries if one.category in _FOR_THE_CUSTOMER), None)


def next_try(
    rules: DebitRules,
    due_on: date,
    tries: Sequence[DebitTry],
    now: datetime,
    *,
    announced: Collection[date] = (),
) -> datetime | None:
    """The slot at which what is due on `due_on` is tried next; None when it is not.

    `tries` are all that were made under the agreement, `announced` the days for which a notice stands. Not before
    `now`, never outside the hours, never more than the stated tries a day, never while an outcome is unknown.
    """
    if any(one.state in _UNDECIDED for one in tries) or stopped_by(tries) is not None:
        return None
    earliest = max([now, *(_free_again(one, rules) for one in tries)])
    announceable = first_announceable(rules, now)
    for day in _days(rules, due_on, earliest):
        if tries_on(day, tries) >= rules.most_tries_a_day or (day < announceable and day not in announced):
            continue
        for slot in _slots(rules, day):
            if slot >= earliest:
                return slot
    return None


def is_open(rules: DebitRules, now: datetime) -> bool:
    """Whether a try may be made at this instant."""
    local = now.astimezone(BEIJING).time()
    return rules.slots[0] <= local < rules.closes


def tries_on(day: date, tries: Sequence[DebitTry]) -> int:
    return sum(beijing_day(one.at) == day for one in tries)


def first_announceable(rules: DebitRules, now: datetime) -> date:
    """The first day for which a notice given as soon as possible is early enough."""
    return beijing_day(next_notice_at(rules, now)) + timedelta(days=rules.notice_days)


def next_notice_at(rules: DebitRules, now: datetime) -> datetime:
    """Now, or when the channel takes notices again."""
    local = now.astimezone(BEIJING)
    opens = datetime.combine(local.date(), rules.notice_from, tzinfo=BEIJING)
    if rules.notice_days == 0 or opens.time() <= local.time() < rules.notice_until:
        return now
    return opens if local < opens else opens + timedelta(days=1)


def notice_at(rules: DebitRules, debit_on: date, now: datetime) -> datetime:
    """When a debit on that day is announced: on the morning of the last day that is early enough, or at once."""
    morning = datetime.combine(debit_on - timedelta(days=rules.notice_days), rules.slots[0], tzinfo=BEIJING)
    return max(morning, next_notice_at(rules, now))


def last_day(rules: DebitRules, due_on: date) -> date:
    """The last day on which what is due on `due_on` is tried."""
    return due_on + timedelta(days=rules.days_after)


def beijing_day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()


def _free_again(one: DebitTry, rules: DebitRules) -> datetime:
    """From when on this try stands in no other's way."""
    match one.category:
        case FailureCategory.LIMIT_EXCEEDED:
            return datetime.combine(beijing_day(one.at) + timedelta(days=1), time(), tzinfo=BEIJING)
        case FailureCategory.CHANNEL_MAINTENANCE if one.until is not None:
            return max(one.until, one.at + rules.pause)
    return one.at + rules.pause


def _days(rules: DebitRules, due_on: date, earliest: datetime) -> Iterator[date]:
    day = max(due_on, beijing_day(earliest))
    while day <= last_day(rules, due_on):
        yield day
        day += timedelta(days=1)


def _slots(rules: DebitRules, day: date) -> Iterator[datetime]:
    return (datetime.combine(day, slot, tzinfo=BEIJING) for slot in rules.slots)
