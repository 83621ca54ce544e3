"""Send a reminder when its time has come, if it is still true: everything is looked at again (R158, P1106)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.domain.notices import Way
from fenqi.records import locks
from fenqi.records.models import (
    AgreementStatus,
    Customer,
    DebitAgreement,
    Installment,
    Notice,
    NoticeState,
    OrderLine,
    Plan,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox
from fenqi.usecases.hardship.contacts import How, contact_standing, note_message
from fenqi.usecases.notices import reasons_to_wait as why
from fenqi.usecases.notices.auto_debit import written_instant
from fenqi.usecases.notices.delivering import deliver, outward
from fenqi.usecases.notices.links import repay_code
from fenqi.usecases.notices.on_day import message_of
from fenqi.usecases.notices.preferences import preferences_of
from fenqi.usecases.notices.quiet_hours import polite_time, quiet_hours
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, written_amount
from fenqi.usecases.notices.templates import Message, language_of

DEBIT_IS_NEAR = timedelta(days=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One installment that is still open."""

    key: str
    plan_id: UUID
    order_id: UUID
    due_on: date
    outstanding_minor: int
    currency: str
    debited_at: datetime | None


def send_notice(customer_id: UUID, notice_id: UUID, *, now: datetime) -> bool:
    """Send a notice that waits, or go on with one whose sending did not end; whether this call sent something.

    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    customer = Customer.objects.filter(id=customer_id).first()
    notice = Notice.objects.filter(customer_id=customer_id, id=notice_id).first()
    if customer is None or notice is None:
        raise NotFound
    if notice.state == NoticeState.WAITING:
        if quiet_hours().are_at(now):
            _postpone(notice, now=now)
            return False
        notice = _decided(customer, notice, now=now)
    return deliver(customer, notice, now=now)


def _postpone(notice: Notice, *, now: datetime) -> None:
    at = polite_time(now)
    with transaction.atomic():
        Notice.objects.filter(customer_id=notice.customer_id, id=notice.id).update(due_at=at)
        decision = Decision(notice.customer_id)
        outbox.send_notice(decision, notice.id, at=at, now=now)
        write(decision)


@transaction.atomic
def _decided(customer: Customer, notice: Notice, *, now: datetime) -> Notice:
    """Told or held, under the customer's lock: two notices at once do not both find room under the caps."""
    locks.customer(customer.id)
    notice = Notice.objects.get(customer_id=customer.id, id=notice.id)
    if notice.state != NoticeState.WAITING:
        return notice
    reason, bills = _what_is_left(customer, notice, now=now)
    if reason:
        notice.state, notice.reason = NoticeState.HELD, reason
    else:
        message, told = _message(notice, bills)
        language = language_of(customer.language)
        notice.state, notice.told_at, notice.language, notice.message = NoticeState.TOLD, now, language, message.value
        notice.bills = [bill.key for bill in told]
        notice.params = _params(customer.id, told, language, now=now)
        _note_contact(customer, notice, {bill.plan_id for bill in told}, now=now)
    Notice.objects.filter(customer_id=customer.id, id=notice.id).update(
        **{name: getattr(notice, name) for name in _DECIDED}
    )
    return notice


_DECIDED = ("state", "reason", "message", "told_at", "language", "bills", "params")


def _what_is_left(customer: Customer, notice: Notice, *, now: datetime) -> tuple[str, list[Bill]]:
    """The bills that are reminded of now, or why none is."""
    if why.is_closed(customer):
        return why.ACCOUNT_CLOSED, []
    if not _is_of_today(notice, now=now):
        return why.TOO_LATE, []
    bills = open_bills(customer.id, notice.bills)
    if not bills:
        return why.PAID, []
    held = why.reasons(customer.id, {bill.plan_id for bill in bills}, now=now)
    free = [bill for bill in bills if bill.plan_id not in held]
    if not free:
        return held[bills[0].plan_id], []
    standings = {plan_id: contact_standing(customer.id, plan_id, at=now) for plan_id in {bill.plan_id for bill in free}}
    told = [bill for bill in free if standings[bill.plan_id].is_within_caps]
    return ("", told) if told else (why.TOLD_ENOUGH, [])


def _is_of_today(notice: Notice, *, now: datetime) -> bool:
    """Whether the offset is still right: what falls due in three days is said on one day only."""
    _, due_on, _ = notice.subject.split(":")
    return (date.fromisoformat(due_on) - clock.business_date(now)).days == notice.remind_offset


def _note_contact(customer: Customer, notice: Notice, plan_ids: Iterable[UUID], *, now: datetime) -> None:
    """It counts toward the caps of calls, too, before it leaves; what stands in the inbox alone disturbs nobody."""
    ways = outward(customer, notice, preferences_of(customer.id))
    if not ways:
        return
    how = How.SMS if Way.SMS in ways else How.EMAIL
    for plan_id in plan_ids:
        note_message(customer.id, plan_id, key=f"notice:{notice.id}:{plan_id}", how=how, now=now)


def open_bills(customer_id: UUID, keys: Iterable[str]) -> list[Bill]:
    """Those of the rows that are still owed, with the debit that will take them, if one will."""
    wanted = defaultdict(set)
    for key in keys:
        plan_id, _, n = key.partition(":")
        wanted[UUID(plan_id)].add(int(n))
    plans = {
        plan_id: (order_id, currency)
        for plan_id, order_id, currency in Plan.objects.filter(
            customer_id=customer_id, id__in=wanted, status="active"
        ).values_list("id", "order_id", "currency")
    }
    debits = _debits(customer_id, plans)
    rows = Installment.objects.filter(customer_id=customer_id, plan_id__in=plans).order_by("due_on", "plan_id", "n")
    found = []
    for row in rows:
        if row.n not in wanted[row.plan_id] or row.outstanding_minor <= 0:
            continue
        order_id, currency = plans[row.plan_id]
        at, limit = debits.get(row.plan_id, (None, 0))
        found.append(
            Bill(
                key=f"{row.plan_id}:{row.n}",
                plan_id=row.plan_id,
                order_id=order_id,
                due_on=row.due_on,
                outstanding_minor=row.outstanding_minor,
                currency=currency,
                debited_at=at if row.outstanding_minor <= limit else None,
            )
        )
    return found


def _debits(customer_id: UUID, plan_ids: Iterable[UUID]) -> dict[UUID, tuple[datetime | None, int]]:
    agreements = DebitAgreement.objects.filter(
        customer_id=customer_id, plan_id__in=list(plan_ids), status=AgreementStatus.ACTIVE
    )
    return {
        plan_id: (at, limit) for plan_id, at, limit in agreements.values_list("plan_id", "next_try_at", "limit_minor")
    }


def _message(notice: Notice, bills: list[Bill]) -> tuple[Message, list[Bill]]:
    """Auto-debit takes all: that is said instead. Else the rest is reminded of."""
    by_hand = [bill for bill in bills if not _debit_is_near(bill)]
    if by_hand:
        return message_of(notice.remind_offset or 0), by_hand
    return Message.DUE_WILL_BE_DEBITED, bills


def _debit_is_near(bill: Bill) -> bool:
    """The next try is the one for this bill: not before its day, and soon after."""
    if bill.debited_at is None:
        return False
    return abs(clock.business_date(bill.debited_at) - bill.due_on) <= DEBIT_IS_NEAR


def _params(customer_id: UUID, bills: list[Bill], language: str, *, now: datetime) -> dict[str, str]:
    sums: dict[str, int] = defaultdict(int)
    for bill in bills:
        sums[bill.currency] += bill.outstanding_minor
    amounts = [written_amount(minor, currency, language) for currency, minor in sorted(sums.items())]
    told = {
        "title": _title(customer_id, bills, language),
        "amount": (" 和 " if language == "zh" else " and ").join(amounts),
        "by": bills[0].due_on.isoformat(),
        "code": repay_code(customer_id, [bill.plan_id for bill in bills], now=now),
    }
    debits = [bill.debited_at for bill in bills if bill.debited_at is not None]
    return {**told, "on": written_instant(min(debits), language)} if debits else told


def _title(customer_id: UUID, bills: list[Bill], language: str) -> str:
    orders = list(dict.fromkeys(bill.order_id for bill in bills))
    line = OrderLine.objects.filter(customer_id=customer_id, order_id=orders[0]).order_by("line_no").first()
    name = line.name[:TITLE_CHARACTERS].strip() if line else ""
    if len(orders) == 1:
        return name
    return f"{name}等 {len(orders)} 笔" if language == "zh" else f"{name} and {len(orders) - 1} more"
