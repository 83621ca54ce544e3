"""How a payment attempt moves: by one table, and by nothing else.

An attempt is one number at one channel (`out_trade_no`); a payment is what the consumer set out to pay, and has one
attempt for each method tried. An unknown outcome is neither a success nor a failure (design, rule 4).
"""

from collections.abc import Iterable
from enum import StrEnum

from fenqi.domain.errors import FenqiError


class AttemptState(StrEnum):
    """Where an attempt stands. `FAILED` and `CLOSED` are final for us, but money that comes late is still booked."""

    CREATED = "created"
    """Its number is stored; no byte has left."""
    SUBMITTED = "submitted"
    """At the channel, waiting for the payer."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Something may have happened at the channel and we do not know what: ask, never charge again."""
    CLOSED = "closed"
    """Ended unpaid, by the channel's own word or by the end of its window."""


class Outcome(StrEnum):
    """All a channel can tell about a payment or a refund; "I do not know it" is an answer of its own."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"
    """The request never left, or was not taken up: nothing changed at the channel."""
    WAITING = "waiting"
    CLOSED = "closed"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"
    ABNORMAL = "abnormal"
    """Refunds only: the money cannot reach the payer by this route, a person must choose another."""


class Step(StrEnum):
    """What we do to an attempt ourselves."""

    SENT = "sent"
    """Stored as sent *before* the first byte leaves or the payer is sent to the cashier."""
    EXPIRED = "expired"
    """The channel's window has ended, closing was tried, and after the last query the channel still knows no trade."""


Signal = Outcome | Step


class UnlistedMove(FenqiError):
    """The signal contradicts what is known of the attempt; a person must look. Details: `state`, `signal`."""

    code = "payment_move_unlisted"
    status = 409
    zh = "支付状态「{state}」不能接受「{signal}」，请人工核对。"
    en = "A payment that is {state} cannot take {signal}: it needs a person to look."


class AmountMismatch(FenqiError):
    """The channel reports another amount than was asked for; nothing is booked and a person must look."""

    code = "amount_mismatch"
    status = 409
    zh = "渠道报告的金额与我们请求的不同，已停止入账，请人工核对。"
    en = "The channel reports another amount than was asked for. Nothing was booked: a person must look."


_NEXT_STATE: dict[AttemptState, dict[Signal, AttemptState]] = {
    AttemptState.CREATED: {
        Step.SENT: AttemptState.SUBMITTED,
        Step.EXPIRED: AttemptState.CLOSED,
        Outcome.SUCCEEDED: AttemptState.SUCCEEDED,
        Outcome.FAILED: AttemptState.FAILED,
        Outcome.NOT_EXECUTED: AttemptState.FAILED,
        Outcome.WAITING: AttemptState.SUBMITTED,
        Outcome.CLOSED: AttemptState.CLOSED,
        Outcome.NOT_FOUND: AttemptState.CREATED,
        Outcome.UNKNOWN: AttemptState.UNKNOWN,
    },
    AttemptState.SUBMITTED: {
        Step.SENT: AttemptState.SUBMITTED,  # the same request again, under the same number
        Step.EXPIRED: AttemptState.CLOSED,
        Outcome.SUCCEEDED: AttemptState.SUCCEEDED,
        Outcome.FAILED: AttemptState.FAILED,
        Outcome.NOT_EXECUTED: AttemptState.FAILED,
        Outcome.WAITING: AttemptState.SUBMITTED,
        Outcome.CLOSED: AttemptState.CLOSED,
        Outcome.NOT_FOUND: AttemptState.SUBMITTED,  # normal while the payer has not opened the cashier
        Outcome.UNKNOWN: AttemptState.UNKNOWN,
    },
    # Nothing is sent again from here: only an answer, or the end of the channel's window, leads out.
    AttemptState.UNKNOWN: {
        Step.EXPIRED: AttemptState.CLOSED,
        Outcome.SUCCEEDED: AttemptState.SUCCEEDED,
        Outcome.FAILED: AttemptState.FAILED,
        Outcome.NOT_EXECUTED: AttemptState.FAILED,
        Outcome.WAITING: AttemptState.SUBMITTED,
        Outcome.CLOSED: AttemptState.CLOSED,
        Outcome.NOT_FOUND: AttemptState.UNKNOWN,
        Outcome.UNKNOWN: AttemptState.UNKNOWN,
    },
    # Late money is booked, never dropped; every other answer after the end is old news.
    AttemptState.FAILED: {
        Step.EXPIRED: AttemptState.FAILED,
        Outcome.SUCCEEDED: AttemptState.SUCCEEDED,
        Outcome.FAILED: AttemptState.FAILED,
        Outcome.NOT_EXECUTED: AttemptState.FAILED,
        Outcome.WAITING: AttemptState.FAILED,
        Outcome.CLOSED: AttemptState.FAILED,
        Outcome.NOT_FOUND: AttemptState.FAILED,
        Outcome.UNKNOWN: AttemptState.FAILED,
    },
    AttemptState.CLOSED: {
        Step.EXPIRED: AttemptState.CLOSED,
        Outcome.SUCCEEDED: AttemptState.SUCCEEDED,
        Outcome.FAILED: AttemptState.CLOSED,
        Outcome.NOT_EXECUTED: AttemptState.CLOSED,
        Outcome.WAITING: AttemptState.CLOSED,
        Outcome.CLOSED: AttemptState.CLOSED,
        Outcome.NOT_FOUND: AttemptState.CLOSED,
        Outcome.UNKNOWN: AttemptState.CLOSED,
    },
    # A channel calls a payment that was refunded in full "closed", too; a refusal after a success is not listed.
    AttemptState.SUCCEEDED: {
        Outcome.SUCCEEDED: AttemptState.SUCCEEDED,
        Outcome.WAITING: AttemptState.SUCCEEDED,
        Outcome.CLOSED: AttemptState.SUCCEEDED,
        Outcome.NOT_FOUND: AttemptState.SUCCEEDED,
        Outcome.UNKNOWN: AttemptState.SUCCEEDED,
    },
}

NEXT_STATE: dict[tuple[AttemptState, Signal], AttemptState] = {
    (state, signal): after for state, moves in _NEXT_STATE.items() for signal, after in moves.items()
}
"""(state, signal) -> state. A pair that is not listed is refused."""


def next_state(state: AttemptState, signal: Signal) -> AttemptState:
    """The state after `signal`. Raises UnlistedMove."""
    try:
        return NEXT_STATE[state, signal]
    except KeyError:
        raise UnlistedMove(state=state.value, signal=signal.value) from None


# The strongest word of all attempts wins: paid once is paid, and one unknown attempt locks the whole payment.
_STRONGEST_FIRST = (
    AttemptState.SUCCEEDED,
    AttemptState.UNKNOWN,
    AttemptState.SUBMITTED,
    AttemptState.CREATED,
    AttemptState.FAILED,
    AttemptState.CLOSED,
)


def payment_state(attempts: Iterable[AttemptState]) -> AttemptState:
    """The state of a payment over its attempts, in any order; without any it is created."""
    return min(attempts, key=_STRONGEST_FIRST.index, default=AttemptState.CREATED)
