"""How a hold and what is done to it move: by two tables, and by nothing else.

A hold is one sum under one number at one channel. What is done to it is a move of its own, under a number of its own
that every retry keeps: a release, a capture, or an expiry that the channel tells of. What is not known stays unknown:
it is asked about, or sent again under the same number, and never under a new one (design, rule 4).
"""

from collections.abc import Mapping
from enum import StrEnum

from fenqi.domain.payments.attempts import Outcome
from fenqi.domain.reserves.errors import ReserveMoveUnlisted


class HoldKind(StrEnum):
    """P301."""

    FROZEN = "frozen"
    """Still the customer's money, held at the customer's own account."""
    PREPAID = "prepaid"
    """Really paid to the mall, which owes it."""


class HoldState(StrEnum):
    """Where a hold stands."""

    WANTED = "wanted"
    """The mall asks for it; nothing was sent."""
    OFFERED = "offered"
    """The channel was asked; the payer has not allowed it yet."""
    UNKNOWN = "unknown"
    HELD = "held"
    ENDED = "ended"
    """All of it was released, captured, or has expired."""
    CLOSED = "closed"
    """Nothing was ever held under this number. A sum that is allowed late is held even so."""


class HoldStep(StrEnum):
    """What we do to a hold ourselves."""

    SENT = "sent"
    """Stored as sent *before* the first byte leaves."""
    EXPIRED = "expired"
    """The payer's window has ended, and after the last question the channel knows of nothing."""
    EMPTIED = "emptied"
    """Nothing is left of it."""


HoldSignal = Outcome | HoldStep

_NEXT_HOLD_STATE: Mapping[HoldState, Mapping[HoldSignal, HoldState]] = {
    HoldState.WANTED: {
        HoldStep.SENT: HoldState.OFFERED,
        HoldStep.EXPIRED: HoldState.CLOSED,
    },
    HoldState.OFFERED: {
        HoldStep.SENT: HoldState.OFFERED,
        HoldStep.EXPIRED: HoldState.CLOSED,
        Outcome.SUCCEEDED: HoldState.HELD,
        Outcome.FAILED: HoldState.CLOSED,
        Outcome.NOT_EXECUTED: HoldState.OFFERED,
        Outcome.WAITING: HoldState.OFFERED,
        Outcome.CLOSED: HoldState.CLOSED,
        Outcome.NOT_FOUND: HoldState.OFFERED,
        Outcome.UNKNOWN: HoldState.UNKNOWN,
    },
    HoldState.UNKNOWN: {
        HoldStep.SENT: HoldState.OFFERED,
        HoldStep.EXPIRED: HoldState.CLOSED,
        Outcome.SUCCEEDED: HoldState.HELD,
        Outcome.FAILED: HoldState.CLOSED,
        Outcome.NOT_EXECUTED: HoldState.UNKNOWN,
        Outcome.WAITING: HoldState.OFFERED,
        Outcome.CLOSED: HoldState.CLOSED,
        Outcome.NOT_FOUND: HoldState.UNKNOWN,
        Outcome.UNKNOWN: HoldState.UNKNOWN,
    },
    HoldState.HELD: {
        HoldStep.EMPTIED: HoldState.ENDED,
        Outcome.SUCCEEDED: HoldState.HELD,
        Outcome.WAITING: HoldState.HELD,
        Outcome.NOT_FOUND: HoldState.HELD,
        Outcome.UNKNOWN: HoldState.HELD,
    },
    HoldState.ENDED: {
        Outcome.SUCCEEDED: HoldState.ENDED,
        Outcome.WAITING: HoldState.ENDED,
        Outcome.CLOSED: HoldState.ENDED,
        Outcome.NOT_FOUND: HoldState.ENDED,
        Outcome.UNKNOWN: HoldState.ENDED,
    },
    # What the payer allows at the last moment is really held: known late, it is booked, never dropped.
    HoldState.CLOSED: {
        HoldStep.EXPIRED: HoldState.CLOSED,
        Outcome.SUCCEEDED: HoldState.HELD,
        Outcome.FAILED: HoldState.CLOSED,
        Outcome.NOT_EXECUTED: HoldState.CLOSED,
        Outcome.WAITING: HoldState.CLOSED,
        Outcome.CLOSED: HoldState.CLOSED,
        Outcome.NOT_FOUND: HoldState.CLOSED,
        Outcome.UNKNOWN: HoldState.CLOSED,
    },
}

NEXT_HOLD_STATE: Mapping[tuple[HoldState, HoldSignal], HoldState] = {
    (state, signal): after for state, moves in _NEXT_HOLD_STATE.items() for signal, after in moves.items()
}
"""(state, signal) -> state. A pair that is not listed is refused."""

LIVE: frozenset[HoldState] = frozenset({HoldState.WANTED, HoldState.OFFERED, HoldState.UNKNOWN, HoldState.HELD})
"""It holds something or still may: an order has at most one such hold."""

AWAITED: frozenset[HoldState] = frozenset({HoldState.OFFERED, HoldState.UNKNOWN})
"""Only the payer and the channel can tell."""


class MoveKind(StrEnum):
    RELEASE = "release"
    CAPTURE = "capture"
    EXPIRY = "expiry"
    """The channel let go of it by itself (P305)."""


class MoveState(StrEnum):
    """Where a move stands."""

    PROPOSED = "proposed"
    """A capture that waits for a second person."""
    ANNOUNCED = "announced"
    """A capture that the customer was told of; it is made after the notice (P306)."""
    CREATED = "created"
    """Its number is stored; no byte has left."""
    SENT = "sent"
    """Sent, and perhaps not taken up."""
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    """For good: what it was to move is still held."""
    WITHDRAWN = "withdrawn"
    """A capture that was called off, or that nothing was overdue for any more."""


class MoveStep(StrEnum):
    """What we do to a move ourselves."""

    APPROVED = "approved"
    SENT = "sent"
    """Stored as sent *before* the first byte leaves."""
    WITHDRAWN = "withdrawn"


MoveSignal = Outcome | MoveStep

_NEXT_MOVE_STATE: Mapping[MoveState, Mapping[MoveSignal, MoveState]] = {
    MoveState.PROPOSED: {
        MoveStep.APPROVED: MoveState.ANNOUNCED,
        MoveStep.WITHDRAWN: MoveState.WITHDRAWN,
    },
    MoveState.ANNOUNCED: {
        MoveStep.SENT: MoveState.SENT,
        MoveStep.WITHDRAWN: MoveState.WITHDRAWN,
    },
    MoveState.CREATED: {
        MoveStep.SENT: MoveState.SENT,
        Outcome.NOT_FOUND: MoveState.CREATED,
    },
    # A refusal of one request says nothing of an earlier one under the same number: only FAILED ends the number.
    MoveState.SENT: {
        MoveStep.SENT: MoveState.SENT,
        Outcome.SUCCEEDED: MoveState.DONE,
        Outcome.FAILED: MoveState.FAILED,
        Outcome.NOT_EXECUTED: MoveState.SENT,
        Outcome.WAITING: MoveState.SENT,
        Outcome.CLOSED: MoveState.FAILED,
        Outcome.NOT_FOUND: MoveState.SENT,
        Outcome.UNKNOWN: MoveState.UNKNOWN,
    },
    MoveState.UNKNOWN: {
        MoveStep.SENT: MoveState.UNKNOWN,
        Outcome.SUCCEEDED: MoveState.DONE,
        Outcome.FAILED: MoveState.FAILED,
        Outcome.NOT_EXECUTED: MoveState.UNKNOWN,
        Outcome.WAITING: MoveState.UNKNOWN,
        Outcome.CLOSED: MoveState.FAILED,
        Outcome.NOT_FOUND: MoveState.UNKNOWN,
        Outcome.UNKNOWN: MoveState.UNKNOWN,
    },
    MoveState.DONE: {
        Outcome.SUCCEEDED: MoveState.DONE,
        Outcome.NOT_EXECUTED: MoveState.DONE,
        Outcome.WAITING: MoveState.DONE,
        Outcome.CLOSED: MoveState.DONE,
        Outcome.NOT_FOUND: MoveState.DONE,
        Outcome.UNKNOWN: MoveState.DONE,
    },
    # A success told late is booked as long as the sums admit it: the channel itself never gives more than it froze.
    MoveState.FAILED: {
        Outcome.SUCCEEDED: MoveState.DONE,
        Outcome.FAILED: MoveState.FAILED,
        Outcome.NOT_EXECUTED: MoveState.FAILED,
        Outcome.WAITING: MoveState.FAILED,
        Outcome.CLOSED: MoveState.FAILED,
        Outcome.NOT_FOUND: MoveState.FAILED,
        Outcome.UNKNOWN: MoveState.FAILED,
    },
    MoveState.WITHDRAWN: {},
}

NEXT_MOVE_STATE: Mapping[tuple[MoveState, MoveSignal], MoveState] = {
    (state, signal): after for state, moves in _NEXT_MOVE_STATE.items() for signal, after in moves.items()
}
"""(state, signal) -> state. A pair that is not listed is refused."""

UNDER_WAY: frozenset[MoveState] = frozenset(
    {MoveState.PROPOSED, MoveState.ANNOUNCED, MoveState.CREATED, MoveState.SENT, MoveState.UNKNOWN}
)
"""It may still move its sum, which is therefore not free for another move."""

AT_CHANNEL: frozenset[MoveState] = frozenset({MoveState.SENT, MoveState.UNKNOWN})
"""Only the channel can tell."""

RECALLABLE: frozenset[MoveState] = frozenset({MoveState.PROPOSED, MoveState.ANNOUNCED})
"""A capture that was not sent."""


def next_hold_state(state: HoldState, signal: HoldSignal) -> HoldState:
    """The state after `signal`. Raises ReserveMoveUnlisted."""
    try:
        return NEXT_HOLD_STATE[state, signal]
    except KeyError:
        raise ReserveMoveUnlisted(state=state.value, signal=signal.value) from None


def next_move_state(state: MoveState, signal: MoveSignal) -> MoveState:
    """The state after `signal`. Raises ReserveMoveUnlisted."""
    try:
        return NEXT_MOVE_STATE[state, signal]
    except KeyError:
        raise ReserveMoveUnlisted(state=state.value, signal=signal.value) from None
