"""Bring a notice out of the house on the ways that its customer takes; done again, only what is missing is done."""

from datetime import datetime, timedelta

from django.db import transaction

from fenqi.channels.interface import ChannelMisconfigured
from fenqi.domain.errors import FenqiError
from fenqi.domain.notices import Pace, Way, Weight, is_wanted, ways_of
from fenqi.records.models import Customer, Notice, NoticeState
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox
from fenqi.usecases.notices import mailing, texting
from fenqi.usecases.notices.moves import Done
from fenqi.usecases.notices.offsets import reminder_offsets
from fenqi.usecases.notices.preferences import Preferences, preferences_of

AGAIN_AFTER = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=6)
"""An e-mail that could not be handed over by then has lost its news."""


class NoticeUnanswered(FenqiError):
    """No message service said whether it took the message; it is asked, and sent again under the same number."""

    code = "notice_unanswered"
    status = 503
    zh = "短信服务没有答复，稍后再发。"
    en = "The message service did not answer: it is sent again later."


def deliver(customer: Customer, notice: Notice, *, now: datetime) -> bool:
    """Send what has not been sent; whether this call sent something. Raises NoticeUnanswered, ChannelMisconfigured."""
    if notice.state != NoticeState.TOLD:
        return False
    wishes = preferences_of(customer.id)
    done: dict[Way, Done] = {}
    misconfigured: ChannelMisconfigured | None = None
    for way in outward(customer, notice, wishes):
        if way is Way.SMS:
            try:
                done[way] = texting.send(customer, notice, now=now)
            except ChannelMisconfigured as nobody_texts:  # which keeps no e-mail back
                misconfigured = nobody_texts
        else:
            done[way] = mailing.send(wishes.email, notice, is_told=done.get(Way.SMS) in _TOLD, now=now)
    if done.get(Way.SMS) is Done.UNANSWERED:
        raise NoticeUnanswered
    if done.get(Way.EMAIL) is Done.UNANSWERED:
        _try_again(notice, now=now)
    if misconfigured is not None:
        raise misconfigured
    return Done.NOW in done.values()


_TOLD = (Done.NOW, Done.BEFORE)


def outward(customer: Customer, notice: Notice, wishes: Preferences) -> tuple[Way, ...]:
    """SMS, e-mail, both or neither."""
    if notice.remind_offset is not None and not is_wanted(
        notice.remind_offset, Pace(wishes.pace), offsets=reminder_offsets()
    ):
        return ()
    ways = ways_of(
        Weight(notice.weight), wishes.wishes, has_phone=bool(customer.phone_encrypted), has_email=bool(wishes.email)
    )
    return tuple(way for way in ways if way is not Way.INBOX)


def _try_again(notice: Notice, *, now: datetime) -> None:
    if now - notice.due_at > GIVE_UP_AFTER:
        return
    decision = Decision(notice.customer_id)
    outbox.send_notice(decision, notice.id, at=now + AGAIN_AFTER, now=now)
    with transaction.atomic():
        write(decision)
