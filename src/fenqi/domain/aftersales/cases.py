"""How an after-sales case moves: by one table, and by nothing else.

Until money moves the customer may take the case back; from then on it follows the money to its arrival.
"""

from collections.abc import Mapping
from enum import StrEnum

from fenqi.domain.errors import FenqiError


class CaseState(StrEnum):
    """Where a case stands."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    EVIDENCE_ASKED = "evidence_asked"
    APPROVED = "approved"
    """Moves on at once: to the goods, or to the money."""
    REJECTED = "rejected"
    GOODS_AWAITED = "goods_awaited"
    GOODS_RECEIVED = "goods_received"
    QUOTE_CHANGED = "quote_changed"
    """The facts changed against the customer, or a refund takes the place of an exchange: to be confirmed first."""
    REFUNDING = "refunding"
    REPLACING = "replacing"
    """An exchange: the goods are here, their replacement has not been sent."""
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class CaseSignal(StrEnum):
    """What can happen to a case, or be said about it."""

    APPLIED = "applied"
    TAKEN = "taken"
    """A member of staff has it in hand."""
    MORE_ASKED = "more_asked"
    ANSWERED = "answered"
    APPROVED_FIRST = "approved_first"
    """By one of the two people that the amount asks for."""
    APPROVED = "approved"
    REJECTED = "rejected"
    GOODS_CALLED = "goods_called"
    """The customer is told where to send them, and until when."""
    SENT = "sent"
    REMINDED = "reminded"
    EXPIRED = "expired"
    """What was asked of the customer was not done in time; the customer may apply again."""
    RECEIVED = "received"
    QUOTE_CHANGED = "quote_changed"
    CONFIRMED = "confirmed"
    """The customer takes the new quote, and its money moves with that."""
    EXECUTED = "executed"
    REPLACEMENT_DUE = "replacement_due"
    REPLACEMENT_SENT = "replacement_sent"
    CANNOT_REPLACE = "cannot_replace"
    """There is nothing to send: a refund is offered in its place, to which the customer must agree."""
    TRACED = "traced"
    """The latest day of arrival has passed and the channel is asked where the money is (P205)."""
    ARRIVED = "arrived"
    CAME_BACK = "came_back"
    """Money that had arrived, by all that was known, came back from the customer's bank."""
    WITHDRAWN = "withdrawn"


class Party(StrEnum):
    """Who gives a signal."""

    CUSTOMER = "customer"
    STAFF = "staff"
    HOUSE = "house"
    """By itself: a job, or the transaction of the signal before."""


class CaseMoveUnlisted(FenqiError):
    """The case does not stand where this can be done. Details: `state`, `signal`."""

    code = "case_move_unlisted"
    status = 409
    zh = "售后单现在的状态（{state}）不能做这一步，请刷新页面看最新进度。"
    en = "The case is {state}, where this cannot be done. Reload the page to see how it stands."


_NEXT_STATE: Mapping[CaseState, Mapping[CaseSignal, CaseState]] = {
    CaseState.SUBMITTED: {
        CaseSignal.TAKEN: CaseState.IN_REVIEW,
        CaseSignal.WITHDRAWN: CaseState.WITHDRAWN,
    },
    CaseState.IN_REVIEW: {
        CaseSignal.TAKEN: CaseState.IN_REVIEW,  # by a colleague
        CaseSignal.MORE_ASKED: CaseState.EVIDENCE_ASKED,
        CaseSignal.APPROVED_FIRST: CaseState.IN_REVIEW,
        CaseSignal.APPROVED: CaseState.APPROVED,
        CaseSignal.REJECTED: CaseState.REJECTED,
        CaseSignal.WITHDRAWN: CaseState.WITHDRAWN,
    },
    CaseState.EVIDENCE_ASKED: {
        CaseSignal.ANSWERED: CaseState.IN_REVIEW,
        CaseSignal.REMINDED: CaseState.EVIDENCE_ASKED,
        CaseSignal.EXPIRED: CaseState.WITHDRAWN,
        CaseSignal.REJECTED: CaseState.REJECTED,
        CaseSignal.WITHDRAWN: CaseState.WITHDRAWN,
    },
    CaseState.APPROVED: {
        CaseSignal.GOODS_CALLED: CaseState.GOODS_AWAITED,
        CaseSignal.QUOTE_CHANGED: CaseState.QUOTE_CHANGED,
        CaseSignal.EXECUTED: CaseState.REFUNDING,
        CaseSignal.WITHDRAWN: CaseState.WITHDRAWN,
    },
    CaseState.GOODS_AWAITED: {
        CaseSignal.SENT: CaseState.GOODS_AWAITED,  # told again: the number was mistyped
        CaseSignal.REMINDED: CaseState.GOODS_AWAITED,
        CaseSignal.RECEIVED: CaseState.GOODS_RECEIVED,
        CaseSignal.REJECTED: CaseState.REJECTED,  # the parcel that was told of never came
        CaseSignal.EXPIRED: CaseState.WITHDRAWN,
        CaseSignal.WITHDRAWN: CaseState.WITHDRAWN,
    },
    CaseState.GOODS_RECEIVED: {
        CaseSignal.QUOTE_CHANGED: CaseState.QUOTE_CHANGED,
        CaseSignal.EXECUTED: CaseState.REFUNDING,
        CaseSignal.REPLACEMENT_DUE: CaseState.REPLACING,
        CaseSignal.REJECTED: CaseState.REJECTED,  # by what the inspection found
        CaseSignal.WITHDRAWN: CaseState.WITHDRAWN,
    },
    CaseState.QUOTE_CHANGED: {
        CaseSignal.QUOTE_CHANGED: CaseState.QUOTE_CHANGED,  # again, before the customer had confirmed
        CaseSignal.REMINDED: CaseState.QUOTE_CHANGED,  # but never closed: the goods may be here
        CaseSignal.CONFIRMED: CaseState.REFUNDING,
        CaseSignal.REJECTED: CaseState.REJECTED,  # by what the inspection found, or no answer ever came
        CaseSignal.WITHDRAWN: CaseState.WITHDRAWN,
    },
    CaseState.REFUNDING: {
        CaseSignal.TRACED: CaseState.REFUNDING,
        CaseSignal.ARRIVED: CaseState.COMPLETED,
    },
    CaseState.REPLACING: {
        CaseSignal.REPLACEMENT_SENT: CaseState.COMPLETED,
        CaseSignal.CANNOT_REPLACE: CaseState.QUOTE_CHANGED,
    },
    CaseState.COMPLETED: {
        CaseSignal.CAME_BACK: CaseState.REFUNDING,
    },
    CaseState.REJECTED: {},
    CaseState.WITHDRAWN: {},
}

NEXT_STATE: Mapping[tuple[CaseState, CaseSignal], CaseState] = {
    (state, signal): after for state, moves in _NEXT_STATE.items() for signal, after in moves.items()
}
"""(state, signal) -> state. A pair that is not listed is refused; `APPLIED` makes a case and so is in no pair."""

CLOSED: frozenset[CaseState] = frozenset({CaseState.REJECTED, CaseState.COMPLETED, CaseState.WITHDRAWN})

TAKES_PIECES: frozenset[CaseState] = frozenset(CaseState) - {CaseState.REJECTED, CaseState.WITHDRAWN}
"""While a case stands here, or ended here, its pieces cannot be asked for again."""

MONEY_MOVED: frozenset[CaseState] = frozenset({CaseState.REFUNDING, CaseState.COMPLETED})

GIVEN_BY: Mapping[CaseSignal, frozenset[Party]] = {
    CaseSignal.APPLIED: frozenset({Party.CUSTOMER, Party.STAFF}),
    CaseSignal.TAKEN: frozenset({Party.STAFF}),
    CaseSignal.MORE_ASKED: frozenset({Party.STAFF}),
    CaseSignal.ANSWERED: frozenset({Party.CUSTOMER}),
    CaseSignal.APPROVED_FIRST: frozenset({Party.STAFF}),
    CaseSignal.APPROVED: frozenset({Party.STAFF}),
    CaseSignal.REJECTED: frozenset({Party.STAFF}),
    CaseSignal.GOODS_CALLED: frozenset({Party.HOUSE}),
    CaseSignal.SENT: frozenset({Party.CUSTOMER}),
    CaseSignal.REMINDED: frozenset({Party.HOUSE}),
    CaseSignal.EXPIRED: frozenset({Party.HOUSE}),
    CaseSignal.RECEIVED: frozenset({Party.STAFF}),
    CaseSignal.QUOTE_CHANGED: frozenset({Party.HOUSE}),
    CaseSignal.CONFIRMED: frozenset({Party.CUSTOMER}),
    CaseSignal.EXECUTED: frozenset({Party.HOUSE}),
    CaseSignal.REPLACEMENT_DUE: frozenset({Party.HOUSE}),
    CaseSignal.REPLACEMENT_SENT: frozenset({Party.STAFF}),
    CaseSignal.CANNOT_REPLACE: frozenset({Party.STAFF}),
    CaseSignal.TRACED: frozenset({Party.HOUSE}),
    CaseSignal.ARRIVED: frozenset({Party.HOUSE}),
    CaseSignal.CAME_BACK: frozenset({Party.HOUSE}),
    CaseSignal.WITHDRAWN: frozenset({Party.CUSTOMER, Party.STAFF}),
}


def next_state(state: CaseState, signal: CaseSignal) -> CaseState:
    """The state after `signal`. Raises CaseMoveUnlisted."""
    try:
        return NEXT_STATE[state, signal]
    except KeyError:
        raise CaseMoveUnlisted(state=state.value, signal=signal.value) from None


def possible(state: CaseState, party: Party) -> frozenset[CaseSignal]:
    """What that party may do to a case that stands there."""
    return frozenset(signal for signal in _NEXT_STATE[state] if party in GIVEN_BY[signal])
