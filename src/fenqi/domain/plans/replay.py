"""The state of a plan is a pure function of its terms and of the events that stand (rule 8)."""

from collections.abc import Iterator, Sequence
from datetime import date
from operator import attrgetter

from fenqi.domain.plans.effects import apply
from fenqi.domain.plans.errors import (
    DateOutOfOrder,
    DuplicateEvent,
    EventBeforeOpening,
    NotMoney,
    UnableToReplay,
    UnknownEvent,
)
from fenqi.domain.plans.events import MONEY_IN, Event, EventKind
from fenqi.domain.plans.fold import Fold
from fenqi.domain.plans.state import PlanState
from fenqi.domain.plans.terms import Terms

_on = attrgetter("on")


def replay(terms: Terms, events: Sequence[Event], *, as_of: date | None = None) -> PlanState:
    """The state after `events`, which come in the order they became known.

    They are folded in order of (`on`, position), as far as they stand. With `as_of` only events that took effect by
    then count, reversals too, and the state is as of that day; without it, as of the latest date among them.
    Raises UnableToReplay, whose `where` names the event by its place: `events[3].of`.
    """
    check_events(terms, events)
    if as_of is None:
        return fold_of(terms, events).freeze()
    if as_of < terms.opened_on:
        raise EventBeforeOpening(where="as_of", on=as_of, opened_on=terms.opened_on)
    return fold_of(terms, events, as_of=as_of).freeze(on=as_of)


def replay_each(terms: Terms, events: Sequence[Event]) -> Iterator[PlanState]:
    """The plan just opened, and then the state after each event became known.

    An event that comes in order of date is applied to the fold so far; a backdated one or a reversal folds anew.
    """
    check_events(terms, events)
    fold = Fold(terms)
    yield fold.freeze()
    for known, event in enumerate(events, start=1):
        if event.kind is EventKind.REVERSAL or event.on < fold.on:
            fold = fold_of(terms, events[:known])
        else:
            _apply(fold, event, events)
        yield fold.freeze()


def fold_of(terms: Terms, events: Sequence[Event], *, as_of: date | None = None) -> Fold:
    """The fold over the checked events that stand, or over those that took effect by `as_of`."""
    fold = Fold(terms)
    counting = events if as_of is None else [event for event in events if event.on <= as_of]
    for event in sorted(standing(counting), key=_on):  # the sort is stable: events of one day keep their order
        _apply(fold, event, events)
    return fold


def standing(events: Sequence[Event]) -> list[Event]:
    """The events that no standing reversal undoes; a reversal that is itself reversed undoes nothing."""
    undone: set[str] = set()
    for event in reversed(events):
        if event.of is not None and event.kind is EventKind.REVERSAL and event.id not in undone:
            undone.add(event.of)
    return [event for event in events if event.id not in undone] if undone else list(events)


def check_events(terms: Terms, events: Sequence[Event]) -> None:
    """Refuse events that have no meaning for the plan, whatever state they meet. Raises UnableToReplay."""
    kinds: dict[str, EventKind] = {}
    opened_on = terms.opened_on
    for place, event in enumerate(events):
        if event.id in kinds:
            raise DuplicateEvent(where=f"events[{place}].id", event=event.id)
        if event.on < opened_on:
            raise EventBeforeOpening(where=f"events[{place}].on", on=event.on, opened_on=opened_on)
        if event.due_on is not None and event.due_on < opened_on:
            raise EventBeforeOpening(where=f"events[{place}].due_on", on=event.due_on, opened_on=opened_on)
        if event.first_due_on is not None and event.first_due_on < event.on:
            raise DateOutOfOrder(where=f"events[{place}].first_due_on", on=event.on, due_on=event.first_due_on)
        if event.of is not None:
            _check_reference(event, kinds, where=f"events[{place}].of")
        kinds[event.id] = event.kind


def _check_reference(event: Event, known: dict[str, EventKind], *, where: str) -> None:
    kind = known.get(event.of or "")
    if kind is None:
        raise UnknownEvent(where=where, event=event.of)
    if event.kind is EventKind.CHARGEBACK and kind not in MONEY_IN:
        raise NotMoney(where=where, event=event.of)


def _apply(fold: Fold, event: Event, events: Sequence[Event]) -> None:
    try:
        apply(fold, event)
    except UnableToReplay as refusal:
        refusal.where = f"events[{events.index(event)}]"
        raise
