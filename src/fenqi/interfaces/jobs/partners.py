"""What the queue does with finance partners: tell them of returns, ask about them, take their daily files."""

from uuid import UUID

import structlog
from procrastinate.contrib.django import app

from fenqi.channels.bills import BillNotReady
from fenqi.channels.interface import UnknownPartner
from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock
from fenqi.usecases.outbox import ASK_PARTNER_REFUND, SEND_PARTNER_REFUND
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.providers import list_providers
from fenqi.usecases.partners.settlement import due_days, take_settlement

EVERY_MORNING = "0 3 * * *"
"""11:00 in Beijing."""

_log = structlog.get_logger(__name__)


@app.task(name=SEND_PARTNER_REFUND, retry=BackOff(most_tries=8))
def send_partner_refund(*, customer_id: str, refund_id: str) -> None:
    """Tell the lender of a return; what it did not answer is asked about by a job that is planned already."""
    refunding.send(UUID(customer_id), UUID(refund_id), now=clock.now())


@app.task(name=ASK_PARTNER_REFUND, retry=BackOff(most_tries=8))
def ask_partner_refund(*, customer_id: str, refund_id: str) -> None:
    """Ask about a return, and send it again where the lender does not know it."""
    refunding.ask(UUID(customer_id), UUID(refund_id), now=clock.now())


@app.periodic(cron=EVERY_MORNING, periodic_id="partner_settlements")
@app.task(name="take_partner_settlements", queueing_lock="take_partner_settlements")
def take_partner_settlements(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """The files of the last days that were not taken yet; one that is not made yet is taken tomorrow."""
    now = clock.now()
    for lender in list_providers():
        for day in due_days(lender.code, now=now):
            try:
                take_settlement(lender.code, day, now=now)
            except (BillNotReady, UnknownPartner) as not_yet:
                _log.warning(
                    "partner_settlement_not_taken", provider=lender.code, day=day.isoformat(), code=not_yet.code
                )
                break
