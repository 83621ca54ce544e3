"""What a file says about one order, in our own terms, whatever the file looks like."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from fenqi.domain.errors import InvalidInput
from fenqi.usecases.orders.inputs import CustomerInput, OrderInput


class Note(StrEnum):
    """What is unusual about an order that was taken all the same."""

    NO_LINES = "no_lines"  # nothing says what was sold
    NO_PAYMENTS = "no_payments"
    PAID_DIFFERS = "paid_differs_from_total"  # payments do not add up to goods and freight
    DELIVERED_WITHOUT_DATE = "delivered_without_date"
    INSTALLMENTS_ZERO = "payment_in_zero_installments"  # taken as paid at ordering
    SEVERAL_IN_INSTALLMENTS = "several_payments_in_installments"  # the plan bears the longest, then the largest
    OPENED_AT_ORDERING = "plan_opened_at_ordering"  # the file has no approval
    PHONE_KEPT = "customer_phone_kept"  # a customer on record keeps the phone on record


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOrder:
    """`day` is the day of ordering where the order was placed; prices are observed on it."""

    order: OrderInput
    customer: CustomerInput
    day: date
    notes: tuple[Note, ...] = ()


def notes_of(order: OrderInput) -> list[Note]:
    """What can be seen in the order itself."""
    notes = []
    if not order.lines:
        notes.append(Note.NO_LINES)
    if not order.payments:
        notes.append(Note.NO_PAYMENTS)
    elif order.lines and sum(payment.amount_minor for payment in order.payments) != order.total_minor:
        notes.append(Note.PAID_DIFFERS)
    if order.status == "delivered" and order.delivered_at is None:
        notes.append(Note.DELIVERED_WITHOUT_DATE)
    return notes


EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def instant(text: str, where: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 time in UTC. One without an offset is local to `zone`; in the hour that a clock is set back it is the
    first of the two, in the hour that is skipped it is an hour later. Raises InvalidInput.
    """
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            where=where, problem="it is not a time such as 2026-11-02T09:30:00+08:00", problem_zh="不是有效的时间"
        ) from None
    if not EARLIEST <= at < LATEST:
        raise InvalidInput(where=where, problem="the year is out of range", problem_zh="年份超出范围")
    return at


def optional_instant(text: str, where: str, zone: ZoneInfo) -> datetime | None:
    return instant(text, where, zone) if text else None
