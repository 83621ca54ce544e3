"""What may be changed of a plan that is not paid as agreed, by whom, and in which order.

A change is proposed with its reason, approved by a second person where the policy asks for one, agreed to by the
customer where it needs their word, and then done: one or two plan events. Nothing else moves a plan here.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from fenqi.domain.errors import FenqiError
from fenqi.domain.hardship.policy import HardshipPolicy
from fenqi.domain.money import Money
from fenqi.domain.plans import Component, PlanState


class ChangeKind(StrEnum):
    EXTENSION = "extension"
    RESCHEDULE = "reschedule"
    WAIVER = "waiver"
    CHARGE_OFF = "charge_off"


class ChangeState(StrEnum):
    PROPOSED = "proposed"
    """Waits for a second person."""
    OFFERED = "offered"
    """Waits for the customer's word."""
    DONE = "done"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    """The customer said no."""


class ChangeSignal(StrEnum):
    APPROVED = "approved"
    AGREED = "agreed"
    CARRIED_OUT = "carried_out"
    TAKEN_BACK = "taken_back"
    DECLINED = "declined"


NEXT_CHANGE_STATE: Final[Mapping[tuple[ChangeState, ChangeSignal], ChangeState]] = {
    (ChangeState.PROPOSED, ChangeSignal.APPROVED): ChangeState.OFFERED,
    (ChangeState.PROPOSED, ChangeSignal.CARRIED_OUT): ChangeState.DONE,
    (ChangeState.PROPOSED, ChangeSignal.TAKEN_BACK): ChangeState.WITHDRAWN,
    (ChangeState.OFFERED, ChangeSignal.AGREED): ChangeState.DONE,
    (ChangeState.OFFERED, ChangeSignal.DECLINED): ChangeState.DECLINED,
    (ChangeState.OFFERED, ChangeSignal.TAKEN_BACK): ChangeState.WITHDRAWN,
}
"""(state, signal) -> state. A pair that is not listed is refused."""

OPEN: Final = frozenset({ChangeState.PROPOSED, ChangeState.OFFERED})
NEEDS_CONSENT: Final = frozenset({ChangeKind.RESCHEDULE})
COVERS_DAYS: Final = 14
"""How long an offer waits for the customer's word."""


class ChangeNotReady(FenqiError):
    """The step before this one is missing, or this one has been done."""

    code = "plan_change_not_ready"
    status = 409
    zh = "这项变更现在不能做这一步，请先看它目前的状态。"
    en = "This cannot be done with the change now: look at where it stands."


class ChangeMoved(FenqiError):
    """The plan is not as it was shown: money came, or something else was booked."""

    code = "plan_change_moved"
    status = 409
    zh = "账单在这期间有变化，什么都没有改。请按新的预览再确认。"
    en = "The plan has changed meanwhile, and nothing was done. Look at the new preview and confirm again."


class ChangeOpen(FenqiError):
    """One change of a kind is under way on the plan already."""

    code = "plan_change_open"
    status = 409
    zh = "这笔分期已有一项同类变更在处理，请先完成或撤回它。"
    en = "A change of this kind is under way on the plan already. Finish it or take it back first."


class ChangeBlocked(FenqiError):
    """A payment without a known outcome, or an open return. Details: none."""

    code = "plan_change_blocked"
    status = 409
    zh = "有还款还没有结果，或订单有售后在处理，现在不能变更分期。"
    en = "A repayment has no known outcome, or after-sales are open: the plan cannot be changed now."


class WaiverOutOfRange(FenqiError):
    """Details: `owed`, as an amount."""

    code = "waiver_out_of_range"
    status = 422
    zh = "减免金额应大于 0，且不超过这一项未还的 {owed}。已经还了的不能减免。"
    en = "Waive a sum above zero and at most what is open of it ({owed}). What was paid cannot be waived."


class RescheduleOutOfRange(FenqiError):
    """Details: `most`, `first`, `last`."""

    code = "reschedule_out_of_range"
    status = 422
    zh = "期数应为 1 到 {most}，首个还款日应在 {first} 到 {last} 之间。"
    en = "Take 1 to {most} installments, the first due from {first} to {last}."


class ChargeOffTooEarly(FenqiError):
    """Details: `after`, `days`."""

    code = "charge_off_too_early"
    status = 409
    zh = "逾期满 {after} 天才能核销，现在是 {days} 天。"
    en = "A plan can be written off from {after} days past due on; this one is at {days}."


def check_waiver(state: PlanState, component: Component, amount: int, currency: str) -> None:
    """Never more than is open of the component. Raises WaiverOutOfRange."""
    owed = getattr(state.totals.outstanding, component.value)
    if not 0 < amount <= owed:
        raise WaiverOutOfRange(owed=f"{Money(owed, currency).as_decimal():,f}")


def waiver_needs_second(policy: HardshipPolicy, role: str, component: Component, amount: int) -> bool:
    """Above what one person of the role may waive; principal always takes two."""
    return component is Component.PRINCIPAL or amount > policy.waiver_limit(role)


def check_reschedule(policy: HardshipPolicy, *, installments: int, first_due_on: date, today: date) -> None:
    """Raises RescheduleOutOfRange."""
    first, last = today + timedelta(days=1), today + timedelta(days=policy.reschedule_first_within_days)
    if not 1 <= installments <= policy.reschedule_most_installments or not first <= first_due_on <= last:
        raise RescheduleOutOfRange(
            most=policy.reschedule_most_installments, first=first.isoformat(), last=last.isoformat()
        )


def check_charge_off(policy: HardshipPolicy, days_past_due: int) -> None:
    """Raises ChargeOffTooEarly."""
    if days_past_due < policy.charge_off_after_days:
        raise ChargeOffTooEarly(after=policy.charge_off_after_days, days=days_past_due)
