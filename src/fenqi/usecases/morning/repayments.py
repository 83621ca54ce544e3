"""Tries to repay, of all customers: what is unknown, what failed and why, channel by channel."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from fenqi.domain.payments import AttemptState
from fenqi.records.models import Customer, Payment, PaymentAttempt, PaymentPurpose
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.customers import view
from fenqi.usecases.views import CustomerView

STEP: Final = timedelta(hours=2)
STEPS: Final = 12
"""A day, in steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryView:
    """One try to repay over one channel, and whose it is."""

    customer: CustomerView
    payment_id: UUID
    attempt_id: UUID
    out_trade_no: str
    channel: str
    method: str
    purpose: str
    amount_minor: int
    currency: str
    state: str
    category: str
    code: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Outcomes that nobody knows: how many, minor units by currency, since when the oldest."""

    count: int
    sums: Mapping[str, int]
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDay:
    """Twenty-four hours of a channel. `shares`: percent that succeeded of each two hours, None where none ended."""

    channel: str
    ended: int
    succeeded: int
    shares: tuple[int | None, ...]
    top_category: str
    top_count: int

    @property
    def share(self) -> float | None:
        """Percent that succeeded of those whose outcome is known."""
        return round(100 * self.succeeded / self.ended, 1) if self.ended else None


def list_tries(
    *, from_on: date, to_on: date, state: str = "", channel: str = "", limit: int
) -> tuple[list[TryView], bool]:
    """Those begun in the period, both days included, the newest first; whether there are more than `limit`."""
    found = PaymentAttempt.objects.filter(
        created_at__gte=clock.end_of_business_day(from_on - timedelta(days=1)),
        created_at__lt=clock.end_of_business_day(to_on),
    )
    return _read(found, state=state, channel=channel, limit=limit)


def list_unknown(*, limit: int) -> tuple[list[TryView], bool]:
    """Those of any day whose outcome is unknown, the newest first."""
    return _read(PaymentAttempt.objects.all(), state=AttemptState.UNKNOWN.value, channel="", limit=limit)


def _read(found: QuerySet[PaymentAttempt], *, state: str, channel: str, limit: int) -> tuple[list[TryView], bool]:
    narrowed = {name: value for name, value in (("state", state), ("channel", channel)) if value}
    with across_customers():
        tries = list(found.filter(**narrowed).order_by("-created_at", "-id")[: limit + 1])
        payments = Payment.objects.filter(id__in=[one.payment_id for one in tries])
        purposes = {payment.id: payment.purpose for payment in payments}
        customers = Customer.objects.filter(id__in={one.customer_id for one in tries})
        who = {customer.id: view(customer) for customer in customers}
    views = [_view(one, purposes.get(one.payment_id, ""), who[one.customer_id]) for one in tries[:limit]]
    return views, len(tries) > limit


def _view(one: PaymentAttempt, purpose: str, customer: CustomerView) -> TryView:
    return TryView(
        customer=customer,
        payment_id=one.payment_id,
        attempt_id=one.id,
        out_trade_no=one.out_trade_no,
        channel=one.channel,
        method=one.method,
        purpose=purpose,
        amount_minor=one.amount_minor,
        currency=one.currency,
        state=one.state,
        category=one.category,
        code=one.code,
        began_at=one.created_at,
        ended_at=one.resolved_at,
    )


def unknown_outcomes() -> Unknown:
    with across_customers():
        rows = PaymentAttempt.objects.filter(state=AttemptState.UNKNOWN.value)
        found = list(rows.values_list("currency", "amount_minor", "created_at"))
    sums: dict[str, int] = defaultdict(int)
    for currency, minor, _since in found:
        sums[currency] += minor
    return Unknown(count=len(found), sums=dict(sums), oldest=min((since for *_sum, since in found), default=None))


_DAY = """
SELECT a.channel, least(%(last)s, floor(extract(epoch FROM (a.resolved_at - %(start)s)) / %(step)s))::int,
  a.state, a.category, count(*)::int
FROM payment_attempt a
WHERE a.resolved_at >= %(start)s AND a.resolved_at <= %(now)s AND a.state IN ('succeeded', 'failed')
GROUP BY 1, 2, 3, 4
"""


def channels_today(channels: Sequence[str], *, now: datetime) -> list[ChannelDay]:
    """The last twenty-four hours of each channel, in the order given; one statement over all customers."""
    start = now - STEP * STEPS
    asked: Mapping[str, datetime | float] = {
        "start": start,
        "now": now,
        "step": STEP.total_seconds(),
        "last": STEPS - 1,
    }
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_DAY, asked)
        counted = cursor.fetchall()
    return [_channel(name, [row[1:] for row in counted if row[0] == name]) for name in channels]


def _channel(name: str, counted: Sequence[tuple[int, str, str, int]]) -> ChannelDay:
    ended, succeeded = [0] * STEPS, [0] * STEPS
    causes: dict[str, int] = defaultdict(int)
    for step, state, category, count in counted:
        ended[step] += count
        if state == AttemptState.SUCCEEDED.value:
            succeeded[step] += count
        else:
            causes[category] += count
    top = max(causes, key=lambda cause: causes[cause], default="")
    return ChannelDay(
        channel=name,
        ended=sum(ended),
        succeeded=sum(succeeded),
        shares=tuple(
            100 * taken // all_of_them if all_of_them else None
            for taken, all_of_them in zip(succeeded, ended, strict=True)
        ),
        top_category=top,
        top_count=causes.get(top, 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyDay:
    """What came in by repayments and left by refunds on one day, in minor units of one currency."""

    day: date
    repaid_minor: int
    refunded_minor: int


_MOVED = """
SELECT day, sum(repaid)::bigint, sum(refunded)::bigint FROM (
  SELECT (p.succeeded_at AT TIME ZONE %(zone)s)::date AS day, p.amount_minor AS repaid, 0 AS refunded
  FROM payment p WHERE p.state = 'succeeded' AND p.purpose <> %(reserve)s AND p.currency = %(currency)s
    AND p.succeeded_at >= %(start)s AND p.succeeded_at < %(end)s
  UNION ALL
  SELECT (l.refunded_at AT TIME ZONE %(zone)s)::date, 0, l.amount_minor
  FROM refund_leg l WHERE l.state = 'succeeded' AND l.currency = %(currency)s
    AND l.refunded_at >= %(start)s AND l.refunded_at < %(end)s
) moved GROUP BY day
"""


def money_by_day(*, from_on: date, to_on: date, currency: str) -> list[MoneyDay]:
    """Every day of the period, both ends included, the first first. Reserves are no repayments."""
    asked: Mapping[str, datetime | str] = {
        "zone": clock.mall_zone().key,
        "reserve": PaymentPurpose.RESERVE.value,
        "currency": currency,
        "start": clock.end_of_business_day(from_on - timedelta(days=1)),
        "end": clock.end_of_business_day(to_on),
    }
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_MOVED, asked)
        moved = {day: (repaid, refunded) for day, repaid, refunded in cursor.fetchall()}
    days = [from_on + timedelta(days=n) for n in range((to_on - from_on).days + 1)]
    return [
        MoneyDay(day=day, repaid_minor=moved.get(day, (0, 0))[0], refunded_minor=moved.get(day, (0, 0))[1])
        for day in days
    ]
