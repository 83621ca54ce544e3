"""Once an hour: what a killed process may have left, holds that end soon, and releases that are late (P305)."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection

from fenqi.domain.reserves import HoldKind, HoldState, MoveKind, MoveState
from fenqi.domain.reserves.expiry import WARNED_BEFORE
from fenqi.records.models import ReserveHold, ReserveMove
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reserves.queries import reserves_to_look_at
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.resolve import check_sums

_log = structlog.get_logger(__name__)
AT_ONCE = 500

# Set-based: nothing of a plan is outstanding, and its order still holds or wants a reserve.
_MAY_BE_DUE = """
SELECT h.customer_id, h.order_id FROM reserve_hold h LEFT JOIN plan p
  ON p.customer_id = h.customer_id AND p.id = h.plan_id
WHERE h.state IN ('wanted', 'held') AND h.alert = '' AND (p.id IS NULL OR p.outstanding_minor = 0
  OR h.release_rule = 'in_proportion' OR h.may_advance)
ORDER BY h.customer_id, h.order_id LIMIT %s
"""


def watch_reserves(*, now: datetime) -> int:
    """Release what is due, ask about what expires, and tell operations of what is late; how many of these there are."""
    for customer_id, order_id in _may_be_due():
        release_what_is_due(customer_id, order_id, now=now)
    for customer_id, hold_id in {*_expiring(now=now), *_unconfirmed()}:
        check_sums(customer_id, hold_id, now=now)
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


def _may_be_due() -> list[tuple[UUID, UUID]]:
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_MAY_BE_DUE, [AT_ONCE])
        return [(customer_id, order_id) for customer_id, order_id in cursor.fetchall()]


def _expiring(*, now: datetime) -> Iterator[tuple[UUID, UUID]]:
    until = clock.business_date(now) + WARNED_BEFORE
    with across_customers():
        holds = ReserveHold.objects.filter(
            kind=HoldKind.FROZEN.value, state=HoldState.HELD.value, holds_until__lte=until
        )
        yield from list(holds.values_list("customer_id", "id")[:AT_ONCE])


def _unconfirmed() -> Iterator[tuple[UUID, UUID]]:
    """Releases that a channel said yes to, and that its sums have not shown yet."""
    with across_customers():
        moves = ReserveMove.objects.filter(
            kind=MoveKind.RELEASE.value, state=MoveState.DONE.value, confirmed_at=None, refund_id=None
        )
        yield from list(moves.values_list("customer_id", "hold_id")[:AT_ONCE])
