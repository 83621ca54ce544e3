"""A channel's daily bill beside our books: what agrees, what does not and why, and what can be done about it."""

from fenqi.domain.reconciliation.causes import CAUSES, Cause, CauseText
from fenqi.domain.reconciliation.repairs import (
    REPAIRS,
    Repair,
    RepairNotFitting,
    fitting_repairs,
    suspense_repair_entry,
)
from fenqi.domain.reconciliation.verdicts import (
    Judgement,
    LineState,
    Ours,
    OurStanding,
    Theirs,
    Verdict,
    billed_minor,
    booked_minor,
    judge,
)

__all__ = [
    "CAUSES",
    "REPAIRS",
    "Cause",
    "CauseText",
    "Judgement",
    "LineState",
    "OurStanding",
    "Ours",
    "Repair",
    "RepairNotFitting",
    "Theirs",
    "Verdict",
    "billed_minor",
    "booked_minor",
    "fitting_repairs",
    "judge",
    "suspense_repair_entry",
]
