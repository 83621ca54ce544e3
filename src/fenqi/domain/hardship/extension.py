"""One due date later: the row moves by days and those after it follow; sums stay, unless the policy has a fee."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fenqi.domain.errors import FenqiError
from fenqi.domain.hardship.policy import HardshipPolicy
from fenqi.domain.plans import Event, EventKind, PlanState, Row, Terms, replay
from fenqi.domain.plans.calendar import add_months
from fenqi.domain.plans.errors import UnknownRow

MONTHS_COUNTED = 12


class UnableToExtend(FenqiError):
    """A rule of the policy stands against it; each subclass is one rule, and its code names it."""

    code = "unable_to_extend"
    status = 409
    zh = "这一期现在不能延期。"
    en = "This due date cannot be moved now."


class ExtensionNothingOwed(UnableToExtend):
    code = "extension_nothing_owed"
    zh = "没有可以延期的一期：这笔分期现在没有要还的。"
    en = "No due date can be moved: nothing is owed on this plan."


class ExtensionTooOften(UnableToExtend):
    """Details: `most`, `again_on`."""

    code = "extension_too_often"
    zh = "同一笔分期 12 个月内最多延期 {most} 次，{again_on} 起可以再延。"
    en = "A plan may be extended {most} time(s) in 12 months; again from {again_on}."


class ExtensionNotOffered(UnableToExtend):
    code = "extension_not_offered"
    zh = "目前没有开放自助延期。请联系我们，我们可以谈别的办法。"
    en = "Due dates cannot be moved by oneself at present. Talk to us: there are other ways."


class ExtensionTooLong(UnableToExtend):
    """Details: `most`."""

    code = "extension_too_long"
    status = 422
    zh = "最多可以延 {most} 天，且新的还款日须在今天之后。"
    en = "A due date can be moved by {most} days at most, to a day after today."


class ExtensionTooLate(UnableToExtend):
    """Details: `until`."""

    code = "extension_too_late"
    zh = "宽限期（{until} 止）已过，不能自助延期。可以先还一部分、约定还款日，或和我们商量。"
    en = "Grace ended on {until}, so the date cannot be moved. Pay a part, promise a day, or talk to us."


class ExtensionWhileReturning(UnableToExtend):
    code = "extension_while_returning"
    zh = "这个订单有售后在处理，账单已暂停、不计违约金；处理完再看是否需要延期。"
    en = "After-sales of this order are open: its bills rest and cost nothing meanwhile. See afterwards."


class ExtensionWhileUnknown(UnableToExtend):
    code = "extension_while_unknown"
    zh = "有一笔还款还没有结果，出结果前不能改还款日。"
    en = "A repayment has no known outcome yet. The due date cannot be moved before it has."


class ExtensionOfDownPayment(UnableToExtend):
    code = "extension_of_down_payment"
    zh = "首付款不能延期。"
    en = "A down payment cannot be moved."


class ExtensionOfAddedRow(UnableToExtend):
    """What is open came to the plan later: a charge, or money that was taken back."""

    code = "extension_of_added_row"
    zh = "现在要还的是后来加上的费用或退回的款项，不能延期。可以先还一部分，或和我们商量。"
    en = "What is open was added to the plan later, and its day cannot be moved. Pay a part, or talk to us."


class ExtensionWhileCharged(UnableToExtend):
    code = "extension_after_charge_off"
    zh = "这笔分期已转为坏账，不能自助延期。仍可以还款或和我们商量分期还。"
    en = "This plan has been written off, so its dates cannot be moved. You can still pay, or talk to us."


class ExtensionWhileChanging(UnableToExtend):
    code = "extension_while_changing"
    zh = "我们提出的新还款安排正等你确认，请先决定是否同意。"
    en = "A new schedule waits for your answer. Decide on it first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules look at. `earlier` are the days of extensions on record; `free_until`: grace of the row."""

    today: date
    row: Row | None
    free_until: date
    earlier: Sequence[date]
    is_charged_off: bool
    is_returning: bool
    has_open_attempt: bool
    waits_for_consent: bool


def check(policy: HardshipPolicy, facts: Facts) -> Row:
    """The row that may be moved. Raises an UnableToExtend that names the rule."""
    if facts.row is None:
        raise ExtensionNothingOwed
    if facts.is_charged_off:
        raise ExtensionWhileCharged
    if facts.has_open_attempt:
        raise ExtensionWhileUnknown
    if facts.is_returning:
        raise ExtensionWhileReturning
    if facts.waits_for_consent:
        raise ExtensionWhileChanging
    if facts.row.is_down_payment:
        raise ExtensionOfDownPayment
    if not policy.extensions_per_year:
        raise ExtensionNotOffered
    _check_count(policy, facts)
    if facts.today > facts.free_until:
        raise ExtensionTooLate(until=facts.free_until.isoformat())
    return facts.row


def _check_count(policy: HardshipPolicy, facts: Facts) -> None:
    a_year_ago = add_months(facts.today, -MONTHS_COUNTED)
    recent = sorted(day for day in facts.earlier if day > a_year_ago)
    if len(recent) >= policy.extensions_per_year:
        again = add_months(recent[-policy.extensions_per_year], MONTHS_COUNTED)
        raise ExtensionTooOften(most=policy.extensions_per_year, again_on=again.isoformat())


def days_offered(policy: HardshipPolicy, row: Row, today: date) -> tuple[int, ...]:
    """By how many days the row may move: to a day after today."""
    return tuple(days for days in range(1, policy.extension_most_days + 1) if row.due_on + timedelta(days=days) > today)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionQuote:
    """What an extension does: the plan before and after, and the fee, in minor units."""

    row: int
    days: int
    fee: int
    before: PlanState
    after: PlanState
    events: tuple[Event, ...]


def quote(
    policy: HardshipPolicy,
    terms: Terms,
    events: Sequence[Event],
    facts: Facts,
    *,
    days: int,
    ids: tuple[str, str],
) -> ExtensionQuote:
    """What moving the row by so many days does; `ids` are those of the events. Raises UnableToExtend."""
    row = check(policy, facts)
    if days not in days_offered(policy, row, facts.today):
        raise ExtensionTooLong(most=policy.extension_most_days)
    new = [Event(id=ids[0], on=facts.today, kind=EventKind.EXTENSION, from_row=row.n, days=days)]
    if policy.extension_fee_minor:
        moved_to = row.due_on + timedelta(days=days)
        fee = policy.extension_fee_minor
        new.append(Event(id=ids[1], on=facts.today, kind=EventKind.FEE, amount=fee, due_on=moved_to))
    try:
        after = replay(terms, [*events, *new])
    except UnknownRow:  # only installments move
        raise ExtensionOfAddedRow from None
    return ExtensionQuote(
        row=row.n,
        days=days,
        fee=policy.extension_fee_minor,
        before=replay(terms, events),
        after=after,
        events=tuple(new),
    )
