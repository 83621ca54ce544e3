"""Jobs about accounts and files for one reader. Each may run twice and must then change nothing more."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.interfaces.portal.file_pages import pages_of
from fenqi.usecases import clock, outbox
from fenqi.usecases.accounts import closing, codes, lost_phone
from fenqi.usecases.notices.account_news import tell_of_account
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.vouchers import made_files

EVERY_HOUR = "23 * * * *"


@app.task(name=outbox.MAKE_FILE, retry=BackOff(most_tries=3))
def make_file(*, customer_id: str, file_id: str) -> None:
    """Make a file that a reader asked for."""
    made_files.make_file(UUID(customer_id), UUID(file_id), pages=pages_of, now=clock.now())


@app.task(name=outbox.SEND_ACCOUNT_CODE, retry=BackOff(most_tries=3), priority=10)
def send_account_code(*, customer_id: str, code_id: str) -> None:
    """Somebody waits for it, so it goes before everything else."""
    codes.send_account_code(UUID(customer_id), UUID(code_id), now=clock.now())


@app.task(name=outbox.ACCOUNT_NEWS, retry=BackOff(most_tries=12))
def account_news(*, customer_id: str, news: str, subject_id: str) -> None:
    tell_of_account(UUID(customer_id), Message(news), UUID(subject_id), now=clock.now())


@app.periodic(cron=EVERY_HOUR, periodic_id="accounts_due")
@app.task(name="accounts_due", queueing_lock="accounts_due")
def accounts_due(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Bind the phones and close the accounts that have waited long enough; remove files and codes that are over."""
    now = clock.now()
    lost_phone.carry_out_due(now=now)
    closing.close_due(now=now)
    made_files.remove_expired(now=now)
    codes.remove_expired(now=now)
