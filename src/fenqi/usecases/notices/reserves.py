"""Tell a customer that a reserve is held, that it went back, and before money is taken from it and after (P306)."""

from datetime import datetime
from functools import partial
from uuid import UUID

from fenqi.domain.reserves import HoldState, MoveState
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


def tell_reserve_held(customer_id: UUID, hold_id: UUID, *, now: datetime) -> bool:
    """Say that the reserve is held, while it is. Raises as above."""
    hold = find_hold(customer_id, hold_id)
    if hold.state != HoldState.HELD:
        return False

    def params(language: str) -> dict[str, str]:
        return {"title": _title(hold), "amount": written_amount(hold.amount_minor, hold.currency, language)}

    return send_once(customer_id, Message.RESERVE_HELD, subject=f"reserve:{hold_id}:held", params=params, now=now)


def tell_reserve_returned(customer_id: UUID, move_id: UUID, *, now: datetime) -> bool:
    """Say that so much has gone back. Raises as above."""
    move = find_move(customer_id, move_id)
    hold = find_hold(customer_id, move.hold_id)
    return send_once(
        customer_id,
        Message.RESERVE_RETURNED,
        subject=f"reserve:{hold.id}:returned:{move.move_no}",
        params=partial(_params, hold, move),
        now=now,
    )


def _tell(move: ReserveMove, message: Message, *, now: datetime) -> bool:
    hold = find_hold(move.customer_id, move.hold_id)
    return send_once(
        move.customer_id,
        message,
        subject=f"{message.value}:{move.id}",
        params=partial(_params, hold, move),
        now=now,
    )


def _title(hold: ReserveHold) -> str:
    line = OrderLine.objects.filter(customer_id=hold.customer_id, order_id=hold.order_id).order_by("line_no").first()
    return line.name[:TITLE_CHARACTERS].strip() if line else ""


def _params(hold: ReserveHold, move: ReserveMove, language: str) -> dict[str, str]:
    held = hold.frozen_minor - hold.released_minor - hold.captured_minor
    return {
        "amount": written_amount(move.amount_minor, move.currency, language),
        "title": _title(hold),
        "at": clock.business_date(move.not_before or move.created_at).isoformat(),
        "left": written_amount(held, hold.currency, language),
    }
