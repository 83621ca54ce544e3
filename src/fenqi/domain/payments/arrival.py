"""When a refund reaches its receiver: a window in working days, by the route it takes (P201, P203).

The counts are the channels' own, where they publish one; the widest is the outer promise of the guides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from fenqi.domain.workdays import Overrides, add_workdays, workday


class ArrivalRoute(StrEnum):
    """What receives the money, as far as is known."""

    WECHAT_BALANCE = "wechat_balance"
    WECHAT = "wechat"
    """The way it was paid, which may have been a debit card."""
    ALIPAY_BALANCE = "alipay_balance"
    ALIPAY = "alipay"
    DEBIT_CARD = "debit_card"
    CREDIT_CARD = "credit_card"
    """A credit on the next statement (R049)."""
    TRANSFER = "transfer"
    OTHER = "other"


class WorkingDays(NamedTuple):
    """Usually not before, and at the latest."""

    usual: int
    latest: int


ARRIVES_WITHIN: Mapping[ArrivalRoute, WorkingDays] = {
    ArrivalRoute.WECHAT_BALANCE: WorkingDays(0, 1),
    ArrivalRoute.WECHAT: WorkingDays(0, 3),
    ArrivalRoute.ALIPAY_BALANCE: WorkingDays(0, 1),
    ArrivalRoute.ALIPAY: WorkingDays(0, 7),
    ArrivalRoute.DEBIT_CARD: WorkingDays(1, 10),
    ArrivalRoute.CREDIT_CARD: WorkingDays(3, 15),
    ArrivalRoute.TRANSFER: WorkingDays(0, 3),
    ArrivalRoute.OTHER: WorkingDays(3, 15),
}


@dataclass(frozen=True, slots=True)
class ArrivalWindow:
    """Expected from `from_on`, at the latest on `by_on`; an estimated window is shown as 预计 (P503)."""

    from_on: date
    by_on: date
    is_estimated: bool


_NO_OVERRIDES: Overrides = {}


def arrival_window(
    route: ArrivalRoute, sent_on: date, *, expected_on: date | None = None, overrides: Overrides = _NO_OVERRIDES
) -> ArrivalWindow:
    """When money that left on `sent_on` arrives. `expected_on`, the channel's own word, wins over our count."""
    days = ARRIVES_WITHIN[route]
    first = add_workdays(sent_on, days.usual, overrides=overrides)
    if expected_on is not None:
        by_on = max(expected_on, sent_on)
        return ArrivalWindow(min(first.on, by_on), by_on, is_estimated=False)
    last = add_workdays(sent_on, days.latest, overrides=overrides)
    return ArrivalWindow(first.on, last.on, first.is_estimated or last.is_estimated)


def is_estimated(sent_on: date, by_on: date, *, overrides: Overrides = _NO_OVERRIDES) -> bool:
    """Whether a day between the two is only guessed to be a working day or not."""
    days = (sent_on + timedelta(days=n) for n in range(1, (by_on - sent_on).days + 1))
    return any(workday(day, overrides=overrides).is_estimated for day in days)
