"""What a consumer is told before deciding: what is due, what settles the plan, what an event would change."""

from collections.abc import Iterable, Sequence
from datetime import date

from fenqi.domain.plans.errors import EventBeforeOpening, UnknownRow
from fenqi.domain.plans.events import Event
from fenqi.domain.plans.replay import check_events, fold_of, replay
from fenqi.domain.plans.state import PlanState, SettlementQuote
from fenqi.domain.plans.terms import Terms


def settlement_quote(terms: Terms, events: Sequence[Event], on: date) -> SettlementQuote:
    """What settles the plan on that day, by component (rule 11); events after that day do not count.

    A `settlement` event of the same day pays exactly this. Raises UnableToReplay.
    """
    check_events(terms, events)
    if on < terms.opened_on:
        raise EventBeforeOpening(where="on", on=on, opened_on=terms.opened_on)
    return SettlementQuote(on=on, asked=fold_of(terms, events, as_of=on).asked(on))


def preview(terms: Terms, events: Sequence[Event], event: Event) -> tuple[PlanState, PlanState]:
    """The state before and after one more event became known. Raises UnableToReplay."""
    return replay(terms, events), replay(terms, [*events, event])


def amount_due(state: PlanState, on: date) -> int:
    """Minor units outstanding on rows due by that day."""
    return sum(row.outstanding.total for row in state.rows if row.due_on <= on)


def amount_for_rows(state: PlanState, rows: Iterable[int]) -> int:
    """Minor units outstanding on the rows of those numbers, each counted once. Raises UnknownRow."""
    outstanding = {row.n: row.outstanding.total for row in state.rows}
    chosen = set(rows)
    for n in sorted(chosen - outstanding.keys()):
        raise UnknownRow(where="rows", row=n)
    return sum(outstanding[n] for n in chosen)
