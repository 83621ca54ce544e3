"""The rows of a reserve: found, summed, and moved with the entry that each move posts."""

from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import Entry
from fenqi.domain.reserves import (
    RECALLABLE,
    UNDER_WAY,
    HoldState,
    HoldStep,
    MoveKind,
    MoveState,
    Sums,
    next_hold_state,
)
from fenqi.records.identifiers import new_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import ReserveHold, ReserveMove
from fenqi.records.posting import Decision
from fenqi.usecases import clock
from fenqi.usecases.numbers import new_number
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.refunds.rows import columns_of

UNDER_WAY_STATES = tuple(state.value for state in UNDER_WAY)
_RELEASE_LETTER, _CAPTURE_LETTER, _EXPIRY_LETTER = "U", "F", "E"
_LETTER_OF = {
    MoveKind.RELEASE: _RELEASE_LETTER,
    MoveKind.CAPTURE: _CAPTURE_LETTER,  # it becomes a repayment, with a number as every other's
    MoveKind.EXPIRY: _EXPIRY_LETTER,
}


def find_hold(customer_id: UUID, hold_id: UUID) -> ReserveHold:
    """Raises NotFound."""
    hold = ReserveHold.objects.filter(customer_id=customer_id, id=hold_id).first()
    if hold is None:
        raise NotFound
    return hold


def find_move(customer_id: UUID, move_id: UUID) -> ReserveMove:
    """Raises NotFound."""
    move = ReserveMove.objects.filter(customer_id=customer_id, id=move_id).first()
    if move is None:
        raise NotFound
    return move


def keep(row: ReserveHold | ReserveMove) -> None:
    """Store what was changed of a row that is on record. The caller holds the customer's lock."""
    columns = dict(columns_of(row))
    type(row).objects.filter(customer_id=row.customer_id, id=columns.pop("id")).update(**columns)


def moves_of(hold: ReserveHold) -> list[ReserveMove]:
    """In the order they were made."""
    return list(ReserveMove.objects.filter(customer_id=hold.customer_id, hold_id=hold.id).order_by("move_no"))


def sums_of(hold: ReserveHold) -> Sums:
    """As stored, with what moves under way may still take."""
    under_way = ReserveMove.objects.filter(
        customer_id=hold.customer_id, hold_id=hold.id, state__in=UNDER_WAY_STATES
    ).aggregate(total=Sum("amount_minor", default=0))
    return Sums(
        frozen=hold.frozen_minor,
        released=hold.released_minor,
        captured=hold.captured_minor,
        promised=under_way["total"],
    )


def keep_sums(hold: ReserveHold, sums: Sums, *, now: datetime) -> None:
    """Store them; a hold of which nothing is left has ended."""
    hold.frozen_minor, hold.released_minor, hold.captured_minor = sums.frozen, sums.released, sums.captured
    if not sums.held and hold.state == HoldState.HELD:
        hold.state = next_hold_state(HoldState(hold.state), HoldStep.EMPTIED).value
        hold.ended_at = now
    hold.updated_at = now
    keep(hold)


def withdraw_captures(hold: ReserveHold, *, now: datetime) -> None:
    """What has expired cannot be captured any more."""
    waiting = ReserveMove.objects.filter(
        customer_id=hold.customer_id,
        hold_id=hold.id,
        state__in=[state.value for state in RECALLABLE],
    )
    waiting.update(state=MoveState.WITHDRAWN.value, updated_at=now)


def new_move(
    hold: ReserveHold, kind: MoveKind, amount: int, *, state: MoveState, why: str, actor: str, now: datetime
) -> ReserveMove:
    """A move that is not stored yet, under a number of its own."""
    made = ReserveMove.objects.filter(customer_id=hold.customer_id, hold_id=hold.id).count()
    return ReserveMove(
        customer_id=hold.customer_id,
        id=new_id(),
        hold_id=hold.id,
        move_no=made + 1,
        kind=kind.value,
        number=new_number(_LETTER_OF[kind]),
        amount_minor=amount,
        currency=hold.currency,
        state=state.value,
        why=why,
        actor=actor,
        created_at=now,
        updated_at=now,
    )


def post(decision: Decision, locked: LockedCustomer, hold: ReserveHold, entry: Entry, *, now: datetime) -> UUID:
    """Put the entry into the decision, after those it holds already; it names the hold. The entry's id."""
    columns, lines, head = entry_columns(
        entry,
        code=entry.code,
        on=clock.business_date(now),
        currency=hold.currency,
        about=About(customer_id=hold.customer_id, plan_id=hold.plan_id, order_id=hold.order_id, event_id=hold.id),
        head=_head(decision, locked),
        now=now,
    )
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    decision.head_seq = head.seq
    entry_id: UUID = columns["id"]
    return entry_id


def last_entry_id(decision: Decision) -> UUID:
    """Of the entry that the decision added last."""
    entry_id: UUID = decision.rows["journal_entry"][-1]["id"]
    return entry_id


def _head(decision: Decision, locked: LockedCustomer) -> ChainHead:
    added = decision.rows.get("journal_entry")
    if added:
        return ChainHead(added[-1]["seq"], added[-1]["hash"])
    return ChainHead(locked.entry_seq, locked.entry_hash)
