"""Payments as facts: how an attempt moves, what a channel's code means, when to ask again."""

from fenqi.domain.payments.attempts import (
    AmountMismatch,
    AttemptState,
    Outcome,
    Signal,
    Step,
    UnlistedMove,
    next_state,
    payment_state,
)
from fenqi.domain.payments.failures import FailureCategory, Operation, RetryMark, Verdict
from fenqi.domain.payments.schedule import QUERY_DELAYS, next_query_at
from fenqi.domain.payments.verdicts import UNMAPPED, verdict_on

__all__ = [
    "QUERY_DELAYS",
    "UNMAPPED",
    "AmountMismatch",
    "AttemptState",
    "FailureCategory",
    "Operation",
    "Outcome",
    "RetryMark",
    "Signal",
    "Step",
    "UnlistedMove",
    "Verdict",
    "next_query_at",
    "next_state",
    "payment_state",
    "verdict_on",
]
