"""Every night: the drops on all orders that can still be protected, offered to who bought before.

Found set-based, then judged order by order by the policy that rules them. Loads the library of frames, so that only the
worker imports it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from fenqi.domain.aftersales.policies import MOST_PROTECTION_DAYS, Clock
from fenqi.usecases.price_protection.drops import By, DropQuestion, find_drops
from fenqi.usecases.price_protection.offers import expire_offers, offer_on_order

DAYS_TO_PAY: Final = 3
"""Protection runs from the payment, which may come some days after the order was placed."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Offered:
    """What a night's work came to. `drops`: lines that were seen cheaper; not all of them are eligible.

    `failed`: orders of which no more is known than what was logged of each; the next run takes them up again.
    """

    drops: int = 0
    orders: int = 0
    offers: int = 0
    expired: int = 0
    failed: int = 0


def make_offers(*, now: datetime, watch: Callable[[Offered], None] = lambda _so_far: None) -> Offered:
    """Find every drop on orders that can still be protected and offer what their policies grant.

    Any number of runs offer a drop once; a deeper one supersedes an offer that still stands. An order that fails is
    told of, and does not keep the others waiting.
    """
    done = Offered(expired=expire_offers(now=now))
    since = now - timedelta(days=MOST_PROTECTION_DAYS + DAYS_TO_PAY + 1)
    question = DropQuestion(
        window_days=MOST_PROTECTION_DAYS + DAYS_TO_PAY, by=By.PRODUCT, clock=Clock.CALENDAR, since=since
    )
    found = find_drops(question)
    done.drops = len(found)
    orders = found.select("customer_id", "order_id").unique().sort("customer_id", "order_id")
    for customer_id, order_id in orders.iter_rows():
        done.orders += 1
        try:
            done.offers += offer_on_order(UUID(customer_id), UUID(order_id), now=now)
        except Exception:  # noqa: BLE001 - whatever it is, it is this order's, and is logged whole
            done.failed += 1
            _log.exception("price_offer_failed", order_id=order_id)
        watch(done)
    return done
