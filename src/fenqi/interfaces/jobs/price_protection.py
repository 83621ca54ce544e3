"""Jobs of price protection. Each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

import structlog
from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices.price_offered import tell_of_price_offer
from fenqi.usecases.price_protection.facts_for_agents import hand_to_agent

EVERY_NIGHT = "10 19 * * *"
"""03:10 in Beijing; messages wait for a polite hour."""

_log = structlog.get_logger(__name__)


@app.periodic(cron=EVERY_NIGHT, periodic_id="price_offers")
@app.task(name="make_price_offers", queueing_lock="make_price_offers")
def make_price_offers(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Find what was seen cheaper after it was bought, and offer the differences."""
    from fenqi.usecases.price_protection.nightly import make_offers  # noqa: PLC0415 - frames are for workers only

    done = make_offers(now=clock.now())
    _log.info("price_offers", drops=done.drops, offers=done.offers, expired=done.expired, failed=done.failed)


@app.task(name=outbox.PRICE_OFFERED, retry=BackOff(most_tries=12))
def price_offered(*, customer_id: str, offer_id: str) -> None:
    """Tell the customer of an offer."""
    tell_of_price_offer(UUID(customer_id), UUID(offer_id), now=clock.now())


@app.task(name=outbox.HAND_CLAIM_OVER, retry=BackOff(most_tries=12))
def hand_claim_over(*, customer_id: str, case_id: str) -> None:
    """Give a claim to an agent with all that the agent needs (R097)."""
    hand_to_agent(UUID(customer_id), UUID(case_id), now=clock.now())
