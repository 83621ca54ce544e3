"""How one leg of a refund moves: by one table, and by nothing else.

A leg is one number at one channel, or one transfer; every retry keeps number and amount. What is not known stays
unknown: it is asked about, or sent again under the same number, and never under a new one (design, rule 4).
"""

from enum import StrEnum

from fenqi.domain.payments.attempts import Outcome, UnlistedMove


class RefundState(StrEnum):
    """Where a leg stands."""

    CREATED = "created"
    """Its number is stored; no byte has left. A transfer waits for its account."""
    SUBMITTED = "submitted"
    """Sent, and perhaps not taken up: the same may be sent again. A transfer is approved."""
    PROCESSING = "processing"
    """The channel has accepted it; no money has moved yet."""
    SUCCEEDED = "succeeded"
    """The money has left for the payer. It may still come back."""
    FAILED = "failed"
    """For good: what it was to carry goes by another leg."""
    ABNORMAL = "abnormal"
    """It cannot reach the payer by this route and hangs at the channel until a person acts."""
    UNKNOWN = "unknown"
    RETURNED = "returned"
    """It had succeeded and came back: owed again, and carried by another leg."""


class RefundStep(StrEnum):
    """What we do to a leg ourselves."""

    SENT = "sent"
    """Stored as sent *before* the first byte leaves, or a transfer before it is ordered at the bank."""
    GIVEN_UP = "given_up"
    """A person has seen to it that the channel pays nothing out on it any more."""


RefundSignal = Outcome | RefundStep

_NEXT_REFUND_STATE: dict[RefundState, dict[RefundSignal, RefundState]] = {
    RefundState.CREATED: {
        RefundStep.SENT: RefundState.SUBMITTED,
        Outcome.NOT_FOUND: RefundState.CREATED,
    },
    # A refusal of one request says nothing of an earlier one under the same number: only FAILED ends the number.
    RefundState.SUBMITTED: {
        RefundStep.SENT: RefundState.SUBMITTED,
        Outcome.SUCCEEDED: RefundState.SUCCEEDED,
        Outcome.FAILED: RefundState.FAILED,
        Outcome.NOT_EXECUTED: RefundState.SUBMITTED,
        Outcome.WAITING: RefundState.PROCESSING,
        Outcome.CLOSED: RefundState.FAILED,
        Outcome.NOT_FOUND: RefundState.SUBMITTED,
        Outcome.UNKNOWN: RefundState.UNKNOWN,
        Outcome.ABNORMAL: RefundState.ABNORMAL,
    },
    RefundState.UNKNOWN: {
        RefundStep.SENT: RefundState.UNKNOWN,
        Outcome.SUCCEEDED: RefundState.SUCCEEDED,
        Outcome.FAILED: RefundState.FAILED,
        Outcome.NOT_EXECUTED: RefundState.UNKNOWN,
        Outcome.WAITING: RefundState.PROCESSING,
        Outcome.CLOSED: RefundState.FAILED,
        Outcome.NOT_FOUND: RefundState.UNKNOWN,
        Outcome.UNKNOWN: RefundState.UNKNOWN,
        Outcome.ABNORMAL: RefundState.ABNORMAL,
    },
    # Accepted is accepted: an answer that says nothing takes nothing back.
    RefundState.PROCESSING: {
        RefundStep.SENT: RefundState.PROCESSING,
        Outcome.SUCCEEDED: RefundState.SUCCEEDED,
        Outcome.FAILED: RefundState.FAILED,
        Outcome.NOT_EXECUTED: RefundState.PROCESSING,
        Outcome.WAITING: RefundState.PROCESSING,
        Outcome.CLOSED: RefundState.FAILED,
        Outcome.NOT_FOUND: RefundState.PROCESSING,
        Outcome.UNKNOWN: RefundState.PROCESSING,
        Outcome.ABNORMAL: RefundState.ABNORMAL,
    },
    RefundState.ABNORMAL: {
        RefundStep.GIVEN_UP: RefundState.FAILED,
        Outcome.SUCCEEDED: RefundState.SUCCEEDED,
        Outcome.FAILED: RefundState.FAILED,
        Outcome.NOT_EXECUTED: RefundState.ABNORMAL,
        Outcome.WAITING: RefundState.ABNORMAL,
        Outcome.CLOSED: RefundState.FAILED,
        Outcome.NOT_FOUND: RefundState.ABNORMAL,
        Outcome.UNKNOWN: RefundState.ABNORMAL,
        Outcome.ABNORMAL: RefundState.ABNORMAL,
    },
    # The payer's bank may send it back days later.
    RefundState.SUCCEEDED: {
        Outcome.SUCCEEDED: RefundState.SUCCEEDED,
        Outcome.FAILED: RefundState.RETURNED,
        Outcome.NOT_EXECUTED: RefundState.SUCCEEDED,
        Outcome.WAITING: RefundState.SUCCEEDED,
        Outcome.CLOSED: RefundState.RETURNED,
        Outcome.NOT_FOUND: RefundState.SUCCEEDED,
        Outcome.UNKNOWN: RefundState.SUCCEEDED,
        Outcome.ABNORMAL: RefundState.RETURNED,
    },
    # Another leg carries it now, so a success after the end contradicts what is known: that is not listed.
    RefundState.FAILED: {
        Outcome.FAILED: RefundState.FAILED,
        Outcome.NOT_EXECUTED: RefundState.FAILED,
        Outcome.WAITING: RefundState.FAILED,
        Outcome.CLOSED: RefundState.FAILED,
        Outcome.NOT_FOUND: RefundState.FAILED,
        Outcome.UNKNOWN: RefundState.FAILED,
        Outcome.ABNORMAL: RefundState.FAILED,
    },
    # The old success is told again, late and out of order: it has been booked, and its return, too.
    RefundState.RETURNED: {
        Outcome.SUCCEEDED: RefundState.RETURNED,
        Outcome.FAILED: RefundState.RETURNED,
        Outcome.NOT_EXECUTED: RefundState.RETURNED,
        Outcome.WAITING: RefundState.RETURNED,
        Outcome.CLOSED: RefundState.RETURNED,
        Outcome.NOT_FOUND: RefundState.RETURNED,
        Outcome.UNKNOWN: RefundState.RETURNED,
        Outcome.ABNORMAL: RefundState.RETURNED,
    },
}

NEXT_REFUND_STATE: dict[tuple[RefundState, RefundSignal], RefundState] = {
    (state, signal): after for state, moves in _NEXT_REFUND_STATE.items() for signal, after in moves.items()
}
"""(state, signal) -> state. A pair that is not listed is refused."""

SPENT: frozenset[RefundState] = frozenset({RefundState.FAILED, RefundState.RETURNED})
"""Carries nothing any more: another leg does."""

ASKED_ABOUT: frozenset[RefundState] = frozenset({RefundState.SUBMITTED, RefundState.PROCESSING, RefundState.UNKNOWN})
"""Only the channel can tell."""


def next_refund_state(state: RefundState, signal: RefundSignal) -> RefundState:
    """The state after `signal`. Raises UnlistedMove."""
    try:
        return NEXT_REFUND_STATE[state, signal]
    except KeyError:
        raise UnlistedMove(state=state.value, signal=signal.value) from None
