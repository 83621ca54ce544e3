"""Tell a customer before money is taken from the reserve, and after (P306)."""

from datetime import datetime
from functools import partial
from uuid import UUID

from fenqi.domain.reserves import MoveState
from fenqi.records.models import OrderLine, ReserveHold, ReserveMove
from fenqi.usecases import clock
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.reserves.rows import find_hold, find_move


def tell_capture_announced(customer_id: UUID, move_id: UUID, *, now: datetime) -> bool:
    """Say how much will be taken, and from when on; not of one that was called off. Whether one was sent.

    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    move = find_move(customer_id, move_id)
    if move.state != MoveState.ANNOUNCED:
        return False
    return _tell(move, Message.CAPTURE_ANNOUNCED, now=now)


def tell_capture_done(customer_id: UUID, move_id: UUID, *, now: datetime) -> bool:
    """The receipt of a capture that has no repayment of its own. Raises as above."""
    return _tell(find_move(customer_id, move_id), Message.CAPTURE_DONE, now=now)


def _tell(move: ReserveMove, message: Message, *, now: datetime) -> bool:
    hold = find_hold(move.customer_id, move.hold_id)
    return send_once(
        move.customer_id,
        message,
        subject=f"{message.value}:{move.id}",
        params=partial(_params, hold, move),
        now=now,
    )


def _params(hold: ReserveHold, move: ReserveMove, language: str) -> dict[str, str]:
    line = OrderLine.objects.filter(customer_id=hold.customer_id, order_id=hold.order_id).order_by("line_no").first()
    held = hold.frozen_minor - hold.released_minor - hold.captured_minor
    return {
        "amount": written_amount(move.amount_minor, move.currency, language),
        "title": line.name[:TITLE_CHARACTERS].strip() if line else "",
        "at": clock.business_date(move.not_before or move.created_at).isoformat(),
        "left": written_amount(held, hold.currency, language),
    }
