"""Which installments were never paid, since goods went back or their price fell: told apart from those that were."""

from collections.abc import Sequence
from typing import Final

from fenqi.domain.plans.events import Event, EventKind
from fenqi.domain.plans.replay import replay, standing
from fenqi.domain.plans.state import PlanState
from fenqi.domain.plans.terms import Terms

GOODS_BACK: Final = frozenset({EventKind.REFUND, EventKind.FEE_REFUND, EventKind.PRICE_ADJUSTMENT})
_LEFT_OUT: Final = GOODS_BACK | {EventKind.BALANCE_PAYOUT, EventKind.REVERSAL}


def covered_rows(terms: Terms, events: Sequence[Event], state: PlanState) -> frozenset[int]:
    """The rows with nothing outstanding that would be open had nothing been refunded. `state` is that of `events`."""
    told = standing(events)
    if not any(event.kind in GOODS_BACK for event in told):
        return frozenset()
    without = replay(terms, [event for event in told if event.kind not in _LEFT_OUT], as_of=state.on)
    still_open = {row.n for row in without.rows if row.outstanding.total}
    return frozenset(row.n for row in state.rows if not row.outstanding.total and row.n in still_open)
