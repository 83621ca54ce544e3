"""Once an hour: what a killed process may have left, holds that end soon, and releases that are late (P305)."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection

from fenqi.domain.reserves import AT_CHANNEL, AWAITED, HoldKind, HoldState, MoveKind, MoveState
from fenqi.domain.reserves.expiry import WARNED_BEFORE
from fenqi.records.models import ReserveHold, ReserveMove
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reserves.capture import carry_out_capture
from fenqi.usecases.reserves.queries import reserves_to_look_at
from fenqi.usecases.reserves.release import end_at_term, release_what_is_due
from fenqi.usecases.reserves.resolve import ask_hold, ask_release, check_sums
from fenqi.usecases.reserves.send import send_release

_log = structlog.get_logger(__name__)
AT_ONCE = 500
RELEASE = MoveKind.RELEASE

# Set-based: nothing of a plan is outstanding, and its order still holds or wants a reserve; or the order itself may
# have come to an end by a refund or a case.
_MAY_BE_DUE = """
SELECT DISTINCT h.customer_id, h.order_id FROM reserve_hold h LEFT JOIN plan p
  ON p.customer_id = h.customer_id AND p.id = h.plan_id
WHERE h.state IN ('wanted', 'held') AND h.alert = '' AND (p.outstanding_minor = 0
  OR EXISTS (SELECT FROM orders o WHERE o.customer_id = h.customer_id AND o.id = h.order_id AND o.status = 'cancelled')
  OR EXISTS (SELECT FROM refund r WHERE r.customer_id = h.customer_id AND r.order_id = h.order_id)
  OR EXISTS (SELECT FROM aftersales_case c WHERE c.customer_id = h.customer_id AND c.order_id = h.order_id))
ORDER BY h.customer_id, h.order_id
"""
LEFT_BEHIND = timedelta(hours=1)
"""So long after its time, a job that has not been done is taken for lost."""

Key = tuple[UUID, UUID]


def watch_reserves(*, now: datetime) -> int:
    """Release what is due, ask about what expires, go on with what a lost job would have done, and tell operations of
    what is late; how many of these there are.
    """
    _each(_may_be_due(), release_what_is_due, now=now)
    _each(_ending_cards(now=now), end_at_term, now=now)
    _each(_moves(kind=RELEASE, state=MoveState.CREATED, created_at__lt=now - LEFT_BEHIND), send_release, now=now)
    _each(_moves(kind=RELEASE, state__in=AT_CHANNEL, next_query_at__lt=now - LEFT_BEHIND), ask_release, now=now)
    _each(_moves(state=MoveState.ANNOUNCED, not_before__lt=now - LEFT_BEHIND), carry_out_capture, now=now)
    _each(_holds(state__in=AWAITED, next_query_at__lt=now - LEFT_BEHIND), ask_hold, now=now)
    _each(sorted({*_expiring(now=now), *_unconfirmed()}), check_sums, now=now)
    waiting = reserves_to_look_at(now=now, limit=AT_ONCE)
    for one in waiting:
        if one.is_late or one.reserve.needs_a_look:
            _log.error(
                "reserve_needs_a_look",
                reserve_no=one.reserve.reserve_no,
                channel=one.reserve.channel,
                late=one.is_late,
                expiring=one.reserve.is_expiring,
                alert=one.reserve.alert,
            )
    return len(waiting)


def _each(keys: Iterable[Key], act: Callable[..., object], *, now: datetime) -> None:
    """One that fails is told of, and does not keep the others waiting."""
    for customer_id, of_theirs in keys:
        try:
            act(customer_id, of_theirs, now=now)
        except Exception:  # noqa: BLE001 - whatever it is, it is this one's, and is logged whole
            _log.exception("reserve_watch_failed", act=act.__name__, about=str(of_theirs))


def _may_be_due() -> list[Key]:
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_MAY_BE_DUE)
        return [(customer_id, order_id) for customer_id, order_id in cursor.fetchall()]


def _moves(**wanted: object) -> list[Key]:
    with across_customers():
        found = ReserveMove.objects.filter(**wanted).order_by("customer_id", "id")
        return list(found.values_list("customer_id", "id"))


def _holds(**wanted: object) -> list[Key]:
    with across_customers():
        found = ReserveHold.objects.filter(kind=HoldKind.FROZEN.value, **wanted).order_by("customer_id", "id")
        return list(found.values_list("customer_id", "id"))


def _expiring(*, now: datetime) -> list[Key]:
    return _holds(state=HoldState.HELD.value, holds_until__lte=clock.business_date(now) + WARNED_BEFORE)


def _ending_cards(*, now: datetime) -> list[Key]:
    today = clock.business_date(now)
    return _holds(state=HoldState.HELD.value, card_id__isnull=False, alert="", holds_until__lte=today)


def _unconfirmed() -> list[Key]:
    """Holds with a release that the channel said yes to, and that its sums have not shown yet."""
    with across_customers():
        moves = ReserveMove.objects.filter(kind=RELEASE, state=MoveState.DONE, confirmed_at=None, refund_id=None)
        return list(moves.values_list("customer_id", "hold_id"))
