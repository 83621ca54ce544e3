"""Plans that move to another finance partner: how a batch and its plans go on, what a plan costs, and what differs."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from fenqi.domain.errors import FenqiError
from fenqi.domain.plans import Components, PlanState


class BatchState(StrEnum):
    """Where a batch stands."""

    DRAFT = "draft"
    REHEARSED = "rehearsed"
    APPROVED = "approved"
    """By a second person."""
    ANNOUNCED = "announced"
    """The customers were told, and asked where their consent is needed."""
    FROZEN = "frozen"
    """The cut-over has begun; repayments in flight are followed."""
    MOVED = "moved"
    """No plan of it waits any more; some are not confirmed by the partner yet."""
    CONFIRMED = "confirmed"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"
    """Called off before the cut-over."""


class BatchStep(StrEnum):
    REHEARSE = "rehearse"
    APPROVE = "approve"
    ANNOUNCE = "announce"
    FREEZE = "freeze"
    ALL_MOVED = "all_moved"
    ALL_CONFIRMED = "all_confirmed"
    ROLL_BACK = "roll_back"
    CANCEL = "cancel"


_NEXT: Final[Mapping[BatchState, Mapping[BatchStep, BatchState]]] = {
    BatchState.DRAFT: {BatchStep.REHEARSE: BatchState.REHEARSED, BatchStep.CANCEL: BatchState.CANCELLED},
    BatchState.REHEARSED: {
        BatchStep.REHEARSE: BatchState.REHEARSED,
        BatchStep.APPROVE: BatchState.APPROVED,
        BatchStep.CANCEL: BatchState.CANCELLED,
    },
    BatchState.APPROVED: {BatchStep.ANNOUNCE: BatchState.ANNOUNCED, BatchStep.CANCEL: BatchState.CANCELLED},
    BatchState.ANNOUNCED: {BatchStep.FREEZE: BatchState.FROZEN, BatchStep.CANCEL: BatchState.CANCELLED},
    BatchState.FROZEN: {BatchStep.ALL_MOVED: BatchState.MOVED, BatchStep.ROLL_BACK: BatchState.ROLLED_BACK},
    BatchState.MOVED: {BatchStep.ALL_CONFIRMED: BatchState.CONFIRMED, BatchStep.ROLL_BACK: BatchState.ROLLED_BACK},
    BatchState.CONFIRMED: {BatchStep.ROLL_BACK: BatchState.ROLLED_BACK},
}


class BatchNotThere(FenqiError):
    """The batch stands elsewhere: the step cannot be taken now. Details: `state`, `step`."""

    code = "migration_not_there"
    status = 409
    zh = "这个迁移批次现在的状态（{state}）不能做这一步。请刷新后再看。"
    en = "The batch is {state}: this step cannot be taken now. Reload to see how it stands."


def next_batch_state(state: BatchState, step: BatchStep) -> BatchState:
    """Raises BatchNotThere."""
    after = _NEXT.get(state, {}).get(step)
    if after is None:
        raise BatchNotThere(state=state.value, step=step.value)
    return after


class ItemState(StrEnum):
    """Where one plan of a batch stands."""

    LISTED = "listed"
    READY = "ready"
    """Rehearsed: both sides say the same."""
    DIFFERS = "differs"
    DROPPED = "dropped"
    """It stays where it is; the reason says why."""
    FROZEN = "frozen"
    """No repayment is newly started; those in flight are followed."""
    ASKED = "asked"
    """The partner was asked to take it, or to give it up, and has not been understood yet: it is asked again."""
    MOVED = "moved"
    """Ours is booked; the partner has not confirmed yet."""
    CONFIRMED = "confirmed"
    REVOKING = "revoking"
    """To be taken back: the partner was told, and has not been understood yet."""
    ROLLED_BACK = "rolled_back"


STAYS: Final = frozenset({ItemState.DROPPED, ItemState.ROLLED_BACK})
HAS_MOVED: Final = frozenset({ItemState.MOVED, ItemState.CONFIRMED})
ON_ITS_WAY: Final = frozenset({ItemState.FROZEN, ItemState.ASKED, ItemState.REVOKING})


class Reason(StrEnum):
    """Why a plan cannot move, or differs, or stayed. Stable words."""

    NOT_THEIRS = "not_theirs"
    """Somebody else holds it."""
    SETTLED = "settled"
    CURRENCY = "currency"
    CREDIT = "credit"
    """The customer has a credit balance on it."""
    PAYMENT_UNKNOWN = "payment_unknown"
    RETURN_OPEN = "return_open"
    REFUND_OPEN = "refund_open"
    RESERVE = "reserve"
    NOT_PASSED_ON = "not_passed_on"
    """Money that came here belongs to the lender and has not been passed on."""
    OTHER_BATCH = "other_batch"
    FILE_DIFFERS = "file_differs"
    THEIRS_DIFFERS = "theirs_differs"
    PRICE_DIFFERS = "price_differs"
    REFUSED = "refused"
    """The partner does not take it."""
    NO_ANSWER = "no_answer"
    NO_CONSENT = "no_consent"
    DECLINED = "declined"
    IN_FLIGHT = "in_flight"
    """A payment is under way: it is followed to its end at the cut-over."""
    STILL_UNKNOWN = "still_unknown"
    """A payment was still unknown when the batch stopped waiting."""
    CHANGED = "changed"
    """The plan changed between the partner's answer and the move."""
    BY_STAFF = "by_staff"
    BATCH_CANCELLED = "batch_cancelled"


class Price(NamedTuple):
    """What the new holder pays for a plan, and what the old one will not earn; together all that is owed."""

    minor: int
    interest: int
    fee: int

    @property
    def total(self) -> int:
        return self.minor + self.interest + self.fee


def price_of(state: PlanState, *, on: date) -> Price:
    """All principal, all late fees, and the interest and fees of installments that were due by `on`; interest and fees
    of later ones go with the plan (decision 94).
    """
    later = [row.outstanding for row in state.rows if row.due_on > on]
    interest, fee = sum(owed.interest for owed in later), sum(owed.fee for owed in later)
    return Price(state.totals.outstanding.total - interest - fee, interest, fee)


def differing(ours: Components, theirs: Components) -> tuple[str, ...]:
    """The components that are not the same to the fen."""
    return tuple(name for name in Components._fields if getattr(ours, name) != getattr(theirs, name))


def can_be_approved(states: Iterable[ItemState]) -> bool:
    """At least one plan moves, and nothing differs or was not rehearsed."""
    kept = [state for state in states if state is not ItemState.DROPPED]
    return bool(kept) and all(state is ItemState.READY for state in kept)
