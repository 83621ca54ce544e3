"""What the queue runs: each job is one use case. All of them may run twice and must then change nothing more."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from fenqi.channels.sms import SmsOutcome
from fenqi.domain.errors import FenqiError
from fenqi.usecases import clock
from fenqi.usecases.notices.duplicate_returned import tell_duplicate_returned
from fenqi.usecases.notices.repayment_succeeded import tell_repayment_succeeded
from fenqi.usecases.notices.sending import NoticeUnanswered
from fenqi.usecases.outbox import (
    ASK_CHANNEL,
    ASK_REFUND,
    LOOK_AT_ARRIVAL,
    REFUND_ON_ITS_WAY,
    REPAYMENT_SUCCEEDED,
    RETRY_REMINDER,
    SEND_REFUND,
)
from fenqi.usecases.recovery.remind import send_reminder
from fenqi.usecases.refunds import resolve as refunds
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.repayment import resolve
from fenqi.usecases.signing_in.request import SEND_CODE
from fenqi.usecases.signing_in.send import send_code

LONGEST_WAIT_SECONDS = 3600
_LATER = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)


class BackOff(BaseRetryStrategy):
    """Again after 2, 4, 8 ... seconds. A refusal of our own rules is final: trying again would meet it again.

    One that only says that somebody did not answer, or that it is too soon (503, 429), is no refusal.
    """

    def __init__(self, *, most_tries: int) -> None:
        self.most_tries = most_tries

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        is_final = isinstance(exception, FenqiError) and exception.status not in _LATER
        if is_final or job.attempts + 1 >= self.most_tries:
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), LONGEST_WAIT_SECONDS)})


@app.task(name=ASK_CHANNEL, retry=BackOff(most_tries=8))
def ask_channel(*, customer_id: str, attempt_id: str) -> None:
    """Ask the channel what became of an attempt; an answer that is still open has queued the next question itself."""
    resolve.ask_channel(UUID(customer_id), UUID(attempt_id), now=clock.now())


@app.task(name=REPAYMENT_SUCCEEDED, retry=BackOff(most_tries=12))
def repayment_succeeded(*, customer_id: str, payment_id: str) -> None:
    """Tell the customer that the repayment was taken (R117)."""
    tell_repayment_succeeded(UUID(customer_id), UUID(payment_id), now=clock.now())


@app.task(name=RETRY_REMINDER, retry=BackOff(most_tries=12))
def retry_reminder(*, customer_id: str, reminder_id: str) -> None:
    """Remind the customer of a repayment that failed, if it is still owed (R140)."""
    send_reminder(UUID(customer_id), UUID(reminder_id), now=clock.now())


@app.task(name=SEND_REFUND, retry=BackOff(most_tries=8))
def send_refund(*, customer_id: str, leg_id: str) -> None:
    """Send a leg of a refund; what the channel did not answer is asked about by a job that is planned already."""
    send_leg(UUID(customer_id), UUID(leg_id), now=clock.now())


@app.task(name=ASK_REFUND, retry=BackOff(most_tries=8))
def ask_refund(*, customer_id: str, leg_id: str) -> None:
    """Ask about a leg, and send it again where the channel does not know it."""
    refunds.ask_leg(UUID(customer_id), UUID(leg_id), now=clock.now())


@app.task(name=LOOK_AT_ARRIVAL, retry=BackOff(most_tries=8))
def look_at_arrival(*, customer_id: str, leg_id: str) -> None:
    """See whether a leg that should have arrived came back."""
    refunds.look_at_arrival(UUID(customer_id), UUID(leg_id), now=clock.now())


@app.task(name=REFUND_ON_ITS_WAY, retry=BackOff(most_tries=12))
def refund_on_its_way(*, customer_id: str, refund_id: str) -> None:
    """Tell the customer that what was paid twice goes back (P1006)."""
    tell_duplicate_returned(UUID(customer_id), UUID(refund_id), now=clock.now())


@app.task(name=SEND_CODE, retry=BackOff(most_tries=3), priority=10)
def send_sign_in_code(*, phone_index: str, asked_at: str) -> None:
    """Send a sign-in code; somebody waits for it, so it goes before everything else."""
    outcome = send_code(phone_index, asked_at=datetime.fromisoformat(asked_at), now=clock.now())
    if outcome in (SmsOutcome.UNKNOWN, SmsOutcome.UNREACHED):
        raise NoticeUnanswered
