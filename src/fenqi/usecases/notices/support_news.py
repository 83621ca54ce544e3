"""Tell a customer of what the help desk did while they were not looking: an answer, and when we call."""

from datetime import datetime
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.support.ticket_numbers import spoken
from fenqi.records.models import CallbackState, SupportCallback, SupportThread
from fenqi.usecases import clock
from fenqi.usecases.notices.sending import send_once
from fenqi.usecases.notices.templates import Message


def tell_of_answer(customer_id: UUID, thread_id: UUID, message_no: int, *, now: datetime) -> bool:
    """Send it once for each answer that was not read by now; whether this call sent it.

    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    thread = _thread(customer_id, thread_id)
    if thread.customer_read_no >= message_no:
        return False
    return send_once(
        customer_id,
        Message.SUPPORT_ANSWERED,
        subject=f"thread:{thread_id}:{message_no}",
        params=lambda _language: {"number": spoken(thread.ticket_no)},
        now=now,
    )


def tell_of_call(customer_id: UUID, callback_id: UUID, *, now: datetime) -> bool:
    """Send when we call, unless it was called off meanwhile; whether this call sent it.

    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    call = SupportCallback.objects.filter(customer_id=customer_id, id=callback_id).first()
    if call is None:
        raise NotFound
    if call.state != CallbackState.PLANNED:
        return False
    begins, ends = (at.astimezone(clock.mall_zone()) for at in (call.from_at, call.until_at))
    return send_once(
        customer_id,
        Message.CALL_PLANNED,
        subject=f"thread:{call.thread_id}:call:{callback_id}",
        params=lambda _language: {"when": f"{begins:%m-%d %H:%M}–{ends:%H:%M}"},
        now=now,
    )


def _thread(customer_id: UUID, thread_id: UUID) -> SupportThread:
    thread = SupportThread.objects.filter(customer_id=customer_id, id=thread_id).first()
    if thread is None:
        raise NotFound
    return thread
