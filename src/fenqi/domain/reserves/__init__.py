"""The reserve (备用金): a sum that secures an order, frozen at the customer's own account or paid beforehand.

The small cash loan that is sold under the same Chinese name is another thing, and not modelled here (P307).
"""

from fenqi.domain.reserves.capture import NOTICE, check_capture, still_needed
from fenqi.domain.reserves.errors import (
    AboveHeld,
    ConsentMissing,
    NothingHeld,
    NothingOverdue,
    OnePiece,
    ReserveContradicted,
    ReserveMoveUnlisted,
    ReserveUnderWay,
)
from fenqi.domain.reserves.expiry import holds_until, is_expiring, term_is_over
from fenqi.domain.reserves.release import Obligations, Release, ReleaseRule, Why, due_advance, due_release
from fenqi.domain.reserves.states import (
    AT_CHANNEL,
    AWAITED,
    LIVE,
    NEXT_HOLD_STATE,
    NEXT_MOVE_STATE,
    RECALLABLE,
    UNDER_WAY,
    HoldKind,
    HoldState,
    HoldStep,
    MoveKind,
    MoveState,
    MoveStep,
    next_hold_state,
    next_move_state,
)
from fenqi.domain.reserves.sums import Sums

__all__ = [
    "AT_CHANNEL",
    "AWAITED",
    "LIVE",
    "NEXT_HOLD_STATE",
    "NEXT_MOVE_STATE",
    "NOTICE",
    "RECALLABLE",
    "UNDER_WAY",
    "AboveHeld",
    "ConsentMissing",
    "HoldKind",
    "HoldState",
    "HoldStep",
    "MoveKind",
    "MoveState",
    "MoveStep",
    "NothingHeld",
    "NothingOverdue",
    "Obligations",
    "OnePiece",
    "Release",
    "ReleaseRule",
    "ReserveContradicted",
    "ReserveMoveUnlisted",
    "ReserveUnderWay",
    "Sums",
    "Why",
    "check_capture",
    "due_advance",
    "due_release",
    "holds_until",
    "is_expiring",
    "next_hold_state",
    "next_move_state",
    "still_needed",
    "term_is_over",
]
